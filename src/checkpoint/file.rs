//! The file of a checkpoint: replaced as a whole or not at all, and held by one process at a time.
//!
//! A write goes to a temporary file of a fixed name beside it, reaches the disk, and takes the
//! place of the old one: whenever the process dies, the file is the old or the new one. The name is
//! fixed so that processes that were killed leave one file and not one each; the next write takes
//! it over. The temporary file is locked before it is written, and since the lock goes with the
//! file to its final name, whoever finds the file locked knows that its owner lives. Two processes
//! can therefore not mix their bytes. Where a file system has no locks, the last writer wins.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{Checkpoint, CheckpointError, MAX_BYTES, Problem, decode};

/// A checkpoint's file, held by this process.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    temporary: PathBuf,
    /// The file that is there now, locked; `None` before the first write.
    held: Option<File>,
}

impl Store {
    /// Takes hold of the file and reads it; `None` where there is none yet.
    ///
    /// # Errors
    /// What is no sound checkpoint, held by another process, or in a folder that cannot be written
    /// to. The file is not touched.
    pub fn open(path: &Path) -> Result<(Self, Option<Checkpoint>), CheckpointError> {
        let name = path.display().to_string();
        // A link is followed once, so that the file it leads to is replaced and not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (folder, temporary) = temporary(&path).ok_or_else(|| Problem::NotAFile.of(&name))?;
        let mut store = Self { path, temporary, held: None };
        let checkpoint = store.read().map_err(|problem| problem.of(&name))?;
        store.probe(&folder).map_err(|problem| problem.of(&name))?;
        Ok((store, checkpoint))
    }

    fn read(&mut self) -> Result<Option<Checkpoint>, Problem> {
        let refused = |error: io::Error| Problem::io("read", &error);
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(error)),
            // Asked before opening: to open a pipe may take for ever.
            Ok(metadata) if !metadata.is_file() => return Err(Problem::NotAFile),
            Ok(metadata) if metadata.len() > MAX_BYTES => return Err(Problem::TooLarge),
            Ok(_) => {}
        }
        let file = File::open(&self.path).map_err(refused)?;
        lock(&file)?;
        if !is_at(&file, &self.path) {
            return Err(Problem::InUse);
        }
        let mut bytes = Vec::new();
        (&file).take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(refused)?;
        let checkpoint = decode(&bytes)?;
        self.held = Some(file);
        Ok(Some(checkpoint))
    }

    /// Says now rather than after hours that the folder is missing or may not be written to.
    fn probe(&self, folder: &Path) -> Result<(), Problem> {
        let refused = |error: io::Error| Problem::io("write", &error);
        if !fs::metadata(folder).map_err(refused)?.is_dir() {
            return Err(Problem::NotAFile);
        }
        match self.claim() {
            Ok(_held) => drop(fs::remove_file(&self.temporary)),
            // A disk that is full now may have space later, and the run can do without.
            Err(problem) if problem.may_pass() => {}
            Err(problem) => return Err(problem),
        }
        Ok(())
    }

    /// The temporary file, empty and locked.
    fn claim(&self) -> Result<File, Problem> {
        let refused = |error: io::Error| Problem::io("write", &error);
        // Nothing is written through a link that somebody else put there.
        if fs::symlink_metadata(&self.temporary).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Problem::NotAFile);
        }
        // Not emptied by opening: it may be another process's.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = options.open(&self.temporary).map_err(refused)?;
        lock(&file)?;
        if !is_at(&file, &self.temporary) {
            return Err(Problem::InUse);
        }
        file.set_len(0).map_err(refused)?;
        Ok(file)
    }

    /// Replaces the file by one of these bytes.
    ///
    /// # Errors
    /// A full disk and whatever else the operating system says, or a file that another process put
    /// there. The old file stays as it is.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let new = self.claim()?;
        let done = self.replace(&new, bytes);
        if done.is_err() {
            // Half a file would take space that others need.
            let _ = fs::remove_file(&self.temporary);
            return done;
        }
        self.held = Some(new);
        Ok(())
    }

    fn replace(&self, mut new: &File, bytes: &[u8]) -> Result<(), Problem> {
        let refused = |error: io::Error| Problem::io("write", &error);
        new.write_all(bytes).map_err(refused)?;
        new.sync_all().map_err(refused)?;
        let ours = match &self.held {
            // One that was removed meanwhile is written anew.
            Some(held) => is_at(held, &self.path) || !self.path.exists(),
            None => !self.path.exists(),
        };
        if !ours {
            return Err(Problem::InUse);
        }
        fs::rename(&self.temporary, &self.path).map_err(refused)?;
        // The new name is only on the disk once the folder is; where folders cannot be synced,
        // there is nothing more to do.
        if let Some(folder) = self.path.parent() {
            let _ = File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
                .and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

/// The folder of a file and the name of the temporary file in it; `None` for a path without a file
/// name.
fn temporary(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = OsString::from(".");
    name.push(path.file_name()?);
    name.push(".fluidcheck-tmp");
    Some((folder.to_owned(), folder.join(name)))
}

pub(super) fn lock(file: &File) -> Result<(), Problem> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Problem::InUse),
        // No locks on this file system: the last writer wins.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Whether the file of this name is still the one that is open.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => same(&open, &there),
        _ => false,
    }
}

