//! Tokens that a key is exchanged for.

use jiff::Timestamp;
use keyway_token::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::secret_text;

/// `POST /v1/tokens`, as a form (RFC 6749, section 4.4.2). The client's id and secret are in the
/// `Authorization: Basic` header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeKey {
    /// `client_credentials`
    pub grant_type: String,
    /// Taken and not looked at: a token stands for all that its key may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// A token. It stands for its key as the key is when the token is looked at.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuedToken {
    /// A JSON Web Token, signed.
    #[serde(with = "secret_text")]
    #[schema(value_type = String)]
    pub access_token: Secret,
    /// `Bearer`
    pub token_type: String,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// When it ends.
    pub expires_at: Timestamp,
}
