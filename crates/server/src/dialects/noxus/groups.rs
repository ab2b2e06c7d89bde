//! `/v1/admin/groups`: the workspaces, and keys made in one.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_api::project::CreateProject;
use keyway_core::grant::{Grant, Right};
use keyway_core::id::ProjectId;
use keyway_core::organization::Project;
use keyway_core::resource::{Resource, ResourcePath};
use keyway_store::page::PAGE_ROWS_MAX;

use super::LISTED_MAX;
use super::keys::{Wanted, make};
use super::system_key::{Administration, SystemKey};
use super::wire::{CreateGroup, CreateGroupKey, Group};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::cluster::Patience;
use crate::request::body::Json;
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::routes::projects;

/// What a key may do that is made here: as the organization's administrator does in each project.
const ROLE: &str = "admin";

/// `GET /v1/admin/groups`
pub(super) async fn list(
    State(app): State<AppState>,
    key: SystemKey<Administration>,
) -> Result<Answer<Vec<Group>>, Problem> {
    let (mut groups, mut cursor) = (Vec::new(), None);
    loop {
        let store = &app.store;
        let page = store.list_projects(&key.reach, None, cursor.as_ref(), PAGE_ROWS_MAX);
        let page = page.await?;
        groups.extend(page.rows.iter().map(group));
        cursor = page.next;
        if cursor.is_none() || groups.len() >= LISTED_MAX {
            return Ok(Answer(groups));
        }
    }
}

fn group(project: &Project) -> Group {
    Group {
        id: project.id.to_string(),
        name: project.name.as_str().to_owned(),
        description: None,
    }
}

/// `POST /v1/admin/groups`
pub(super) async fn create(
    State(app): State<AppState>,
    key: SystemKey<Administration>,
    idempotency: Idempotency,
    Json(body): Json<CreateGroup>,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    let make = |ticket| make_group(&app, &key, &body, patience, ticket);
    idempotency.once(&app, &key, &body, patience, make).await
}

async fn make_group(
    app: &App,
    key: &SystemKey<Administration>,
    body: &CreateGroup,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let project = read(app, key, body)?;
    let by = ticket.answered_by(StatusCode::OK.as_u16(), &group(&project))?;
    let done = app
        .store
        .create_project(&by, project, app.clock.now())
        .await;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::OK, |project, _| group(&project)))
}

fn read(
    app: &App,
    key: &SystemKey<Administration>,
    body: &CreateGroup,
) -> Result<Project, Problem> {
    if body.description.as_deref().is_some_and(|it| !it.is_empty()) {
        return Err(Problem::field(
            "/description",
            "a workspace has no description here",
        ));
    }
    let wanted = CreateProject {
        name: body.name.clone(),
        ..CreateProject::default()
    };
    let in_force = app.profile_in_force()?;
    projects::read(app, key.organization.clone(), &wanted, &in_force.profile)
}

/// `POST /v1/admin/groups/{id}/api-keys`: a key of a workspace. It has what is the organization's in no
/// way, so it cannot be an administrator's.
pub(super) async fn create_key(
    State(app): State<AppState>,
    key: SystemKey<Administration>,
    Path(id): Path<String>,
    idempotency: Idempotency,
    Json(body): Json<CreateGroupKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    let make = |ticket| make_key(&app, &key, (&id, &body), patience, ticket);
    idempotency.once(&app, &key, &body, patience, make).await
}

async fn make_key(
    app: &App,
    key: &SystemKey<Administration>,
    (id, body): (&str, &CreateGroupKey),
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let wanted = read_key(id, body)?;
    make(app, key, wanted, patience, ticket).await
}

fn read_key(id: &str, body: &CreateGroupKey) -> Result<Wanted, Problem> {
    let project: Result<ProjectId, _> = id.parse();
    let project = project.map_err(|_| Problem::new(Code::ProjectNotFound))?;
    let mut faults = Faults::default();
    let name = faults.parse("/name", Some(&body.name));
    if body.is_administrators {
        faults.add(
            "/tenant_admin",
            "only a system key can be an administrator's",
        );
    }
    let role = ROLE.parse().map_err(|fault| Problem::internal(&fault))?;
    let grant = Grant {
        right: Right::Role(role),
        resource: Resource::Path(ResourcePath::of_project(&project)),
    };
    faults.done(name.map(|name| Wanted {
        name,
        project: Some(project),
        grant: Some(grant),
        managed_by: None,
    }))
}
