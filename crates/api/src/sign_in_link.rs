//! Links by which a member signs in once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/sign-in-links`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSignInLink {
    /// The member's id.
    pub member: String,
}

/// A link that works once, soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInLink {
    /// Opening it shows a button, and only that spends it.
    pub url: String,
    /// It ends here.
    pub expires_at: Timestamp,
}
