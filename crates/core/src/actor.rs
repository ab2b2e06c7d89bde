//! Who makes a change.

use crate::id::{KeyId, ManagementKeyId, MemberId, OrganizationId, PortalSessionId};

/// The maker of a change, as the ledger records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A management key; must still be active when the change commits.
    ManagementKey(ManagementKeyId),
    /// A person; must still be a member, in the version that was authorized, when the change commits.
    Member { id: MemberId, version: i64 },
    /// A product's customer on the key page; the session must still stand when the change commits.
    PortalSession(PortalSessionId),
    /// A key that acts on itself.
    Key(KeyId),
    /// A key that was let through to administer; must still be active, in the version that was authorized,
    /// and its organization not suspended, when the change commits.
    ActingKey {
        id: KeyId,
        version: i64,
        organization: OrganizationId,
    },
    /// Keyway itself: first start, migration, `keyway dev`.
    System,
}

impl Actor {
    /// `management_key/mk_…`, `member/mem_…`, `portal_session/ps_…`, `key/…` or `system`; what `created_by` and the audit log show.
    pub fn to_text(&self) -> String {
        match self {
            Self::ManagementKey(id) => format!("management_key/{id}"),
            Self::Member { id, .. } => id.to_actor(),
            Self::PortalSession(id) => format!("portal_session/{id}"),
            Self::Key(id) | Self::ActingKey { id, .. } => format!("key/{id}"),
            Self::System => "system".to_owned(),
        }
    }
}

/// What the ledger notes beside a change about the call that made it.
#[derive(Clone, Debug)]
pub struct Origin {
    pub actor: Actor,
    /// The actor's display name at that time; personal.
    pub actor_label: String,
    /// Client address; personal.
    pub address: Option<std::net::IpAddr>,
    pub request_id: String,
}

impl Origin {
    pub fn system(request_id: &str) -> Self {
        Self {
            actor: Actor::System,
            actor_label: "Keyway".to_owned(),
            address: None,
            request_id: request_id.to_owned(),
        }
    }
}
