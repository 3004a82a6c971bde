//! A file with a line for each finished part, which only grows.
//!
//! Calibration takes hours in few parts that are worth reading on their own: the first line says
//! which run it is, each of the others is the result of one run of the suite, all as JSON.
//! ```text
//! {"fluidcheck_calibration":1,"run":[["command","calibrate"],...]}
//! {"seed":1,"seconds":41.5,"claims":[{"id":"eq-2.1","checks":25,...},...],"alarms":[]}
//! ```
//! A line is added at once and reaches the disk before the next part begins. Whoever is killed
//! while writing leaves a line without an end: it is dropped, and its part done again. There is no
//! checksum: a line that was edited by hand and fits the run is believed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::file::{is_at, lock};
use super::run::shown;
use super::{CheckpointError, Problem, Run};

/// The layout of the lines that this version writes and reads.
const FORMAT: u32 = 1;

/// The most bytes of a line; one of the battery has some ten thousand.
const MOST: u64 = 1 << 24;

const OTHER_RUN: &str = "repeat the options that the file was begun with";
const REPEAT: &str = "remove this line and those below it to repeat their runs";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    fluidcheck_calibration: u32,
    run: Run,
}

/// What a header of any version begins with.
#[derive(Deserialize)]
struct AnyHeader {
    fluidcheck_calibration: serde_json::Value,
}

/// The file, held by this process.
#[derive(Debug)]
pub struct Lines {
    file: File,
    path: PathBuf,
    name: String,
    /// The bytes of the whole lines.
    sound: u64,
    /// Whole lines that could not be written yet.
    pending: Vec<u8>,
}

/// A file that was opened.
#[derive(Debug)]
pub struct Opened<T> {
    /// The file.
    pub lines: Lines,
    /// What it holds, in order.
    pub found: Vec<T>,
    /// The number of a last line without an end, which was dropped.
    pub torn: Option<usize>,
}

impl Lines {
    /// Takes hold of the file of `run` and reads it, or begins it. `fits` is asked of each result
    /// with its place; it says what does not fit: its name, its value, what it must be.
    ///
    /// # Errors
    /// A file of something else, of another run, or held by another process; it is not touched.
    pub fn open<T: DeserializeOwned>(
        path: &Path,
        run: &Run,
        fits: impl Fn(u64, &T) -> Result<(), (String, String, String)>,
    ) -> Result<Opened<T>, CheckpointError> {
        let name = path.display().to_string();
        Self::of(path, name.clone(), run, fits).map_err(|problem| problem.of(&name))
    }

    fn of<T: DeserializeOwned>(
        path: &Path,
        name: String,
        run: &Run,
        fits: impl Fn(u64, &T) -> Result<(), (String, String, String)>,
    ) -> Result<Opened<T>, Problem> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&path) {
            // Asked before opening: to open a pipe may take for ever.
            Ok(metadata) if !metadata.is_file() => return Err(Problem::NotAFile),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Problem::io("read", &error));
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(|error| Problem::io("write", &error))?;
        lock(&file)?;
        if !is_at(&file, &path) {
            return Err(Problem::InUse);
        }
        let mut reader = BufReader::new(&file);
        let header = Header { fluidcheck_calibration: FORMAT, run: run.clone() };
        let header = line_of(&header)?;
        let (found, sound, torn) = match next_line(&mut reader)? {
            // New, or its first line was torn.
            Line::Torn(bytes) if header.starts_with(&bytes) => (Vec::new(), None, None),
            Line::Torn(_) => return Err(Problem::Foreign),
            Line::Whole(bytes) => {
                check_header(&bytes, run)?;
                let (found, more, torn) = results(&mut reader, &fits)?;
                (found, Some(bytes.len() as u64 + more), torn)
            }
        };
        let mut lines = Self { file, path, name, sound: sound.unwrap_or(0), pending: Vec::new() };
        match sound {
            Some(_) => lines.cut().map_err(|error| Problem::io("write", &error))?,
            None => {
                lines.pending = header;
                lines.write()?;
            }
        }
        Ok(Opened { lines, found, torn })
    }

    /// Adds a line. One that cannot be written is tried again with the next.
    ///
    /// # Errors
    /// A full disk and whatever else the operating system says, or another file in this place. The
    /// lines before it stay as they are.
    pub fn add(&mut self, result: &impl Serialize) -> Result<(), CheckpointError> {
        let added = line_of(result).and_then(|line| {
            self.pending.extend(line);
            self.write()
        });
        added.map_err(|problem| problem.of(&self.name))
    }

    fn write(&mut self) -> Result<(), Problem> {
        if !is_at(&self.file, &self.path) {
            return Err(Problem::InUse);
        }
        let mut written = || {
            self.file.seek(SeekFrom::Start(self.sound))?;
            self.file.write_all(&self.pending)?;
            self.file.sync_data()
        };
        if let Err(error) = written() {
            // Half a line would take space that others need; if it stays, it is torn.
            let _ = self.cut();
            return Err(Problem::io("write", &error));
        }
        self.sound += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Drops what is behind the whole lines.
    fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.sound)
    }
}

