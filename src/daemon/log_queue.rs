//! Log lines wait here for a thread of their own, which writes them: nothing else waits for whoever reads standard error.
//!
//! A pipe that nobody reads, a journal that hangs and a full disk cost log lines, and no polls. What does not fit into
//! the queue, or cannot be written, is counted, and the log says so as soon as it can.

use std::collections::VecDeque;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use crate::log_limit::{Admitted, Limiter, NOTE};
use crate::metrics::DroppedLines;

/// Lines that wait, bytes: about five thousand.
const MAX_BYTES: usize = 1 << 20;
/// Until the next try, where standard error is a full pipe that does not block.
const PAUSE: Duration = Duration::from_millis(20);

/// The queue; its thread lives as long as the process.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    dropped: DroppedLines,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    is_writing: bool,
    /// What it says itself has room at any time.
    writer: Option<ThreadId>,
}

impl LogQueue {
    /// Writes to standard error from now on.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn to_stderr() -> io::Result<Self> {
        // Not by `io::stderr`, whose lock would be held for as long as a write hangs: a panic anywhere waits for it.
        match io::stderr().as_fd().try_clone_to_owned() {
            Ok(stderr) => Self::to(File::from(stderr)),
            Err(_) => Self::to(io::sink()),
        }
    }

    fn to(output: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Shared { state: Mutex::default(), changed: Condvar::new(), dropped: Arc::default() };
        let queue = Self(Arc::new(shared));
        let writing = queue.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writing.write_lines(output))?;
        Ok(queue)
    }

    /// How many lines were lost.
    pub(super) fn dropped(&self) -> DroppedLines {
        Arc::clone(&self.0.dropped)
    }

    /// One line as it is, without time or level.
    pub(super) fn say(&self, line: &dyn Display) {
        self.push(format!("{line}\n").as_bytes());
    }

    /// Waits until all is written, or `limit` is over.
    pub(super) fn finish(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        while !state.lines.is_empty() || state.is_writing {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        let has_room = state.bytes + line.len() <= MAX_BYTES;
        if has_room || state.writer == Some(thread::current().id()) {
            state.bytes += line.len();
            state.lines.push_back(line.to_vec());
            self.0.changed.notify_all();
        } else {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The next line; waits for it.
    fn next(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.is_writing = false;
        self.0.changed.notify_all();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.bytes -= line.len();
                state.is_writing = true;
                return line;
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write_lines(&self, mut output: impl Write) {
        self.lock().writer = Some(thread::current().id());
        let (mut losses, mut is_broken_off) = (Losses::default(), false);
        loop {
            let line = self.next();
            // The rest of a line that was broken off is lost; the next one does not continue it.
            let begun = if is_broken_off { write_whole(&mut output, b"\n").is_ok() } else { true };
            let written = if begun { write_whole(&mut output, &line) } else { Err(0) };
            match written {
                Ok(()) => {
                    is_broken_off = false;
                    losses.tell(self.0.dropped.load(Ordering::Relaxed));
                }
                Err(length) => {
                    is_broken_off |= length > 0;
                    self.0.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes all of it, or says how much was written before that failed.
fn write_whole(output: &mut impl Write, line: &[u8]) -> Result<(), usize> {
    let mut written = 0;
    while written < line.len() {
        match output.write(&line[written..]) {
            Ok(0) => return Err(written),
            Ok(length) => written += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(_) => return Err(written),
        }
    }
    Ok(())
}

/// What was lost and not told yet.
struct Losses {
    told: u64,
    limiter: Limiter<()>,
}

impl Default for Losses {
    fn default() -> Self {
        Self { told: 0, limiter: Limiter::new() }
    }
}

impl Losses {
    /// A line was written: the time to say how many were not.
    fn tell(&mut self, dropped: u64) {
        let lines = dropped - self.told;
        if lines == 0 {
            return;
        }
        if let Some(Admitted { last, .. }) = self.limiter.admit((), Instant::now()) {
            self.told = dropped;
            let note = last.then_some(NOTE);
            tracing::warn!(
                lines,
                note,
                "log lines were dropped: standard error was not read, or took nothing"
            );
        }
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = Lines<'a>;

    fn make_writer(&'a self) -> Lines<'a> {
        Lines(self)
    }
}

/// Takes one whole line in each write, as `tracing_subscriber` gives them.
pub(super) struct Lines<'a>(&'a LogQueue);

impl Write for Lines<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Takes lines only as they are let through: a number of bytes, or an error.
    struct Gate {
        passes: Receiver<io::Result<usize>>,
        through: Through,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let length = self.passes.recv().map_err(io::Error::other)??.min(bytes.len());
            self.through.lock().unwrap().extend(&bytes[..length]);
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Through = Arc<Mutex<Vec<u8>>>;

    fn gated() -> (LogQueue, Sender<io::Result<usize>>, Through) {
        let (pass, passes) = channel();
        let through = Through::default();
        let queue = LogQueue::to(Gate { passes, through: Arc::clone(&through) }).unwrap();
        (queue, pass, through)
    }

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn nobody_waits_for_a_writer_that_hangs_and_what_does_not_fit_is_counted() {
        let (queue, pass, through) = gated();
        let line = vec![b'x'; 1 << 16];
        let start = Instant::now();
        for _ in 0..100 {
            queue.push(&line);
        }
        let dropped = queue.dropped().load(Ordering::Relaxed);
        // All but what fits, and perhaps one that is being written.
        assert!((83..=84).contains(&dropped), "{dropped}");
        queue.finish(Duration::from_millis(50));
        assert!(start.elapsed() < LONG && through.lock().unwrap().is_empty());
        for _ in 0..100 {
            pass.send(Ok(usize::MAX)).unwrap();
        }
        queue.finish(LONG);
        assert_eq!(through.lock().unwrap().len() as u64, (100 - dropped) * line.len() as u64);
    }

    #[test]
    fn a_line_that_fails_is_counted_and_the_next_begins_anew() {
        for (passes, through, dropped) in [
            (vec![Ok(9), Ok(9)], "first\nsecond\n", 0),
            // In parts, interrupted, and to a pipe that does not block and is full for a while.
            (
                vec![
                    Ok(2),
                    Err(ErrorKind::Interrupted.into()),
                    Err(ErrorKind::WouldBlock.into()),
                    Ok(9),
                    Ok(9),
                ],
                "first\nsecond\n",
                0,
            ),
            (vec![Err(ErrorKind::StorageFull.into()), Ok(9)], "second\n", 1),
            (vec![Ok(3), Err(ErrorKind::StorageFull.into()), Ok(1), Ok(9)], "fir\nsecond\n", 1),
            (vec![Ok(3), Ok(0), Err(ErrorKind::BrokenPipe.into())], "fir", 2),
        ] {
            let (queue, pass, got) = gated();
            for pass_on in passes {
                pass.send(pass_on).unwrap();
            }
            queue.say(&"first");
            queue.say(&"second");
            queue.finish(LONG);
            assert_eq!(String::from_utf8(got.lock().unwrap().clone()).unwrap(), through);
            assert_eq!(queue.dropped().load(Ordering::Relaxed), dropped, "{through}");
        }
    }
}
