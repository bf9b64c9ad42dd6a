//! Who gets in: rate limit and login, so that neither a flood of requests nor one of wrong passwords keeps out who is known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use tokio::time::Instant;

use super::answer::{Answer, TEXT, again, page};
use super::auth::{CHALLENGE, Shown};
use super::client::Client;
use super::config::WebConfig;
use super::queue::{Network, Queue};
use super::rate_limit::{RateLimit, Standing};
use crate::refusal::Refusal;

/// Checks of a password at the same time, so that guessing does not take the processor from the polls.
const CHECKS: usize = 1;
/// Checks that wait; with the usual cost of a hash, the last one takes about two seconds.
const WAITING: usize = 32;
/// Longest wait for a check: the scrape timeout that is usual.
const PATIENCE: Duration = Duration::from_secs(10);
/// An address whose logins failed is like any other after so long.
const MEMORY: Duration = Duration::from_mins(5);
/// Addresses whose logins failed, which are remembered.
const MAX_GUESSERS: usize = 4096;
/// More failures than this do not make it worse.
const MAX_RANK: u32 = 20;
/// A connection whose logins fail waits longer for each answer, so that asking without pause costs us nothing.
const DELAY: Duration = Duration::from_millis(50);

/// What is kept of those who want to get in.
#[derive(Debug)]
pub(super) struct Gate {
    checks: Arc<Queue>,
    /// How many logins of an address failed, and when the last one did.
    guessers: Mutex<HashMap<Network, (u32, Instant)>>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self { checks: Queue::new(CHECKS, WAITING), guessers: Mutex::default() }
    }

    /// Lets a request in, or says why not. `is_free` requests are not counted by the rate limit: they cost nothing, and
    /// somebody restarts the daemon when they are refused.
    ///
    /// # Errors
    /// The answer to a request that does not get in.
    pub(super) async fn admit(
        &self,
        config: &WebConfig,
        client: &Client,
        headers: &HeaderMap,
        is_free: bool,
    ) -> Result<(), Answer> {
        let shown = config.users.as_ref().map(|users| users.recognize(headers));
        let standing = match &shown {
            _ if client.is_vouched_for => Standing::Known,
            Some(Shown::User) => Standing::Known,
            Some(Shown::Unknown(_)) if self.rank(client) == 0 => Standing::New,
            Some(Shown::Unknown(_) | Shown::Nobody) | None => Standing::Stranger,
        };
        let is_allowed = |limit: &RateLimit| limit.allows(standing, std::time::Instant::now());
        if !is_free && !config.rate_limit.as_ref().is_none_or(is_allowed) {
            return Err(again(Refusal::RateLimit, StatusCode::TOO_MANY_REQUESTS, "too many requests\n"));
        }
        let (Some(users), Some(shown)) = (&config.users, shown) else { return Ok(()) };
        match shown {
            Shown::User => client.place.note_known(),
            Shown::Nobody => return Err(self.refuse(client, headers).await),
            Shown::Unknown(sent) => {
                let rank = self.rank(client);
                let turn = self.checks.wait(client.peer, rank, Instant::now() + PATIENCE);
                let Ok(turn) = client.place.queue(turn).await else {
                    client.place.queue(delay(client)).await;
                    client.place.note_failure();
                    return Err(again(
                        Refusal::Busy,
                        StatusCode::TOO_MANY_REQUESTS,
                        "too many logins at the same time\n",
                    ));
                };
                // Others may have sent the same, and been told by now.
                let is_user = match users.recognize(headers) {
                    Shown::User => true,
                    Shown::Nobody => false,
                    Shown::Unknown(_) => client.place.queue(users.check(sent, turn)).await,
                };
                if !is_user {
                    return Err(self.refuse(client, headers).await);
                }
                client.place.note_known();
            }
        }
        Ok(())
    }

    /// For who has no right name and password. To have sent none is no failure: browsers ask so.
    async fn refuse(&self, client: &Client, headers: &HeaderMap) -> Answer {
        if headers.contains_key(AUTHORIZATION) {
            client.place.queue(delay(client)).await;
            client.place.note_failure();
            self.note_failure(client.peer, Instant::now());
        }
        let mut refusal = page(StatusCode::UNAUTHORIZED, TEXT, "user name and password required\n");
        refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        refusal.extensions_mut().insert(Refusal::Login);
        refusal
    }

    /// Lower for who has not failed yet: by address, and on this connection.
    fn rank(&self, client: &Client) -> u32 {
        let now = Instant::now();
        let of_address = self.guessers().get(&client.peer).map_or(0, |(failures, last)| {
            if now.saturating_duration_since(*last) < MEMORY { *failures } else { 0 }
        });
        of_address.min(MAX_RANK) + client.place.failures().min(MAX_RANK)
    }

    fn note_failure(&self, peer: Network, now: Instant) {
        let mut guessers = self.guessers();
        if guessers.len() >= MAX_GUESSERS {
            guessers.retain(|_, (_, last)| now.saturating_duration_since(*last) < MEMORY);
        }
        // Those who are too many to be remembered are as good as those who have not failed.
        if guessers.len() < MAX_GUESSERS || guessers.contains_key(&peer) {
            let (failures, last) = guessers.entry(peer).or_insert((0, now));
            let is_over = now.saturating_duration_since(*last) >= MEMORY;
            *failures = if is_over { 1 } else { failures.saturating_add(1) };
            *last = now;
        }
    }

    fn guessers(&self) -> MutexGuard<'_, HashMap<Network, (u32, Instant)>> {
        self.guessers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn delay(client: &Client) {
    tokio::time::sleep(DELAY * client.place.failures().min(MAX_RANK)).await;
}
