//! Base62 (`0-9A-Za-z`): every character survives a double click, a URL and a shell.
//!
//! Random characters are drawn by rejection. Taking a byte modulo 62 would make the first eight
//! characters a quarter more likely than the others; instead six bits are taken, and 62 and 63
//! are thrown away.

use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Characters of a checksum: 62⁶ > 2³², so a CRC-32 always fits.
pub const CHECK_CHARS: usize = 6;

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
fn character(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        10..=35 => b'A' + (value - 10),
        _ => b'a' + (value - 36),
    }
}
