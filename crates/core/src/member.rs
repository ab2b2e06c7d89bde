//! Members: people in an organization, and what their roles let them do and hand on.

use std::collections::{BTreeMap, BTreeSet};

use crate::grant::{Grants, Right, RoleName};
use crate::id::{MemberId, OrganizationId, ProjectId};
use crate::management::{ManagementPermission, OwnKeys};
use crate::permission::{Permission, PermissionPattern, PermissionSet};
use crate::profile::Roles;
use crate::resource::{Place, ResourcePath};
use crate::text::{Email, Name};
use crate::time::Timestamp;

/// Most projects in which one member has a role of its own.
pub const PROJECT_ROLES_MAX: usize = 256;

/// A person in one organization. Somebody who is in several is a member of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    pub organization: OrganizationId,
    /// Unique among the members of an organization, whatever its case.
    pub email: Email,
    pub name: Name,
    pub bindings: Bindings,
    pub state: MemberState,
    pub created_at: Timestamp,
    /// See [`crate::actor::Actor::to_text`].
    pub created_by: String,
    /// Grows by one with each change; 1 when created.
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberState {
    Active,
    /// For good; who comes back is a new member.
    Removed {
        at: Timestamp,
        by: String,
    },
}

/// A role in the organization and, beside it, roles in projects, which add to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bindings {
    pub organization: RoleName,
    pub projects: BTreeMap<ProjectId, RoleName>,
}

impl Member {
    pub fn is_active(&self) -> bool {
        self.state == MemberState::Active
    }

    /// The keys of their own with which a thing may be done; None: it may not.
    pub fn own_keys(&self, permission: ManagementPermission, roles: &Roles) -> Option<OwnKeys> {
        let is_everywhere = roles.manage_own(&self.bindings.organization, permission);
        let bound = self.bindings.projects.iter();
        let bound = bound.filter(|(_, role)| roles.manage_own(role, permission));
        let bound: BTreeSet<ProjectId> = bound.map(|(project, _)| project.clone()).collect();
        (is_everywhere || !bound.is_empty()).then(|| OwnKeys {
            member: self.id.clone(),
            projects: (!is_everywhere).then_some(bound),
        })
    }

    /// None when that was done before.
    pub fn remove(self, at: Timestamp, by: String) -> Option<Self> {
        self.is_active().then(|| Self {
            state: MemberState::Removed { at, by },
            version: self.version + 1,
            ..self
        })
    }
}

impl Bindings {
    /// Whether one of the product's permissions is held at a place.
    pub(crate) fn hold(&self, permission: &Permission, place: Place<'_>, roles: &Roles) -> bool {
        self.roles_at(place)
            .any(|role| roles.hold(role, permission))
    }

    /// The words and patterns held at a place.
    pub(crate) fn words(&self, place: Place<'_>, roles: &Roles) -> Vec<String> {
        self.roles_at(place)
            .flat_map(|role| roles.words(role))
            .collect()
    }

    fn roles_at(&self, place: Place<'_>) -> impl Iterator<Item = &RoleName> {
        let in_project = match place {
            Place::All => None,
            Place::Path(path) => {
                let is_it =
                    |(project, _): &(&ProjectId, &RoleName)| project.as_str() == path.project();
                self.projects.iter().find(is_it).map(|(_, role)| role)
            }
        };
        std::iter::once(&self.organization).chain(in_project)
    }

    /// Whether a thing may be done in all of the organization.
    pub fn manage(&self, permission: ManagementPermission, roles: &Roles) -> bool {
        roles.manage(&self.organization, permission)
    }

    /// The projects in which it may be done, beside those that [`Self::manage`] answers for.
    pub fn projects_managing(
        &self,
        permission: ManagementPermission,
        roles: &Roles,
    ) -> impl Iterator<Item = &ProjectId> {
        self.projects
            .iter()
            .filter(move |(_, role)| roles.manage(role, permission))
            .map(|(project, _)| project)
    }

    /// Whether a role of theirs lets them do it anywhere, be it with their own keys alone.
    pub fn manage_anything(&self, permission: ManagementPermission, roles: &Roles) -> bool {
        let mut all = std::iter::once(&self.organization).chain(self.projects.values());
        all.any(|role| roles.manage(role, permission) || roles.manage_own(role, permission))
    }

    /// Whether a role of theirs holds anything in a project (None: in all of the organization). Where none
    /// does they have been taken out of it, though they are still in the organization.
    pub fn hold_anything(&self, project: Option<&ResourcePath>, roles: &Roles) -> bool {
        self.roles_at(project.map_or(Place::All, Place::Path))
            .any(|role| !roles.permissions(role).is_empty())
    }

    /// What of these grants is more than is held: nobody hands on more than that (I6). `ceiling` is
    /// the project of the key, above which its grants do not reach.
    pub fn excess(
        &self,
        grants: &Grants,
        ceiling: Option<&ResourcePath>,
        roles: &Roles,
    ) -> Vec<String> {
        let mut excess = Vec::new();
        for grant in grants.as_slice() {
            let granted = grant.resource.place();
            let place = match ceiling {
                Some(ceiling) if granted.covers(Place::Path(ceiling)) => Place::Path(ceiling),
                Some(_) | None => granted,
            };
            let held: Vec<&PermissionPattern> = self
                .roles_at(place)
                .flat_map(|role| roles.permissions(role))
                .collect();
            let is_more = |wanted: &PermissionPattern| !held.iter().any(|it| it.covers(wanted));
            let wanted = wanted(&grant.right, roles);
            excess.extend(
                wanted
                    .iter()
                    .filter(|it| is_more(it))
                    .map(ToString::to_string),
            );
        }
        excess.sort_unstable();
        excess.dedup();
        excess
    }
}

