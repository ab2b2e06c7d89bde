//! Signing keys: what tokens are signed with. The private part is in no answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A signing key, without its private part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SigningKey {
    /// The `kid` of the tokens that it signs.
    pub id: String,
    /// `EdDSA`, `ES256` or `RS256`.
    pub algorithm: String,
    /// Whether what it signed is believed.
    pub status: SigningKeyStatus,
    /// From then on it signs, until the next one does. Until then it is only published.
    pub signs_from: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
    /// Grows by one with each change.
    pub version: i64,
}

/// Whether what a signing key signed is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SigningKeyStatus {
    /// It is, while a token's own time lasts.
    Active,
    /// It is not.
    Revoked,
}

impl SigningKeyStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }
}

/// `POST /v1/signing-keys`. The algorithm is the profile's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSigningKey {
    /// Signs from this moment on. Who keeps a copy of the published keys refuses its tokens until they
    /// are fetched again: for when the present key must go.
    #[serde(default)]
    pub signs_at_once: bool,
}
