//! A signing key whose private part was opened, and its public part as others read it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyway_core::signing_key::SigningKey;
use serde_json::{Map, Value, json};

use super::KIND;
use super::seal::Seal;
use super::signing::{KeyPair, UnusableKey};
use crate::jwt::key::VerifyingKey;
use crate::jwt::key_set::KeySet;

const P256_BYTES: usize = 32;

#[derive(Debug)]
pub(crate) struct OpenedKey {
    pair: KeyPair,
    /// The `protected` header of what it signs, encoded.
    header: String,
    /// Of this key alone: a token names the one that it means.
    pub(super) verifying: KeySet,
    /// As it is published.
    pub(super) published: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableKey {
    #[error("it cannot be opened with this sealing key")]
    Sealed,
    #[error("it was opened, and is no key of its algorithm")]
    Unusable,
}

impl OpenedKey {
    pub(crate) fn open(key: &SigningKey, seal: &Seal) -> Result<Self, UnreadableKey> {
        let private = seal
            .open(&key.id, &key.sealed)
            .map_err(|_| UnreadableKey::Sealed)?;
        let pair = KeyPair::read(key.algorithm, &private);
        let pair = pair.map_err(|_| UnreadableKey::Unusable)?;
        let (id, algorithm) = (key.id.as_str(), key.algorithm.as_str());
        let header = json!({"alg": algorithm, "kid": id, "typ": KIND}).to_string();
        let mut published = public_members(&pair.verifying());
        for (name, value) in [("kid", id), ("use", "sig"), ("alg", algorithm)] {
            published.insert(name.to_owned(), value.into());
        }
        Ok(Self {
            header: URL_SAFE_NO_PAD.encode(header),
            verifying: KeySet::of_named(id, pair.verifying()),
            published: Value::Object(published),
            pair,
        })
    }

    /// A JSON Web Token in its compact form.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, UnusableKey> {
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{}.{claims}", self.header);
        let signature = self.pair.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// What RFC 7518 and RFC 8037 say of a public key, and nothing of a private one.
fn public_members(key: &VerifyingKey) -> Map<String, Value> {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let members = match key {
        // A shared secret is never published, and none of ours is one.
        VerifyingKey::Secret(_) => vec![],
        VerifyingKey::Rsa { n, e } => {
            vec![("kty", "RSA".to_owned()), ("n", text(n)), ("e", text(e))]
        }
        VerifyingKey::Ed25519(x) => vec![
            ("kty", "OKP".to_owned()),
            ("crv", "Ed25519".to_owned()),
            ("x", text(x)),
        ],
        VerifyingKey::P256(point) => {
            // The first byte says that the point is not compressed.
            let (x, y) = point.get(1..).unwrap_or_default().split_at(P256_BYTES);
            vec![
                ("kty", "EC".to_owned()),
                ("crv", "P-256".to_owned()),
                ("x", text(x)),
                ("y", text(y)),
            ]
        }
    };
    let members = members.into_iter();
    members
        .map(|(name, it)| (name.to_owned(), it.into()))
        .collect()
}
