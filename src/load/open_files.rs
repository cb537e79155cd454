//! The limit of open files, which every connection counts against.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The hard limit of open files is too low for the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run needs {needed} open files and the hard limit is {available}, raise it with `ulimit -Hn {needed}`")]
pub struct TooFewFiles {
    /// What the run needs.
    pub needed: u64,
    /// What the system allows.
    pub available: u64,
}

/// Raises the soft limit of open files to the hard one, and returns it; `u64::MAX` is unlimited.
///
/// # Errors
///
/// The limit is still below `needed`.
pub fn raise(needed: u64) -> Result<u64, TooFewFiles> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // A refusal shows in the limit, which is what counts.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    let available = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if available < needed { Err(TooFewFiles { needed, available }) } else { Ok(available) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        assert_eq!(raise(1), Ok(hard));
    }

    #[test]
    fn too_low_a_limit_names_what_is_needed_and_what_there_is() {
        let Some(hard) = getrlimit(Resource::Nofile).maximum else { return };
        let error = raise(hard + 1).unwrap_err();
        assert_eq!(error, TooFewFiles { needed: hard + 1, available: hard });
        assert!(error.to_string().contains(&format!("`ulimit -Hn {}`", hard + 1)));
    }
}
