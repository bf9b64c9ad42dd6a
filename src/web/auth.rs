//! Login by user name and password (RFC 7617), against bcrypt hashes.
//!
//! bcrypt is slow on purpose. A pair of name and password that was right before is known again by its digest, and so is
//! one that was wrong, so that only what is new needs a check; when that is done is for others to say. Who is not a user
//! is checked against a decoy of the same cost, so that the time tells nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};
use rustls::crypto::CryptoProvider;
use sha2::{Digest as _, Sha256};

/// What `WWW-Authenticate` says.
pub(super) const CHALLENGE: &str = "Basic realm=\"oidc-thumbprint-exporter\", charset=\"UTF-8\"";
/// Highest cost of a hash. Each step doubles the time: 14 takes a second or two, 18 half a minute.
pub(super) const MAX_COST: u32 = 18;
/// Wrong pairs that are known again: those of scrapers that have an old password, and of guessers that repeat themselves.
const MAX_WRONG: usize = 256;
/// Salt and hash of no password that anybody knows.
const DECOY: &str = "X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

/// Why a hash cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HashError {
    /// Not of the form `$2y$10$...`.
    #[error("is not a bcrypt hash such as $2y$10$... of 60 characters")]
    NotBcrypt,
    /// It would take too long, or bcrypt has no such cost.
    #[error("has cost {0}, which must be between 4 and {MAX_COST}")]
    Cost(u32),
}

/// Those who may log in.
#[derive(Debug)]
pub(super) struct Users {
    by_name: BTreeMap<String, User>,
    decoy: Arc<str>,
    /// Makes the digests below useless to anybody who would learn them.
    salt: [u8; 16],
    /// Digests of the pairs that were wrong last.
    wrong: Mutex<VecDeque<[u8; 32]>>,
}

#[derive(Debug)]
struct User {
    /// None when no password has the one in the file.
    hash: Option<Arc<str>>,
    /// Digest of the pair that was right last. There is one place a user, and it belongs to this hash: nothing that is
    /// sent can stand for another name, hash or password.
    proven: Mutex<Option<[u8; 32]>>,
}

/// A name and a password, as sent.
pub(super) struct Credentials {
    name: String,
    password: String,
}

/// What a request shows of whom it comes from.
pub(super) enum Shown {
    /// A user.
    User,
    /// No name and password, or a pair that is known to be wrong.
    Nobody,
    /// A pair that has to be checked.
    Unknown(Credentials),
}

impl Users {
    /// Users by name, with the bcrypt hashes of their passwords.
    ///
    /// # Errors
    /// The first name whose hash cannot be used.
    pub(super) fn new(
        hashes: BTreeMap<String, String>,
        crypto: &CryptoProvider,
    ) -> Result<Self, (String, HashError)> {
        let mut by_name = BTreeMap::new();
        let mut highest = 0;
        for (name, hash) in hashes {
            let (cost, hash) = match parse(&hash) {
                Ok(parsed) => parsed,
                Err(error) => return Err((name, error)),
            };
            highest = highest.max(cost);
            by_name.insert(name, User { hash, proven: Mutex::default() });
        }
        let mut salt = [0; 16];
        // Without randomness no TLS works either, and an all-zero salt is no worse than none.
        let _ = crypto.secure_random.fill(&mut salt);
        let decoy = format!("$2b${highest:02}${DECOY}").into();
        Ok(Self { by_name, decoy, salt, wrong: Mutex::default() })
    }

    pub(super) fn count(&self) -> usize {
        self.by_name.len()
    }

    /// Users that cannot log in, whatever they send. A user name ends at its first colon (RFC 7617, section 2).
    pub(super) fn locked_out(&self) -> impl Iterator<Item = &str> {
        let is_locked_out = |(name, user): &(&String, &User)| name.contains(':') || user.hash.is_none();
        self.by_name.iter().filter(is_locked_out).map(|(name, _)| name.as_str())
    }

    /// Who sends these headers, as far as that can be told at once.
    pub(super) fn recognize(&self, headers: &HeaderMap) -> Shown {
        let Some(sent) = credentials(headers) else { return Shown::Nobody };
        let user = self.by_name.get(&sent.name);
        if user.is_some_and(|user| user.is_proven(&self.digest(&sent))) {
            return Shown::User;
        }
        if self.wrong().contains(&self.digest(&sent)) { Shown::Nobody } else { Shown::Unknown(sent) }
    }

