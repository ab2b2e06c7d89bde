//! Management keys: what programs manage keys with.

use jiff::Timestamp;
use keyway_token::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::secret_text;

/// How every organization is spelled where one could be named.
pub const ALL_ORGANIZATIONS: &str = "*";

/// A management key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManagementKey {
    /// Given by Keyway.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it may do.
    pub preset: Preset,
    /// Where: one organization, or `*`.
    pub organization: String,
    /// How the secret begins.
    pub display_prefix: String,
    /// How the secret ends.
    pub suffix: String,
    /// Whether the operator gave it as the root key.
    pub is_root: bool,
    /// Whether it works, the clock taken into account.
    pub status: ManagementKeyStatus,
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
    /// Grows by one with each change.
    pub version: i64,
}

/// A ready-made set of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Everything.
    Admin,
    /// Ask about keys, and nothing else.
    VerifyOnly,
    /// See everything, change nothing, ask about no key.
    ReadOnly,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 3] = [Self::Admin, Self::VerifyOnly, Self::ReadOnly];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::VerifyOnly => "verify-only",
            Self::ReadOnly => "read-only",
        }
    }
}

/// Whether a management key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ManagementKeyStatus {
    /// It does.
    Active,
    /// Its time is over.
    Expired,
    /// Ended for good.
    Revoked,
}

impl ManagementKeyStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// `POST /v1/management-keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateManagementKey {
    /// For people.
    #[schema(min_length = 1, max_length = 253, example = "gateway")]
    pub name: String,
    /// What it may do; never more than its maker.
    pub preset: Preset,
    /// Where: one organization, or `*` for all. May be left out by a caller who sees exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// From then on it is refused; absent: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A management key that was just made: the one answer that holds its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuedManagementKey {
    /// The new management key.
    pub key: ManagementKey,
    /// The full string. It is shown here and never again.
    #[serde(with = "secret_text")]
    #[schema(value_type = String)]
    pub secret: Secret,
    /// From this moment on every server knows it.
    pub effective_everywhere_at: Timestamp,
}

/// A management key that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedManagementKey {
    /// The management key as it is now.
    pub key: ManagementKey,
    /// From this moment on no server answers by the state before.
    pub effective_everywhere_at: Timestamp,
}
