//! Which characters of a key may be shown, stored and logged.
//!
//! The display prefix and the suffix let a person find a key in a list. Whatever they show is no
//! longer secret, so together they always leave at least [`HIDDEN_BITS_MIN`] bits unseen. A checksum
//! is computed from the secret, so its characters count like the secret's own.

use super::{Part, Template};

/// The fewest bits of a secret that stay unseen.
pub const HIDDEN_BITS_MIN: usize = 112;
/// The most characters of a suffix.
pub const SUFFIX_CHARS: usize = 4;

/// Thousandths of a bit that one shown character gives away at most: log₂ 62, rounded up.
const MILLIBITS_SHOWN: usize = 5_955;

impl Template {
    /// What may be shown of the beginning of `raw`: all up to the secret, and `extra` characters of
    /// the secret where a profile without ids asks for them (fewer if too little would stay hidden).
    /// Empty if `raw` does not follow the template.
    pub fn display_prefix(&self, raw: &str, extra: usize) -> String {
        let Ok(fields) = self.read(raw) else {
            return String::new();
        };
        let shown_bytes = fields.secret_at + extra.min(self.extra_chars_max());
        raw.get(..shown_bytes).unwrap_or_default().to_owned()
    }

    /// The last four characters of `raw`; fewer where the secret is so short that less than 112 bits
    /// would stay hidden. Empty if `raw` does not follow the template.
    pub fn suffix(&self, raw: &str) -> String {
        if self.read(raw).is_err() {
            return String::new();
        }
        raw.get(raw.len() - self.suffix_chars()..)
            .unwrap_or_default()
            .to_owned()
    }

    fn suffix_chars(&self) -> usize {
        SUFFIX_CHARS.min(self.spare_millibits() / self.millibits_shown())
    }

    fn extra_chars_max(&self) -> usize {
        self.spare_millibits() / self.millibits_shown() - self.suffix_chars()
    }

    /// Thousandths of bits that may be given away.
    fn spare_millibits(&self) -> usize {
        let secret = self.parts.iter().find_map(|part| match part {
            Part::Secret(alphabet, len) => Some(alphabet.millibits() * len),
            _ => None,
        });
        secret.unwrap_or(0).saturating_sub(HIDDEN_BITS_MIN * 1_000)
    }

    /// What one shown character gives away: a hex digit 4 bits, any other at most log₂ 62.
    fn millibits_shown(&self) -> usize {
        let is_hex_to_the_end = matches!(
            self.parts.last(),
            Some(Part::Secret(super::Alphabet::Hex, _))
        );
        if is_hex_to_the_end {
            4_000
        } else {
            MILLIBITS_SHOWN
        }
    }
}