    /// Whether that is a user's name and password. It takes a while; `turn` is held until it is told, even when the client
    /// has gone by then, so that no other check runs beside this one.
    pub(super) async fn check(&self, sent: Credentials, turn: impl Send + 'static) -> bool {
        let user = self.by_name.get(&sent.name);
        let hash = Arc::clone(user.and_then(|user| user.hash.as_ref()).unwrap_or(&self.decoy));
        let digest = self.digest(&sent);
        let checked = tokio::task::spawn_blocking(move || {
            let right = bcrypt::verify(sent.password, &hash);
            drop(turn);
            right
        });
        let right = matches!(checked.await, Ok(Ok(true)));
        let Some(user) = user.filter(|user| right && user.hash.is_some()) else {
            let mut wrong = self.wrong();
            wrong.truncate(MAX_WRONG - 1);
            wrong.push_front(digest);
            return false;
        };
        *user.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        true
    }

    fn wrong(&self) -> MutexGuard<'_, VecDeque<[u8; 32]>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name holds no colon, so no two pairs run together.
    fn digest(&self, Credentials { name, password }: &Credentials) -> [u8; 32] {
        Sha256::new().chain_update(self.salt).chain_update(format!("{name}:{password}")).finalize().into()
    }
}

impl User {
    fn is_proven(&self, digest: &[u8; 32]) -> bool {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(digest)
    }
}

/// Cost and hash. As Go's bcrypt does, it takes any letter for the version, or none: they all mean the same there. A hash of
/// the right form that is not 22 and 31 characters of bcrypt's base64 belongs to no password.
fn parse(text: &str) -> Result<(u32, Option<Arc<str>>), HashError> {
    /// Salt and hash would be some characters longer; what is shorter is not tried in Go either.
    const SHORTEST: usize = 59;
    let rest = text.strip_prefix("$2").filter(|_| text.len() >= SHORTEST).ok_or(HashError::NotBcrypt)?;
    let rest = rest.strip_prefix(|version: char| version.is_ascii_alphabetic()).unwrap_or(rest);
    let cost_and_more = rest.strip_prefix('$').and_then(|rest| rest.split_once('$'));
    let (cost, secret) = cost_and_more.filter(|(cost, _)| cost.len() == 2).ok_or(HashError::NotBcrypt)?;
    let cost: u32 = cost.parse().map_err(|_| HashError::NotBcrypt)?;
    if !(4..=MAX_COST).contains(&cost) {
        return Err(HashError::Cost(cost));
    }
    let hash = format!("$2b${cost:02}${secret}");
    Ok((cost, hash.parse::<bcrypt::HashParts>().is_ok().then(|| hash.into())))
}

fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some(Credentials { name: name.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use rustls::crypto::aws_lc_rs::default_provider;

    use super::*;

    fn users(pairs: &[(&str, &str)]) -> Users {
        let hash = |password: &str| bcrypt::hash(password, 4).unwrap();
        let hashes = pairs.iter().map(|(name, password)| ((*name).to_owned(), hash(password)));
        Users::new(hashes.collect(), &default_provider()).unwrap()
    }

    fn basic(pair: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode(pair));
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        headers
    }

    impl Users {
        async fn admit(&self, headers: &HeaderMap) -> bool {
            match self.recognize(headers) {
                Shown::User => true,
                Shown::Nobody => false,
                Shown::Unknown(sent) => self.check(sent, ()).await,
            }
        }
    }

    #[tokio::test]
    async fn what_was_told_once_is_known() {
        let users = users(&[("alice", "secret")]);
        let unknown = |pair: &str| matches!(users.recognize(&basic(pair)), Shown::Unknown(_));
        for pair in ["alice:secret", "alice:wrong", "bob:secret"] {
            assert!(unknown(pair), "{pair}");
            users.admit(&basic(pair)).await;
            assert!(!unknown(pair), "{pair}");
        }
        for number in 0..MAX_WRONG {
            users.admit(&basic(&format!("alice:{number}"))).await;
        }
        assert!(unknown("alice:wrong") && !unknown("alice:0") && !unknown("alice:secret"));
        assert_eq!(users.wrong().len(), MAX_WRONG);
    }

    #[tokio::test]
    async fn only_the_right_pair_is_admitted_first_and_later() {
        let users = users(&[("alice", "se:cret"), ("alices", "ecret"), ("bob", "")]);
        for _ in 0..2 {
            for (pair, admitted) in [
                ("alice:se:cret", true),
                ("alices:ecret", true),
                ("alices:e:cret", false),
                ("alice:secret", false),
                ("alice:", false),
                ("bob:", true),
                ("bob:se:cret", false),
                ("carol:se:cret", false),
                ("Alice:se:cret", false),
                (":se:cret", false),
                ("alice", false),
                ("", false),
            ] {
                assert_eq!(users.admit(&basic(pair)).await, admitted, "{pair}");
            }
        }
        assert!(!users.admit(&HeaderMap::new()).await);
    }

    #[tokio::test]
    async fn what_is_not_basic_is_refused() {
        let users = users(&[("a", "b")]);
        for (value, admitted) in [
            ("Basic YTpi", true),
            ("bAsIc YTpi", true),
            ("Bearer YTpi", false),
            ("Basic", false),
            ("BasicYTpi", false),
            ("Basic YTpi YTpi", false),
            ("Basic YTp", false),
            ("Basic /////w==", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(users.admit(&headers).await, admitted, "{value}");
        }
    }

    #[test]
    fn the_decoy_is_a_hash_of_the_highest_cost() {
        let hash = |cost| format!("$2y${cost}${DECOY}");
        let hashes = [("a", hash("05")), ("b", hash("11"))].map(|(name, hash)| (name.to_owned(), hash));
        let users = Users::new(BTreeMap::from(hashes), &default_provider()).unwrap();
        assert_eq!(parse(&users.decoy), Ok((11, Some(Arc::clone(&users.decoy)))));
    }

    #[test]
    fn hashes_are_those_that_go_takes() {
        let canonical = Some(format!("$2b$05${DECOY}"));
        for (text, parsed) in [
            (format!("$2y$05${DECOY}"), Ok((5, canonical.clone()))),
            (format!("$2z$05${DECOY}"), Ok((5, canonical.clone()))),
            (format!("$2$05${DECOY}"), Ok((5, canonical.clone()))),
            // No password has these.
            (format!("$2y$05${}", &DECOY[1..]), Ok((5, None))),
            (format!("$2y$05${DECOY}zz"), Ok((5, None))),
            (format!("$2y$05${}!", &DECOY[1..]), Ok((5, None))),
            (format!("$2y$05${}", &DECOY[2..]), Err(HashError::NotBcrypt)),
            (format!("$2y$03${DECOY}"), Err(HashError::Cost(3))),
            (format!("$2y$19${DECOY}"), Err(HashError::Cost(19))),
            (format!("$2y$5${DECOY}"), Err(HashError::NotBcrypt)),
            (format!("$3y$05${DECOY}"), Err(HashError::NotBcrypt)),
            ("secret".to_owned(), Err(HashError::NotBcrypt)),
            (String::new(), Err(HashError::NotBcrypt)),
        ] {
            let ours = parse(&text).map(|(cost, hash)| (cost, hash.map(|hash| hash.to_string())));
            assert_eq!(ours, parsed, "{text}");
        }
    }

    #[tokio::test]
    async fn who_has_no_hash_that_works_is_locked_out_and_nobody_else() {
        let good = bcrypt::hash("secret", 4).unwrap();
        let hashes = [("alice", good.replace("$2b$", "$2z$")), ("bob", format!("{good}x")), ("c:d", good)];
        let hashes = hashes.map(|(name, hash)| (name.to_owned(), hash)).into();
        let users = Users::new(hashes, &default_provider()).unwrap();
        assert_eq!(users.locked_out().collect::<Vec<_>>(), ["bob", "c:d"]);
        for (pair, admitted) in [("alice:secret", true), ("bob:secret", false), ("c:d:secret", false)] {
            assert_eq!(users.admit(&basic(pair)).await, admitted, "{pair}");
        }
    }
}
