//! A change before it is made: what the ledger will say, the rows to save, what must still hold.

use keyway_core::actor::Actor;
use keyway_core::change::Change;
use keyway_core::grant::RoleName;
use keyway_core::id::{
    InvitationId, KeyId, ManagementKeyId, MemberId, OrganizationId, PortalSessionId, ProjectId,
    SigningKeyId,
};
use keyway_core::invitation::Invitation;
use keyway_core::key::{Key, KeyState};
use keyway_core::management::ManagementKey;
use keyway_core::member::Member;
use keyway_core::organization::{Organization, Project};
use keyway_core::portal::PortalSession;
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::resource::ResourcePath;
use keyway_core::signing_key::SigningKey;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::ledger::entry::Personal;
use crate::links::{Link, SpentLink};
use crate::members::Administrators;
use crate::passwords::Password;
use crate::profile::{InForce, ProfileRow};
use crate::sessions::Opening;
use crate::writer::step::Again;

/// Rows to save. Each stands at the version it will have: 1 must not exist yet, any other takes
/// the place of the version before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) organizations: Vec<Organization>,
    pub(crate) projects: Vec<Project>,
    pub(crate) resources: Vec<RegisteredResource>,
    pub(crate) keys: Vec<Key>,
    pub(crate) management_keys: Vec<ManagementKey>,
    pub(crate) profile: Option<ProfileRow>,
    pub(crate) signing_keys: Vec<SigningKey>,
    pub(crate) members: Vec<Member>,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) portal_sessions: Vec<PortalSession>,
    /// Of the members above, the organizations must keep somebody who has one of these roles.
    pub(crate) kept_roles: Vec<RoleName>,
    /// New ones.
    pub(crate) links: Vec<Link>,
    /// Must be unspent, of this time, and made for this.
    pub(crate) spent_link: Option<SpentLink>,
    /// Must stand, as what is written for them must not come after their removal.
    pub(crate) for_members: Vec<MemberId>,
    /// Must not have ended.
    pub(crate) for_session: Option<Digest>,
    /// Must still be the passwords.
    pub(crate) known_passwords: Vec<Password>,
    /// Set, or forgotten.
    pub(crate) passwords: Vec<Password>,
    pub(crate) opening: Option<Opening>,
    /// Memberships that are taken out of every session but the one that opens.
    pub(crate) left: Vec<MemberId>,
    pub(crate) ended_portal: Option<PortalSessionId>,
}

impl Rows {
    /// Whether a link, a session or a password is among them.
    pub(crate) fn has_ways_in(&self) -> bool {
        !self.links.is_empty()
            || self.spent_link.is_some()
            || !self.passwords.is_empty()
            || self.opening.is_some()
            || !self.left.is_empty()
            || self.ended_portal.is_some()
    }

    pub(crate) fn of_keys(keys: Vec<Key>) -> Self {
        Self {
            keys,
            ..Self::default()
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) call: Call,
    pub(crate) change: Change,
    pub(crate) now: Timestamp,
    pub(crate) rows: Rows,
    pub(crate) personal: Personal,
    pub(crate) detail: Map<String, Value>,
    /// The profile that the change was checked against.
    pub(crate) in_force: Option<InForce>,
    /// Without it, an object that has moved refuses the change.
    pub(crate) again: Option<Again>,
}

/// What a change touches; two that touch the same thing never share a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Touch {
    Organization(OrganizationId),
    ExternalId(String),
    Project(OrganizationId, ProjectId),
    Resource(OrganizationId, ResourcePath),
    Key(KeyId),
    Digest([u8; 32]),
    ManagementKey(ManagementKeyId),
    Member(MemberId),
    Email(OrganizationId, String),
    /// Who administers an organization: of two who leave at once, each alone would leave the other.
    Administrators(OrganizationId),
    Invitation(InvitationId),
    PortalSession(PortalSessionId),
    Root,
    SigningKey(SigningKeyId),
    Profile,
    Claim(String, String),
}

impl Proposal {
    pub(crate) fn new(by: &Call, change: Change, rows: Rows, now: Timestamp) -> Self {
        let personal = Personal::default()
            .address(by.origin.address)
            .text("actor", Some(&by.origin.actor_label));
        Self {
            call: by.clone(),
            change,
            now,
            rows,
            personal,
            detail: Map::new(),
            in_force: None,
            again: None,
        }
    }

    /// Notes something that could name a person.
    pub(crate) fn personal(mut self, field: &str, value: Option<&str>) -> Self {
        self.personal = self.personal.text(field, value);
        self
    }

    /// Notes something for good.
    pub(crate) fn detail(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(field.to_owned(), value.into());
        self
    }

    pub(crate) fn under(mut self, in_force: InForce) -> Self {
        self.in_force = Some(in_force);
        self
    }

    /// Makes sure that an organization is not left without an administrator.
    pub(crate) fn keeping(mut self, kept: Option<&Administrators>) -> Self {
        let Some(kept) = kept else { return self };
        self.rows.kept_roles.clone_from(&kept.roles);
        self.under(kept.in_force)
    }

    pub(crate) fn again(mut self, again: Again) -> Self {
        self.again = Some(again);
        self
    }

    pub(crate) fn is_import(&self) -> bool {
        matches!(self.change, Change::KeysImported { .. })
    }

