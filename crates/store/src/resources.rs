//! Resources that products told us of: rows, and what is done with them.

use std::collections::HashMap;
use std::sync::Arc;

use keyway_core::change::Change;
use keyway_core::id::OrganizationId;
use keyway_core::management::Reach;
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::resource::ResourcePath;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::keys::reach_text;
use crate::ledger::Committed;
use crate::page::{Cursor, Page};
use crate::statement::{Fields, padded, places, save_rows_of, statement};
use crate::writer::proposal::{Proposal, Rows};
use crate::writer::step::{Again, Step};

const TABLE: &str = "resources";
const COLUMNS: &[&str] = &[
    "organization",
    "path",
    "project",
    "name",
    "created_at",
    "removed_at",
    "version",
];

/// Which resources of those that a caller may see.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceFilter<'a> {
    pub organization: Option<&'a OrganizationId>,
    /// This path and what lies below it.
    pub within: Option<&'a ResourcePath>,
}

/// A resource that holds after it was told, and whether that call brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub resource: RegisteredResource,
    pub is_new: bool,
}

fn read(row: &AnyRow) -> Result<RegisteredResource, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    Ok(RegisteredResource {
        organization: fields.parse(0)?,
        path: fields.parse(1)?,
        name: fields.parse(3)?,
        created_at: Timestamp::from_micros(fields.int(4)?),
        removed_at: fields.int_or_null(5)?.map(Timestamp::from_micros),
        version: fields.int(6)?,
    })
}

/// False when a row was not at the version before.
pub(crate) async fn save(
    connection: &mut AnyConnection,
    resources: &[&RegisteredResource],
) -> Result<bool, StoreError> {
    let sql = save_rows_of(&["organization", "path"], TABLE, COLUMNS, resources.len());
    let mut query = statement(&sql);
    for resource in resources {
        query = query
            .bind(resource.organization.as_str())
            .bind(resource.path.as_str())
            .bind(resource.path.project())
            .bind(resource.name.as_str())
            .bind(resource.created_at.micros())
            .bind(resource.removed_at.map(Timestamp::micros))
            .bind(resource.version);
    }
    let saved = query.execute(connection).await?;
    Ok(saved.rows_affected() == resources.len() as u64)
}

