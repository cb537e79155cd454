//! Usage × price into money.
