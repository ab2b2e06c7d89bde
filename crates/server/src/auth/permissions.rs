//! Management permissions as types, so that a handler names what it needs in its signature.

use keyway_core::management::ManagementPermission;

/// A permission that a handler needs.
pub(crate) trait Needed: Send + Sync + 'static {
    const PERMISSION: ManagementPermission;
}

macro_rules! needed {
    ($($name:ident)*) => {$(
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl Needed for $name {
            const PERMISSION: ManagementPermission = ManagementPermission::$name;
        }
    )*};
}

needed! {
    OrganizationsRead OrganizationsCreate OrganizationsUpdate OrganizationsSuspend
    ProjectsRead ProjectsCreate ResourcesRead ResourcesPut ResourcesDelete
    KeysRead KeysCreate KeysUpdate KeysDeactivate KeysActivate KeysRevoke KeysRotate KeysDelete
    KeysImport KeysVerify KeysFollow
    MembersRead MembersCreate MembersUpdate MembersRemove
    InvitationsRead InvitationsCreate InvitationsWithdraw SignInLinksCreate
    PortalSessionsRead PortalSessionsCreate PortalSessionsRevoke RolesRead
    ManagementKeysRead ManagementKeysCreate ManagementKeysRevoke
    SigningKeysRead SigningKeysCreate SigningKeysRevoke
    AuditRead ProfileRead ProfileApply MetricsRead
}
