//! Keys that prove a signature. A key knows the one algorithm it is for: a public key can never be
//! taken for the secret of an HMAC, whatever a token's header says (RFC 8725 §2.1).

use ring::{hmac, signature};

/// Fewest bytes of a shared secret (RFC 7518 §3.2).
pub(crate) const SECRET_BYTES_MIN: usize = 32;

/// How a token is signed. `none` is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Hs256,
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            // RFC 9864 gives the algorithm that everybody means by the first name a name of its own.
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A key of one algorithm.
#[derive(Clone, Debug)]
pub(crate) enum VerifyingKey {
    Secret(hmac::Key),
    /// Modulus and exponent.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point of P-256, uncompressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A shared secret that is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortSecret;

impl VerifyingKey {
    pub(crate) fn of_secret(secret: &[u8]) -> Result<Self, ShortSecret> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(ShortSecret);
        }
        Ok(Self::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    pub(super) fn proves(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            let key = signature::UnparsedPublicKey::new(algorithm, key);
            key.verify(message, signature).is_ok()
        };
        match self {
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Rsa { n, e } => signature::RsaPublicKeyComponents { n, e }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Self::P256(point) => public(&signature::ECDSA_P256_SHA256_FIXED, point),
            Self::Ed25519(key) => public(&signature::ED25519, key),
        }
    }
}
