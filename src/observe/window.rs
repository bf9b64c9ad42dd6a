//! Which observations of an endpoint still count. Pure: it is told what each round saw.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::burst::Look;
use crate::chain::JudgedChain;
use crate::clock::Timestamp;
use crate::poll::{Capture, MAX_ADDRESSES, Via};

/// Observations kept of one endpoint; beyond that the longest unseen go. One of each address fits.
pub(crate) const MAX_OBSERVATIONS: usize = MAX_ADDRESSES;

/// One chain at one address, or through the proxy that chose one.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Where it was served.
    pub via: Via,
    /// What it served.
    pub chain: Arc<JudgedChain>,
    /// First time.
    pub first_seen: Timestamp,
    /// Last time.
    pub last_seen: Timestamp,
    /// Successive looks at its address that showed only other chains, or successive looks at the endpoint in which that was
    /// not resolved while all others had settled.
    pub looks_absent: u32,
}

/// When an observation stops counting.
#[derive(Clone, Copy, Debug)]
pub struct WindowRules {
    /// Age, measured from the endpoint's newest observation: an endpoint that fails keeps what was last known.
    pub window: Duration,
    /// Looks that show its absence.
    pub settle_looks: u32,
}

/// What one round saw at one address.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Which, or the proxy that stands for it.
    pub via: Via,
    /// What it served; nothing when it failed.
    pub chain: Option<Arc<JudgedChain>>,
}

/// The observations of one endpoint that count.
#[derive(Clone, Debug, Default)]
pub struct Window {
    observations: Vec<Observation>,
    dropped: u64,
    unseen: usize,
    /// At some time there was no address that nobody had looked at.
    was_seen_whole: bool,
}

impl Window {
    /// One that goes on from what was kept of another; what these rules give up is left out.
    #[must_use]
    pub fn restored(
        rules: WindowRules,
        observations: Vec<Observation>,
        unseen: usize,
        was_seen_whole: bool,
    ) -> Self {
        let mut window = Self { observations, dropped: 0, unseen, was_seen_whole };
        window.give_up(rules);
        window
    }

    /// By address, then by first sight.
    #[must_use]
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Observations that were given up before their time, because there were too many.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Addresses that were not looked at within the window: their turn has not come yet.
    #[must_use]
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// There are addresses that nobody has looked at, and never was a time without. Later on, an address that is new says
    /// little about what all the others showed.
    #[must_use]
    pub fn is_seen_in_part(&self) -> bool {
        self.unseen > 0 && !self.was_seen_whole
    }

    /// At some time there was no address that nobody had looked at.
    #[must_use]
    pub fn was_seen_whole(&self) -> bool {
        self.was_seen_whole
    }

    /// Notes how many addresses were not looked at within the window.
    pub fn note_unseen(&mut self, unseen: usize) {
        self.unseen = unseen;
        self.was_seen_whole |= unseen == 0;
    }

    /// Every distinct chain once.
    pub fn chains(&self) -> impl Iterator<Item = &Arc<JudgedChain>> {
        let mut seen = BTreeSet::new();
        self.observations.iter().map(|o| &o.chain).filter(move |judged| seen.insert(judged.served.id()))
    }

    /// What one look alone has shown.
    #[must_use]
    pub(crate) fn of_one_look(capture: &Capture, sightings: &[Sighting]) -> Self {
        let mut window = Self::default();
        let rules = WindowRules { window: Duration::MAX, settle_looks: 1 };
        window.record_part(rules, capture.at, &capture.resolved.addresses, sightings);
        window.note_unseen(capture.unseen());
        window
    }

    /// Takes in one round that looked at every address that the name resolved to.
    #[cfg(test)]
    pub fn record(&mut self, rules: WindowRules, at: Timestamp, round: &[Sighting]) -> Look {
        self.record_part(rules, at, &[], round)
    }

