//! Random chains with a known history: who signed what, and what was done to the order.

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};

use super::*;
use crate::support::random::Random;

/// A certificate and what its maker knows about it without reading it.
#[derive(Clone)]
pub struct Member {
    pub made: Made,
    pub subject: String,
    pub is_ca: bool,
    issuer: String,
    signer: *const KeyPair,
}

// The keys live as long as the process.
impl Member {
    fn new(
        subject: &str,
        key: &'static KeyPair,
        issuer: Option<&Member>,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let made = make(subject, key, issuer.map(|issuer| &issuer.made), edit);
        Self {
            subject: subject.to_owned(),
            is_ca: matches!(made.params.is_ca, IsCa::Ca(_)),
            issuer: issuer.map_or(subject, |issuer| &issuer.subject).to_owned(),
            signer: issuer.map_or(key, |issuer| issuer.made.key),
            made,
        }
    }

    pub fn has_issued(&self, child: &Self) -> bool {
        child.issuer == self.subject && std::ptr::eq(child.signer, self.made.key)
    }

    pub fn is_twin_of(&self, other: &Self) -> bool {
        self.subject == other.subject && std::ptr::eq(self.made.key, other.made.key)
    }
}

/// What a server serves, what its client trusts, and how it came about.
pub struct RandomChain {
    pub served: Vec<Member>,
    pub trusted: Vec<Member>,
    pub story: Vec<String>,
}

impl RandomChain {
    /// The same seed, the same names, kinds of keys, faults and order.
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut story = Vec::new();
        let other_root = Member::new("Other Root", random_key(&mut random), None, ca);
        let mut path = true_path(&mut random, &mut story);
        let root = path[path.len() - 1].clone();

        if path.len() > 2 && random.once_in(12) {
            let at = 1 + random.below(path.len() - 2);
            let (key, subject) = (path[at].made.key, path[at].subject.clone());
            let issuer = path[at + 1].clone();
            path[at] = if random.once_in(2) {
                story.push(format!("renamed {at}"));
                Member::new("Renamed", key, Some(&issuer), ca)
            } else {
                story.push(format!("impostor at {at}"));
                Member::new(&subject, random_key(&mut random), Some(&issuer), ca)
            };
        }
        if path.len() > 1 && !random.once_in(3) {
            path.pop();
            story.push("root not served".to_owned());
        }
        if random.once_in(4) {
            let original =
                if random.once_in(2) { root.clone() } else { path[random.below(path.len())].clone() };
            if original.is_ca {
                let fault = random_dates(&mut random);
                let twin =
                    Member::new(&original.subject, original.made.key, Some(&other_root), both(ca, fault));
                let at = 1 + random.below(path.len());
                path.insert(at, twin);
                story.push(format!("twin of {} at {at}", original.subject));
            }
        }
        rearrange(&mut random, &mut path, &mut story, &other_root);

        let trusted = match random.below(10) {
            0 => vec![],
            1 => vec![other_root],
            2 | 3 => vec![root, other_root],
            _ => vec![root],
        };
        story.push(format!("trusts {:?}", trusted.iter().map(|member| &member.subject).collect::<Vec<_>>()));
        Self { served: path, trusted, story }
    }

    /// The first served, as TLS has it, unless it is plainly an issuer and another one is plainly the leaf.
    pub fn leaf(&self) -> usize {
        let has_issued_none = |i: usize| {
            !self
                .served
                .iter()
                .any(|child| child.made.der != self.served[i].made.der && self.served[i].has_issued(child))
        };
        let has_issuer = |i: usize| {
            self.served
                .iter()
                .any(|other| other.made.der != self.served[i].made.der && other.has_issued(&self.served[i]))
        };
        let is_leaf = |i: usize| !self.served[i].is_ca && has_issued_none(i);
        if is_leaf(0) {
            0
        } else {
            (1..self.served.len()).find(|&i| is_leaf(i) && has_issuer(i)).unwrap_or(0)
        }
    }
}

/// Leaf first, root last, one to six below the root, or a self-signed leaf alone.
fn true_path(random: &mut Random, story: &mut Vec<String>) -> Vec<Member> {
    if random.once_in(40) {
        story.push("self-signed".to_owned());
        return vec![Member::new(HOST, random_key(random), None, for_host)];
    }
    let depth = 1 + random.below(6);
    story.push(format!("depth {depth}"));
    let role = if random.once_in(60) { |_: &mut CertificateParams| () } else { ca };
    let fault = random_dates(random);
    let mut path = vec![Member::new("Root", random_key(random), None, both(role, fault))];
    for level in (1..depth).rev() {
        let fault = random_dates(random);
        let odd = random.below(40);
        let edit = move |params: &mut CertificateParams| {
            ca(params);
            match odd {
                0 => params.is_ca = IsCa::ExplicitNoCa,
                1 => params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
                2 => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
                _ => {}
            }
        };
        if odd < 3 {
            story.push(format!("level {level} is odd: {odd}"));
        }
        let next =
            Member::new(&format!("Level {level}"), random_key(random), path.first(), both(edit, fault));
        path.insert(0, next);
    }
    let fault = random_dates(random);
    let odd = random.below(20);
    let edit = move |params: &mut CertificateParams| {
        for_host(params);
        match odd {
            0 => {
                params.subject_alt_names = names(&["other.example"]);
            }
            1 => params.subject_alt_names.clear(),
            2 => ca(params),
            3 => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            4 => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
            _ => {}
        }
    };
    if odd < 4 {
        story.push(format!("the leaf is odd: {odd}"));
    }
    path.insert(0, Member::new(HOST, random_key(random), path.first(), both(edit, fault)));
    path
}

/// Truncated, duplicated, mixed with a stranger, shuffled: what servers do to their chains.
fn rearrange(random: &mut Random, path: &mut Vec<Member>, story: &mut Vec<String>, stranger: &Member) {
    if path.len() > 1 && random.once_in(8) {
        let gone = random.below(path.len());
        path.remove(gone);
        story.push(format!("without {gone}"));
    }
    if random.once_in(8) {
        let (from, to) = (random.below(path.len()), 1 + random.below(path.len()));
        path.insert(to, path[from].clone());
        story.push(format!("{from} again at {to}"));
    }
    if random.once_in(8) {
        let at = 1 + random.below(path.len());
        path.insert(at, stranger.clone());
        story.push(format!("stranger at {at}"));
    }
    if random.once_in(6) {
        random.shuffle(&mut path[1..]);
        story.push("shuffled".to_owned());
    } else if random.once_in(16) {
        random.shuffle(path);
        story.push("shuffled, leaf and all".to_owned());
    }
}

fn random_key(random: &mut Random) -> &'static KeyPair {
    key(KINDS[random.below(KINDS.len())], random.below(64))
}

fn random_dates(random: &mut Random) -> fn(&mut CertificateParams) {
    match random.below(40) {
        0 | 1 => expired,
        2 => future,
        _ => |_| (),
    }
}
