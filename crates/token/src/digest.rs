//! The one-way form of a secret: what is stored, indexed and compared.
//!
//! A plain SHA-256 and no slow password hash: a secret has at least 112 hidden bits drawn by a
//! machine, so there is nothing to guess, and verifying stays below a microsecond.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Bytes of a SHA-256.
pub const DIGEST_BYTES: usize = 32;

const PADDING_OPTIONAL: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, PADDING_OPTIONAL);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, PADDING_OPTIONAL);

/// SHA-256 of a whole key string.
///
/// There is no `==`: it would stop at the first byte that differs and so tell an attacker how far a
/// guess was right. [`Digest::same_as`] always reads all of both.
#[derive(Clone, Copy)]
pub struct Digest([u8; DIGEST_BYTES]);

/// Not a SHA-256 in hex or base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 32 bytes in hex or base64")]
pub struct InvalidDigest;

impl Digest {
    /// The digest of a key string, all of it: prefix, id and checksum included.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// A digest that was computed elsewhere.
    pub fn from_bytes(bytes: [u8; DIGEST_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits (either case), or base64 in the standard or URL alphabet, padded or not.
    pub fn parse_hex_or_base64(text: &str) -> Result<Self, InvalidDigest> {
        let mut bytes = [0_u8; DIGEST_BYTES];
        if text.len() == 2 * DIGEST_BYTES {
            hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidDigest)?;
            return Ok(Self(bytes));
        }
        // 43 characters, and at most one `=`: longer text is refused before it is decoded.
        if text.len() > 44 {
            return Err(InvalidDigest);
        }
        let engine = if text.contains(['-', '_']) {
            BASE64_URL
        } else {
            BASE64_STANDARD
        };
        let decoded = engine.decode(text).map_err(|_| InvalidDigest)?;
        decoded.try_into().map(Self).map_err(|_| InvalidDigest)
    }

    /// The raw bytes, for a row or an index.
    pub fn as_bytes(&self) -> &[u8; DIGEST_BYTES] {
        &self.0
    }

    /// Lower-case hex.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub fn same_as(&self, other: &Self) -> bool {
        // By words: byte by byte takes longer than all the rest of a look-up in warm memory.
        let (own, _) = self.0.as_chunks();
        let (others, _) = other.0.as_chunks();
        let differences = own.iter().zip(others).fold(0, |all, (own, other)| {
            all | (u64::from_ne_bytes(*own) ^ u64::from_ne_bytes(*other))
        });
        differences.ct_eq(&0).into()
    }
}

/// The first four bytes: enough to tell two digests apart in a log, too little to look one up.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.to_hex();
        write!(f, "Digest({}…)", hex.get(..8).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC_HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_the_sha_256_of_the_whole_string() {
        assert_eq!(Digest::of("abc").to_hex(), ABC_HEX);
    }

    #[test]
    fn hex_and_every_base64_read_as_the_same_digest() {
        let spellings = [
            ABC_HEX.to_owned(),
            ABC_HEX.to_uppercase(),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=".to_owned(),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0".to_owned(),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=".to_owned(),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0".to_owned(),
        ];
        for spelling in spellings {
            let digest = Digest::parse_hex_or_base64(&spelling).unwrap();
            assert!(digest.same_as(&Digest::of("abc")), "{spelling}");
        }
    }

    #[test]
    fn what_is_not_32_bytes_is_no_digest() {
        let not_hex = "g".repeat(64);
        let too_long = "A".repeat(1_000_000);
        let texts = [
            "",
            "ab",
            &ABC_HEX[..62],
            not_hex.as_str(),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1",
            " ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIA",
            &too_long,
        ];
        for text in texts {
            assert!(
                Digest::parse_hex_or_base64(text).is_err(),
                "{} chars",
                text.len()
            );
        }
    }

    #[test]
    fn one_bit_makes_another_digest() {
        let mut bytes = *Digest::of("abc").as_bytes();
        assert!(Digest::from_bytes(bytes).same_as(&Digest::of("abc")));
        bytes[31] ^= 1;
        assert!(!Digest::from_bytes(bytes).same_as(&Digest::of("abc")));
    }

    #[test]
    fn debug_shows_four_bytes() {
        assert_eq!(format!("{:?}", Digest::of("abc")), "Digest(ba7816bf…)");
    }
}
