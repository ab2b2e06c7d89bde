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
