//! Invitations: a link by which a person becomes a member.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An invitation that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Given by Keyway.
    pub id: String,
    /// Where the person is invited to.
    pub organization: String,
    /// Whom it is for.
    pub email: String,
    /// The role that the member will have.
    pub role: String,
    /// Project to role.
    pub project_roles: BTreeMap<String, String>,
    /// The link ends here.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who invited.
    pub created_by: String,
}

/// `POST /v1/invitations`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    /// May be left out by a caller who sees exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Whom it is for.
    #[schema(max_length = 254, example = "ben@example.com")]
    pub email: String,
    /// A role of the profile; never more than its giver holds.
    #[schema(example = "developer")]
    pub role: String,
    /// Project to role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub project_roles: BTreeMap<String, String>,
}

/// An invitation that was just made: the one answer that holds its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// To be sent to the person; it works once.
    pub url: String,
    /// From this moment on the link works everywhere.
    pub effective_everywhere_at: Timestamp,
}
