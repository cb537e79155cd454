//! The `tollmark` program.

use std::process::ExitCode;

use clap::Parser;
use tollmark::cli::{Cli, dispatch, exit_code, print_error};

fn main() -> ExitCode {
    // Without a chosen provider rustls panics at the first connection.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match dispatch(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            print_error(&error);
            exit_code(&error)
        }
    }
}
