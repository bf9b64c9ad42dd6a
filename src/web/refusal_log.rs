//! Refusals are seen: each is counted, and told with the client's address as often as the log may tell of one thing.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::socket::Peer;
use crate::log_limit::{Admitted, Limiter, NOTE};
use crate::refusal::{Refusal, Refusals};

/// Clients that are told of one by one in an hour; all others share the lines of one. A scanner with many addresses does
/// not fill the log.
const MAX_TOLD_APART: usize = 64;

/// Whom a line is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Address(IpAddr),
    UnixSocket,
    Others,
}

/// Counts and tells.
pub(super) struct RefusalLog {
    counts: Arc<Refusals>,
    limiter: Mutex<Limiter<(Refusal, Client)>>,
}

impl RefusalLog {
    pub(super) fn new(counts: Arc<Refusals>) -> Self {
        Self { counts, limiter: Mutex::new(Limiter::new()) }
    }

    /// Takes note of a refusal. The cause is for the log, so it holds no secret and no name of a user.
    pub(super) fn note(&self, refusal: Refusal, peer: &Peer, cause: Option<&str>) {
        self.counts.count(refusal);
        let Some(Admitted { held_back, last }) = self.admit(refusal, peer, Instant::now()) else { return };
        let note = last.then_some(NOTE);
        tracing::warn!(%peer, reason = %refusal, cause, held_back, note, "{}", refusal.sentence());
    }

    fn admit(&self, refusal: Refusal, peer: &Peer, now: Instant) -> Option<Admitted> {
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match peer {
            Peer::Address(address) => Client::Address(address.ip()),
            Peer::UnixSocket => Client::UnixSocket,
        };
        let key = (refusal, client);
        let key = if limiter.has_room(&key, MAX_TOLD_APART, now) { key } else { (refusal, Client::Others) };
        limiter.admit(key, now)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn each_client_has_its_lines_for_each_reason_and_a_crowd_shares_six() {
        let log = RefusalLog::new(Arc::default());
        let start = Instant::now();
        let peer = |number: u32| Peer::Address((Ipv4Addr::from(0x0a00_0000 + number), 1).into());
        let told =
            |refusal, peer: &Peer, at| (0..10).filter(|_| log.admit(refusal, peer, at).is_some()).count();
        assert_eq!(told(Refusal::Login, &peer(0), start), 6);
        assert_eq!(told(Refusal::PlainHttp, &peer(0), start), 6);
        assert_eq!(told(Refusal::Login, &Peer::UnixSocket, start), 6);
        let crowd: usize = (1..1000).map(|number| told(Refusal::Login, &peer(number), start)).sum();
        assert_eq!(crowd, (MAX_TOLD_APART - 3) * 6 + 6);
        // Another reason is told all the same.
        assert_eq!(told(Refusal::TooSlow, &peer(0), start), 6);
        // An hour later there is room again.
        let later = start + Duration::from_hours(1);
        assert_eq!(told(Refusal::Login, &peer(2000), later), 6);
        assert_eq!(told(Refusal::Login, &peer(2001), later), 6);
    }

    #[test]
    fn every_refusal_is_counted_from_zero() {
        let counts = Arc::<Refusals>::default();
        assert_eq!(counts.counts().map(|(_, count)| count).sum::<u64>(), 0);
        assert_eq!(counts.counts().count(), Refusal::iter().count());
        let log = RefusalLog::new(Arc::clone(&counts));
        for _ in 0..10 {
            log.note(Refusal::Login, &Peer::UnixSocket, None);
        }
        assert!(
            counts.counts().all(|(refusal, count)| count == if refusal == Refusal::Login { 10 } else { 0 })
        );
    }
}
