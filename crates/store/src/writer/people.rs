//! The facts about people that a batch relies on, and what they decide. Changes to people are rare, so
//! each kind is asked for only where a change names one.

use std::collections::{HashMap, HashSet};

use keyway_core::actor::Actor;
use keyway_core::grant::RoleName;
use keyway_core::id::{MemberId, OrganizationId};
use keyway_core::member::Member;
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use sqlx::AnyConnection;

use super::facts::{Facts, pair_lists, rows_by_digest, rows_by_text, split};
use super::guard::follows;
use super::proposal::Proposal;
use crate::error::{Refusal, StoreError};
use crate::links::SpentLink;
use crate::passwords::Password;
use crate::statement::{Fields, padded, statement};

/// Longest list of values in one statement.
const LIST_MAX: usize = 256;

#[derive(Debug)]
struct MemberFact {
    version: i64,
    is_active: bool,
}

#[derive(Debug)]
struct PortalFact {
    version: i64,
    is_revoked: bool,
    expires_at: i64,
}

#[derive(Debug)]
struct LinkFact {
    kind: String,
    subject: String,
    expires_at: i64,
    is_spent: bool,
}

#[derive(Debug, Default)]
pub(crate) struct PeopleFacts {
    members: HashMap<String, MemberFact>,
    /// Organization and folded address of members that stand, to their id.
    emails: HashMap<(String, String), String>,
    /// Organization to the members that stand in one of the roles that were asked for, and the role.
    administrators: HashMap<String, Vec<(String, String)>>,
    invitations: HashMap<String, i64>,
    portal_sessions: HashMap<String, PortalFact>,
    links: HashMap<[u8; 32], LinkFact>,
    /// Member to the hash of the password, where there is one.
    passwords: HashMap<String, String>,
    sessions: HashSet<[u8; 32]>,
}

/// What to ask for, without repetition.
#[derive(Default)]
pub(super) struct AskedPeople<'a> {
    members: HashSet<&'a str>,
    emails: HashSet<String>,
    /// Organizations, and roles that one member there has to keep.
    kept_roles: HashSet<(&'a str, &'a str)>,
    invitations: HashSet<&'a str>,
    portal_sessions: HashSet<&'a str>,
    links: HashSet<&'a [u8; 32]>,
    passwords: HashSet<&'a str>,
    sessions: HashSet<&'a [u8; 32]>,
}

impl<'a> AskedPeople<'a> {
    pub(super) fn add(&mut self, proposal: &'a Proposal) {
        match &proposal.call.origin.actor {
            Actor::Member { id, .. } => {
                self.members.insert(id.as_str());
            }
            Actor::PortalSession(id) => {
                self.portal_sessions.insert(id.as_str());
            }
            Actor::ManagementKey(_) | Actor::Key(_) | Actor::ActingKey { .. } | Actor::System => {}
        }
        let rows = &proposal.rows;
        self.members
            .extend(rows.for_members.iter().map(MemberId::as_str));
        self.passwords
            .extend(rows.known_passwords.iter().map(|it| it.member.as_str()));
        self.sessions
            .extend(rows.for_session.iter().map(Digest::as_bytes));
        for member in &rows.members {
            self.members.insert(member.id.as_str());
            self.emails.insert(member.email.folded());
            let organization = member.organization.as_str();
            let kept = rows.kept_roles.iter();
            self.kept_roles
                .extend(kept.map(|role| (organization, role.as_str())));
        }
        for invitation in &rows.invitations {
            self.invitations.insert(invitation.id.as_str());
            self.emails.insert(invitation.email.folded());
        }
        self.portal_sessions
            .extend(rows.portal_sessions.iter().map(|it| it.id.as_str()));
        self.links
            .extend(rows.spent_link.iter().map(|it| it.digest.as_bytes()));
    }
}

/// Whose rows a change of people needs to be there.
pub(super) fn organizations(proposal: &Proposal) -> impl Iterator<Item = &OrganizationId> {
    let rows = &proposal.rows;
    let members = rows.members.iter().map(|it| &it.organization);
    let invitations = rows.invitations.iter().map(|it| &it.organization);
    members
        .chain(invitations)
        .chain(rows.portal_sessions.iter().map(|it| &it.organization))
}