/// Removed ones too.
pub(crate) async fn load(
    connection: &mut AnyConnection,
    organization: &OrganizationId,
    path: &ResourcePath,
) -> Result<Option<RegisteredResource>, StoreError> {
    let sql = format!(
        "SELECT {} FROM resources WHERE organization = $1 AND path = $2",
        COLUMNS.join(", ")
    );
    let row = statement(&sql)
        .bind(organization.as_str())
        .bind(path.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Versions by organization and path, of removed ones too: at least of those that are named by the two
/// lists together.
pub(crate) async fn load_versions(
    connection: &mut AnyConnection,
    organizations: &[&str],
    paths: &[&str],
) -> Result<HashMap<(String, String), i64>, StoreError> {
    let sql = format!(
        "SELECT organization, path, version FROM resources WHERE organization IN ({}) \
         AND path IN ({})",
        places(1, organizations.len()),
        places(organizations.len().next_power_of_two() + 1, paths.len())
    );
    let mut query = statement(&sql);
    for value in padded(organizations).chain(padded(paths)) {
        query = query.bind(*value);
    }
    let rows = query.fetch_all(connection).await?;
    let version = |row: &AnyRow| {
        let fields = Fields {
            row,
            table: TABLE,
            columns: &["organization", "path", "version"],
        };
        let pair = (fields.text(0)?.to_owned(), fields.text(1)?.to_owned());
        Ok((pair, fields.int(2)?))
    };
    rows.iter().map(version).collect()
}

impl Store {
    /// Keeps the name of a path, whether it was told before or not. `told` is at version 1;
    /// `expected` is the version that the caller saw, and another one refuses.
    ///
    /// Refuses with `OrganizationNotFound`, `ProjectNotFound` or `VersionMoved`.
    pub async fn put_resource(
        &self,
        by: &Call,
        told: RegisteredResource,
        expected: Option<i64>,
        now: Timestamp,
    ) -> Result<Committed<Told>, ChangeError> {
        let found = load(&mut *self.reader().await?, &told.organization, &told.path).await?;
        let (call, name) = (by.clone(), told.name.clone());
        let step = move |found: &RegisteredResource| {
            let named = found.clone().named(&name, now);
            Ok(named.map(|named| put_proposal(&call, found.removed_at.is_some(), named, now)))
        };
        match found {
            None if expected.is_some() => Err(self.refuse(Refusal::VersionMoved).await),
            None => {
                let proposal = put_proposal(by, true, told, now);
                self.commit_resource(proposal.again(Again::Resource(Arc::new(step))))
                    .await
            }
            Some(found) => self.change_resource(found, expected, step).await,
        }
    }

    /// One that is not gone, if `reach` may see it.
    pub async fn find_resource(
        &self,
        reach: &Reach,
        organization: &OrganizationId,
        path: &ResourcePath,
    ) -> Result<Option<RegisteredResource>, StoreError> {
        let is_visible = reach.covers(organization)
            && projects_of(reach).is_none_or(|mut own| own.any(|it| it == path.project()));
        if !is_visible {
            return Ok(None);
        }
        let found = load(&mut *self.reader().await?, organization, path).await?;
        Ok(found.filter(|it| it.removed_at.is_none()))
    }

    /// Newest first.
    pub async fn list_resources(
        &self,
        reach: &Reach,
        filter: ResourceFilter<'_>,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<RegisteredResource>, StoreError> {
        let projects: Option<Vec<&str>> = projects_of(reach).map(Iterator::collect);
        let sql = list_sql(projects.as_ref().map(Vec::len));
        let mut query = statement(&sql)
            .bind(reach_text(reach))
            .bind(filter.organization.map(OrganizationId::as_str))
            .bind(filter.within.map(ResourcePath::as_str))
            .bind(Cursor::created_at(cursor))
            .bind(Cursor::id(cursor))
            .bind(Page::<RegisteredResource>::rows_asked(limit));
        for project in projects.into_iter().flatten() {
            query = query.bind(project);
        }
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        let found: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(Page::cut(found?, limit, |it| {
            (it.created_at, format!("{}/{}", it.organization, it.path))
        }))
    }

    /// Forgets a path; keys that reach it reach it still. Refuses with `ResourceNotFound` or
    /// `VersionMoved`.
    pub async fn remove_resource(
        &self,
        by: &Call,
        organization: &OrganizationId,
        path: &ResourcePath,
        expected: Option<i64>,
        now: Timestamp,
    ) -> Result<Committed<RegisteredResource>, ChangeError> {
        let found = load(&mut *self.reader().await?, organization, path).await?;
        let Some(found) = found.filter(|it| it.removed_at.is_none()) else {
            return Err(self.refuse(Refusal::ResourceNotFound).await);
        };
        let by = by.clone();
        let step = move |found: &RegisteredResource| {
            let removed = found.clone().remove(now).ok_or(Refusal::ResourceNotFound)?;
            Ok(Some(removal(&by, removed, now)))
        };
        let done = self.change_resource(found, expected, step).await?;
        Ok(done.map(|told| told.resource))
    }

    async fn change_resource(
        &self,
        found: RegisteredResource,
        expected: Option<i64>,
        step: impl Fn(&RegisteredResource) -> Result<Option<Proposal>, Refusal> + Send + Sync + 'static,
    ) -> Result<Committed<Told>, ChangeError> {
        let is_seen = found.removed_at.is_none().then_some(found.version);
        if expected.is_some() && expected != is_seen {
            return Err(self.refuse(Refusal::VersionMoved).await);
        }
        let proposal = match step(&found) {
            Ok(Some(proposal)) => proposal,
            Ok(None) => {
                let (resource, is_new) = (found, false);
                return self.unchanged(Told { resource, is_new }).await;
            }
            Err(refusal) => return Err(self.refuse(refusal).await),
        };
        let again: Arc<Step<RegisteredResource>> = Arc::new(step);
        self.commit_resource(match expected {
            Some(_) => proposal,
            None => proposal.again(Again::Resource(again)),
        })
        .await
    }

    async fn commit_resource(&self, proposal: Proposal) -> Result<Committed<Told>, ChangeError> {
        let proposed = proposal.rows.resources.clone();
        let is_creation = matches!(proposal.change, Change::ResourceCreated { .. });
        let receipt = self.writer.commit(proposal).await?;
        // Others were first where the rows are not the proposed ones.
        let is_new = is_creation && receipt.rows.is_none();
        let rows = receipt.rows.map_or(proposed, |rows| rows.resources);
        match rows.into_iter().next() {
            Some(resource) => Ok(Committed::new(Told { resource, is_new }, receipt.head)),
            None => Err(StoreError::ImpossibleRow {
                table: TABLE,
                column: "path",
                fault: "a change saved other rows than it proposed".to_owned(),
            }
            .into()),
        }
    }
}

/// The projects that a caller sees alone; None where it sees all of an organization.
fn projects_of(reach: &Reach) -> Option<impl Iterator<Item = &str>> {
    match reach {
        Reach::All | Reach::One(_) => None,
        Reach::Part(part) => {
            let projects = part.projects.as_ref()?;
            Some(projects.iter().map(keyway_core::id::ProjectId::as_str))
        }
    }
}

fn list_sql(projects: Option<usize>) -> String {
    let in_projects = match projects {
        None => String::new(),
        // Nothing is in an empty list, in words that both engines take.
        Some(0) => " AND project IN (NULL)".to_owned(),
        Some(count) => {
            let numbers: Vec<String> = (7..7 + count).map(|number| format!("${number}")).collect();
            format!(" AND project IN ({})", numbers.join(", "))
        }
    };
    // What lies below a path begins with it and a slash; `0` is the character after the slash.
    format!(
        "SELECT {} FROM resources WHERE (organization = $1 OR $1 IS NULL) \
         AND (organization = $2 OR $2 IS NULL) AND removed_at IS NULL \
         AND ($3 IS NULL OR path = $3 OR (path > $3 || '/' AND path < $3 || '0')) \
         AND created_at <= $4 AND (created_at < $4 OR organization || '/' || path < $5)\
         {in_projects} ORDER BY created_at DESC, organization || '/' || path DESC LIMIT $6",
        COLUMNS.join(", ")
    )
}

fn put_proposal(by: &Call, is_new: bool, resource: RegisteredResource, now: Timestamp) -> Proposal {
    let (organization, path) = (resource.organization.clone(), resource.path.clone());
    let change = if is_new {
        Change::ResourceCreated { organization, path }
    } else {
        Change::ResourceUpdated { organization, path }
    };
    proposal(by, change, resource, now)
}

fn removal(by: &Call, resource: RegisteredResource, now: Timestamp) -> Proposal {
    let change = Change::ResourceDeleted {
        organization: resource.organization.clone(),
        path: resource.path.clone(),
    };
    proposal(by, change, resource, now)
}

fn proposal(by: &Call, change: Change, resource: RegisteredResource, now: Timestamp) -> Proposal {
    let name = resource.name.clone();
    let rows = Rows {
        resources: vec![resource],
        ..Rows::default()
    };
    Proposal::new(by, change, rows, now).personal("name", Some(name.as_str()))
}
