//! Files written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path` so that a reader sees the old file or the whole new one, never a part.
///
/// # Errors
/// The file, or the temporary one beside it, cannot be written; the old file is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let draft = beside(path);
    let written = write_synced(&draft, bytes).and_then(|()| fs::rename(&draft, path));
    written.map_err(|source| {
        // The first error is the one to tell; a draft that never came to be cannot be removed.
        let _ = fs::remove_file(&draft);
        FileError::Write { path: path.to_owned(), source }
    })
}

/// Makes the symbolic link `link` point at `target`, replacing a link that is there in one step.
///
/// # Errors
/// Something other than a link stands at `link`, or the link cannot be made.
pub fn point_link(link: &Path, target: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::Link { path: link.to_owned(), source };
    if fs::symlink_metadata(link).is_ok_and(|found| !found.is_symlink()) {
        return Err(FileError::NotALink { path: link.to_owned() });
    }
    let draft = beside(link);
    // A draft of this process's own number can only be left over from one that died.
    let _ = fs::remove_file(&draft);
    std::os::unix::fs::symlink(target, &draft).and_then(|()| fs::rename(&draft, link)).map_err(|source| {
        let _ = fs::remove_file(&draft);
        failed(source)
    })
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file or its draft cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The link cannot be made.
    #[error("cannot make the link `{}`", path.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or directory stands where a link should.
    #[error("`{}` is not a symbolic link and is left as it is, move it away", path.display())]
    NotALink {
        /// What stands there.
        path: PathBuf,
    },
}

/// The draft's name: in the same folder, since a rename is atomic only within a file system.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    // Without it a crash of the machine may leave the new name on an empty file.
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_no_draft_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cells.csv");
        write_whole(&path, b"old, and longer").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["cells.csv"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir_all(path.join("inside")).unwrap();
        let error = write_whole(&path, b"new").unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write `{}`", path.display()));
        assert_eq!(names(folder.path()), ["taken"]);
    }

    #[test]
    fn a_link_moves_on_and_a_directory_in_its_place_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("latest");
        point_link(&link, Path::new("first")).unwrap();
        point_link(&link, Path::new("second")).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("second"));
        assert_eq!(names(folder.path()), ["latest"]);

        fs::remove_file(&link).unwrap();
        fs::create_dir(&link).unwrap();
        assert!(matches!(point_link(&link, Path::new("third")), Err(FileError::NotALink { .. })));
        assert!(link.is_dir());
    }
}
