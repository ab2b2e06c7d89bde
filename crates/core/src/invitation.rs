//! Invitations: a link by which a person becomes a member.

use crate::id::{InvitationId, OrganizationId};
use crate::member::Bindings;
use crate::text::Email;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub organization: OrganizationId,
    pub email: Email,
    /// What the new member will hold.
    pub bindings: Bindings,
    pub state: InvitationState,
    /// The link ends here.
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub created_by: String,
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationState {
    Open,
    Accepted { at: Timestamp },
    Withdrawn { at: Timestamp },
}

impl Invitation {
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == InvitationState::Open && now < self.expires_at
    }

    /// None when it is open no more.
    pub fn withdraw(self, at: Timestamp) -> Option<Self> {
        self.end(InvitationState::Withdrawn { at })
    }

    /// None when it is open no more.
    pub fn accept(self, at: Timestamp) -> Option<Self> {
        if !self.is_open(at) {
            return None;
        }
        self.end(InvitationState::Accepted { at })
    }

    fn end(self, state: InvitationState) -> Option<Self> {
        let is_open = self.state == InvitationState::Open;
        is_open.then(|| Self {
            state,
            version: self.version + 1,
            ..self
        })
    }
}
