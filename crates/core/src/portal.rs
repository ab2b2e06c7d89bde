//! Portal sessions: the key page for a product's own customer, who has no account here.

use crate::id::{OrganizationId, PortalSessionId, ProjectId};
use crate::management::ManagementPermission;
use crate::permission::{Permission, PermissionPattern};
use crate::text::Label;
use crate::time::Timestamp;

/// Most permissions of one session.
pub const PORTAL_PERMISSIONS_MAX: usize = 64;

/// What a customer may do, and on whose keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSession {
    pub id: PortalSessionId,
    pub organization: OrganizationId,
    /// Only keys of this project.
    pub project: Option<ProjectId>,
    /// Only keys of this owner, which new keys get.
    pub owner: Option<Label>,
    /// Words of `keys.…` are what may be done; all others are the product's, to be handed on.
    pub permissions: Vec<PermissionPattern>,
    /// Where the page's link back leads.
    pub return_url: Option<String>,
    pub state: PortalSessionState,
    /// The link and what it opened end here.
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub created_by: String,
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortalSessionState {
    /// The link was not opened yet.
    Fresh,
    Open {
        since: Timestamp,
    },
    Revoked {
        at: Timestamp,
        by: String,
    },
}

impl PortalSession {
    pub fn stands(&self, now: Timestamp) -> bool {
        !matches!(self.state, PortalSessionState::Revoked { .. }) && now < self.expires_at
    }

    /// Whether a thing may be done; nothing but to keys, whatever the words say.
    pub fn manages(&self, permission: ManagementPermission) -> bool {
        let Ok(word) = permission.as_str().parse::<Permission>() else {
            return false;
        };
        word.as_str().starts_with("keys.") && self.permissions.iter().any(|it| it.matches(&word))
    }

    /// The product's permissions that a new key may hold.
    pub fn to_hand_on(&self) -> impl Iterator<Item = &PermissionPattern> {
        self.permissions.iter().filter(|pattern| match pattern {
            PermissionPattern::Word(word) => !word.as_str().starts_with("keys."),
            PermissionPattern::BeginsWith(start) => !start.starts_with("keys."),
            PermissionPattern::All | PermissionPattern::EndsWith(_) => true,
        })
    }
}
