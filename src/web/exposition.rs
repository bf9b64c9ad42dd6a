//! `/metrics`: the format and the coding that the scraper asks for, and a limit on scrapes at the same time.

use std::io::{self, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::StatusCode;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, VARY};

use super::answer::{Answer, TEXT, page, page_of};
use super::client::Client;
use super::negotiate::{self, Coding};
use super::queue::Queue;
use super::work::work;
use crate::metrics::{Format, Metrics};

/// zstd's fastest common level; an exposition shrinks to a twentieth with it.
const ZSTD_LEVEL: i32 = 1;

/// The exposition over HTTP.
pub(crate) struct Exposition {
    metrics: Metrics,
    scrapes: Arc<Queue>,
}

/// Why there is no exposition. Both are defects of this program.
#[derive(Debug, thiserror::Error)]
enum RenderError {
    #[error(transparent)]
    Encode(#[from] prometheus::Error),
    #[error(transparent)]
    Compress(#[from] io::Error),
}

impl Exposition {
    /// At most `max_scrapes` at the same time, and as many that wait.
    pub(crate) fn new(metrics: Metrics, max_scrapes: usize) -> Self {
        Self { metrics, scrapes: Queue::new(max_scrapes, max_scrapes) }
    }

    /// The answer to a scraper with these headers; 503 when too many are being answered.
    pub(super) async fn scrape(&self, client: &Client, headers: &HeaderMap) -> Answer {
        let (format, coding) = (negotiate::format(headers), negotiate::coding(headers));
        let metrics = self.metrics.clone();
        let make = move || match render(&metrics, format, coding) {
            Ok(bytes) => answer(bytes, format, coding),
            Err(error) => {
                tracing::error!(%error, "cannot encode the metrics; please report this bug");
                page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "cannot encode the metrics\n")
            }
        };
        work(&self.scrapes, client, headers, "too many scrapes at the same time\n", make).await
    }
}

fn answer(bytes: Vec<u8>, format: Format, coding: Coding) -> Answer {
    let mut answer = page_of(StatusCode::OK, format.content_type(), bytes.into());
    for name in [ACCEPT, ACCEPT_ENCODING].map(HeaderValue::from) {
        answer.headers_mut().append(VARY, name);
    }
    if let Some(name) = coding.name() {
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    answer
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
