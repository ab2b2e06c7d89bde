//! The full string of a key, in the one type that may hold it.

use std::fmt;

use zeroize::Zeroizing;

use crate::digest::Digest;

/// A full key string: shown once, then gone.
///
/// It has no `Display`, no `==` and no `Clone`; its `Debug` shows the display prefix of a string that
/// was minted here, and nothing at all of a string that came from outside. Its memory is overwritten
/// when it is dropped.
pub struct Secret {
    text: Zeroizing<String>,
    shown_bytes: usize,
}

impl Secret {
    /// Takes a string from outside. No part of it counts as showable.
    pub fn new(text: String) -> Self {
        Self {
            text: Zeroizing::new(text),
            shown_bytes: 0,
        }
    }

    /// Takes a minted string whose first `shown_bytes` are its display prefix.
    pub(crate) fn minted(text: String, shown_bytes: usize) -> Self {
        Self {
            text: Zeroizing::new(text),
            shown_bytes,
        }
    }

    /// The string itself. Every caller is a place where a secret leaves; there should be few.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The one-way form.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.text.get(..self.shown_bytes).unwrap_or_default();
        write!(f, "Secret({shown}…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_display_prefix_of_a_minted_secret_and_nothing_of_another() {
        let minted = Secret::minted("kw_live_hidden".to_owned(), 8);
        assert_eq!(format!("{minted:?}"), "Secret(kw_live_…)");
        let from_outside = Secret::new("kw_live_hidden".to_owned());
        assert_eq!(format!("{from_outside:?}"), "Secret(…)");
    }

    #[test]
    fn the_digest_is_of_the_whole_string() {
        let secret = Secret::new("abc".to_owned());
        assert!(secret.digest().same_as(&Digest::of("abc")));
        assert_eq!(secret.expose(), "abc");
    }
}