    /// Takes in one round: every address that the name resolved to, as far as it is known, and what those that were looked
    /// at served, or the proxy. An address that was not looked at keeps what it showed before.
    pub fn record_part(
        &mut self,
        rules: WindowRules,
        at: Timestamp,
        resolved: &[IpAddr],
        round: &[Sighting],
    ) -> Look {
        let mut has_news = false;
        let is_first = self.observations.is_empty();
        for sighting in round {
            if let Some(chain) = &sighting.chain {
                has_news |= self.see(sighting.via, chain, at) && !is_first;
            }
        }
        let resolved = resolved.iter().copied().map(Via::from);
        let resolved: BTreeSet<Via> = resolved.chain(round.iter().map(|sighting| sighting.via)).collect();
        let settled = round.iter().any(|sighting| sighting.chain.is_some())
            && resolved.iter().all(|via| self.of(*via).count() <= 1);
        for gone in self.observations.iter_mut().filter(|o| !resolved.contains(&o.via)) {
            gone.looks_absent = if settled { gone.looks_absent + 1 } else { 0 };
        }

        self.give_up(rules);
        Look { has_news, is_in_doubt: self.observations.iter().any(|o| o.looks_absent > 0) }
    }

    /// Leaves out what does not count any more, and what is too much.
    fn give_up(&mut self, rules: WindowRules) {
        let newest = self.observations.iter().map(|o| o.last_seen).max();
        self.observations.retain(|observation| {
            observation.looks_absent < rules.settle_looks
                && newest.is_none_or(|newest| newest.since(observation.last_seen) <= rules.window)
        });
        if self.observations.len() > MAX_OBSERVATIONS {
            self.observations.sort_by_key(|o| std::cmp::Reverse(o.last_seen));
            self.dropped += (self.observations.len() - MAX_OBSERVATIONS) as u64;
            self.observations.truncate(MAX_OBSERVATIONS);
        }
        self.observations.sort_by_key(|o| (o.via, o.first_seen));
    }

    fn of(&self, via: Via) -> impl Iterator<Item = &Observation> {
        self.observations.iter().filter(move |o| o.via == via)
    }

