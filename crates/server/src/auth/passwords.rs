//! Passwords: Argon2id with the parameters of OWASP, slow tries for whoever guesses, and no way to tell
//! an unknown address from a wrong password (S-ASVS-11).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use keyway_core::time::{Span, Timestamp};
use keyway_token::entropy::Entropy;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Fewest characters of a password that stands alone (NIST SP 800-63B-4).
pub(crate) const CHARS_MIN: usize = 15;
/// Longest password, in bytes; a longer one would cost time for nothing.
pub(crate) const BYTES_MAX: usize = 1_024;
/// Hashes that are worked on at once; each takes 19 MiB.
const AT_ONCE: usize = 2;
/// Tries of one address or for one person that are free, within [`WINDOW`].
const FREE_TRIES: u32 = 10;
const WINDOW: Span = Span::from_secs(15 * 60);
/// People and addresses whose tries are remembered.
const REMEMBERED_MAX: usize = 10_000;
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
    /// Compared against for an unknown person, so that both take as long.
    decoy: Option<String>,
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

    /// Whether the password is the one of `hash`; for an unknown person never, after as long.
    pub(crate) async fn matches(&self, password: String, hash: Option<String>) -> bool {
        let is_known = hash.is_some();
        let Some(hash) = hash.or_else(|| self.decoy.clone()) else {
            return false;
        };
        let Ok(_place) = Arc::clone(&self.places).acquire_owned().await else {
            return false;
        };
        let compare = move || {
            let (Some(argon2), Ok(hash)) = (argon2(), PasswordHash::new(&hash)) else {
                return false;
            };
            argon2.verify_password(password.as_bytes(), &hash).is_ok()
        };
        tokio::task::spawn_blocking(compare).await.unwrap_or(false) && is_known
    }

    /// Counts a try of a person from an address. Err: how long to wait first.
    pub(crate) fn count_try(
        &self,
        person: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Span> {
        let address = address.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        let mut tries = self.tries.lock();
        if tries.len() >= REMEMBERED_MAX {
            tries.retain(|_, it| it.since.plus(WINDOW) > now);
        }
        for subject in [format!("person {person}"), format!("address {address}")] {
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

    /// Forgets the tries of a person who got in.
    pub(crate) fn forget_tries(&self, person: &str) {
        self.tries.lock().remove(&format!("person {person}"));
    }
}

pub(crate) fn draw_salt(entropy: &mut dyn Entropy) -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    entropy.fill(&mut salt);
    salt
}
