//! User-edited TOML: read whole, every mistake shown at once with its line.