fn line_of(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let mut line = serde_json::to_vec(value).map_err(Problem::content)?;
    line.push(b'\n');
    Ok(line)
}

/// A line with its end, or what is left of a file without one.
enum Line {
    Whole(Vec<u8>),
    Torn(Vec<u8>),
}

fn next_line(reader: &mut impl BufRead) -> Result<Line, Problem> {
    let mut bytes = Vec::new();
    let read = reader.take(MOST).read_until(b'\n', &mut bytes);
    read.map_err(|error| Problem::io("read", &error))?;
    match bytes.last() {
        Some(b'\n') => Ok(Line::Whole(bytes)),
        _ if bytes.len() as u64 == MOST => Err(Problem::TooLarge),
        _ => Ok(Line::Torn(bytes)),
    }
}

fn check_header(bytes: &[u8], run: &Run) -> Result<(), Problem> {
    let any: AnyHeader = serde_json::from_slice(bytes).map_err(|_| Problem::Foreign)?;
    let other = |what: &str, found: &str, rule: String| Problem::Line {
        line: 1,
        what: what.to_owned(),
        found: shown(found, 60),
        rule,
        remedy: OTHER_RUN,
    };
    if any.fluidcheck_calibration != FORMAT {
        return Err(Problem::Line {
            line: 1,
            what: "the format".to_owned(),
            found: shown(&any.fluidcheck_calibration.to_string(), 60),
            rule: format!("this version reads {FORMAT}"),
            remedy: "use the version that wrote it",
        });
    }
    let text = String::from_utf8_lossy(bytes);
    let header: Header = serde_json::from_slice(bytes).map_err(|error| {
        other("the header", text.trim_end(), format!("it must be one: {error}"))
    })?;
    run.compare(&header.run).map_err(|problem| match problem {
        Problem::OtherRun { what, there, here } => {
            other(&what, &there, format!("`{here}` in this run"))
        }
        problem => problem,
    })
}

/// Results, their bytes, and the number of a torn line behind them.
type Results<T> = (Vec<T>, u64, Option<usize>);

