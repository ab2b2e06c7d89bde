//! Key pairs that sign. All signing is ring's; only an RSA key, which ring cannot draw, is drawn by the
//! `rsa` crate (`docs/decisions/0011-tokens-are-signed-on-ring.md`).

use keyway_core::signing_key::SigningAlgorithm;
use keyway_token::entropy::Entropy;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use rsa::PrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::{Infallible, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::jwt::key::VerifyingKey;

const RSA_BITS: usize = 2_048;

#[derive(Debug)]
pub(crate) enum KeyPair {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// Key material that is none, or a signature that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key does not sign")]
pub(crate) struct UnusableKey;

/// A private key in PKCS#8. For RSA it takes a second or so: not for a thread that answers requests.
pub(crate) fn draw(
    algorithm: SigningAlgorithm,
    entropy: &Mutex<Box<dyn Entropy>>,
) -> Result<Zeroizing<Vec<u8>>, UnusableKey> {
    // ring takes randomness from the operating system alone, and says so in its types.
    let system = SystemRandom::new();
    let drawn = match algorithm {
        SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&system)
            .map(|it| it.as_ref().to_vec())
            .map_err(|_| UnusableKey)?,
        SigningAlgorithm::Es256 => {
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &system)
                .map(|it| it.as_ref().to_vec())
                .map_err(|_| UnusableKey)?
        }
        SigningAlgorithm::Rs256 => {
            let key = PrivateKey::new(&mut Draws(entropy), RSA_BITS);
            let key = key.map_err(|_| UnusableKey)?;
            let document = key.to_pkcs8_der().map_err(|_| UnusableKey)?;
            document.as_bytes().to_vec()
        }
    };
    Ok(Zeroizing::new(drawn))
}

impl KeyPair {
    pub(crate) fn read(algorithm: SigningAlgorithm, private: &[u8]) -> Result<Self, UnusableKey> {
        let pair = match algorithm {
            SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(private).map(Self::EdDsa),
            SigningAlgorithm::Es256 => {
                let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
                EcdsaKeyPair::from_pkcs8(curve, private, &SystemRandom::new()).map(Self::Es256)
            }
            SigningAlgorithm::Rs256 => {
                RsaKeyPair::from_pkcs8(private).map(|it| Self::Rs256(Box::new(it)))
            }
        };
        pair.map_err(|_| UnusableKey)
    }

    pub(crate) fn verifying(&self) -> VerifyingKey {
        match self {
            Self::EdDsa(pair) => VerifyingKey::Ed25519(pair.public_key().as_ref().to_vec()),
            Self::Es256(pair) => VerifyingKey::P256(pair.public_key().as_ref().to_vec()),
            Self::Rs256(pair) => {
                let PublicKeyComponents { n, e } = pair.public_key().into();
                VerifyingKey::Rsa { n, e }
            }
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, UnusableKey> {
        match self {
            Self::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Es256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|it| it.as_ref().to_vec())
                .map_err(|_| UnusableKey),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .map_err(|_| UnusableKey)?;
                Ok(signature)
            }
        }
    }
}

/// The one source, for a crate that draws many numbers: it is free between any two of them.
struct Draws<'a>(&'a Mutex<Box<dyn Entropy>>);

impl TryRng for Draws<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.lock().fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.lock().fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.lock().fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Draws<'_> {}
