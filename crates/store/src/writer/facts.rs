//! What the database says, under the head lock, about everything that a batch relies on.
//!
//! One query for each kind of fact, for the whole batch; kinds that no change asks about cost none.

mod organizations;

use std::collections::{HashMap, HashSet};

use keyway_core::actor::Actor;
use keyway_core::id::OrganizationId;
use keyway_core::key::Key;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::limits;
use super::people::{self, AskedPeople, PeopleFacts};
use super::proposal::Proposal;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::profile::InForce;
use crate::statement::{Fields, padded, places, statement};
use crate::{resources, signing_keys};

#[derive(Debug)]
pub(crate) struct KeyFact {
    pub(crate) organization: String,
    pub(crate) version: i64,
    pub(crate) is_alive: bool,
    pub(crate) has_successor: bool,
    pub(crate) expires_at: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct ManagementFact {
    pub(crate) version: i64,
    pub(crate) is_active: bool,
    pub(crate) expires_at: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) organizations: HashMap<String, i64>,
    pub(crate) suspended: HashSet<String>,
    /// External id to the organization that has it.
    pub(crate) external_ids: HashMap<String, String>,
    pub(crate) projects: HashSet<(String, String)>,
    /// The version, by organization and path; removed ones too.
    pub(crate) resources: HashMap<(String, String), i64>,
    pub(crate) keys: HashMap<String, KeyFact>,
    pub(crate) digests: HashSet<[u8; 32]>,
    pub(crate) management_keys: HashMap<String, ManagementFact>,
    pub(crate) management_digests: HashSet<[u8; 32]>,
    pub(crate) active_roots: HashSet<String>,
    /// The version by id.
    pub(crate) signing_keys: HashMap<String, i64>,
    /// 0 before the first profile.
    pub(crate) profile_version: i64,
    /// Keys that count against the limit, by organization and project.
    pub(crate) active: HashMap<(String, String), i64>,
    /// Keys that count against the limit, by organization.
    pub(crate) kept: HashMap<String, i64>,
    pub(crate) claims: HashSet<(String, String)>,
    pub(crate) people: PeopleFacts,
}

/// What to ask for, without repetition.
struct Asked<'a> {
    /// Longest list of values in one statement.
    list_max: usize,
    organizations: HashSet<&'a str>,
    external_ids: HashSet<&'a str>,
    projects: HashSet<(&'a str, &'a str)>,
    resources: HashSet<(&'a str, &'a str)>,
    keys: HashSet<&'a str>,
    digests: HashSet<&'a [u8; 32]>,
    management_keys: HashSet<&'a str>,
    management_digests: HashSet<&'a [u8; 32]>,
    limited: HashSet<(&'a str, &'a str)>,
    limited_organizations: HashSet<&'a str>,
    claims: HashSet<(&'a str, &'a str)>,
    people: AskedPeople<'a>,
    wants_profile: bool,
    wants_roots: bool,
    wants_signing_keys: bool,
}