pub(super) async fn load(
    connection: &mut AnyConnection,
    asked: &AskedPeople<'_>,
    facts: &mut PeopleFacts,
) -> Result<(), StoreError> {
    load_members(connection, asked, facts).await?;
    load_administrators(connection, asked, facts).await?;
    let select = "SELECT id, version FROM invitations WHERE id";
    for row in &rows_by_text(connection, select, &asked.invitations, LIST_MAX).await? {
        let fields = Fields {
            row,
            table: "invitations",
            columns: &["id", "version"],
        };
        facts
            .invitations
            .insert(fields.text(0)?.to_owned(), fields.int(1)?);
    }
    let select = "SELECT id, version, state, expires_at FROM portal_sessions WHERE id";
    for row in &rows_by_text(connection, select, &asked.portal_sessions, LIST_MAX).await? {
        let columns = &["id", "version", "state", "expires_at"];
        let fields = Fields {
            row,
            table: "portal_sessions",
            columns,
        };
        let fact = PortalFact {
            version: fields.int(1)?,
            is_revoked: fields.text(2)? == "revoked",
            expires_at: fields.int(3)?,
        };
        facts
            .portal_sessions
            .insert(fields.text(0)?.to_owned(), fact);
    }
    let select = "SELECT digest, kind, subject, expires_at, spent_at FROM links WHERE digest";
    for row in &rows_by_digest(connection, select, &asked.links, LIST_MAX).await? {
        let columns = &["digest", "kind", "subject", "expires_at", "spent_at"];
        let fields = Fields {
            row,
            table: "links",
            columns,
        };
        let fact = LinkFact {
            kind: fields.text(1)?.to_owned(),
            subject: fields.text(2)?.to_owned(),
            expires_at: fields.int(3)?,
            is_spent: fields.int_or_null(4)?.is_some(),
        };
        facts.links.insert(fields.hash(0)?, fact);
    }
    load_ways_in(connection, asked, facts).await
}

async fn load_ways_in(
    connection: &mut AnyConnection,
    asked: &AskedPeople<'_>,
    facts: &mut PeopleFacts,
) -> Result<(), StoreError> {
    let select = "SELECT member, hash FROM passwords WHERE member";
    for row in &rows_by_text(connection, select, &asked.passwords, LIST_MAX).await? {
        let fields = Fields {
            row,
            table: "passwords",
            columns: &["member", "hash"],
        };
        let (member, hash) = (fields.text(0)?.to_owned(), fields.text(1)?.to_owned());
        facts.passwords.insert(member, hash);
    }
    let select = "SELECT digest FROM sessions WHERE digest";
    for row in &rows_by_digest(connection, select, &asked.sessions, LIST_MAX).await? {
        let fields = Fields {
            row,
            table: "sessions",
            columns: &["digest"],
        };
        facts.sessions.insert(fields.hash(0)?);
    }
    Ok(())
}

async fn load_members(
    connection: &mut AnyConnection,
    asked: &AskedPeople<'_>,
    facts: &mut PeopleFacts,
) -> Result<(), StoreError> {
    let select = "SELECT id, version, state FROM members WHERE id";
    for row in &rows_by_text(connection, select, &asked.members, LIST_MAX).await? {
        let fields = Fields {
            row,
            table: "members",
            columns: &["id", "version", "state"],
        };
        let fact = MemberFact {
            version: fields.int(1)?,
            is_active: fields.text(2)? == "active",
        };
        facts.members.insert(fields.text(0)?.to_owned(), fact);
    }
    let emails = asked.emails.iter().map(String::as_str).collect();
    let select = "SELECT organization, email_folded, id FROM members WHERE state = 'active' \
                  AND email_folded";
    for row in &rows_by_text(connection, select, &emails, LIST_MAX).await? {
        let columns = &["organization", "email_folded", "id"];
        let fields = Fields {
            row,
            table: "members",
            columns,
        };
        let place = (fields.text(0)?.to_owned(), fields.text(1)?.to_owned());
        facts.emails.insert(place, fields.text(2)?.to_owned());
    }
    Ok(())
}

async fn load_administrators(
    connection: &mut AnyConnection,
    asked: &AskedPeople<'_>,
    facts: &mut PeopleFacts,
) -> Result<(), StoreError> {
    if asked.kept_roles.is_empty() {
        return Ok(());
    }
    let (organizations, roles) = split(&asked.kept_roles);
    let lists = pair_lists("organization", "role", organizations.len(), roles.len());
    let sql =
        format!("SELECT organization, id, role FROM members WHERE state = 'active' AND {lists}");
    let mut query = statement(&sql);
    for value in padded(&organizations).chain(padded(&roles)) {
        query = query.bind(*value);
    }
    for row in &query.fetch_all(connection).await? {
        let fields = Fields {
            row,
            table: "members",
            columns: &["organization", "id", "role"],
        };
        let organization = fields.text(0)?.to_owned();
        let member = (fields.text(1)?.to_owned(), fields.text(2)?.to_owned());
        let known = facts.administrators.entry(organization).or_default();
        known.push(member);
    }
    Ok(())
}

/// Whether a person or a portal session may still act.
pub(super) fn actor_stands(facts: &Facts, proposal: &Proposal) -> bool {
    let people = &facts.people;
    match &proposal.call.origin.actor {
        // Another version may hold another role than the one that was authorized.
        Actor::Member { id, version } => people
            .members
            .get(id.as_str())
            .is_some_and(|fact| fact.is_active && fact.version == *version),
        Actor::PortalSession(id) => people
            .portal_sessions
            .get(id.as_str())
            .is_some_and(|fact| !fact.is_revoked && fact.expires_at > proposal.now.micros()),
        Actor::ManagementKey(_) | Actor::Key(_) | Actor::ActingKey { .. } | Actor::System => false,
    }
}