    /// Whether that is news: another chain at an address that is known, or one that no address had served.
    fn see(&mut self, via: Via, chain: &Arc<JudgedChain>, at: Timestamp) -> bool {
        let id = chain.served.id();
        let is_other =
            self.of(via).next().is_some() || !self.observations.iter().any(|o| o.chain.served.id() == id);
        // Every copy is judged anew, at whichever address it was seen.
        for same in self.observations.iter_mut().filter(|o| o.chain.served.id() == id) {
            same.chain = Arc::clone(chain);
        }
        let mut known = false;
        for observation in self.observations.iter_mut().filter(|o| o.via == via) {
            if observation.chain.served.id() == id {
                observation.last_seen = at.max(observation.last_seen);
                observation.looks_absent = 0;
                known = true;
            } else {
                observation.looks_absent += 1;
            }
        }
        if !known {
            let chain = Arc::clone(chain);
            let observation = Observation { via, chain, first_seen: at, last_seen: at, looks_absent: 0 };
            self.observations.push(observation);
        }
        !known && is_other
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::chain::{ServedChain, TrustStore};

    const RULES: WindowRules = WindowRules { window: Duration::from_hours(24), settle_looks: 6 };

    /// A chain is told from another by its bytes; these need not be certificates.
    fn chain(byte: u8) -> Arc<JudgedChain> {
        let served = ServedChain::new(vec![CertificateDer::from(vec![byte])]).unwrap();
        let judgement = TrustStore::empty().judge(served.certificates(), None, Timestamp::from_seconds(0));
        Arc::new(JudgedChain { served, judgement })
    }

    /// One round a minute: for each address the chain it serves, `-` when it fails, `?` when it is not looked at, absent when
    /// not resolved.
    /// What counts after the last round: `address chain`, sorted.
    fn after(rounds: &[&str]) -> Vec<String> {
        let mut window = Window::default();
        for (minute, round) in (0i64..).zip(rounds) {
            let (mut resolved, mut seen) = (Vec::new(), Vec::new());
            for sight in round.split_whitespace() {
                let (address, served) = sight.split_once(':').unwrap();
                let via = match address {
                    "p" => Via::Proxy,
                    _ => Via::Address(format!("192.0.2.{address}").parse().unwrap()),
                };
                resolved.extend(via.address());
                if served != "?" {
                    let served = served.bytes().next().filter(|byte| *byte != b'-');
                    seen.push(Sighting { via, chain: served.map(chain) });
                }
            }
            window.record_part(RULES, Timestamp::from_seconds(minute * 60), &resolved, &seen);
        }
        let shown = window.observations().iter().map(|o| {
            let served = char::from(o.chain.served.certificates()[0].der[0]);
            let via = o.via.to_string();
            format!("{}:{served}", via.rsplit('.').next().unwrap().replace("through the proxy", "p"))
        });
        shown.collect()
    }

    fn repeated(round: &'static str, times: usize) -> Vec<&'static str> {
        vec![round; times]
    }

    #[test]
    fn what_counts() {
        for (case, rounds, counts) in [
            ("steady", repeated("1:a 2:a", 9), "1:a 2:a"),
            ("just rotated", vec!["1:a", "1:b"], "1:a 1:b"),
            ("rotation nearly settled", [vec!["1:a"], repeated("1:b", 5)].concat(), "1:a 1:b"),
            ("rotation settled", [vec!["1:a"], repeated("1:b", 6)].concat(), "1:b"),
            ("alternating stays two", ["1:a", "1:b"].repeat(20), "1:a 1:b"),
            ("failing keeps what was known", [vec!["1:a"], repeated("1:-", 2000)].concat(), "1:a"),
            ("failures do not settle", [vec!["1:a", "1:b"], repeated("1:-", 9)].concat(), "1:a 1:b"),
            ("address gone, others settled", [vec!["1:a 2:b"], repeated("1:a", 6)].concat(), "1:a"),
            ("address gone, just now", [vec!["1:a 2:b"], repeated("1:a", 5)].concat(), "1:a 2:b"),
            (
                "address gone, others alternate",
                [vec!["1:a 2:b"], ["1:a", "1:c"].repeat(9)].concat(),
                "1:a 1:c 2:b",
            ),
            ("address gone, others fail", [vec!["1:a 2:b"], repeated("1:-", 9)].concat(), "1:a 2:b"),
            (
                "address comes back",
                [vec!["1:a 2:b"], repeated("1:a", 5), vec!["1:a 2:b"]].concat(),
                "1:a 2:b",
            ),
            ("turns keep both", ["1:a 2:?", "1:? 2:b"].repeat(20), "1:a 2:b"),
            (
                "settling counts looks, not rounds",
                [vec!["1:a 2:?", "1:? 2:b"], ["1:b 2:?", "1:? 2:b"].repeat(5)].concat(),
                "1:a 1:b 2:b",
            ),
            (
                "settled by looks",
                [vec!["1:a 2:?", "1:? 2:b"], ["1:b 2:?", "1:? 2:b"].repeat(6)].concat(),
                "1:b 2:b",
            ),
            (
                "gone while others wait for their turn",
                [vec!["1:a 2:? 3:c"], ["1:a 2:?", "1:? 2:b"].repeat(3)].concat(),
                "1:a 2:b",
            ),
            ("through a proxy", vec!["p:a", "p:b"], "p:a p:b"),
            ("from addresses to a proxy", [vec!["1:a 2:b"], repeated("p:a", 5)].concat(), "1:a 2:b p:a"),
            ("settled through a proxy", [vec!["1:a 2:b"], repeated("p:a", 6)].concat(), "p:a"),
            ("older than the window", [vec!["2:b 1:a"], repeated("1:a 2:-", 1441)].concat(), "1:a"),
            ("within the window", [vec!["2:b 1:a"], repeated("1:a 2:-", 1440)].concat(), "1:a 2:b"),
        ] {
            assert_eq!(after(&rounds).join(" "), counts, "{case}");
        }
    }

    #[test]
    fn newcomers_do_not_make_a_whole_a_part_again() {
        let mut window = Window::default();
        for (unseen, in_part) in [(8, true), (3, true), (0, false), (5, false)] {
            window.note_unseen(unseen);
            assert_eq!((window.unseen(), window.is_seen_in_part()), (unseen, in_part));
        }
    }

    #[test]
    fn a_fleet_without_end_is_bounded() {
        let mut window = Window::default();
        for round in 0..2000u32 {
            let address = std::net::IpAddr::from((0x0a00_0000 + round).to_be_bytes());
            let alternating = "192.0.2.1".parse().unwrap();
            let seen = [(address, b'a'), (alternating, u8::from(round % 2 == 0))]
                .map(|(address, byte)| Sighting { via: Via::Address(address), chain: Some(chain(byte)) });
            window.record(RULES, Timestamp::from_seconds(i64::from(round)), &seen);
        }
        assert_eq!(window.observations().len(), MAX_OBSERVATIONS);
        assert_eq!(window.dropped(), 2002 - MAX_OBSERVATIONS as u64);
        assert_eq!(window.chains().count(), 3);
    }
}
