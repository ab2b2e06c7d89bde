//! Management keys: how programs manage keys, and what each may do.

use std::collections::BTreeSet;

use keyway_token::digest::Digest;

use crate::id::{ManagementKeyId, MemberId, OrganizationId, ProjectId};
use crate::permission::{Permission, PermissionPattern};
use crate::text::{Label, Name};
use crate::time::Timestamp;

#[derive(Clone, Debug)]
pub struct ManagementKey {
    pub id: ManagementKeyId,
    pub name: Name,
    pub preset: Preset,
    pub reach: Reach,
    pub digest: Digest,
    pub display_prefix: String,
    pub suffix: String,
    /// Given by the operator as the root key; at most one is active.
    pub is_root: bool,
    pub state: ManagementKeyState,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: String,
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagementKeyState {
    Active,
    Revoked { at: Timestamp, by: String },
}

/// Which organizations a caller may see at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    All,
    One(OrganizationId),
    /// Some of the keys of one organization.
    Part(Box<Part>),
}

/// Which keys of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub organization: OrganizationId,
    /// None: of any project, and of none.
    pub projects: Option<BTreeSet<ProjectId>>,
    pub owner: Option<Label>,
    /// Beside these the keys that one member made.
    pub own: Option<OwnKeys>,
}

/// The keys that one member made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKeys {
    pub member: MemberId,
    /// None: of any project, and of none.
    pub projects: Option<BTreeSet<ProjectId>>,
}

impl OwnKeys {
    fn cover(&self, project: Option<&ProjectId>, created_by: &str) -> bool {
        is_in(self.projects.as_ref(), project)
            && MemberId::of_actor(created_by).as_ref() == Some(&self.member)
    }
}

impl Part {
    /// The projects in which a key may be seen; None: any.
    pub fn projects_seen(&self) -> Option<BTreeSet<&ProjectId>> {
        let mut seen: BTreeSet<&ProjectId> = self.projects.as_ref()?.iter().collect();
        if let Some(own) = &self.own {
            seen.extend(own.projects.as_ref()?);
        }
        Some(seen)
    }

    fn covers(&self, project: Option<&ProjectId>, owner: Option<&Label>, created_by: &str) -> bool {
        let is_own = |own: &OwnKeys| own.cover(project, created_by);
        (self.owner.is_none() || self.owner.as_ref() == owner)
            && (is_in(self.projects.as_ref(), project) || self.own.as_ref().is_some_and(is_own))
    }
}

fn is_in(projects: Option<&BTreeSet<ProjectId>>, project: Option<&ProjectId>) -> bool {
    match (projects, project) {
        (None, _) => true,
        (Some(projects), Some(project)) => projects.contains(project),
        (Some(_), None) => false,
    }
}

impl Reach {
    pub fn covers(&self, organization: &OrganizationId) -> bool {
        self.organization().is_none_or(|own| own == organization)
    }

    /// The one organization that can be seen at all.
    pub fn organization(&self) -> Option<&OrganizationId> {
        match self {
            Self::All => None,
            Self::One(own) => Some(own),
            Self::Part(part) => Some(&part.organization),
        }
    }

    /// Whether a key in this place, of this owner and made by this actor may be seen.
    pub fn covers_key(
        &self,
        organization: &OrganizationId,
        project: Option<&ProjectId>,
        owner: Option<&Label>,
        created_by: &str,
    ) -> bool {
        let is_of_part = match self {
            Self::All | Self::One(_) => true,
            Self::Part(part) => part.covers(project, owner, created_by),
        };
        self.covers(organization) && is_of_part
    }

    /// Whether all of a project may be seen.
    pub fn covers_project(&self, organization: &OrganizationId, project: &ProjectId) -> bool {
        self.covers_key(organization, Some(project), None, "")
    }
}

