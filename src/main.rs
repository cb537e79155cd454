//! The `tollmark` program.

fn main() {}
