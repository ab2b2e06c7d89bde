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

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        text.parse().unwrap()
    }

    #[test]
    fn the_display_prefix_ends_before_the_secret() {
        let template = template("nk_{env}_{id:8}_{secret:base62:32}");
        let raw = format!("nk_live_AbCdEfGh_{}wxyz", "s".repeat(28));
        assert_eq!(template.display_prefix(&raw, 0), "nk_live_AbCdEfGh_");
        assert_eq!(template.suffix(&raw), "wxyz");
    }

    #[test]
    fn extra_characters_are_shown_where_asked_for() {
        let template = template("noxus_{secret:base62:40}");
        let raw = format!("noxus_abcd{}", "s".repeat(36));
        assert_eq!(template.display_prefix(&raw, 0), "noxus_");
        assert_eq!(template.display_prefix(&raw, 4), "noxus_abcd");
    }

    #[test]
    fn at_least_112_bits_stay_hidden_whatever_is_asked_for() {
        let cases = [
            ("kw_{secret:hex:32}", 4, 0),
            ("kw_{secret:hex:64}", 4, 32),
            ("kw_{secret:base62:22}", 3, 0),
            ("kw_{secret:base62:40}", 4, 17),
            ("kw_{secret:hex:32}{check:6}", 2, 0),
        ];
        for (text, suffix, extra) in cases {
            let template = template(text);
            let minted = template.mint("", None, &mut Sevens);
            let raw = minted.secret.expose();
            assert_eq!(template.suffix(raw).len(), suffix, "{text}");
            assert_eq!(
                template.display_prefix(raw, usize::MAX).len(),
                "kw_".len() + extra,
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_is_shown_of_a_string_of_another_form() {
        let template = template("noxus_{secret:base62:40}");
        for raw in ["", "noxus_short", "é", &"n".repeat(46)] {
            assert_eq!(template.display_prefix(raw, 8), "");
            assert_eq!(template.suffix(raw), "");
        }
    }

    struct Sevens;

    impl crate::entropy::Entropy for Sevens {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }
}
