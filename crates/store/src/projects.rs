//! Projects: rows, and what is done with them.

use keyway_core::change::Change;
use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::management::Reach;
use keyway_core::organization::Project;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, StoreError};
use crate::keys::reach_text;
use crate::ledger::Committed;
use crate::page::{Cursor, Page};
use crate::statement::{Fields, insert_rows, padded, places, push, statement};
use crate::writer::proposal::{Proposal, Rows};

const TABLE: &str = "projects";
const COLUMNS: &[&str] = &[
    "organization",
    "id",
    "name",
    "environment",
    "created_at",
    "version",
];

fn read(row: &AnyRow) -> Result<Project, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    Ok(Project {
        organization: fields.parse(0)?,
        id: fields.parse(1)?,
        name: fields.parse(2)?,
        environment: fields.text_or_null(3)?.map(str::to_owned),
        created_at: Timestamp::from_micros(fields.int(4)?),
        version: fields.int(5)?,
    })
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    projects: &[&Project],
) -> Result<(), StoreError> {
    let sql = insert_rows(TABLE, COLUMNS, projects.len());
    let mut query = statement(&sql);
    for project in projects {
        query = query
            .bind(project.organization.as_str())
            .bind(project.id.as_str())
            .bind(project.name.as_str())
            .bind(project.environment.as_deref())
            .bind(project.created_at.micros())
            .bind(project.version);
    }
    query.execute(connection).await?;
    Ok(())
}

/// All projects, or those with one of these ids in one of these organizations (and perhaps some
/// more, where two organizations have the same id).
pub(crate) async fn load(
    connection: &mut AnyConnection,
    named: Option<(&[&str], &[&str])>,
) -> Result<Vec<Project>, StoreError> {
    let mut sql = format!("SELECT {} FROM projects", COLUMNS.join(", "));
    let (organizations, ids) = named.unwrap_or_default();
    if named.is_some() {
        let next = organizations.len().next_power_of_two() + 1;
        push(
            &mut sql,
            format_args!(
                " WHERE organization IN ({}) AND id IN ({})",
                places(1, organizations.len()),
                places(next, ids.len())
            ),
        );
    }
    sql.push_str(" ORDER BY organization, id");
    let mut query = statement(&sql);
    for value in padded(organizations).chain(padded(ids)) {
        query = query.bind(*value);
    }
    query
        .fetch_all(connection)
        .await?
        .iter()
        .map(read)
        .collect()
}

impl Store {
    /// Refuses with [`crate::error::Refusal::OrganizationNotFound`] or
    /// [`crate::error::Refusal::IdTaken`].
    pub async fn create_project(
        &self,
        by: &Call,
        project: Project,
        now: Timestamp,
    ) -> Result<Committed<Project>, ChangeError> {
        let change = Change::ProjectCreated {
            organization: project.organization.clone(),
            id: project.id.clone(),
        };
        let rows = Rows {
            projects: vec![project.clone()],
            ..Rows::default()
        };
        let proposal =
            Proposal::new(by, change, rows, now).personal("name", Some(project.name.as_str()));
        let head = self.commit(proposal).await?;
        Ok(Committed::new(project, head))
    }

    pub async fn find_project(
        &self,
        organization: &OrganizationId,
        id: &ProjectId,
    ) -> Result<Option<Project>, StoreError> {
        let sql = format!(
            "SELECT {} FROM projects WHERE organization = $1 AND id = $2",
            COLUMNS.join(", ")
        );
        let row = statement(&sql)
            .bind(organization.as_str())
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Newest first; of one organization, or of all that `reach` covers. Who sees the keys of some
    /// projects sees those projects and no others.
    pub async fn list_projects(
        &self,
        reach: &Reach,
        organization: Option<&OrganizationId>,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Project>, StoreError> {
        let within = named(reach);
        let among = match &within {
            Some(ids) if ids.is_empty() => return Ok(Page::cut(Vec::new(), limit, place)),
            Some(ids) => format!("AND id IN ({})", places(6, ids.len())),
            None => String::new(),
        };
        let sql = format!(
            "SELECT {} FROM projects WHERE (organization = $1 OR $1 IS NULL) \
             AND (organization = $2 OR $2 IS NULL) AND created_at <= $3 \
             AND (created_at < $3 OR organization || '/' || id < $4) {among} \
             ORDER BY created_at DESC, organization || '/' || id DESC LIMIT $5",
            COLUMNS.join(", ")
        );
        let mut query = statement(&sql)
            .bind(reach_text(reach))
            .bind(organization.map(OrganizationId::as_str))
            .bind(Cursor::created_at(cursor))
            .bind(Cursor::id(cursor))
            .bind(Page::<Project>::rows_asked(limit));
        for id in padded(within.as_deref().unwrap_or_default()) {
            query = query.bind(*id);
        }
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        let found: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(Page::cut(found?, limit, place))
    }
}

/// The projects to which a reach is limited; None: it is not.
pub(crate) fn named(reach: &Reach) -> Option<Vec<&str>> {
    let Reach::Part(part) = reach else {
        return None;
    };
    match (part.projects_seen(), &part.owner) {
        (Some(projects), _) => Some(projects.into_iter().map(ProjectId::as_str).collect()),
        // Whose keys may lie in any project learns of none by that.
        (None, Some(_)) => Some(Vec::new()),
        (None, None) => None,
    }
}

/// Where a project stands in a list.
fn place(project: &Project) -> (Timestamp, String) {
    let id = format!("{}/{}", project.organization, project.id);
    (project.created_at, id)
}
