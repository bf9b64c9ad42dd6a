//! Log lines for standard error: one for each event, as a terminal, a file or the journal likes them.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::panic;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{Format, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, reload};

use super::log_queue::LogQueue;
use super::text_fields::TextFields;
use crate::config::{Log, LogFormat, LogLevel};

/// Changes the level while the program runs.
pub(super) struct LevelHandle(reload::Handle<Targets, Registry>);

impl LevelHandle {
    /// Logs this level and what is more severe.
    pub(super) fn set(&self, level: LogLevel) {
        // It fails only when the subscriber is gone, and that has the life of the process.
        let _ = self.0.reload(filter(level));
    }
}

/// Begins to log.
pub(super) fn start(log: &Log, queue: &LogQueue) -> LevelHandle {
    let (filter, handle) = reload::Layer::new(filter(log.level));
    let in_journal = is_journal(std::env::var("JOURNAL_STREAM").ok().as_deref());
    let lines = tracing_subscriber::fmt::layer().with_writer(queue.clone());
    let format = Format::default().with_target(false);
    let layer = match (log.format, in_journal) {
        (LogFormat::Json, true) => {
            let inner = format.json().flatten_event(true).without_time();
            lines.fmt_fields(JsonFields::new()).event_format(Lines { inner, in_journal }).boxed()
        }
        (LogFormat::Json, false) => {
            let inner = format.json().flatten_event(true);
            lines.fmt_fields(JsonFields::new()).event_format(Lines { inner, in_journal }).boxed()
        }
        (LogFormat::Text, true) => {
            let inner = format.without_time().with_ansi(false);
            lines.fmt_fields(TextFields).event_format(Lines { inner, in_journal }).boxed()
        }
        (LogFormat::Text, false) => {
            let inner = format.with_ansi(io::stderr().is_terminal());
            lines.fmt_fields(TextFields).event_format(Lines { inner, in_journal }).boxed()
        }
    };
    tracing_subscriber::registry().with(filter).with(layer).init();
    // The hook that is there would write to standard error itself, and wait for it.
    panic::set_hook(Box::new(
        |panic| tracing::error!(%panic, "a part of the daemon panicked; please report this bug"),
    ));
    LevelHandle(handle)
}

/// The libraries' own debug output can hold requests and their secrets: of them only warnings.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // Of a profile file that is not UTF-8 the SDK logs every byte; we name the file ourselves (`aws/profile.rs`).
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("aws_runtime::env_config::source", LevelFilter::OFF)
        .with_target("oidc_thumbprint_exporter", level)
}

/// `JOURNAL_STREAM` is inherited, so it tells something only when it holds the device and inode of standard error
/// (`systemd.exec(5)`).
fn is_journal(stream: Option<&str>) -> bool {
    let own = io::stderr().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    own.is_ok_and(|own| stream == Some(&format!("{}:{}", own.dev(), own.ino())))
}

/// One line for each event, whatever others put into it; in the journal with its priority before it (`sd-daemon(3)`).
struct Lines<F> {
    inner: F,
    in_journal: bool,
}

impl<S, N, F> FormatEvent<S, N> for Lines<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        if self.in_journal {
            write!(out, "<{}>", priority(*event.metadata().level()))?;
        }
        let line = line.trim_end_matches('\n');
        writeln!(out, "{}", line.replace('\r', "\\r").replace('\n', "\\n"))
    }
}

/// Of `syslog(3)`: error, warning, informational, debug.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}