impl<'a> Asked<'a> {
    fn of(engine: Engine, proposals: &[&'a Proposal]) -> Self {
        let mut asked = Self {
            list_max: engine.parameters_max().min(1_024),
            organizations: HashSet::new(),
            external_ids: HashSet::new(),
            projects: HashSet::new(),
            resources: HashSet::new(),
            keys: HashSet::new(),
            digests: HashSet::new(),
            management_keys: HashSet::new(),
            management_digests: HashSet::new(),
            limited: HashSet::new(),
            limited_organizations: HashSet::new(),
            claims: HashSet::new(),
            people: AskedPeople::default(),
            wants_profile: false,
            wants_roots: false,
            wants_signing_keys: false,
        };
        for proposal in proposals {
            asked.add(proposal);
        }
        asked
    }

    fn add(&mut self, proposal: &'a Proposal) {
        match &proposal.call.origin.actor {
            Actor::ManagementKey(id) => {
                self.management_keys.insert(id.as_str());
            }
            Actor::Key(id) => {
                self.keys.insert(id.as_str());
            }
            Actor::ActingKey {
                id, organization, ..
            } => {
                self.keys.insert(id.as_str());
                self.organizations.insert(organization.as_str());
            }
            Actor::Member { .. } | Actor::PortalSession(_) | Actor::System => {}
        }
        self.people.add(proposal);
        for organization in people::organizations(proposal) {
            self.organizations.insert(organization.as_str());
        }
        for session in proposal
            .rows
            .portal_sessions
            .iter()
            .filter(|it| it.version == 1)
        {
            let project = session.project.as_ref();
            self.projects
                .extend(project.map(|it| (session.organization.as_str(), it.as_str())));
        }
        if let Some(claim) = &proposal.call.idempotency {
            self.claims.insert((&claim.scope, &claim.key));
        }
        self.wants_signing_keys |= !proposal.rows.signing_keys.is_empty();
        self.wants_profile |= proposal.in_force.is_some() || proposal.rows.profile.is_some();
        for organization in &proposal.rows.organizations {
            self.organizations.insert(organization.id.as_str());
            if let Some(external_id) = &organization.external_id {
                self.external_ids.insert(external_id.as_str());
            }
        }
        for resource in &proposal.rows.resources {
            let organization = resource.organization.as_str();
            self.organizations.insert(organization);
            self.projects
                .insert((organization, resource.path.project()));
            self.resources
                .insert((organization, resource.path.as_str()));
        }
        for project in &proposal.rows.projects {
            self.organizations.insert(project.organization.as_str());
            self.projects
                .insert((project.organization.as_str(), project.id.as_str()));
        }
        for key in &proposal.rows.keys {
            self.add_key(key, proposal.in_force.as_ref());
        }
        for key in &proposal.rows.management_keys {
            self.management_keys.insert(key.id.as_str());
            if key.version == 1 {
                self.management_digests.insert(key.digest.as_bytes());
                self.wants_roots |= key.is_root;
            }
            self.organizations
                .extend(key.reach.organization().map(OrganizationId::as_str));
        }
    }

    fn add_key(&mut self, key: &'a Key, limits: Option<&InForce>) {
        let organization = key.organization.as_str();
        self.keys.insert(key.id.as_str());
        if key.version == 1 {
            self.digests.insert(key.digest.as_bytes());
            self.organizations.insert(organization);
        }
        if let Some(project) = &key.project {
            if key.version == 1 {
                self.projects.insert((organization, project.as_str()));
            }
            if limits.is_some_and(|it| it.active_keys_per_project.is_some()) {
                self.limited.insert((organization, project.as_str()));
            }
        }
        if limits.is_some_and(|it| it.keys_per_organization.is_some()) {
            self.limited_organizations.insert(organization);
        }
    }
}

/// Reads all facts. `now` is the earliest time in the batch.
pub(crate) async fn load(
    engine: Engine,
    connection: &mut AnyConnection,
    proposals: &[&Proposal],
    now: Timestamp,
) -> Result<Facts, StoreError> {
    let asked = Asked::of(engine, proposals);
    let mut facts = Facts::default();
    load_keys(connection, &asked, &mut facts).await?;
    organizations::load(connection, &asked, &mut facts).await?;
    load_projects(connection, &asked, &mut facts).await?;
    load_resources(connection, &asked, &mut facts).await?;
    load_management_keys(connection, &asked, &mut facts).await?;
    let limited = &asked.limited;
    facts.active = limits::load_of_projects(&mut *connection, limited, now).await?;
    let limited = &asked.limited_organizations;
    facts.kept = limits::load_of_organizations(&mut *connection, limited, asked.list_max).await?;
    load_claims(connection, &asked, &mut facts).await?;
    people::load(connection, &asked.people, &mut facts.people).await?;
    if asked.wants_signing_keys {
        let all = signing_keys::load(&mut *connection).await?;
        let versions = all.iter().map(|it| (it.id.to_string(), it.version));
        facts.signing_keys = versions.collect();
    }
    if asked.wants_profile {
        let version = sqlx::query_scalar("SELECT version FROM profile WHERE id = 1");
        facts.profile_version = version.fetch_optional(&mut *connection).await?.unwrap_or(0);
    }
    Ok(facts)
}

/// Runs `SELECT … WHERE column IN (…)` for lists of texts of any length.
pub(super) async fn rows_by_text(
    connection: &mut AnyConnection,
    select: &str,
    values: &HashSet<&str>,
    list_max: usize,
) -> Result<Vec<AnyRow>, sqlx::Error> {
    let values: Vec<&str> = values.iter().copied().collect();
    let mut rows = Vec::new();
    for chunk in values.chunks(list_max) {
        let sql = format!("{select} IN ({})", places(1, chunk.len()));
        let mut query = statement(&sql);
        for value in padded(chunk) {
            query = query.bind(*value);
        }
        rows.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}

pub(super) async fn rows_by_digest(
    connection: &mut AnyConnection,
    select: &str,
    values: &HashSet<&[u8; 32]>,
    list_max: usize,
) -> Result<Vec<AnyRow>, sqlx::Error> {
    let values: Vec<&[u8; 32]> = values.iter().copied().collect();
    let mut rows = Vec::new();
    for chunk in values.chunks(list_max) {
        let sql = format!("{select} IN ({})", places(1, chunk.len()));
        let mut query = statement(&sql);
        for value in padded(chunk) {
            query = query.bind(value.to_vec());
        }
        rows.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}

async fn load_keys(
    connection: &mut AnyConnection,
    asked: &Asked<'_>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    let columns = &[
        "id",
        "organization",
        "version",
        "state",
        "successor",
        "expires_at",
    ];
    let select =
        "SELECT id, organization, version, state, successor, expires_at FROM keys WHERE id";
    for row in &rows_by_text(connection, select, &asked.keys, asked.list_max).await? {
        let fields = Fields {
            row,
            table: "keys",
            columns,
        };
        let fact = KeyFact {
            organization: fields.text(1)?.to_owned(),
            version: fields.int(2)?,
            is_alive: matches!(fields.text(3)?, "active" | "inactive"),
            has_successor: fields.text_or_null(4)?.is_some(),
            expires_at: fields.int_or_null(5)?,
        };
        facts.keys.insert(fields.text(0)?.to_owned(), fact);
    }
    let select = "SELECT digest FROM keys WHERE digest";
    for row in &rows_by_digest(connection, select, &asked.digests, asked.list_max).await? {
        let fields = Fields {
            row,
            table: "keys",
            columns: &["digest"],
        };
        facts.digests.insert(fields.hash(0)?);
    }
    Ok(())
}

/// The organizations and the ids of a set of pairs, each without repetition.
pub(super) fn split<'a>(pairs: &HashSet<(&'a str, &'a str)>) -> (Vec<&'a str>, Vec<&'a str>) {
    let unique = |values: HashSet<&'a str>| values.into_iter().collect();
    (
        unique(pairs.iter().map(|it| it.0).collect()),
        unique(pairs.iter().map(|it| it.1).collect()),
    )
}

/// `first IN (…) AND second IN (…)`: some rows more than the pairs that were asked for, no fewer.
pub(super) fn pair_lists(first: &str, second: &str, firsts: usize, seconds: usize) -> String {
    let next = firsts.next_power_of_two() + 1;
    format!(
        "{first} IN ({}) AND {second} IN ({})",
        places(1, firsts),
        places(next, seconds)
    )
}

async fn load_projects(
    connection: &mut AnyConnection,
    asked: &Asked<'_>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    if asked.projects.is_empty() {
        return Ok(());
    }
    let (organizations, ids) = split(&asked.projects);
    let lists = pair_lists("organization", "id", organizations.len(), ids.len());
    let sql = format!("SELECT organization, id FROM projects WHERE {lists}");
    let mut query = statement(&sql);
    for value in padded(&organizations).chain(padded(&ids)) {
        query = query.bind(*value);
    }
    for row in &query.fetch_all(connection).await? {
        let fields = Fields {
            row,
            table: "projects",
            columns: &["organization", "id"],
        };
        facts
            .projects
            .insert((fields.text(0)?.to_owned(), fields.text(1)?.to_owned()));
    }
    Ok(())
}

