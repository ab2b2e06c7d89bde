//! The profile in force: one product's words, formats and limits.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/profile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The product's name, for people.
    pub title: String,
    /// Grows by one with each application; the `ETag` is made of it.
    pub version: i64,
    /// A regular expression that finds its keys, for scanners.
    pub key_pattern: String,
    /// The file as it was applied.
    pub toml: String,
}

/// `PUT /v1/profile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyProfile {
    /// The whole file.
    pub toml: String,
}
