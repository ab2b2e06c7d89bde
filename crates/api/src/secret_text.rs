//! Secrets on the wire, for `#[serde(with = "secret_text")]`.
//!
//! [`Secret`] itself has no serde, so that it cannot slip into a log or a row by a derive. A field that
//! carries one over HTTP says so here; there are few, and this is how to find them.

use keyway_token::secret::Secret;
use serde::{Deserialize as _, Deserializer, Serializer};

/// Writes the whole string.
pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Reads any string: what a secret looks like is for the template to say.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// A list of secrets that may be absent.
pub mod many {
    use super::{Deserializer, Secret, Serializer};
    use serde::Deserialize as _;

    /// Writes the whole strings.
    pub fn serialize<S: Serializer>(
        secrets: &Option<Vec<Secret>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match secrets {
            Some(secrets) => serializer.collect_seq(secrets.iter().map(Secret::expose)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads any strings.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<Secret>>, D::Error> {
        let texts = Option::<Vec<String>>::deserialize(deserializer)?;
        Ok(texts.map(|texts| texts.into_iter().map(Secret::new).collect()))
    }
}