async fn load_resources(
    connection: &mut AnyConnection,
    asked: &Asked<'_>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    if !asked.resources.is_empty() {
        let (organizations, paths) = split(&asked.resources);
        facts.resources = resources::load_versions(connection, &organizations, &paths).await?;
    }
    Ok(())
}

async fn load_management_keys(
    connection: &mut AnyConnection,
    asked: &Asked<'_>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    let columns = &["id", "version", "state", "expires_at"];
    let select = "SELECT id, version, state, expires_at FROM management_keys WHERE id";
    for row in &rows_by_text(connection, select, &asked.management_keys, asked.list_max).await? {
        let fields = Fields {
            row,
            table: "management_keys",
            columns,
        };
        let fact = ManagementFact {
            version: fields.int(1)?,
            is_active: fields.text(2)? == "active",
            expires_at: fields.int_or_null(3)?,
        };
        facts
            .management_keys
            .insert(fields.text(0)?.to_owned(), fact);
    }
    let select = "SELECT digest FROM management_keys WHERE digest";
    for row in &rows_by_digest(
        connection,
        select,
        &asked.management_digests,
        asked.list_max,
    )
    .await?
    {
        let fields = Fields {
            row,
            table: "management_keys",
            columns: &["digest"],
        };
        facts.management_digests.insert(fields.hash(0)?);
    }
    if asked.wants_roots {
        let sql = "SELECT id FROM management_keys WHERE is_root = 1 AND state = 'active'";
        for row in &statement(sql).fetch_all(connection).await? {
            let fields = Fields {
                row,
                table: "management_keys",
                columns: &["id"],
            };
            facts.active_roots.insert(fields.text(0)?.to_owned());
        }
    }
    Ok(())
}

async fn load_claims(
    connection: &mut AnyConnection,
    asked: &Asked<'_>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    if asked.claims.is_empty() {
        return Ok(());
    }
    let (scopes, keys) = split(&asked.claims);
    let lists = pair_lists("scope", "key", scopes.len(), keys.len());
    let sql = format!("SELECT scope, key FROM idempotency WHERE {lists}");
    let mut query = statement(&sql);
    for value in padded(&scopes).chain(padded(&keys)) {
        query = query.bind(*value);
    }
    for row in &query.fetch_all(connection).await? {
        let fields = Fields {
            row,
            table: "idempotency",
            columns: &["scope", "key"],
        };
        facts
            .claims
            .insert((fields.text(0)?.to_owned(), fields.text(1)?.to_owned()));
    }
    Ok(())
}
