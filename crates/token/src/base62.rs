//! Base62 (`0-9A-Za-z`): every character survives a double click, a URL and a shell.
//!
//! Random characters are drawn by rejection. Taking a byte modulo 62 would make the first eight
//! characters a quarter more likely than the others; instead six bits are taken, and 62 and 63
//! are thrown away.

use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Characters of a checksum: 62⁶ > 2³², so a CRC-32 always fits.
pub const CHECK_CHARS: usize = 6;

const CHARACTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random bytes asked for at a time.
const DRAW_BYTES: usize = 64;

/// Draws a random id of `len` base62 characters.
pub fn draw_id(len: usize, entropy: &mut dyn Entropy) -> String {
    let mut id = String::with_capacity(len);
    push_random(&mut id, len, entropy);
    id
}

/// The CRC-32 (IEEE) of `text` in base62, left-padded with `0` to six characters.
pub fn checksum(text: &str) -> [u8; CHECK_CHARS] {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECK_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = character((rest % 62) as u8);
        rest /= 62;
    }
    digits
}

/// Whether `text` holds base62 characters only.
///
/// No early return: without one the loop is vectorized.
pub fn is_base62(text: &str) -> bool {
    text.bytes()
        .fold(true, |all, byte| all & byte.is_ascii_alphanumeric())
}

/// Appends `count` random base62 characters.
pub(crate) fn push_random(out: &mut String, count: usize, entropy: &mut dyn Entropy) {
    let mut bytes = Zeroizing::new([0_u8; DRAW_BYTES]);
    let mut missing = count;
    while missing > 0 {
        entropy.fill(bytes.as_mut_slice());
        for value in bytes
            .iter()
            .map(|byte| byte & 0x3f)
            .filter(|value| *value < 62)
            .take(missing)
        {
            out.push(char::from(character(value)));
            missing -= 1;
        }
    }
}

/// The base62 character of a value below 62.
///
/// Looked up and not computed: no processor guesses which of three ranges a random value is in.
fn character(value: u8) -> u8 {
    CHARACTERS
        .get(usize::from(value))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte value in turn.
    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    #[test]
    fn every_character_is_equally_likely() {
        // 256 byte values hold each of the 62 accepted values four times.
        let drawn = draw_id(248, &mut Counting(0));
        for wanted in ('0'..='9').chain('A'..='Z').chain('a'..='z') {
            assert_eq!(
                drawn.chars().filter(|c| *c == wanted).count(),
                4,
                "{wanted}"
            );
        }
    }

    #[test]
    fn a_drawn_id_has_the_length_asked_for() {
        for len in [0, 1, 8, 64, 65, 200] {
            assert_eq!(draw_id(len, &mut Counting(7)).len(), len);
        }
    }

    #[test]
    fn the_checksum_is_crc_32_in_base62_padded_to_six() {
        // "123456789" is the check input of the CRC catalogue: 0xcbf43926 = 3421780262.
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
        assert_eq!(&checksum("123456789"), b"3jZRME");
        // The CRC-32 of nothing is 0.
        assert_eq!(&checksum(""), b"000000");
    }

    #[test]
    fn base62_is_digits_and_ascii_letters_only() {
        assert!(is_base62("09AZaz"));
        for other in ["a_b", "a-b", "é", " ", "\0", "+", "/"] {
            assert!(!is_base62(other), "{other:?}");
        }
    }
}
