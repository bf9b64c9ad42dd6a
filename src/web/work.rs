//! Answers that take work and memory: made on a thread of their own, so many at a time, and only so many of the large ones
//! are held for their readers.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Body as _;
use hyper::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::answer::{Answer, TEXT, again, page};
use super::client::Client;
use super::queue::Queue;
use super::timeout::scrape_timeout;
use crate::refusal::Refusal;

/// Longest wait for a slot, where the client does not say how long it waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer up to this size is not counted while it is read: there are only so many connections.
const SMALL_BYTES: u64 = 64 * 1024;

/// The answer that `make` makes when its turn has come, or `busy` with 503.
pub(super) async fn work(
    queue: &Arc<Queue>,
    client: &Client,
    headers: &HeaderMap,
    busy: &'static str,
    make: impl FnOnce() -> Answer + Send + 'static,
) -> Answer {
    let until = Instant::now() + scrape_timeout(headers).unwrap_or(PATIENCE).min(PATIENCE);
    let slot = client.place.queue(queue.wait(client.peer, client.rank(), until)).await;
    let Ok(slot) = slot else { return again(Refusal::Busy, StatusCode::SERVICE_UNAVAILABLE, busy) };
    // Thousands of series take a while: not on a thread that polls. The slot goes along, since a client that goes away
    // ends no thread.
    match tokio::task::spawn_blocking(move || (make(), slot)).await {
        Ok((mut answer, slot)) => {
            if answer.body().size_hint().lower() > SMALL_BYTES {
                slot.reading(client.place.end());
                answer.body_mut().hold_slot(slot);
            }
            answer
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be made; please report this bug");
            page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the answer could not be made\n")
        }
    }
}
