//! Sealing the private part of a signing key: AES-256-GCM, bound to the key's id, so that nothing in
//! the database, or in a copy of it, signs.

use keyway_core::id::SigningKeyId;
use keyway_core::signing_key::SealedKey;
use keyway_token::entropy::Entropy;
use keyway_token::secret::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

/// Fewest characters of a sealing key that an operator gives.
pub(crate) const SEALING_KEY_CHARS_MIN: usize = 32;
/// Keeps the derived key apart from whatever else the same secret may be used for.
const PURPOSE: &[u8] = b"keyway signing keys";

#[derive(Debug)]
pub(crate) struct Seal(LessSafeKey);

/// It was sealed with another key, for another id, or is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be opened with this sealing key")]
pub(crate) struct NotOpened;

impl Seal {
    /// None if the cipher refuses its key, which it never does.
    pub(crate) fn of(secret: &Secret) -> Option<Self> {
        let stretched = Salt::new(HKDF_SHA256, PURPOSE).extract(secret.expose().as_bytes());
        let key = stretched.expand(&[PURPOSE], &AES_256_GCM).ok()?;
        Some(Self(LessSafeKey::new(UnboundKey::from(key))))
    }

    /// The nonce, then the ciphertext with its tag.
    pub(crate) fn close(
        &self,
        id: &SigningKeyId,
        private: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<SealedKey> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut text = private.to_vec();
        let (aad, at) = (Aad::from(id.as_str()), Nonce::assume_unique_for_key(nonce));
        self.0.seal_in_place_append_tag(at, aad, &mut text).ok()?;
        Some(SealedKey([nonce.as_slice(), &text].concat()))
    }

    pub(crate) fn open(
        &self,
        id: &SigningKeyId,
        sealed: &SealedKey,
    ) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (nonce, text) = sealed.0.split_first_chunk().ok_or(NotOpened)?;
        let mut text = Zeroizing::new(text.to_vec());
        let (aad, at) = (Aad::from(id.as_str()), Nonce::assume_unique_for_key(*nonce));
        let opened = self.0.open_in_place(at, aad, &mut text);
        let chars = opened.map_err(|_| NotOpened)?.len();
        text.truncate(chars);
        Ok(text)
    }
}
