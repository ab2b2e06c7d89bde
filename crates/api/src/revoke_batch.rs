//! Revoking many keys at once: everything of one owner, or whatever leaked.

use jiff::Timestamp;
use keyway_token::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::secret_text;

/// `POST /v1/keys/revoke-batch`: either a `filter` or `secrets`.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeBatch {
    /// Every key that is not revoked yet and matches all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<RevokeFilter>,
    /// Leaked strings.
    #[serde(
        default,
        with = "secret_text::many",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Vec<String>>, max_items = 1000)]
    pub secrets: Option<Vec<Secret>>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
    /// A word of the caller's own, such as `leaked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 253)]
    pub reason_code: Option<String>,
}

/// Which keys to revoke. At least one field: absence never means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeFilter {
    /// Of this organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Of this environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Of this owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Managed by this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
}

/// What became of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevokedBatch {
    /// One per secret in the order given, or one per key that matched.
    pub data: Vec<RevokedItem>,
    /// Whether the filter matches more than one call revokes: call again.
    pub has_more: bool,
    /// From this moment on none of them works anywhere.
    pub effective_everywhere_at: Timestamp,
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevokedItem {
    /// The key's id; null where no such key is known.
    pub id: Option<String>,
    /// What was done.
    pub result: RevokeResult,
    /// The code of the problem, where the result is `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What was done about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeResult {
    /// It works no more, from now on.
    Revoked,
    /// It was revoked before.
    AlreadyRevoked,
    /// No key that the caller may see has this secret.
    Unknown,
    /// It could not be revoked; see `code`.
    Failed,
}
