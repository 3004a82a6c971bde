//! Checkpoints: what a long run has found so far, in a file from which it goes on to the same
//! result.
//!
//! Stage 15 of 18: it keeps what the suite and the estimates have found so far.
//!
//! | idea | here |
//! |---|---|
//! | what is kept of `verify`, `power`, `simulate` | [`Progress`] |
//! | everything that the result depends on, compared before a run goes on | [`Run`] |
//! | bytes of a file | [`encode`], [`decode`] |
//! | the file: replaced as a whole, held by one process | [`mod@file`] |
//! | what is known, written about once a second, aside from the work | [`Keeper`] |
//! | for `calibrate`: a file of lines, one added after each run | [`Lines`] |
//!
//! A file is one line of header and one line of JSON:
//! ```text
//! fluidcheck-checkpoint 1 <SHA-256 of the next line, hexadecimal>
//! {"run":[["command","verify"],...],"progress":{"verify":[...]}}
//! ```
//! Checks and replications are pure functions of the run, so what is finished is kept and the rest
//! is done as if nothing had happened. Floats are kept as their bits ([`crate::num::float_bits`]).
//! A checksum finds accidents; whoever can write the file can make it say anything, though nothing
//! that it says makes a reader panic or take more memory than a multiple of its size.

mod error;
pub mod file;
mod keeper;
mod lines;
mod run;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use error::{CheckpointError, Problem};
pub use keeper::Keeper;
pub use lines::Lines;
pub use run::Run;

use crate::estimate::{SteadyKept, TransientKept};
use crate::suite::{self, power_matrix};

/// The layout of the files that this version writes and reads.
pub const FORMAT: u32 = 1;

/// The most bytes of a file; a checkpoint of the battery has some hundred thousand.
pub const MAX_BYTES: u64 = 1 << 26;

const MAGIC: &str = "fluidcheck-checkpoint ";

/// What a run has found so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Finished checks of a suite, in any order.
    Verify(Vec<suite::Finished>),
    /// Finished checks of the matrix of power, in any order.
    Power(Vec<power_matrix::Check>),
    /// Replications of a steady state; `None` before the first ended.
    Steady(Option<SteadyKept>),
    /// Replications of a transient; `None` before the first ended.
    Transient(Option<TransientKept>),
}

/// A run and what it has found so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which run.
    pub run: Run,
    /// What it found.
    pub progress: Progress,
}

/// The bytes of the file.
///
/// # Errors
/// [`Problem::TooLarge`].
pub fn encode(run: &Run, progress: &Progress) -> Result<Vec<u8>, Problem> {
    #[derive(Serialize)]
    struct Borrowed<'a> {
        run: &'a Run,
        progress: &'a Progress,
    }
    let mut body = serde_json::to_string(&Borrowed { run, progress }).map_err(Problem::content)?;
    body.push('\n');
    let bytes = sealed(body.as_bytes());
    if bytes.len() as u64 > MAX_BYTES { Err(Problem::TooLarge) } else { Ok(bytes) }
}

/// Reads the bytes of a file. Never panics, whatever they are, and takes memory in proportion to
/// them.
///
/// # Errors
/// Anything but what [`encode`] wrote, bit by bit.
pub fn decode(bytes: &[u8]) -> Result<Checkpoint, Problem> {
    if bytes.is_empty() {
        return Err(Problem::Empty);
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Problem::TooLarge);
    }
    let Some(rest) = bytes.strip_prefix(MAGIC.as_bytes()) else {
        let is_cut = MAGIC.as_bytes().starts_with(bytes);
        return Err(if is_cut { Problem::Damaged } else { Problem::Foreign });
    };
    let end = rest.iter().position(|&byte| byte == b'\n').ok_or(Problem::Damaged)?;
    let header = str::from_utf8(&rest[..end]).map_err(|_| Problem::Damaged)?;
    let (format, sum) = header.split_once(' ').ok_or(Problem::Damaged)?;
    if format != FORMAT.to_string() {
        // A number is that of another version; anything else is no number any more.
        let is_number = !format.is_empty()
            && format.len() < 10
            && format.bytes().all(|byte| byte.is_ascii_digit());
        let other = Problem::Format { found: format.to_owned() };
        return Err(if is_number { other } else { Problem::Damaged });
    }
    let body = &rest[end + 1..];
    if checksum(body) != sum {
        return Err(Problem::Damaged);
    }
    serde_json::from_slice(body).map_err(Problem::content)
}

/// Any body under a right first line; a fuzzer needs it too, to get behind the checksum.
pub(crate) fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{MAGIC}{FORMAT} {}\n", checksum(body)).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn checksum(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Vec<u8> {
        encode(&Run::new("power").with("seed", 7), &Progress::Power(Vec::new())).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let (run, progress) = (Run::new("power").with("seed", 7), Progress::Power(Vec::new()));
        assert_eq!(decode(&small()), Ok(Checkpoint { run, progress }));
    }

    #[test]
    fn every_prefix_is_refused_as_cut_short() {
        let bytes = small();
        assert_eq!(decode(&[]), Err(Problem::Empty));
        for end in 1..bytes.len() {
            assert_eq!(decode(&bytes[..end]), Err(Problem::Damaged), "the first {end} bytes");
        }
    }

    #[test]
    fn every_changed_or_added_byte_is_refused() {
        let bytes = small();
        assert_eq!(decode(&[&bytes[..], b"\n"].concat()), Err(Problem::Damaged));
        for at in 0..bytes.len() {
            for value in (0..=u8::MAX).filter(|&value| value != bytes[at]) {
                let mut changed = bytes.clone();
                changed[at] = value;
                assert!(decode(&changed).is_err(), "byte {at} as {value}");
            }
        }
    }

    #[test]
    fn other_formats_and_other_files_are_told_apart() {
        let text = String::from_utf8(small()).unwrap();
        assert_eq!(
            decode(text.replacen(" 1 ", " 2 ", 1).as_bytes()),
            Err(Problem::Format { found: "2".to_owned() })
        );
        assert_eq!(decode(b"server,task_type\n"), Err(Problem::Foreign));
        let sound = sealed(b"{\"run\":[]}\n");
        assert!(matches!(decode(&sound), Err(Problem::Content { .. })));
    }
}
