//! What `completions` and `man` can be told.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// What `completions` is told.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tollmark completions bash\n  tollmark completions zsh\n\n\
    bash reads them from ~/.local/share/bash-completion/completions/tollmark, fish from\n\
    ~/.config/fish/completions/tollmark.fish, zsh from _tollmark in a folder of its $fpath.")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// What `man` is told.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tollmark man\n  tollmark man --out man/man1")]
pub struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
