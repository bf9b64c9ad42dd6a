//! `/metrics`: the format and the coding that the scraper asks for, and a limit on scrapes at the same time.

use std::io::{self, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::StatusCode;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, RETRY_AFTER, VARY};
use tokio::sync::Semaphore;

use super::answer::{Answer, TEXT, page, page_of};
use super::negotiate::{self, Coding};
use crate::metrics::{Format, Metrics};
use crate::refusal::Refusal;

/// zstd's fastest common level; an exposition shrinks to a twentieth with it.
const ZSTD_LEVEL: i32 = 1;

/// The exposition over HTTP.
pub(crate) struct Exposition {
    metrics: Metrics,
    slots: Arc<Semaphore>,
}

/// Why there is no exposition. Both are defects of this program.
#[derive(Debug, thiserror::Error)]
enum RenderError {
    #[error(transparent)]
    Encode(#[from] prometheus::Error),
    #[error(transparent)]
    Compress(#[from] io::Error),
    #[error(transparent)]
    Panicked(#[from] tokio::task::JoinError),
}

impl Exposition {
    /// At most `max_scrapes` at the same time.
    pub(crate) fn new(metrics: Metrics, max_scrapes: usize) -> Self {
        Self { metrics, slots: Arc::new(Semaphore::new(max_scrapes)) }
    }

    /// The answer to a scraper with these headers; 503 when too many are being answered.
    pub(crate) async fn scrape(&self, headers: &HeaderMap) -> Answer {
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            let mut refusal =
                page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "too many scrapes at the same time\n");
            refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            refusal.extensions_mut().insert(Refusal::Busy);
            return refusal;
        };
        let (format, coding) = (negotiate::format(headers), negotiate::coding(headers));
        let metrics = self.metrics.clone();
        // Thousands of series take a while: not on a thread that polls.
        let rendered = tokio::task::spawn_blocking(move || render(&metrics, format, coding)).await;
        match rendered.map_err(RenderError::from).and_then(|rendered| rendered) {
            Ok(bytes) => {
                let mut answer = page_of(StatusCode::OK, format.content_type(), bytes.into());
                let vary = [ACCEPT, ACCEPT_ENCODING].map(HeaderValue::from);
                for name in vary {
                    answer.headers_mut().append(VARY, name);
                }
                if let Some(name) = coding.name() {
                    answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(name));
                }
                answer.body_mut().hold_slot(slot);
                answer
            }
            Err(error) => {
                tracing::error!(%error, "cannot encode the metrics; please report this bug");
                page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "cannot encode the metrics\n")
            }
        }
    }
}

fn render(metrics: &Metrics, format: Format, coding: Coding) -> Result<Vec<u8>, RenderError> {
    let text = metrics.exposition(format)?.into_bytes();
    Ok(match coding {
        Coding::Identity => text,
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&text)?;
            encoder.finish()?
        }
        Coding::Zstd => zstd::encode_all(&*text, ZSTD_LEVEL)?,
    })
}