#[cfg(unix)]
fn same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Nothing portable tells.
#[cfg(not(unix))]
fn same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Progress, Run, encode};

    fn bytes(seed: u64) -> Vec<u8> {
        encode(&Run::new("power").with("the seed", seed), &Progress::Power(Vec::new())).unwrap()
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        (folder, path)
    }

    #[test]
    fn a_second_process_is_refused_before_and_after_the_first_write() {
        let (folder, path) = place();
        let (mut first, none) = Store::open(&path).unwrap();
        assert!(none.is_none());
        first.write(&bytes(1)).unwrap();
        first.write(&bytes(2)).unwrap();
        assert_eq!(Store::open(&path).unwrap_err().problem, Problem::InUse);
        drop(first);
        let (_, found) = Store::open(&path).unwrap();
        assert_eq!(found.unwrap().run, Run::new("power").with("the seed", 2));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn of_two_that_find_no_file_one_wins() {
        let (_folder, path) = place();
        let (mut first, _) = Store::open(&path).unwrap();
        let (mut second, _) = Store::open(&path).unwrap();
        first.write(&bytes(1)).unwrap();
        assert_eq!(second.write(&bytes(2)), Err(Problem::InUse));
        assert_eq!(fs::read(&path).unwrap(), bytes(1));
    }

    #[cfg(unix)]
    #[test]
    fn what_another_process_put_there_is_not_overwritten_and_what_is_gone_is_written_anew() {
        let (_folder, path) = place();
        let (mut store, _) = Store::open(&path).unwrap();
        store.write(&bytes(1)).unwrap();
        fs::remove_file(&path).unwrap();
        store.write(&bytes(2)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes(2));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "mine").unwrap();
        assert_eq!(store.write(&bytes(3)), Err(Problem::InUse));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[test]
    fn what_a_killed_process_left_half_written_is_taken_over() {
        let (folder, path) = place();
        fs::write(folder.path().join(".c.fluidcheck-tmp"), "x".repeat(100_000)).unwrap();
        let (mut store, _) = Store::open(&path).unwrap();
        store.write(&bytes(1)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes(1));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_nothing_is_written_through_a_planted_one() {
        let (folder, path) = place();
        let [link, victim] = ["link", "victim"].map(|name| folder.path().join(name));
        Store::open(&path).unwrap().0.write(&bytes(1)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Store::open(&link).unwrap().0.write(&bytes(2)).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), bytes(2));
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join(".c.fluidcheck-tmp")).unwrap();
        assert_eq!(Store::open(&path).unwrap_err().problem, Problem::NotAFile);
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }
}