    /// What this change writes.
    pub(crate) fn writes(&self) -> Vec<Touch> {
        let rows = &self.rows;
        let mut touches = Vec::with_capacity(2 * rows.keys.len() + 2);
        for organization in &rows.organizations {
            touches.push(Touch::Organization(organization.id.clone()));
            if let Some(external_id) = &organization.external_id {
                touches.push(Touch::ExternalId(external_id.as_str().to_owned()));
            }
        }
        for project in &rows.projects {
            touches.push(Touch::Project(
                project.organization.clone(),
                project.id.clone(),
            ));
        }
        for resource in &rows.resources {
            touches.push(Touch::Resource(
                resource.organization.clone(),
                resource.path.clone(),
            ));
        }
        for key in &rows.keys {
            touches.push(Touch::Key(key.id.clone()));
            if key.version == 1 {
                touches.push(Touch::Digest(*key.digest.as_bytes()));
            }
        }
        for key in &rows.management_keys {
            touches.push(Touch::ManagementKey(key.id.clone()));
            touches.push(Touch::Digest(*key.digest.as_bytes()));
            if key.is_root {
                touches.push(Touch::Root);
            }
        }
        self.people_written(&mut touches);
        let signing_keys = rows.signing_keys.iter().map(|it| it.id.clone());
        touches.extend(signing_keys.map(Touch::SigningKey));
        if rows.profile.is_some() {
            touches.push(Touch::Profile);
        }
        if let Some(claim) = &self.call.idempotency {
            touches.push(Touch::Claim(claim.scope.clone(), claim.key.clone()));
        }
        touches
    }

    fn people_written(&self, touches: &mut Vec<Touch>) {
        let rows = &self.rows;
        for member in &rows.members {
            touches.push(Touch::Member(member.id.clone()));
            if !rows.kept_roles.is_empty() {
                touches.push(Touch::Administrators(member.organization.clone()));
            }
            touches.push(Touch::Email(
                member.organization.clone(),
                member.email.folded(),
            ));
        }
        touches.extend(rows.left.iter().cloned().map(Touch::Member));
        touches.extend(
            rows.invitations
                .iter()
                .map(|it| Touch::Invitation(it.id.clone())),
        );
        touches.extend(
            rows.portal_sessions
                .iter()
                .map(|it| Touch::PortalSession(it.id.clone())),
        );
        touches.extend(
            rows.spent_link
                .iter()
                .map(|it| Touch::Digest(*it.digest.as_bytes())),
        );
    }

    /// What this change only relies on.
    pub(crate) fn reads(&self) -> Vec<Touch> {
        let mut touches = Vec::new();
        match &self.call.origin.actor {
            Actor::ManagementKey(id) => touches.push(Touch::ManagementKey(id.clone())),
            Actor::Member { id, .. } => touches.push(Touch::Member(id.clone())),
            Actor::PortalSession(id) => touches.push(Touch::PortalSession(id.clone())),
            Actor::Key(id) => touches.push(Touch::Key(id.clone())),
            Actor::ActingKey {
                id, organization, ..
            } => {
                touches.push(Touch::Key(id.clone()));
                touches.push(Touch::Organization(organization.clone()));
            }
            Actor::System => {}
        }
        if self.in_force.is_some() {
            touches.push(Touch::Profile);
        }
        for project in &self.rows.projects {
            touches.push(Touch::Organization(project.organization.clone()));
        }
        for resource in &self.rows.resources {
            touches.push(Touch::Organization(resource.organization.clone()));
            let project = resource.path.project().parse().ok();
            touches.extend(project.map(|id| Touch::Project(resource.organization.clone(), id)));
        }
        for key in self.rows.keys.iter().filter(|key| key.version == 1) {
            touches.push(Touch::Organization(key.organization.clone()));
            if let Some(project) = &key.project {
                touches.push(Touch::Project(key.organization.clone(), project.clone()));
            }
        }
        for key in &self.rows.management_keys {
            touches.extend(key.reach.organization().cloned().map(Touch::Organization));
        }
        let members = self.rows.members.iter().map(|it| &it.organization);
        let invitations = self.rows.invitations.iter().map(|it| &it.organization);
        touches.extend(members.chain(invitations).cloned().map(Touch::Organization));
        touches.extend(self.rows.for_members.iter().cloned().map(Touch::Member));
        // A person who becomes a member in the same transaction would be invited all the same.
        touches.extend(
            self.rows
                .invitations
                .iter()
                .map(|it| Touch::Email(it.organization.clone(), it.email.folded())),
        );
        for it in self
            .rows
            .portal_sessions
            .iter()
            .filter(|it| it.version == 1)
        {
            touches.push(Touch::Organization(it.organization.clone()));
            let project = it.project.iter().cloned();
            touches.extend(project.map(|id| Touch::Project(it.organization.clone(), id)));
        }
        touches
    }
}

/// Whether a key takes one of the places that the limit of its project grants.
pub(crate) fn counts(key: &Key, now: Timestamp) -> bool {
    is_kept(key) && !key.lifetime.has_ended(now)
}

/// Whether it takes one of those that the limit of its organization grants.
pub(crate) fn is_kept(key: &Key) -> bool {
    matches!(key.state, KeyState::Active | KeyState::Inactive { .. }) && key.successor.is_none()
}
