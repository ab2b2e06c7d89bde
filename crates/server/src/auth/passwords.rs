//! Passwords: Argon2id with the parameters of OWASP, slow tries for whoever guesses, and no way to tell
//! an unknown address from a wrong password (S-ASVS-11).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use keyway_core::id::MemberId;
use keyway_core::time::{Span, Timestamp};
use keyway_store::passwords::Password;
use keyway_token::entropy::Entropy;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::throttle::network;

/// Fewest characters of a password that stands alone (NIST SP 800-63B-4).
pub(crate) const CHARS_MIN: usize = 15;
/// Longest password, in bytes; a longer one would cost time for nothing.
pub(crate) const BYTES_MAX: usize = 1_024;
/// Hashes that are worked on at once; each takes 19 MiB.
const AT_ONCE: usize = 2;
/// Tries of one network or for one person that are free, within [`WINDOW`].
const FREE_TRIES: u32 = 10;
const WINDOW: Span = Span::from_secs(15 * 60);
/// People and networks whose tries are remembered. When so many try, nobody else may until some of
/// their time is over.
const REMEMBERED_MAX: usize = 100_000;
const SALT_BYTES: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordFault {
    #[error("a password has at least {CHARS_MIN} characters")]
    Short,
    #[error("a password has at most {BYTES_MAX} bytes")]
    Long,
}

pub(crate) fn read(password: &str) -> Result<&str, PasswordFault> {
    if password.chars().count() < CHARS_MIN {
        return Err(PasswordFault::Short);
    }
    if password.len() > BYTES_MAX {
        return Err(PasswordFault::Long);
    }
    Ok(password)
}

/// Hashes and compares, a few at a time.
#[derive(Debug)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    tries: Mutex<HashMap<String, Tries>>,
    /// Compared with where there is nothing else, so that it takes as long.
    decoy: Option<String>,
}

/// What is guessed at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tried<'a> {
    /// The passwords of a folded address, at the door.
    Address(&'a str),
    /// Those of a session that is open, by whoever sits in front of it.
    Session(&'a MemberId),
}

impl Tried<'_> {
    fn to_text(self) -> String {
        match self {
            Self::Address(address) => format!("person {address}"),
            Self::Session(member) => format!("session {member}"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    since: Timestamp,
    count: u32,
}

fn argon2() -> Option<Argon2<'static>> {
    // OWASP's first choice: 19 MiB, two passes, one lane.
    let params = Params::new(19_456, 2, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str, salt: &[u8]) -> Option<String> {
    let hash = argon2()?
        .hash_password_with_salt(password.as_bytes(), salt)
        .ok()?;
    Some(hash.to_string())
}

fn opened_now(password: &str, known: Vec<Password>, decoy: Option<&str>) -> Vec<Password> {
    let mut hashed: Vec<PasswordHash> = Vec::new();
    let opened = known.into_iter().filter(|it| {
        let known = it.hash.as_deref().and_then(|it| PasswordHash::new(it).ok());
        known.is_some_and(|known| is_of(password, &known, &mut hashed))
    });
    let opened = opened.collect();
    if hashed.is_empty()
        && let Some(decoy) = decoy.and_then(|it| PasswordHash::new(it).ok())
    {
        is_of(password, &decoy, &mut hashed);
    }
    opened
}

/// `hashed` is the password under the salts that were met so far.
fn is_of(password: &str, known: &PasswordHash, hashed: &mut Vec<PasswordHash>) -> bool {
    let is_alike = |it: &PasswordHash| it.salt == known.salt && it.params == known.params;
    if !hashed.iter().any(is_alike) {
        hashed.extend(hash_like(password, known));
    }
    hashed.contains(known)
}

/// Under the salt and the parameters of a known hash.
fn hash_like(password: &str, known: &PasswordHash) -> Option<PasswordHash> {
    let argon2 = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::try_from(known).ok()?,
    );
    let salt = known.salt.as_ref()?;
    argon2
        .hash_password_with_salt(password.as_bytes(), salt)
        .ok()
}

impl Passwords {
    pub(crate) fn new(entropy: &mut dyn Entropy) -> Self {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt);
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            tries: Mutex::default(),
            decoy: hash_now("nobody has this password", &salt),
        }
    }

    /// None when it could not be hashed.
    pub(crate) async fn hash(&self, password: String, salt: [u8; SALT_BYTES]) -> Option<String> {
        let _place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        tokio::task::spawn_blocking(move || hash_now(&password, &salt))
            .await
            .ok()?
    }

    /// The memberships whose password this is. Passwords of one address share a salt, so that one
    /// hash is worked out for all of them; and one where there is nothing to compare with.
    pub(crate) async fn opened(&self, password: String, known: Vec<Password>) -> Vec<Password> {
        let Ok(_place) = Arc::clone(&self.places).acquire_owned().await else {
            return Vec::new();
        };
        let decoy = self.decoy.clone();
        let compare = move || opened_now(&password, known, decoy.as_deref());
        tokio::task::spawn_blocking(compare)
            .await
            .unwrap_or_default()
    }

    /// Counts a try of one password from an address. Err: how long to wait first. The network comes
    /// before the person: one that has no tries left must not use up somebody else's.
    pub(crate) fn count_try(
        &self,
        tried: Tried<'_>,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Span> {
        let from = address.map_or_else(|| "unknown".to_owned(), |it| network(it).to_string());
        let mut tries = self.tries.lock();
        if tries.len() >= REMEMBERED_MAX {
            tries.retain(|_, it| it.since.plus(WINDOW) > now);
        }
        for subject in [format!("network {from}"), tried.to_text()] {
            if tries.len() >= REMEMBERED_MAX && !tries.contains_key(&subject) {
                return Err(WINDOW);
            }
            let it = tries.entry(subject).or_insert(Tries {
                since: now,
                count: 0,
            });
            if it.since.plus(WINDOW) <= now {
                *it = Tries {
                    since: now,
                    count: 0,
                };
            }
            if it.count >= FREE_TRIES {
                let micros = it.since.plus(WINDOW).micros() - now.micros();
                let secs = u32::try_from(micros / 1_000_000 + 1).unwrap_or(u32::MAX);
                return Err(Span::from_secs(secs));
            }
            it.count += 1;
        }
        Ok(())
    }

    /// Forgets the tries of somebody who knows all that could be guessed.
    pub(crate) fn forget_tries(&self, tried: Tried<'_>) {
        self.tries.lock().remove(&tried.to_text());
    }
}

/// The salt of the passwords beside which one is set, all of one address; else a fresh one.
pub(crate) fn salt_beside(known: &[Password], entropy: &mut dyn Entropy) -> [u8; SALT_BYTES] {
    let hashes = known.iter().filter_map(|it| it.hash.as_deref());
    let mut salts = hashes.filter_map(|it| PasswordHash::new(it).ok()?.salt);
    if let Some(salt) = salts.find_map(|it| it.as_ref().try_into().ok()) {
        return salt;
    }
    let mut salt = [0; SALT_BYTES];
    entropy.fill(&mut salt);
    salt
}

#[cfg(test)]
mod tests;
