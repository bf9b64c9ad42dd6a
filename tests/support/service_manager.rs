//! The part of systemd that listens to its services (`sd_notify(3)`).

use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::daemon::wait_for;

/// Its socket, read at once, as systemd does: what finds the queue full is lost. It ends when it is dropped.
pub struct ServiceManager {
    path: PathBuf,
    socket: UnixDatagram,
    heard: Arc<Mutex<Vec<String>>>,
    /// How many of them [`Self::next`] has given.
    given: usize,
    reader: Option<JoinHandle<()>>,
}

impl ServiceManager {
    /// Listens at a socket in this directory.
    pub fn listen(directory: &Path) -> Self {
        let path = directory.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let (reading, heard) = (socket.try_clone().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let hearing = Arc::clone(&heard);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reading.recv(&mut buffer) {
                let message = String::from_utf8(buffer[..length].to_vec()).unwrap();
                hearing.lock().unwrap().push(message.trim_end().to_owned());
            }
        });
        Self { path, socket, heard, given: 0, reader: Some(reader) }
    }

    /// For `NOTIFY_SOCKET`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every message so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// How often this message came.
    pub fn count(&self, message: &str) -> usize {
        self.heard().iter().filter(|heard| *heard == message).count()
    }

    /// Waits for the next message that `wanted` accepts; gives it after all that came before it and were not given yet.
    pub fn next(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let messages = wait_for(what, || {
            let new = self.heard().split_off(self.given);
            let end = new.iter().position(|message| wanted(message))?;
            Some(new[..=end].to_vec())
        });
        self.given += messages.len();
        messages
    }
}

impl Drop for ServiceManager {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the service manager has heard {:?}", self.heard());
        }
        // An empty read ends the reader.
        let _ = self.socket.shutdown(Shutdown::Both);
        let _ = self.reader.take().unwrap().join();
    }
}
