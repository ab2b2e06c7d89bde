//! Organizations and their projects.

use crate::id::{OrganizationId, ProjectId};
use crate::text::{Label, Metadata, Name};
use crate::time::Timestamp;

/// Owner of everything; the boundary of isolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: OrganizationId,
    pub name: Name,
    /// The product's own id for this customer; unique.
    pub external_id: Option<Label>,
    pub metadata: Metadata,
    pub state: OrganizationState,
    pub created_at: Timestamp,
    /// Grows by one with each change; 1 when created.
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationState {
    Active,
    /// None of its keys works until it is resumed.
    Suspended {
        since: Timestamp,
    },
}

impl Organization {
    /// None when it is suspended already.
    pub fn suspend(self, now: Timestamp) -> Option<Self> {
        match self.state {
            OrganizationState::Suspended { .. } => None,
            OrganizationState::Active => Some(Self {
                state: OrganizationState::Suspended { since: now },
                version: self.version + 1,
                ..self
            }),
        }
    }

    /// None when it is active already.
    pub fn resume(self) -> Option<Self> {
        match self.state {
            OrganizationState::Active => None,
            OrganizationState::Suspended { .. } => Some(Self {
                state: OrganizationState::Active,
                version: self.version + 1,
                ..self
            }),
        }
    }
}

/// A part of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub organization: OrganizationId,
    /// Unique in its organization.
    pub id: ProjectId,
    pub name: Name,
    /// Where set, all keys of the project have this environment.
    pub environment: Option<String>,
    pub created_at: Timestamp,
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_is_suspended_and_resumed_and_a_second_time_changes_nothing() {
        let at = Timestamp::from_micros;
        let acme = Organization {
            id: "org_1".parse().unwrap(),
            name: "Acme".parse().unwrap(),
            external_id: None,
            metadata: Metadata::empty(),
            state: OrganizationState::Active,
            created_at: at(0),
            version: 1,
        };
        assert_eq!(acme.clone().resume(), None);
        let suspended = acme.clone().suspend(at(5)).unwrap();
        assert_eq!(
            (suspended.state, suspended.version),
            (OrganizationState::Suspended { since: at(5) }, 2)
        );
        assert_eq!(suspended.clone().suspend(at(6)), None);
        let resumed = suspended.resume().unwrap();
        assert_eq!(resumed, Organization { version: 3, ..acme });
    }
}
