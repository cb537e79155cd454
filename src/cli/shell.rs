//! `tollmark completions` and `tollmark man`: what a shell and `man` show, made of the command line itself.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::args::Cli;
use crate::cli::exit::CliError;
use crate::cli::shell_args::{CompletionsArgs, ManArgs};
use crate::cli::terminal::put;
use crate::fsio::{FileError, write_whole};

/// Prints the completions of the shell in `args`.
///
/// # Errors
/// The output cannot be written.
pub(super) fn completions(args: &CompletionsArgs) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tollmark", &mut script);
    put(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the manual page, or writes a page for each command.
///
/// # Errors
/// The output, the folder or a page in it cannot be written.
pub(super) fn man(args: &ManArgs) -> Result<ExitCode, CliError> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    match &args.out {
        None => put(&String::from_utf8_lossy(&page(&command)?))?,
        Some(out) => {
            fs::create_dir_all(out).map_err(|source| FileError::Write { path: out.clone(), source })?;
            let pages = write_pages(&command, out)?;
            put(&format!("{}: {pages} pages\n", out.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages of `command` and of all below it into `out`, and returns their number.
fn write_pages(command: &Command, out: &Path) -> Result<usize, CliError> {
    let name = Man::new(command.clone()).get_filename();
    write_whole(&out.join(name), &page(command)?)?;
    command.get_subcommands().try_fold(1, |pages, below| Ok(pages + write_pages(below, out)?))
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}
