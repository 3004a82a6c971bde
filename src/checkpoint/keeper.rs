//! What is known of a run, and the thread that writes it down.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::file::Store;
use super::{CheckpointError, Problem, Progress, Run, encode};

/// Between two writes: what is lost by a kill is about this much work, and a write costs some
/// milliseconds of it.
const PAUSE: Duration = Duration::from_secs(1);

/// What is done about a checkpoint that cannot be written.
pub type Complaint = Box<dyn Fn(&CheckpointError) + Send + Sync>;

struct Known {
    progress: Progress,
    /// Whether the file lacks some of it.
    unwritten: bool,
    closed: bool,
}

struct Disk {
    store: Store,
    name: String,
    complained: bool,
}

struct Shared {
    run: Run,
    known: Mutex<Known>,
    changed: Condvar,
    /// Locked before `known`.
    disk: Option<Mutex<Disk>>,
    complain: Complaint,
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is known, if the file lacks some of it. Whether the file then has what was known
    /// at the call.
    fn write(&self) -> bool {
        let Some(disk) = &self.disk else { return true };
        // Held while the bytes are made, so that no older bytes come after newer ones.
        let mut disk = disk.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = {
            let mut known = self.known();
            if !known.unwritten {
                return true;
            }
            known.unwritten = false;
            encode(&self.run, &known.progress)
        };
        let Err(problem) = bytes.and_then(|bytes| disk.store.write(&bytes)) else { return true };
        self.known().unwritten = true;
        if !disk.complained {
            disk.complained = true;
            (self.complain)(&problem.of(&disk.name));
        }
        false
    }

    /// Writes about once a second, until closed.
    fn write_now_and_then(&self) {
        loop {
            let mut known = self.known();
            while !known.unwritten && !known.closed {
                known = self.changed.wait(known).unwrap_or_else(PoisonError::into_inner);
            }
            if known.closed {
                return;
            }
            drop(known);
            self.write();
            let known = self.known();
            let closed = |known: &mut Known| !known.closed;
            drop(
                self.changed
                    .wait_timeout_while(known, PAUSE, closed)
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }
}

/// Keeps what is known of a run, in memory and, if asked to, in a file.
///
/// A write that fails is told once and tried again a second later; it never ends the run. The file
/// has the last state from [`Keeper::flush`] on, which dropping does too.
pub struct Keeper {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Keeps in memory only.
    pub fn in_memory(run: Run, nothing: Progress) -> Self {
        let known = Mutex::new(Known { progress: nothing, unwritten: false, closed: false });
        let shared =
            Shared { run, known, changed: Condvar::new(), disk: None, complain: Box::new(|_| ()) };
        Self { shared: Arc::new(shared), writer: None }
    }

    /// Keeps in this file, from what is there, or from `nothing` where there is no file yet. `fits`
    /// says why what is there cannot be of this run.
    ///
    /// # Errors
    /// A file that is not a sound checkpoint of this run, is held by another process, or cannot be
    /// read or written; it is not touched.
    pub fn open(
        path: &Path,
        run: Run,
        nothing: Progress,
        fits: impl Fn(&Progress) -> Result<(), String>,
        complain: Complaint,
    ) -> Result<Self, CheckpointError> {
        let name = path.display().to_string();
        let (store, found) = Store::open(path)?;
        let unwritten = found.is_none();
        let progress = match found {
            None => nothing,
            Some(found) => {
                run.compare(&found.run).map_err(|problem| problem.of(&name))?;
                fits(&found.progress).map_err(|why| Problem::content(why).of(&name))?;
                found.progress
            }
        };
        let shared = Arc::new(Shared {
            run,
            known: Mutex::new(Known { progress, unwritten, closed: false }),
            changed: Condvar::new(),
            disk: Some(Mutex::new(Disk { store, name, complained: false })),
            complain,
        });
        // The first write is made before the work: it shows whether there will be any.
        shared.write();
        let for_writer = shared.clone();
        Ok(Self { shared, writer: Some(thread::spawn(move || for_writer.write_now_and_then())) })
    }

    /// Changes what is known. Cheap: the file is written by another thread.
    pub fn update(&self, change: impl FnOnce(&mut Progress)) {
        let mut known = self.shared.known();
        change(&mut known.progress);
        known.unwritten = true;
        drop(known);
        self.shared.changed.notify_all();
    }

    /// What is known.
    pub fn progress(&self) -> Progress {
        self.shared.known().progress.clone()
    }

    /// Writes what is known now. Whether the file has it (or none is kept).
    pub fn flush(&self) -> bool {
        self.shared.write()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.known().closed = true;
        self.shared.changed.notify_all();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing to say any more.
            let _ = writer.join();
        }
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told_in_one_short_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        let open = |why: &str| {
            Keeper::open(
                &path,
                Run::new("verify"),
                Progress::Verify(Vec::new()),
                |_| Err(why.to_owned()),
                Box::new(|_| ()),
            )
        };
        assert!(open("").is_ok(), "a new file fits whatever the run");
        for why in ["\u{1b}[2J\n\r\u{7}\u{9b}31m", &"x".repeat(1000)] {
            let message = open(why).err().expect("a refusal").problem.to_string();
            assert!(!message.contains(char::is_control) && message.len() < 600, "{message:?}");
        }
    }
}
