//! What the ledger records: one variant per thing that can be done.
//!
//! A change names what it touched and nothing more; followers reload the rows it names.

use crate::id::{
    InvitationId, KeyId, ManagementKeyId, MemberId, OrganizationId, PortalSessionId, ProjectId,
    SigningKeyId,
};
use crate::resource::ResourcePath;

/// Which keys may be decided about differently since a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched<'a> {
    Keys(Vec<&'a KeyId>),
    /// Any of the change's organization.
    Organization,
    Everything,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    OrganizationCreated {
        id: OrganizationId,
    },
    OrganizationUpdated {
        id: OrganizationId,
    },
    OrganizationSuspended {
        id: OrganizationId,
    },
    OrganizationResumed {
        id: OrganizationId,
    },
    ProjectCreated {
        organization: OrganizationId,
        id: ProjectId,
    },
    /// The product told us of a resource, or of one that was gone.
    ResourceCreated {
        organization: OrganizationId,
        path: ResourcePath,
    },
    ResourceUpdated {
        organization: OrganizationId,
        path: ResourcePath,
    },
    ResourceDeleted {
        organization: OrganizationId,
        path: ResourcePath,
    },
    KeyCreated {
        organization: OrganizationId,
        id: KeyId,
    },
    KeyUpdated {
        organization: OrganizationId,
        id: KeyId,
    },
    KeyDeactivated {
        organization: OrganizationId,
        id: KeyId,
    },
    KeyActivated {
        organization: OrganizationId,
        id: KeyId,
    },
    KeyRevoked {
        organization: OrganizationId,
        id: KeyId,
    },
    KeyRotated {
        organization: OrganizationId,
        outgoing: KeyId,
        fresh: KeyId,
    },
    KeyDeleted {
        organization: OrganizationId,
        id: KeyId,
    },
    /// Keys of one chunk of an import; at most 1,000.
    KeysImported {
        organization: OrganizationId,
        ids: Vec<KeyId>,
    },
    ManagementKeyCreated {
        id: ManagementKeyId,
        organization: Option<OrganizationId>,
    },
    ManagementKeyRevoked {
        id: ManagementKeyId,
        organization: Option<OrganizationId>,
    },
    /// A root key came in by the environment; the one before it, if any, ends with this.
    RootKeySet {
        id: ManagementKeyId,
        replaced: Option<ManagementKeyId>,
    },
    ProfileApplied {
        name: String,
        version: i64,
    },
    SigningKeyCreated {
        id: SigningKeyId,
    },
    SigningKeyRevoked {
        id: SigningKeyId,
    },
    MemberCreated {
        organization: OrganizationId,
        id: MemberId,
    },
    MemberUpdated {
        organization: OrganizationId,
        id: MemberId,
    },
    MemberRemoved {
        organization: OrganizationId,
        id: MemberId,
    },
    MemberSignedIn {
        organization: OrganizationId,
        id: MemberId,
    },
    /// Every session of the person ended, on all machines.
    MemberSignedOut {
        organization: OrganizationId,
        id: MemberId,
    },
    PasswordSet {
        organization: OrganizationId,
        id: MemberId,
    },
    SignInLinkCreated {
        organization: OrganizationId,
        id: MemberId,
    },
    InvitationCreated {
        organization: OrganizationId,
        id: InvitationId,
    },
    InvitationWithdrawn {
        organization: OrganizationId,
        id: InvitationId,
    },
    InvitationAccepted {
        organization: OrganizationId,
        id: InvitationId,
        member: MemberId,
    },
    PortalSessionCreated {
        organization: OrganizationId,
        id: PortalSessionId,
    },
    /// The customer opened the link, which works no more.
    PortalSessionOpened {
        organization: OrganizationId,
        id: PortalSessionId,
    },
    PortalSessionRevoked {
        organization: OrganizationId,
        id: PortalSessionId,
    },
}

