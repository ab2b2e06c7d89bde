//! The question that everything here is for: may this key do this, here, now?
//!
//! A refusal is an answer, so it comes as 200 with `valid: false`; 401 is about the caller's own
//! credential. What cannot be decided is a problem (503) and has no `valid` field at all.

use jiff::Timestamp;
use keyway_token::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rate_limit::Quota;
use crate::{Metadata, secret_text};

/// The `code` of an answer that lets the key through.
pub const VALID: &str = "valid";

/// `POST /v1/keys/verify`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyKey {
    /// The full string that was presented.
    #[serde(with = "secret_text")]
    #[schema(value_type = String)]
    pub secret: Secret,
    /// All of these are needed; none asks for state and IP rules alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256, example = json!(["read"]))]
    pub permissions: Vec<String>,
    /// On what; absent: the key's own project, else its organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// An id or external id; another one than the key's is `out_of_scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Another one than the key's is `environment_mismatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Where the key was used from; a key with IP rules is refused without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "203.0.113.7")]
    pub ip: Option<String>,
}

/// `POST /v1/keys/verify-batch`. The answer is a list in the same order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyBatch {
    /// Questions, independent of each other.
    #[serde(deserialize_with = "crate::object::objects")]
    #[schema(max_items = 1000)]
    pub items: Vec<VerifyKey>,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerifyAnswer {
    /// Whether to let it through.
    pub valid: bool,
    /// `valid`, or the reason why not.
    #[schema(example = "valid")]
    pub code: String,
    /// What to answer the key's user with.
    #[schema(example = 200)]
    pub http_status: u16,
    /// All that are missing, when the reason is `insufficient_permissions`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_permissions: Vec<String>,
    /// Which key it is, when it is one that the caller may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Principal>,
    /// What is left, of a key with a rate limit that nothing else refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// How long the key's user is to wait, when the reason is `rate_limited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Principal {
    /// The key.
    pub id: String,
    /// Whose it is.
    pub organization: String,
    /// The product's own id for that.
    pub organization_external_id: Option<String>,
    /// The project it is bound to.
    pub project: Option<String>,
    /// Its environment.
    pub environment: String,
    /// Its name.
    pub name: String,
    /// How its secret ends.
    pub suffix: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What it may do on the resource asked about.
    pub permissions: Vec<String>,
    /// The product's own notes.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
}
