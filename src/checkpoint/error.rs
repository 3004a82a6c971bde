//! Why a checkpoint was refused or could not be written: the file, what is wrong and what to do, in
//! one line.

use std::{fmt, io};

use thiserror::Error;

use super::run::shown;
use super::{FORMAT, MAX_BYTES};

/// A problem and its file. Displays as one line, `file: problem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointError {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.problem)
    }
}

impl std::error::Error for CheckpointError {}

/// What is wrong with a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A file of no bytes.
    #[error("is empty and no checkpoint: remove it to start over, or name another file")]
    Empty,
    /// Something else than a checkpoint.
    #[error("is not a checkpoint of fluidcheck: name another file")]
    Foreign,
    /// A checkpoint whose layout this version does not know.
    #[error(
        "has checkpoint format `{found}`, but this version reads {FORMAT}: use the version that \
        wrote it, or name another file"
    )]
    Format {
        /// What its header says.
        found: String,
    },
    /// A checkpoint that lost or changed some bytes.
    #[error(
        "is truncated or damaged (wrong checksum): remove it to start over, or name another file"
    )]
    Damaged,
    /// The bytes are those that were written, yet they cannot belong to this run.
    #[error("does not belong to this run, {why}: remove it to start over, or name another file")]
    Content {
        /// What does not fit.
        why: String,
    },
    /// A sound checkpoint of something else.
    #[error(
        "is the checkpoint of another run ({what}: {there} in the file, {here} now): name another \
        file"
    )]
    OtherRun {
        /// What differs first.
        what: String,
        /// Its value in the file.
        there: String,
        /// Its value now.
        here: String,
    },
    /// A file of lines of which one is not what this run would have written there.
    #[error("line {line}: {what} is `{found}`, but {rule}: {remedy}, or name another file")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What does not fit.
        what: String,
        /// Its value in the file.
        found: String,
        /// What it must be.
        rule: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Another process holds it, or has replaced it.
    #[error(
        "is in use by another process, or was replaced by one: wait for it to finish, or name \
        another file"
    )]
    InUse,
    /// A folder, a device, a pipe.
    #[error("is not a regular file: name a file")]
    NotAFile,
    /// More bytes than a checkpoint may have.
    #[error("is larger than {MAX_BYTES} bytes, the limit of a checkpoint: name another file")]
    TooLarge,
    /// The operating system refused.
    #[error("cannot {action}: {message}: {}", if *action == "write" { "check that the folder \
        exists, may be written to and has space" } else { "check the path and its permissions" })]
    Io {
        /// `"read"`, `"write"`.
        action: &'static str,
        /// Its kind.
        kind: io::ErrorKind,
        /// Its text.
        message: String,
    },
}

impl Problem {
    /// [`Problem::Content`]; the reason may quote the file, which may hold anything.
    pub(super) fn content(why: impl fmt::Display) -> Self {
        Self::Content { why: shown(&why.to_string(), 300) }
    }

    pub(super) fn io(action: &'static str, error: &io::Error) -> Self {
        Self::Io { action, kind: error.kind(), message: error.to_string() }
    }

    pub(super) fn of(self, file: &str) -> CheckpointError {
        CheckpointError { file: file.to_owned(), problem: self }
    }

    /// Whether it may be over later without anybody's doing: no space.
    pub fn may_pass(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(
            self,
            Self::Io { action: "write", kind: StorageFull | QuotaExceeded | FileTooLarge, .. }
        )
    }
}
