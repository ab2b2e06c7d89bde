//! The signing keys in memory, as the follower brings them. Signing, proving and publishing read them
//! here and never ask a database.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use keyway_core::id::SigningKeyId;
use keyway_core::signing_key::{SigningKey, is_published, signer};
use keyway_core::time::{Span, Timestamp};
use serde_json::{Value, json};

use super::opened::OpenedKey;
use super::sealing_key::SealingKey;

#[derive(Debug, Default)]
pub(crate) struct KeyRing(ArcSwap<Keys>);

/// A key by the name that a token gives.
#[derive(Debug)]
pub(super) enum Named {
    Opened(Arc<OpenedKey>),
    /// It counts and cannot be opened here, so what it signed can be neither believed nor refused.
    Unopened,
    /// There is none, or none any more.
    Unknown,
}

#[derive(Debug, Default)]
struct Keys {
    all: Vec<SigningKey>,
    opened: BTreeMap<SigningKeyId, Arc<OpenedKey>>,
}

impl KeyRing {
    /// Takes all keys in. One that cannot be opened neither signs nor proves: a start would have stopped
    /// at it, so it was spoilt while the server ran.
    pub(crate) fn apply(&self, all: Vec<SigningKey>, sealing_key: &SealingKey) {
        let before = self.0.load();
        let mut opened = BTreeMap::new();
        for key in all.iter().filter(|it| it.is_active()) {
            // A key never changes, so what was opened once stays.
            match before.opened.get(&key.id) {
                Some(known) => {
                    opened.insert(key.id.clone(), Arc::clone(known));
                }
                None => match open(key, sealing_key) {
                    Ok(fresh) => {
                        opened.insert(key.id.clone(), Arc::new(fresh));
                    }
                    Err(fault) => {
                        tracing::error!(id = %key.id, fault, "a signing key cannot be used");
                    }
                },
            }
        }
        self.0.store(Arc::new(Keys { all, opened }));
    }

    /// What signs now.
    pub(crate) fn signer(&self, now: Timestamp) -> Option<Arc<OpenedKey>> {
        let keys = self.0.load();
        let id = &signer(&keys.all, now)?.id;
        keys.opened.get(id).map(Arc::clone)
    }

    /// The key of this name, while a token that it signed may be in force.
    pub(super) fn find(&self, name: &str, lifetime: Span, now: Timestamp) -> Named {
        let keys = self.0.load();
        let counts = |it: &&SigningKey| is_published(&keys.all, it, lifetime, now);
        let mut named = keys.all.iter().filter(|it| it.id.as_str() == name);
        match named.find(counts).map(|key| keys.opened.get(&key.id)) {
            Some(Some(opened)) => Named::Opened(Arc::clone(opened)),
            Some(None) => Named::Unopened,
            None => Named::Unknown,
        }
    }

    /// The key set as others fetch it (RFC 7517).
    pub(crate) fn published(&self, lifetime: Span, now: Timestamp) -> Value {
        let keys = self.0.load();
        let shown = keys
            .all
            .iter()
            .filter(|it| is_published(&keys.all, it, lifetime, now));
        let shown = shown.filter_map(|it| keys.opened.get(&it.id));
        let shown: Vec<&Value> = shown.map(|it| &it.published).collect();
        json!({"keys": shown})
    }
}

fn open(key: &SigningKey, sealing_key: &SealingKey) -> Result<OpenedKey, String> {
    let seal = sealing_key.load().map_err(|error| error.to_string())?;
    OpenedKey::open(key, &seal).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use keyway_core::signing_key::SigningAlgorithm;
    use keyway_token::secret::Secret;
    use parking_lot::Mutex;

    use super::super::making::Making;
    use super::*;
    use crate::entropy::SystemEntropy;

    const LIFETIME: Span = Span::from_secs(300);
    const NOW: Timestamp = Timestamp::from_micros(0);

    fn sealing_key(letter: &str) -> SealingKey {
        SealingKey {
            given: Some(Secret::new(letter.repeat(48))),
            directory: None,
        }
    }

    fn drawn(sealing_key: &SealingKey) -> SigningKey {
        let making = Making {
            sealing_key,
            entropy: &Mutex::new(Box::new(SystemEntropy)),
            algorithm: SigningAlgorithm::EdDsa,
            by: "system".to_owned(),
            now: NOW,
        };
        making.draw(NOW).unwrap()
    }

    #[test]
    fn a_key_that_counts_and_cannot_be_opened_is_not_unknown() {
        let (ours, theirs) = (sealing_key("a"), sealing_key("b"));
        let (known, foreign) = (drawn(&ours), drawn(&theirs));
        let ring = KeyRing::default();
        ring.apply(vec![known.clone(), foreign.clone()], &ours);
        let find = |name: &str| ring.find(name, LIFETIME, NOW);
        assert!(matches!(find(known.id.as_str()), Named::Opened(_)));
        assert!(matches!(find(foreign.id.as_str()), Named::Unopened));
        assert!(matches!(find("sig_nowhere"), Named::Unknown));
    }
}