/// What a right hands on whoever its creator is; what is inherited is the creator's own.
fn wanted(right: &Right, roles: &Roles) -> Vec<PermissionPattern> {
    match right {
        Right::Permissions(PermissionSet::All) => vec![PermissionPattern::All],
        Right::Permissions(PermissionSet::Words(words)) => {
            words.iter().cloned().map(PermissionPattern::Word).collect()
        }
        Right::Role(name) => roles.permissions(name).to_vec(),
        Right::Inherit(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Grant;
    use crate::profile::Role;

    fn roles() -> Roles {
        let role = |permissions: &[&str], manage: &[&str]| Role {
            permissions: permissions.iter().map(|it| it.parse().unwrap()).collect(),
            manage: manage.iter().map(|it| it.parse().unwrap()).collect(),
            ..Role::default()
        };
        Roles::of(BTreeMap::from([
            ("admin".parse().unwrap(), role(&["*"], &["*"])),
            ("editor".parse().unwrap(), role(&["docs.*"], &["keys.*"])),
            ("viewer".parse().unwrap(), role(&["*.read"], &["*.read"])),
        ]))
    }

    fn bindings(organization: &str, projects: &[(&str, &str)]) -> Bindings {
        let projects = projects
            .iter()
            .map(|(id, role)| (id.parse().unwrap(), role.parse().unwrap()));
        Bindings {
            organization: organization.parse().unwrap(),
            projects: projects.collect(),
        }
    }

    fn excess(who: &Bindings, what: &str, at: &str, ceiling: Option<&str>) -> Vec<String> {
        let right = match what.strip_prefix("role ") {
            Some(role) => Right::Role(role.parse().unwrap()),
            None if what == "*" => Right::Permissions(PermissionSet::All),
            None if what == "inherit" => Right::Inherit(None),
            None => {
                let words = what.split(',').map(|it| it.parse().unwrap()).collect();
                Right::Permissions(PermissionSet::of(words))
            }
        };
        let grant = Grant {
            right,
            resource: at.parse().unwrap(),
        };
        let grants = Grants::parse(vec![grant]).unwrap();
        let ceiling = ceiling.map(|id| ResourcePath::of_project(&id.parse().unwrap()));
        who.excess(&grants, ceiling.as_ref(), &roles())
    }

    #[test]
    fn nobody_hands_on_more_than_they_hold() {
        let viewer = bindings("viewer", &[]);
        assert_eq!(
            excess(&viewer, "docs.read", "*", None),
            Vec::<String>::new()
        );
        assert_eq!(
            excess(&viewer, "docs.read,docs.write", "*", None),
            ["docs.write"]
        );
        assert_eq!(excess(&viewer, "*", "*", None), ["*"]);
        assert_eq!(excess(&viewer, "role editor", "*", None), ["docs.*"]);
        assert_eq!(excess(&viewer, "inherit", "*", None), Vec::<String>::new());
        assert_eq!(
            excess(&bindings("admin", &[]), "*", "*", None),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_role_in_a_project_adds_there_and_nowhere_else() {
        let member = bindings("viewer", &[("alpha", "editor")]);
        let none = Vec::<String>::new();
        assert_eq!(excess(&member, "docs.write", "project/alpha", None), none);
        assert_eq!(
            excess(&member, "docs.write", "project/alpha/doc/1", None),
            none
        );
        assert_eq!(
            excess(&member, "docs.write", "project/beta", None),
            ["docs.write"]
        );
        assert_eq!(excess(&member, "docs.write", "*", None), ["docs.write"]);
        assert_eq!(excess(&member, "docs.write", "*", Some("alpha")), none);
        assert_eq!(
            excess(&member, "docs.write", "*", Some("beta")),
            ["docs.write"]
        );
    }

    #[test]
    fn what_may_be_done_here_follows_the_roles() {
        let member = bindings("viewer", &[("alpha", "editor"), ("beta", "viewer")]);
        let roles = roles();
        assert!(member.manage(ManagementPermission::KeysRead, &roles));
        assert!(!member.manage(ManagementPermission::KeysCreate, &roles));
        let projects = member.projects_managing(ManagementPermission::KeysCreate, &roles);
        assert_eq!(
            projects.map(ProjectId::as_str).collect::<Vec<_>>(),
            ["alpha"]
        );
    }

    #[test]
    fn a_member_is_removed_once() {
        let member = Member {
            id: "mem_1".parse().unwrap(),
            organization: "org_1".parse().unwrap(),
            email: "Ann@Example.com".parse().unwrap(),
            name: "Ann".parse().unwrap(),
            bindings: bindings("viewer", &[]),
            state: MemberState::Active,
            created_at: Timestamp::from_micros(1),
            created_by: "system".to_owned(),
            version: 1,
        };
        assert_eq!(member.email.folded(), "ann@example.com");
        let removed = member
            .remove(Timestamp::from_micros(2), "system".to_owned())
            .unwrap();
        assert_eq!(removed.version, 2);
        assert_eq!(
            removed.remove(Timestamp::from_micros(3), "system".to_owned()),
            None
        );
    }
}
