//! The keys that tokens are signed with, and which of them does what at a moment.
//!
//! A new key is published before it signs, so that whoever keeps a copy of the published keys has it
//! by then; an earlier one stays published until the last token that it signed has ended (S-JWT-09).
//! Nothing of this is stored: it follows from when each key begins.

use crate::id::SigningKeyId;
use crate::time::{Span, Timestamp};

/// By how much the clock of whoever verifies may be behind.
const LEEWAY: Span = Span::from_secs(60);

#[derive(Clone, Debug)]
pub struct SigningKey {
    /// `kid`
    pub id: SigningKeyId,
    pub algorithm: SigningAlgorithm,
    /// The private part, sealed; the public one follows from it.
    pub sealed: SealedKey,
    pub state: SigningKeyState,
    /// From then on it may sign.
    pub signs_from: Timestamp,
    pub created_at: Timestamp,
    pub created_by: String,
    pub version: i64,
}

/// A private part that only the deployment's sealing key opens; nothing after a revoke.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SealedKey(pub Vec<u8>);

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedKey(…)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKeyState {
    Active,
    /// Whatever it signed is refused.
    Revoked {
        at: Timestamp,
        by: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    EdDsa,
    Es256,
    Rs256,
}

impl SigningAlgorithm {
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// As `alg` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl SigningKey {
    pub fn is_active(&self) -> bool {
        self.state == SigningKeyState::Active
    }

    /// Ends it at once and forgets its private part; None when that was done before.
    pub fn revoke(self, at: Timestamp, by: String) -> Option<Self> {
        self.is_active().then(|| Self {
            sealed: SealedKey::default(),
            state: SigningKeyState::Revoked { at, by },
            version: self.version + 1,
            ..self
        })
    }
}

/// The key that signs: the last that has begun. Where every one that had begun was revoked, the next
/// signs at once: it is published already.
pub fn signer(keys: &[SigningKey], now: Timestamp) -> Option<&SigningKey> {
    let active = || keys.iter().filter(|it| it.is_active());
    let order = |it: &&SigningKey| (it.signs_from, it.id.clone());
    let begun = active().filter(|it| it.signs_from <= now);
    begun
        .max_by_key(order)
        .or_else(|| active().min_by_key(order))
}

/// Whether a token that `key` signed may still be in force, or it is to sign.
pub fn is_published(keys: &[SigningKey], key: &SigningKey, lifetime: Span, now: Timestamp) -> bool {
    let active = keys.iter().filter(|it| it.is_active());
    let later = active.filter(|it| (it.signs_from, &it.id) > (key.signs_from, &key.id));
    let ends = later.map(|it| it.signs_from).min();
    let is_in_time = ends.is_none_or(|end| now < end.plus(lifetime).plus(LEEWAY));
    key.is_active() && is_in_time
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u32) -> Timestamp {
        Timestamp::from_micros(0).plus(Span::from_secs(secs))
    }

    fn key(id: &str, signs_from: u32) -> SigningKey {
        SigningKey {
            id: id.parse().unwrap(),
            algorithm: SigningAlgorithm::EdDsa,
            sealed: SealedKey(vec![1]),
            state: SigningKeyState::Active,
            signs_from: at(signs_from),
            created_at: at(0),
            created_by: "system".to_owned(),
            version: 1,
        }
    }

    fn signing(keys: &[SigningKey], secs: u32) -> &str {
        signer(keys, at(secs)).map_or("", |it| it.id.as_str())
    }

    fn published(keys: &[SigningKey], secs: u32) -> Vec<&str> {
        let lifetime = Span::from_secs(300);
        let shown = keys
            .iter()
            .filter(|it| is_published(keys, it, lifetime, at(secs)));
        shown.map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn s_jwt_09_a_new_key_is_published_before_it_signs_and_the_old_one_until_its_last_token_ends() {
        let keys = [key("a", 0), key("b", 1_000)];
        assert_eq!((signing(&keys, 999), signing(&keys, 1_000)), ("a", "b"));
        assert_eq!(published(&keys, 0), ["a", "b"]);
        assert_eq!(published(&keys, 1_359), ["a", "b"]);
        assert_eq!(published(&keys, 1_360), ["b"]);
    }

    #[test]
    fn s_jwt_09_a_revoked_key_is_gone_at_once_and_the_next_signs() {
        let [a, b] = [key("a", 0), key("b", 1_000)];
        let a = a.revoke(at(5), "system".to_owned()).unwrap();
        assert_eq!(a.sealed, SealedKey::default());
        let keys = [a, b];
        assert_eq!((signing(&keys, 5), published(&keys, 5)), ("b", vec!["b"]));
        let [a, b] = keys;
        assert!(a.clone().revoke(at(6), "again".to_owned()).is_none());
        let keys = [a, b.revoke(at(6), "system".to_owned()).unwrap()];
        assert_eq!((signing(&keys, 2_000), published(&keys, 6)), ("", vec![]));
    }

    #[test]
    fn the_key_before_signs_on_when_the_next_is_revoked() {
        let b = key("b", 1_000).revoke(at(1_500), "system".to_owned());
        let keys = [key("a", 0), b.unwrap()];
        assert_eq!(signing(&keys, 2_000), "a");
        assert_eq!(published(&keys, 2_000), ["a"]);
    }
}