fn results<T: DeserializeOwned>(
    reader: &mut impl BufRead,
    fits: &impl Fn(u64, &T) -> Result<(), (String, String, String)>,
) -> Result<Results<T>, Problem> {
    let (mut found, mut sound) = (Vec::new(), 0);
    loop {
        // After the header.
        let line = found.len() + 2;
        let bytes = match next_line(reader)? {
            Line::Torn(bytes) => return Ok((found, sound, (!bytes.is_empty()).then_some(line))),
            Line::Whole(bytes) => bytes,
        };
        let wrong = |(what, value, rule): (String, String, String)| Problem::Line {
            line,
            what: shown(&what, 100),
            found: shown(&value, 60),
            rule: shown(&rule, 200),
            remedy: REPEAT,
        };
        let result: T = serde_json::from_slice(&bytes).map_err(|error| {
            let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            wrong(("the text".to_owned(), text, format!("it must be the result of a run: {error}")))
        })?;
        fits(found.len() as u64, &result).map_err(wrong)?;
        found.push(result);
        sound += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64) -> Run {
        Run::new("calibrate").with("the seed", seed)
    }

    fn open(path: &Path) -> Result<Opened<u64>, CheckpointError> {
        Lines::open(path, &run(1), |at, &value: &u64| match value == at * 10 {
            true => Ok(()),
            false => Err(("the value".into(), value.to_string(), format!("{} is next", at * 10))),
        })
    }

    /// A folder and a file in it with two lines.
    fn two() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let mut lines = open(&path).unwrap().lines;
        lines.add(&0u64).unwrap();
        lines.add(&10u64).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_added_is_found_again_and_more_can_be_added() {
        let (_folder, path) = two();
        let mut opened = open(&path).unwrap();
        assert_eq!((opened.found, opened.torn), (vec![0, 10], None));
        opened.lines.add(&20u64).unwrap();
        drop(opened.lines);
        assert_eq!(open(&path).unwrap().found, [0, 10, 20]);
    }

    #[test]
    fn a_file_cut_anywhere_holds_the_lines_that_are_whole() {
        let (_folder, path) = two();
        let bytes = fs::read(&path).unwrap();
        let ends: Vec<usize> = (1..=bytes.len()).filter(|&end| bytes[end - 1] == b'\n').collect();
        for end in 0..=bytes.len() {
            fs::write(&path, &bytes[..end]).unwrap();
            let whole = ends.iter().filter(|&&at| at <= end).count();
            let Opened { mut lines, found, torn } = open(&path).unwrap();
            assert_eq!(found.len(), whole.saturating_sub(1), "the first {end} bytes");
            // A torn header is written anew without a word: nothing is lost.
            let is_torn = whole > 0 && !ends.contains(&end);
            assert_eq!(torn, is_torn.then_some(whole + 1), "the first {end} bytes");
            for value in found.len()..2 {
                lines.add(&(value * 10)).unwrap();
            }
            drop(lines);
            assert_eq!(fs::read(&path).unwrap(), bytes, "the first {end} bytes");
        }
    }

    #[test]
    fn what_does_not_belong_there_is_refused_with_its_line_and_left_as_it_is() {
        let (_folder, path) = two();
        let text = fs::read_to_string(&path).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let cases = [
            (text.replace("\n10\n", "\n11\n"), "line 3: the value is `11`, but 10 is next"),
            (text.replace("\n0\n", "\n{}\n"), "line 2: the text is `{}`, but it must be"),
            (text.replace("\n0\n", "\n\u{1b}[2J\n"), "line 2: the text is ` [2J`, but it must"),
            (text.replace("n\":1", "n\":2"), "line 1: the format is `2`, but this version reads 1"),
            (text.replace("\"1\"", "\"7\""), "line 1: the seed is `7`, but `1` in this run"),
            (text.replace(version, "0.0.0"), "line 1: the version of fluidcheck is `0.0.0`, but"),
            (text.replace("\"run\"", "\"ran\""), "line 1: the header is `{\"fluid"),
            ("server,task_type\na,x\n".to_owned(), "is not a checkpoint of fluidcheck"),
            ("notes without an end".to_owned(), "is not a checkpoint of fluidcheck"),
        ];
        for (changed, expected) in cases {
            assert_ne!(changed, text, "{expected}");
            fs::write(&path, &changed).unwrap();
            let message = open(&path).unwrap_err().problem.to_string();
            assert!(message.starts_with(expected), "{message}");
            assert!(message.contains("name another file"), "{message}");
            assert!(!message.contains(char::is_control), "{message:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), changed, "{expected}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn one_process_at_a_time_holds_it_and_another_file_in_its_place_is_left_alone() {
        let (folder, path) = two();
        let mut first = open(&path).unwrap().lines;
        assert_eq!(open(&path).unwrap_err().problem, Problem::InUse);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "mine").unwrap();
        assert_eq!(first.add(&20u64).unwrap_err().problem, Problem::InUse);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(open(folder.path()).unwrap_err().problem, Problem::NotAFile);
        let missing = folder.path().join("missing").join("c");
        assert!(matches!(open(&missing).unwrap_err().problem, Problem::Io { action: "write", .. }));
    }
}
