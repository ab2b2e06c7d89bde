//! Keys: the managed thing, and everything that is asked for one key.

use jiff::Timestamp;
use keyway_token::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::grant::Grant;
use crate::object::Object;
use crate::rate_limit::RateLimit;
use crate::usage::Usage;
use crate::{Metadata, edit, secret_text};

/// A key, without its secret: that is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// Given by Keyway.
    pub id: String,
    /// Whose it is.
    pub organization: String,
    /// A ceiling over the grants.
    pub project: Option<String>,
    /// A label of the profile, such as `live`.
    pub environment: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Who answers for it, in the product's own words.
    pub owner: Option<String>,
    /// How the secret begins.
    pub display_prefix: String,
    /// How the secret ends.
    pub suffix: String,
    /// Whether it works, the clock taken into account.
    pub status: KeyStatus,
    /// What it may do, and where.
    pub grants: Vec<Grant>,
    /// Addresses it may be used from, in CIDR form; none is everywhere.
    pub ip_rules: Vec<String>,
    /// How often it may be used; null is as often as its user likes.
    pub rate_limit: Option<RateLimit>,
    /// The product's own notes.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// The program that manages it, in the product's own words.
    pub managed_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
    /// Why, for people.
    pub revoked_reason: Option<String>,
    /// Why, in one word of the caller's own.
    pub revoked_reason_code: Option<String>,
    /// The key that replaces it, after a rotation.
    pub successor: Option<String>,
    /// Grows by one with each change; the `ETag` is made of it.
    pub version: i64,
    /// Only in lists asked for with `include=usage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It does.
    Active,
    /// Switched off until it is activated.
    Inactive,
    /// Its time is over.
    Expired,
    /// Ended for good.
    Revoked,
}

impl KeyStatus {
    /// Every status, in the order of a key's life.
    pub const ALL: [Self; 4] = [Self::Active, Self::Inactive, Self::Expired, Self::Revoked];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// `POST /v1/keys`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// May be left out by a caller who sees exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// A ceiling over the grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The project's, else the profile's first, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// For people.
    #[schema(min_length = 1, max_length = 253, example = "CI deploy")]
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub description: Option<String>,
    /// Who answers for it, in the product's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 253)]
    pub owner: Option<String>,
    /// From then on it is refused; absent: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What it may do, and where; absent: what the profile gives by default, which may be nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 64)]
    pub grants: Option<Vec<Grant>>,
    /// Addresses it may be used from, in CIDR form; none is everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64, example = json!(["203.0.113.0/24"]))]
    pub ip_rules: Vec<String>,
    /// How often it may be used; absent: what the profile says, null: as often as its user likes. An
    /// organization's own callers give no more than the profile does.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<RateLimit>)]
    pub rate_limit: Option<Option<Object<RateLimit>>>,
    /// The product's own notes, at most 4 KiB.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// The program that manages it, in the product's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 253)]
    pub managed_by: Option<String>,
}

/// `PATCH /v1/keys/{id}`: absent stays, null takes away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditKey {
    /// For people.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 253)]
    pub name: Option<String>,
    /// For people.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub description: Option<Option<String>>,
    /// Who answers for it.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 253)]
    pub owner: Option<Option<String>>,
    /// From then on it is refused; null: it does not expire.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Timestamp>)]
    pub expires_at: Option<Option<Timestamp>>,
    /// Replaces all grants.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Vec<Grant>, required = false, max_items = 64)]
    pub grants: Option<Vec<Grant>>,
    /// Replaces all rules.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Vec<String>, required = false, max_items = 64)]
    pub ip_rules: Option<Vec<String>>,
    /// How often it may be used; null: as often as its user likes. What was used stays used.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<RateLimit>)]
    pub rate_limit: Option<Option<Object<RateLimit>>>,
    /// Replaces the whole object.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Object, required = false)]
    pub metadata: Option<Metadata>,
    /// The program that manages it.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 253)]
    pub managed_by: Option<Option<String>>,
}

/// A key that was just made, by creation or rotation: the one answer that holds its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuedKey {
    /// The new key; after a rotation the successor.
    pub key: Key,
    /// The full string. It is shown here and never again.
    #[serde(with = "secret_text")]
    #[schema(value_type = String)]
    pub secret: Secret,
    /// From this moment on every server knows it.
    pub effective_everywhere_at: Timestamp,
}

/// A key that was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangedKey {
    /// The key as it is now.
    pub key: Key,
    /// From this moment on no server answers by the state before.
    pub effective_everywhere_at: Timestamp,
}

/// `POST /v1/keys/{id}/revoke` and `POST /v1/whoami/revoke`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
    /// A word of the caller's own, such as `leaked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 253)]
    pub reason_code: Option<String>,
}

/// `POST /v1/keys/{id}/rotate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// How long the old key still works: a number with a unit. Absent or `0s`: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "24h")]
    pub grace: Option<String>,
}

/// `GET /v1/keys`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeysQuery {
    /// Only this organization's.
    pub organization: Option<String>,
    /// Only this project's.
    pub project: Option<String>,
    /// Only of this environment.
    pub environment: Option<String>,
    /// Only of this status.
    #[param(inline)]
    pub status: Option<KeyStatus>,
    /// Only of this owner.
    pub owner: Option<String>,
    /// Only managed by this program.
    pub managed_by: Option<String>,
    /// An exact id, display prefix or suffix, or the beginning of the name in any case.
    pub q: Option<String>,
    /// False leaves revoked keys out.
    #[param(default = true)]
    pub include_revoked: Option<bool>,
    /// `usage` adds last use and totals to each row.
    #[param(inline)]
    pub include: Option<Include>,
    /// Most rows to answer with.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What a list of keys may carry besides the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// Last use, last refusal and totals.
    Usage,
}
