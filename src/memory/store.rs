//! The file on disk. It is replaced whole: whenever the process is killed, there is the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::format::{MAX_STATE_BYTES, Memory};
use super::read::Refusal;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::super::fixture::{minute, snapshot};
    use super::*;

    /// A directory that goes away with its handle.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("oidc-state-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn store(&self) -> Store {
            Store::at(self.0.join("state.json"))
        }

        fn files(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn memory(at: i64) -> Memory {
        Memory::of(&snapshot(), minute(at))
    }

    #[test]
    fn a_process_that_ends_after_any_step_leaves_the_old_file_or_the_new_one() {
        let directory = Directory::new("steps");
        let store = directory.store();
        let bytes = memory(4).bytes().unwrap();
        let mut last = None;
        for end in 0.. {
            store.write(&memory(3)).unwrap();
            let mut steps = Vec::new();
            let outcome = store.write_in_steps(&bytes, 97, |step| {
                steps.push(step);
                if steps.len() > end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            outcome.unwrap();
            let step = *steps.last().unwrap();
            let is_new = matches!(step, Step::Renamed | Step::DirectorySynced);
            let found = store.read(minute(4)).unwrap();
            assert_eq!(found, Some(memory(if is_new { 4 } else { 3 })), "{step:?}");
            // Whatever was left, the next write succeeds and clears it away.
            store.write(&memory(4)).unwrap();
            assert_eq!(store.read(minute(4)).unwrap(), Some(memory(4)), "{step:?}");
            assert_eq!(directory.files(), ["state.json"], "{step:?}");
            if last == Some(step) {
                break;
            }
            last = Some(step);
        }
        assert_eq!(last, Some(Step::DirectorySynced));
    }

    #[test]
    fn before_the_first_write_there_is_nothing() {
        let directory = Directory::new("first");
        let store = directory.store();
        assert_eq!(store.read(minute(4)).unwrap(), None);
        for step in [Step::Created, Step::Wrote(7), Step::Synced] {
            let bytes = memory(4).bytes().unwrap();
            let until = |at| if at == step { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            store.write_in_steps(&bytes, if step == Step::Synced { bytes.len() } else { 7 }, until).unwrap();
            assert_eq!(store.read(minute(4)).unwrap(), None, "{step:?}");
        }
    }

    #[test]
    fn only_its_owner_reads_it_and_no_link_is_followed() {
        let directory = Directory::new("mode");
        let (store, elsewhere) = (directory.store(), directory.0.join("elsewhere"));
        fs::write(&elsewhere, "mine").unwrap();
        symlink(&elsewhere, directory.0.join("state.json.new")).unwrap();
        symlink(&elsewhere, store.path()).unwrap();
        store.write(&memory(3)).unwrap();
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
        let metadata = fs::symlink_metadata(store.path()).unwrap();
        assert!(metadata.is_file());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let directory = Directory::new("failing");
        let store = directory.store();
        store.write(&memory(3)).unwrap();
        // In the way of the new file.
        fs::create_dir(directory.0.join("state.json.new")).unwrap();
        fs::write(directory.0.join("state.json.new/x"), "").unwrap();
        store.write(&memory(4)).unwrap_err();
        assert_eq!(store.read(minute(4)).unwrap(), Some(memory(3)));
        let missing = Store::at(directory.0.join("missing/state.json"));
        assert_eq!(missing.read(minute(4)).unwrap(), None);
        assert!(matches!(missing.write(&memory(4)), Err(WriteError::Io(_))));
    }

    #[test]
    fn what_is_no_file_is_not_read_and_stays_where_it_is() {
        let device = Store::at("/dev/zero".into());
        assert_eq!(device.read(minute(4)).unwrap_err().to_string(), "cannot be read: not a regular file");
        assert!(device.set_aside().is_err());

        let directory = Directory::new("aside");
        let store = directory.store();
        for _ in 0..2 {
            fs::write(store.path(), "{").unwrap();
            store.read(minute(4)).unwrap_err();
            store.set_aside().unwrap();
            assert_eq!(directory.files(), ["state.json.rejected"]);
        }
        let large = File::create(store.path()).unwrap();
        large.set_len(MAX_STATE_BYTES as u64 + 1).unwrap();
        assert_eq!(store.read(minute(4)).unwrap_err().to_string(), "larger than 48 MiB");
    }
}
