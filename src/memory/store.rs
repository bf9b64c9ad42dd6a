//! The file on disk. It is replaced whole: whenever the process is killed, there is the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::check::Refusal;
use super::format::{MAX_STATE_BYTES, Memory};
use crate::clock::Timestamp;
use crate::files::read_regular_up_to;

/// Only who runs the daemon reads it.
const MODE: u32 = 0o600;

/// A file that holds the state.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

/// Why the state could not be written; what was written before is still there.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it would be larger than {} MiB", MAX_STATE_BYTES >> 20)]
    TooLarge,
    /// A defect of this program.
    #[error("it cannot be put into JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// What has been done of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Created,
    /// So many bytes are in the new file.
    Wrote(usize),
    Synced,
    Renamed,
    DirectorySynced,
}

impl Store {
    /// In this file, which need not be there.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What was written last; nothing when there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, or is not one that this program has written on this machine.
    pub fn read(&self, now: Timestamp) -> Result<Option<Memory>, Refusal> {
        match read_regular_up_to(&self.0, MAX_STATE_BYTES) {
            Ok(bytes) => Memory::read(&bytes, now).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(Refusal::TooLarge),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a file that is of no use out of the way, so that somebody can look at it; one that was there before goes.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = self.beside(".rejected");
        if !self.0.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        fs::rename(&self.0, &aside)?;
        Ok(aside)
    }

    /// Puts `memory` in the place of what was written before.
    ///
    /// # Errors
    /// When the directory is not there or may not be written to, the disk is full, or it is too much.
    pub fn write(&self, memory: &Memory) -> Result<(), WriteError> {
        let bytes = memory.bytes()?;
        if bytes.len() > MAX_STATE_BYTES {
            return Err(WriteError::TooLarge);
        }
        let written = self.write_in_steps(&bytes, bytes.len().max(1), |_| ControlFlow::Continue(()));
        if written.is_err() {
            // It may not be there, and is written over next time.
            let _ = fs::remove_file(self.beside(".new"));
        }
        Ok(written?)
    }

    /// `after` each step, it may end here as if the process were killed.
    fn write_in_steps(
        &self,
        bytes: &[u8],
        piece: usize,
        mut after: impl FnMut(Step) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let new = self.beside(".new");
        let mut is_over = |step| after(step).is_break();
        // Left by a process that was killed, or put there by somebody: never written through.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&new)?;
        if is_over(Step::Created) {
            return Ok(());
        }
        let mut written = 0;
        for piece in bytes.chunks(piece) {
            file.write_all(piece)?;
            written += piece.len();
            if is_over(Step::Wrote(written)) {
                return Ok(());
            }
        }
        file.sync_all()?;
        if is_over(Step::Synced) {
            return Ok(());
        }
        fs::rename(&new, &self.0)?;
        if is_over(Step::Renamed) {
            return Ok(());
        }
        self.sync_directory()?;
        let _ = after(Step::DirectorySynced);
        Ok(())
    }

    /// The new name is on the disk too.
    fn sync_directory(&self) -> io::Result<()> {
        let directory = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// In the same directory, so that it can be renamed.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(ending);
        name.into()
    }
}