impl PeopleFacts {
    pub(super) fn member_version(&self, id: &MemberId) -> Option<i64> {
        self.members.get(id.as_str()).map(|fact| fact.version)
    }

    fn opens(&self, link: &SpentLink, now: Timestamp) -> bool {
        self.links.get(link.digest.as_bytes()).is_some_and(|fact| {
            !fact.is_spent
                && fact.expires_at > now.micros()
                && fact.kind == link.kind.as_str()
                && fact.subject == link.subject
        })
    }
}

pub(super) fn decide(facts: &Facts, proposal: &Proposal) -> Result<(), Refusal> {
    let people = &facts.people;
    decide_ways_in(people, proposal)?;
    for organization in organizations(proposal) {
        if !facts.organizations.contains_key(organization.as_str()) {
            return Err(Refusal::OrganizationNotFound);
        }
    }
    decide_members(people, proposal)?;
    decide_invitations(people, proposal)?;
    decide_portal_sessions(facts, proposal)
}

fn decide_ways_in(people: &PeopleFacts, proposal: &Proposal) -> Result<(), Refusal> {
    let rows = &proposal.rows;
    let stands = |id: &MemberId| {
        people
            .members
            .get(id.as_str())
            .is_some_and(|it| it.is_active)
    };
    if !rows.for_members.iter().all(stands) {
        return Err(Refusal::MemberNotFound);
    }
    if let Some(link) = &rows.spent_link
        && !people.opens(link, proposal.now)
    {
        return Err(Refusal::LinkDead);
    }
    let goes_on = |it: &Digest| people.sessions.contains(it.as_bytes());
    if !rows.for_session.iter().all(goes_on) {
        return Err(Refusal::ActorGone);
    }
    let is_still = |it: &Password| people.passwords.get(it.member.as_str()) == it.hash.as_ref();
    if !rows.known_passwords.iter().all(is_still) {
        return Err(Refusal::PasswordMoved);
    }
    Ok(())
}

fn decide_members(people: &PeopleFacts, proposal: &Proposal) -> Result<(), Refusal> {
    for member in &proposal.rows.members {
        follows(member.version, people.member_version(&member.id))?;
        let place = (member.organization.to_string(), member.email.folded());
        let holder = people.emails.get(&place);
        if member.is_active() && holder.is_some_and(|holder| holder != member.id.as_str()) {
            return Err(Refusal::EmailTaken);
        }
        keep_administrator(people, member, &proposal.rows.kept_roles)?;
    }
    Ok(())
}

fn keep_administrator(
    people: &PeopleFacts,
    member: &Member,
    kept: &[RoleName],
) -> Result<(), Refusal> {
    let administers = |role: &str| kept.iter().any(|it| it.as_str() == role);
    let known = people.administrators.get(member.organization.as_str());
    let known = known.map(Vec::as_slice).unwrap_or_default();
    let mut present = known.iter().filter(|(_, role)| administers(role));
    let stays = member.is_active() && administers(member.bindings.organization.as_str());
    // An organization without any has nobody to keep.
    let is_alone = present.clone().any(|(id, _)| id == member.id.as_str())
        && present.all(|(id, _)| id == member.id.as_str());
    if is_alone && !stays {
        return Err(Refusal::LastAdministrator);
    }
    Ok(())
}

fn decide_invitations(people: &PeopleFacts, proposal: &Proposal) -> Result<(), Refusal> {
    for invitation in &proposal.rows.invitations {
        let found = people.invitations.get(invitation.id.as_str()).copied();
        follows_or_dead(proposal, invitation.version, found)?;
        let place = (
            invitation.organization.to_string(),
            invitation.email.folded(),
        );
        if invitation.version == 1 && people.emails.contains_key(&place) {
            return Err(Refusal::EmailTaken);
        }
    }
    Ok(())
}

fn decide_portal_sessions(facts: &Facts, proposal: &Proposal) -> Result<(), Refusal> {
    for session in &proposal.rows.portal_sessions {
        let found = facts.people.portal_sessions.get(session.id.as_str());
        follows_or_dead(proposal, session.version, found.map(|fact| fact.version))?;
        let place = session.project.as_ref();
        let place = place.map(|id| (session.organization.to_string(), id.to_string()));
        if session.version == 1 && place.is_some_and(|it| !facts.projects.contains(&it)) {
            return Err(Refusal::ProjectNotFound);
        }
    }
    Ok(())
}

/// What a link leads to and has moved on was opened or ended meanwhile, so the link is dead.
fn follows_or_dead(proposal: &Proposal, version: i64, found: Option<i64>) -> Result<(), Refusal> {
    follows(version, found).map_err(|refusal| match &proposal.rows.spent_link {
        Some(_) => Refusal::LinkDead,
        None => refusal,
    })
}
