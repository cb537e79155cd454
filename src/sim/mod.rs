//! The seeded simulated provider.