impl Change {
    /// The word in the audit log.
    pub fn action(&self) -> &'static str {
        match self {
            Self::OrganizationCreated { .. } => "organization.created",
            Self::OrganizationUpdated { .. } => "organization.updated",
            Self::OrganizationSuspended { .. } => "organization.suspended",
            Self::OrganizationResumed { .. } => "organization.resumed",
            Self::ProjectCreated { .. } => "project.created",
            Self::ResourceCreated { .. } => "resource.created",
            Self::ResourceUpdated { .. } => "resource.updated",
            Self::ResourceDeleted { .. } => "resource.deleted",
            Self::KeyCreated { .. } => "key.created",
            Self::KeyUpdated { .. } => "key.updated",
            Self::KeyDeactivated { .. } => "key.deactivated",
            Self::KeyActivated { .. } => "key.activated",
            Self::KeyRevoked { .. } => "key.revoked",
            Self::KeyRotated { .. } => "key.rotated",
            Self::KeyDeleted { .. } => "key.deleted",
            Self::KeysImported { .. } => "keys.imported",
            Self::ManagementKeyCreated { .. } => "management_key.created",
            Self::ManagementKeyRevoked { .. } => "management_key.revoked",
            Self::RootKeySet { .. } => "root_key.set",
            Self::ProfileApplied { .. } => "profile.applied",
            Self::SigningKeyCreated { .. } => "signing_key.created",
            Self::SigningKeyRevoked { .. } => "signing_key.revoked",
            Self::MemberCreated { .. } => "member.created",
            Self::MemberUpdated { .. } => "member.updated",
            Self::MemberRemoved { .. } => "member.removed",
            Self::MemberSignedIn { .. } => "member.signed_in",
            Self::MemberSignedOut { .. } => "member.signed_out",
            Self::PasswordSet { .. } => "password.set",
            Self::SignInLinkCreated { .. } => "sign_in_link.created",
            Self::InvitationCreated { .. } => "invitation.created",
            Self::InvitationWithdrawn { .. } => "invitation.withdrawn",
            Self::InvitationAccepted { .. } => "invitation.accepted",
            Self::PortalSessionCreated { .. } => "portal_session.created",
            Self::PortalSessionOpened { .. } => "portal_session.opened",
            Self::PortalSessionRevoked { .. } => "portal_session.revoked",
        }
    }

    /// Whose audit log shows it; None concerns the whole deployment.
    pub fn organization(&self) -> Option<&OrganizationId> {
        match self {
            Self::OrganizationCreated { id }
            | Self::OrganizationUpdated { id }
            | Self::OrganizationSuspended { id }
            | Self::OrganizationResumed { id } => Some(id),
            Self::ProjectCreated { organization, .. }
            | Self::ResourceCreated { organization, .. }
            | Self::ResourceUpdated { organization, .. }
            | Self::ResourceDeleted { organization, .. }
            | Self::KeyCreated { organization, .. }
            | Self::KeyUpdated { organization, .. }
            | Self::KeyDeactivated { organization, .. }
            | Self::KeyActivated { organization, .. }
            | Self::KeyRevoked { organization, .. }
            | Self::KeyRotated { organization, .. }
            | Self::KeyDeleted { organization, .. }
            | Self::KeysImported { organization, .. }
            | Self::MemberCreated { organization, .. }
            | Self::MemberUpdated { organization, .. }
            | Self::MemberRemoved { organization, .. }
            | Self::MemberSignedIn { organization, .. }
            | Self::MemberSignedOut { organization, .. }
            | Self::PasswordSet { organization, .. }
            | Self::SignInLinkCreated { organization, .. }
            | Self::InvitationCreated { organization, .. }
            | Self::InvitationWithdrawn { organization, .. }
            | Self::InvitationAccepted { organization, .. }
            | Self::PortalSessionCreated { organization, .. }
            | Self::PortalSessionOpened { organization, .. }
            | Self::PortalSessionRevoked { organization, .. } => Some(organization),
            Self::ManagementKeyCreated { organization, .. }
            | Self::ManagementKeyRevoked { organization, .. } => organization.as_ref(),
            Self::RootKeySet { .. }
            | Self::ProfileApplied { .. }
            | Self::SigningKeyCreated { .. }
            | Self::SigningKeyRevoked { .. } => None,
        }
    }

    /// None where no key is decided about differently.
    pub fn touched(&self) -> Option<Touched<'_>> {
        match self {
            Self::KeyCreated { id, .. }
            | Self::KeyUpdated { id, .. }
            | Self::KeyDeactivated { id, .. }
            | Self::KeyActivated { id, .. }
            | Self::KeyRevoked { id, .. }
            | Self::KeyDeleted { id, .. } => Some(Touched::Keys(vec![id])),
            Self::KeyRotated {
                outgoing, fresh, ..
            } => Some(Touched::Keys(vec![outgoing, fresh])),
            Self::KeysImported { ids, .. } => Some(Touched::Keys(ids.iter().collect())),
            // By its external id an organization is asked for; keys that inherit are their creator's.
            Self::OrganizationUpdated { .. }
            | Self::OrganizationSuspended { .. }
            | Self::OrganizationResumed { .. }
            | Self::MemberUpdated { .. }
            | Self::MemberRemoved { .. } => Some(Touched::Organization),
            // Whatever a revoked key signed is refused, whichever keys it stood for.
            Self::ProfileApplied { .. } | Self::SigningKeyRevoked { .. } => {
                Some(Touched::Everything)
            }
            Self::OrganizationCreated { .. }
            | Self::ProjectCreated { .. }
            | Self::ResourceCreated { .. }
            | Self::ResourceUpdated { .. }
            | Self::ResourceDeleted { .. }
            | Self::ManagementKeyCreated { .. }
            | Self::ManagementKeyRevoked { .. }
            | Self::RootKeySet { .. }
            | Self::SigningKeyCreated { .. }
            | Self::MemberCreated { .. }
            | Self::MemberSignedIn { .. }
            | Self::MemberSignedOut { .. }
            | Self::PasswordSet { .. }
            | Self::SignInLinkCreated { .. }
            | Self::InvitationCreated { .. }
            | Self::InvitationWithdrawn { .. }
            | Self::InvitationAccepted { .. }
            | Self::PortalSessionCreated { .. }
            | Self::PortalSessionOpened { .. }
            | Self::PortalSessionRevoked { .. } => None,
        }
    }
}
