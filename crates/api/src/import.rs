//! Moving in: keys that exist elsewhere, by their digests.
//!
//! `POST /v1/keys/import` takes one [`ImportLine`] per line. A bad line stops nothing else: after the
//! last one the answer is an [`ImportRefusal`] per refused line, then one [`ImportTotals`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::grant::Grant;
use crate::key::KeyStatus;
use crate::object::Object;
use crate::problem::FieldProblem;
use crate::rate_limit::RateLimit;
use crate::{Metadata, edit};

/// One key to import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportLine {
    /// Its id so far; given by Keyway if absent. Only a management key of all organizations chooses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
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
    #[schema(min_length = 1, max_length = 253)]
    pub name: String,
    /// SHA-256 of the full string, in hex or base64.
    pub sha256: String,
    /// How the full string begins; for people.
    #[schema(max_length = 64)]
    pub display_prefix: String,
    /// How the full string ends; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 16)]
    pub suffix: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub description: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The program that manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    /// Active if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<KeyStatus>,
    /// What it may do, and where; absent: what the profile gives by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 64)]
    pub grants: Option<Vec<Grant>>,
    /// Addresses it may be used from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub ip_rules: Vec<String>,
    /// How often it may be used; absent: what the profile says, null: as often as its user likes.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<RateLimit>)]
    pub rate_limit: Option<Option<Object<RateLimit>>>,
    /// The product's own notes.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// When it was made; now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// From then on it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, where the status is `revoked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Why it was revoked, where the status is `revoked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub revoked_reason: Option<String>,
}

/// A line of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ImportResult {
    /// A line that was not imported.
    Refused(ImportRefusal),
    /// The last line.
    Totals(ImportTotals),
}

/// Why a line was not imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportRefusal {
    /// Which line, counted from 1.
    pub line: u64,
    /// A problem code.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
    /// Which fields are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportTotals {
    /// Keys that are there now.
    pub imported: u64,
    /// Lines that were refused.
    pub refused: u64,
}