impl ManagementKey {
    pub fn stands(&self, now: Timestamp) -> bool {
        self.state == ManagementKeyState::Active
            && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

macro_rules! management_permissions {
    ($($name:ident $word:literal)*) => {
        /// What a management call may need; `noun.verb`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ManagementPermission { $($name,)* }

        impl ManagementPermission {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

management_permissions! {
    OrganizationsRead "organizations.read"
    OrganizationsCreate "organizations.create"
    OrganizationsUpdate "organizations.update"
    OrganizationsSuspend "organizations.suspend"
    ProjectsRead "projects.read"
    ProjectsCreate "projects.create"
    ResourcesRead "resources.read"
    ResourcesPut "resources.put"
    ResourcesDelete "resources.delete"
    KeysRead "keys.read"
    KeysCreate "keys.create"
    KeysUpdate "keys.update"
    KeysDeactivate "keys.deactivate"
    KeysActivate "keys.activate"
    KeysRevoke "keys.revoke"
    KeysRotate "keys.rotate"
    KeysDelete "keys.delete"
    KeysImport "keys.import"
    KeysVerify "keys.verify"
    KeysFollow "keys.follow"
    MembersRead "members.read"
    MembersCreate "members.create"
    MembersUpdate "members.update"
    MembersRemove "members.remove"
    InvitationsRead "invitations.read"
    InvitationsCreate "invitations.create"
    InvitationsWithdraw "invitations.withdraw"
    SignInLinksCreate "sign_in_links.create"
    PortalSessionsRead "portal_sessions.read"
    PortalSessionsCreate "portal_sessions.create"
    PortalSessionsRevoke "portal_sessions.revoke"
    RolesRead "roles.read"
    ManagementKeysRead "management_keys.read"
    ManagementKeysCreate "management_keys.create"
    ManagementKeysRevoke "management_keys.revoke"
    SigningKeysRead "signing_keys.read"
    SigningKeysCreate "signing_keys.create"
    SigningKeysRevoke "signing_keys.revoke"
    AuditRead "audit.read"
    ProfileRead "profile.read"
    ProfileApply "profile.apply"
    MetricsRead "metrics.read"
}

impl ManagementPermission {
    /// Whether it only looks.
    pub fn is_reading(self) -> bool {
        matches!(self.as_str().split_once('.'), Some((_, "read")))
    }
}

impl ManagementPermission {
    /// Whether one of these patterns has it.
    pub(crate) fn is_among(self, patterns: &[PermissionPattern]) -> bool {
        let word = self.as_str().parse::<Permission>();
        word.is_ok_and(|word| patterns.iter().any(|it| it.matches(&word)))
    }

    /// Whether it can be held in one project alone.
    pub fn is_about_keys(self) -> bool {
        self.as_str().starts_with("keys.")
            || matches!(self, Self::ProjectsRead | Self::ResourcesRead)
    }
}

/// A ready-made set of permissions for a management key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    Admin,
    VerifyOnly,
    ReadOnly,
}

impl Preset {
    pub const ALL: [Self; 3] = [Self::Admin, Self::VerifyOnly, Self::ReadOnly];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::VerifyOnly => "verify-only",
            Self::ReadOnly => "read-only",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == word)
    }

    pub fn holds(self, permission: ManagementPermission) -> bool {
        match self {
            Self::Admin => true,
            // What is verified is watched, so that what is open for a key ends with it.
            Self::VerifyOnly => matches!(
                permission,
                ManagementPermission::KeysVerify | ManagementPermission::KeysFollow
            ),
            Self::ReadOnly => permission.is_reading(),
        }
    }

    /// A caller hands on only what it holds itself.
    pub fn covers(self, other: Self) -> bool {
        ManagementPermission::ALL
            .iter()
            .all(|permission| !other.holds(*permission) || self.holds(*permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_holds_what_its_name_says() {
        use ManagementPermission as P;
        let held = |preset: Preset| -> Vec<&str> {
            let held = P::ALL
                .iter()
                .filter(|permission| preset.holds(**permission));
            held.map(|permission| permission.as_str()).collect()
        };
        assert_eq!(held(Preset::Admin).len(), P::ALL.len());
        assert_eq!(held(Preset::VerifyOnly), ["keys.verify", "keys.follow"]);
        assert_eq!(
            held(Preset::ReadOnly),
            [
                "organizations.read",
                "projects.read",
                "resources.read",
                "keys.read",
                "members.read",
                "invitations.read",
                "portal_sessions.read",
                "roles.read",
                "management_keys.read",
                "signing_keys.read",
                "audit.read",
                "profile.read",
                "metrics.read",
            ]
        );
    }

    #[test]
    fn a_caller_hands_on_only_what_it_holds() {
        use Preset::{Admin, ReadOnly, VerifyOnly};
        for preset in Preset::ALL {
            assert!(Admin.covers(preset) && preset.covers(preset));
            assert_eq!(Preset::from_word(preset.as_str()), Some(preset));
        }
        for (one, other) in [
            (VerifyOnly, Admin),
            (ReadOnly, Admin),
            (VerifyOnly, ReadOnly),
            (ReadOnly, VerifyOnly),
        ] {
            assert!(!one.covers(other), "{one:?} {other:?}");
        }
        assert_eq!(Preset::from_word("Admin"), None);
    }

    #[test]
    fn a_reach_of_one_organization_covers_no_other() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        assert!(Reach::All.covers(&acme) && Reach::One(other).covers(&"other".parse().unwrap()));
        assert!(!Reach::One("other".parse().unwrap()).covers(&acme));
    }

    #[test]
    fn a_part_is_some_projects_and_beside_them_what_one_member_made() {
        let projects = |ids: &[&str]| Some(ids.iter().map(|id| id.parse().unwrap()).collect());
        let acme: OrganizationId = "acme".parse().unwrap();
        let part = Reach::Part(Box::new(Part {
            organization: acme.clone(),
            projects: projects(&["alpha"]),
            owner: None,
            own: Some(OwnKeys {
                member: "mem_ann".parse().unwrap(),
                projects: projects(&["beta"]),
            }),
        }));
        let covers = |project: &str, created_by: &str| {
            let project = (!project.is_empty()).then(|| project.parse().unwrap());
            part.covers_key(&acme, project.as_ref(), None, created_by)
        };
        assert!(covers("alpha", "system") && covers("beta", "member/mem_ann"));
        for (project, maker) in [
            ("beta", "member/mem_bob"),
            ("beta", "system"),
            ("gamma", "member/mem_ann"),
            ("", "member/mem_ann"),
        ] {
            assert!(!covers(project, maker), "{project} {maker}");
        }
        let other = "other".parse().unwrap();
        assert!(!part.covers_key(&other, Some(&"alpha".parse().unwrap()), None, "system"));
        assert!(part.covers_project(&acme, &"alpha".parse().unwrap()));
        assert!(!part.covers_project(&acme, &"beta".parse().unwrap()));
    }

    #[test]
    fn a_management_key_stands_until_it_is_revoked_or_its_date_comes() {
        let at = Timestamp::from_micros;
        let key = ManagementKey {
            id: "mk_1".parse().unwrap(),
            name: "CI".parse().unwrap(),
            preset: Preset::Admin,
            reach: Reach::All,
            digest: Digest::of("mk_1"),
            display_prefix: "kw_mgmt_abcd".to_owned(),
            suffix: "wxyz".to_owned(),
            is_root: false,
            state: ManagementKeyState::Active,
            expires_at: Some(at(10)),
            created_at: at(0),
            created_by: "system".to_owned(),
            version: 1,
        };
        assert!(key.stands(at(9)) && !key.stands(at(10)));
        let state = ManagementKeyState::Revoked {
            at: at(1),
            by: "system".to_owned(),
        };
        assert!(!ManagementKey { state, ..key }.stands(at(0)));
    }
}
