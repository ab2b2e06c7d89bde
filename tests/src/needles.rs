//! The forms in which a secret could lie somewhere: plain, in part, in hex and in base64.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use regex::bytes::{Regex, RegexBuilder};
use sha2::{Digest as _, Sha256};

/// So much of the middle of a secret is not shown anywhere else, such as in a display prefix.
const MIDDLE_CHARS: usize = 16;
/// Three bytes are four characters: what stands before a secret shifts it by one of three.
const BASE64_SHIFTS: usize = 3;
/// Of a digest printed as a list of numbers, so many are enough to know it.
const LISTED_BYTES: usize = 8;
/// Hundreds of secrets in nine forms each.
const FINDER_BYTES_MAX: usize = 256 << 20;

/// Finds any of many texts in one pass.
#[derive(Debug)]
pub struct Needles {
    finder: Regex,
}

impl Needles {
    /// What would give these secrets away.
    pub fn of_secrets(secrets: &[String]) -> Self {
        Self::new(secrets.iter().flat_map(|secret| of_secret(secret)))
    }

    /// What would give their digests away, where not even those may be.
    pub fn of_digests(secrets: &[String]) -> Self {
        Self::new(secrets.iter().flat_map(|secret| of_digest(secret)))
    }

    fn new(texts: impl Iterator<Item = String>) -> Self {
        let texts: Vec<String> = texts.map(|text| regex::escape(&text)).collect();
        assert!(!texts.is_empty(), "there is nothing to search for");
        let finder = RegexBuilder::new(&texts.join("|"))
            .size_limit(FINDER_BYTES_MAX)
            .build()
            .unwrap();
        Self { finder }
    }

    /// What was found, with what stands around it.
    pub fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let found = self.finder.find(bytes)?;
        let start = found.start().saturating_sub(120);
        let end = bytes.len().min(found.end() + 40);
        Some(String::from_utf8_lossy(bytes.get(start..end)?).into_owned())
    }
}

fn of_secret(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let start = secret.len().saturating_sub(MIDDLE_CHARS) / 2;
    let middle: String = secret.chars().skip(start).take(MIDDLE_CHARS).collect();
    let mut needles = vec![middle, hex::encode(bytes), hex::encode_upper(bytes)];
    needles.extend(in_base64(bytes));
    needles
}

fn of_digest(secret: &str) -> Vec<String> {
    let digest = Sha256::digest(secret.as_bytes());
    let mut needles = vec![hex::encode(digest), hex::encode_upper(digest)];
    needles.extend(in_base64(&digest));
    let listed: Vec<String> = digest
        .iter()
        .take(LISTED_BYTES)
        .map(u8::to_string)
        .collect();
    needles.push(listed.join(", "));
    needles
}

/// In both alphabets, wherever in a longer text it may stand.
fn in_base64(bytes: &[u8]) -> impl Iterator<Item = String> {
    (0..BASE64_SHIFTS).flat_map(|shift| {
        [
            base64_core(&STANDARD, bytes, shift),
            base64_core(&URL_SAFE, bytes, shift),
        ]
    })
}

/// The characters that only these bytes decide, whatever stands before and after them.
fn base64_core(engine: &impl Engine, bytes: &[u8], shift: usize) -> String {
    let mut shifted = vec![0; shift];
    shifted.extend_from_slice(bytes);
    let encoded = engine.encode(&shifted);
    let encoded = encoded.trim_end_matches('=');
    let first = (shift * 8).div_ceil(6);
    let last = shifted.len() * 8 / 6;
    encoded.get(first..last).unwrap().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "kw_live_0123456789ab_ThisIsNotASecretButLooksLikeOneToAll";

    fn is_found(needles: &Needles, text: &str) -> bool {
        needles.found_in(text.as_bytes()).is_some()
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_a_display_prefix_is_none() {
        let needles = Needles::of_secrets(&[SECRET.to_owned()]);
        assert!(is_found(&needles, &format!("log: {SECRET}!")));
        assert!(is_found(&needles, &hex::encode(format!("x{SECRET}"))));
        for before in ["", "a", "ab", "Bearer "] {
            let encoded = STANDARD.encode(format!("{before}{SECRET} and more"));
            assert!(is_found(&needles, &encoded), "{before:?}");
        }
        assert!(!is_found(&needles, "kw_live_0123456789ab and …oAll"));
    }

    #[test]
    fn a_digest_is_found_in_hex_in_base64_and_as_a_list() {
        let needles = Needles::of_digests(&[SECRET.to_owned()]);
        let digest = Sha256::digest(SECRET.as_bytes());
        assert!(
            is_found(&needles, &format!("{digest:x?}"))
                || is_found(&needles, &format!("{digest:?}"))
        );
        assert!(is_found(&needles, &hex::encode(digest)));
        assert!(is_found(&needles, &URL_SAFE.encode(digest)));
        assert!(!is_found(&needles, SECRET));
    }
}
