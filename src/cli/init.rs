//! `tollmark init`: the files to begin from.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::exit::CliError;
use crate::cli::init_args::InitArgs;
use crate::cli::terminal::put;
use crate::starter::{FolderFile, write_folder};

/// Writes the files and says what each is for, and what to type next.
///
/// # Errors
/// One of them exists already, or cannot be written.
pub(super) fn init(args: &InitArgs) -> Result<ExitCode, CliError> {
    let files = write_folder(&args.dir)?;
    put(&told(&args.dir, &files))?;
    Ok(ExitCode::SUCCESS)
}

fn told(dir: &Path, files: &[FolderFile]) -> String {
    let widest = files.iter().map(|file| file.path.len()).max().unwrap_or(0);
    let mut text = String::new();
    for FolderFile { path, about, .. } in files {
        text += &format!("{path:widest$}  {about}\n");
    }
    text += "\nnext:\n";
    if dir != Path::new(".") {
        text += &format!("  cd {}\n", dir.display());
    }
    text + NEXT
}

const NEXT: &str = "  \
  tollmark run nightly.toml   # every model and region, simulated: two minutes, $0
  diff routes.toml routes.candidate.toml
  tollmark gate --routes routes.candidate.toml --against routes.toml --from reports/latest --policy gate.toml
                              # REGRESSED, exit code 3: that one line makes autocomplete dearer

To call the providers of registry.toml, set `live = true` in the suites. GitHub reads .github/workflows at the root of a
repository alone; the workflow's TOLLMARK says where the program is installed from.
";
