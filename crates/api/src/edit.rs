//! Fields of a PATCH body: absent stays, `null` takes away, a value replaces.
//!
//! Such a field is `Option<Option<T>>` with `#[serde(default, deserialize_with = "edit::given",
//! skip_serializing_if = "Option::is_none")]`. Without [`given`], serde reads `null` as absent and an
//! edit could never clear anything. A field that cannot be cleared is a plain `Option<T>` with
//! [`value`], which refuses `null`: reading it as "stays" would answer 200 to an edit that did nothing.

use serde::{Deserialize, Deserializer};

/// Reads a field that is there: `null` is `Some(None)`.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Reads a field that is there and may not be `null`.
pub fn value<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
