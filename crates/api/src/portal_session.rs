//! Portal sessions: the key page for a product's own customer, without a second account.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A portal session that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortalSession {
    /// Given by Keyway.
    pub id: String,
    /// Whose keys it shows.
    pub organization: String,
    /// Only keys of this project.
    pub project: Option<String>,
    /// Only keys of this owner.
    pub owner: Option<String>,
    /// What the customer may do (`keys.…`) and hand on (all others).
    pub permissions: Vec<String>,
    /// Where the page's link back leads.
    pub return_url: Option<String>,
    /// Whether the link was opened.
    pub is_open: bool,
    /// It ends here.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
}

/// `POST /v1/portal-sessions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePortalSession {
    /// May be left out by a caller who sees exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Only keys of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only keys of this owner, which new keys get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 253)]
    pub owner: Option<String>,
    /// What the customer may do (`keys.read`, `keys.create`, …), and the product's permissions that new
    /// keys may hold.
    #[schema(min_items = 1, max_items = 64, example = json!(["keys.read", "keys.create", "read"]))]
    pub permissions: Vec<String>,
    /// An http or https address of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// A portal session that was just made: the one answer that holds its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedPortalSession {
    /// The portal session.
    pub portal_session: PortalSession,
    /// To send the customer's browser to; it works once.
    pub url: String,
    /// From this moment on the link works everywhere.
    pub effective_everywhere_at: Timestamp,
}
