//! The files, as they are written into a folder.

/// A file to begin from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StarterFile {
    /// Its name in the folder, by which the others refer to it.
    pub name: &'static str,
    /// Its contents.
    pub text: &'static str,
}

/// A policy for the suites here.
pub const GATE: StarterFile = StarterFile { name: "gate.toml", text: include_str!("gate.toml") };

/// A suite for every night; it needs `registry.toml` beside it.
pub const NIGHTLY: StarterFile = StarterFile { name: "nightly.toml", text: include_str!("nightly.toml") };

/// A suite of two variants; it needs `registry.toml` and `registry.candidate.toml` beside it.
pub const AB: StarterFile = StarterFile { name: "ab.toml", text: include_str!("ab.toml") };

/// A suite of two routing tables; it needs `registry.toml`, `routes.toml` and `routes.candidate.toml` beside it.
pub const AB_ROUTES: StarterFile = StarterFile { name: "ab-routes.toml", text: include_str!("ab-routes.toml") };

#[cfg(test)]
mod tests;
