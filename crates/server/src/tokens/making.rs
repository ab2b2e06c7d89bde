//! Making signing keys, and the first one of a deployment.

use keyway_core::id::SigningKeyId;
use keyway_core::profile::Profile;
use keyway_core::signing_key::{SigningAlgorithm, SigningKey, SigningKeyState};
use keyway_core::time::{Span, Timestamp};
use keyway_store::Store;
use keyway_store::error::{ChangeError, StoreError};
use keyway_token::base62::draw_id;
use keyway_token::entropy::Entropy;
use parking_lot::Mutex;

use super::KEYS_MAX_AGE_SECONDS;
use super::opened::{OpenedKey, UnreadableKey};
use super::seal::Seal;
use super::sealing_key::{SealingKey, SealingKeyError};
use super::signing;
use crate::first_start::{ID_CHARS, system};

/// Why a server cannot begin with the signing keys that it finds. None is ever made in place of one
/// that cannot be read: that would end every token, and nobody would know why (S-JWT-10).
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error("the signing key {id} cannot be used: {fault}")]
    Unreadable {
        id: SigningKeyId,
        fault: UnreadableKey,
    },
    #[error("the ledger tells of signing keys, and there are none in the database")]
    Missing,
    #[error("{0}; it seals the signing keys")]
    SealingKey(#[from] SealingKeyError),
    #[error("no signing key could be drawn")]
    NotDrawn,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the database refused the first signing key: {0}")]
    Refused(ChangeError),
}

/// What a new signing key needs from outside.
pub(crate) struct Making<'a> {
    pub sealing_key: &'a SealingKey,
    pub entropy: &'a Mutex<Box<dyn Entropy>>,
    pub algorithm: SigningAlgorithm,
    pub by: String,
    pub now: Timestamp,
}

impl Making<'_> {
    /// Draws a key that signs from `signs_from` on.
    pub(crate) fn draw(&self, signs_from: Timestamp) -> Result<SigningKey, SigningKeyError> {
        let drawn = || SigningKeyError::NotDrawn;
        let seal = self.seal()?;
        let private = signing::draw(self.algorithm, self.entropy).map_err(|_| drawn())?;
        let mut entropy = self.entropy.lock();
        let id = format!("sig_{}", draw_id(ID_CHARS, entropy.as_mut()));
        let id: SigningKeyId = id.parse().map_err(|_| drawn())?;
        let sealed = seal
            .close(&id, &private, entropy.as_mut())
            .ok_or_else(drawn)?;
        drop(entropy);
        Ok(SigningKey {
            id,
            algorithm: self.algorithm,
            sealed,
            state: SigningKeyState::Active,
            signs_from,
            created_at: self.now,
            created_by: self.by.clone(),
            version: 1,
        })
    }

    fn seal(&self) -> Result<Seal, SealingKeyError> {
        self.sealing_key.load_or_mint(self.entropy.lock().as_mut())
    }
}

/// When a new key begins: at once where none is there that signs, else when everybody has it.
pub(crate) fn begins_at(keys: &[SigningKey], now: Timestamp) -> Timestamp {
    if keys.iter().any(SigningKey::is_active) {
        now.plus(Span::from_secs(2 * KEYS_MAX_AGE_SECONDS))
    } else {
        now
    }
}

/// Before a server answers: every key that is there can be opened, and where the profile issues tokens
/// and there never was a key, the first one is made.
pub(crate) async fn prepare(
    store: &Store,
    sealing_key: &SealingKey,
    entropy: &Mutex<Box<dyn Entropy>>,
    now: Timestamp,
) -> Result<(), SigningKeyError> {
    let keys = store.list_signing_keys().await?;
    open_all(&keys, sealing_key)?;
    let row = store.find_profile().await?;
    let profile = row.and_then(|it| Profile::parse(&it.toml).ok());
    let Some(rules) = profile.and_then(|it| it.tokens).filter(|_| keys.is_empty()) else {
        return Ok(());
    };
    if store.has_made_signing_keys().await? {
        return Err(SigningKeyError::Missing);
    }
    let by = system();
    let making = Making {
        sealing_key,
        entropy,
        algorithm: rules.algorithm,
        by: by.origin.actor.to_text(),
        now,
    };
    let first = making.draw(now)?;
    let made = store.create_signing_key(&by, first, now).await;
    // Nothing is answered before the first load, which comes after this.
    let _head = made.map_err(SigningKeyError::Refused)?.head();
    Ok(())
}

fn open_all(keys: &[SigningKey], sealing_key: &SealingKey) -> Result<(), SigningKeyError> {
    let active: Vec<&SigningKey> = keys.iter().filter(|it| it.is_active()).collect();
    if active.is_empty() {
        return Ok(());
    }
    let seal = sealing_key.load()?;
    for key in active {
        OpenedKey::open(key, &seal).map_err(|fault| SigningKeyError::Unreadable {
            id: key.id.clone(),
            fault,
        })?;
    }
    Ok(())
}
