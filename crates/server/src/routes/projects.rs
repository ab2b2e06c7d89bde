//! `/v1/projects`: parts of an organization.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Effective, WaitQuery};
use keyway_api::code::Code;
use keyway_api::list::List;
use keyway_api::project::{CreateProject, Project as Wire, ProjectsQuery};
use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::organization::Project;
use keyway_core::profile::Profile;
use keyway_store::error::{ChangeError, Refusal};
use keyway_token::base62::draw_id;

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::{ProjectsCreate, ProjectsRead};
use crate::cluster::Patience;
use crate::first_start::ID_CHARS;
use crate::request::body::Json;
use crate::request::conditional::IfNoneMatch;
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::Query;

const PATH: &str = "/v1/projects";

/// Makes a project.
#[utoipa::path(post, path = "/v1/projects", tag = "projects", params(WaitQuery),
    request_body = CreateProject, responses((status = 201, body = Effective<Wire>)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<ProjectsCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    if_none_match: IfNoneMatch,
    Json(body): Json<CreateProject>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    idempotency
        .once(&app, permit.caller(), &body, patience, |ticket| {
            make(&app, &permit, &body, &if_none_match, patience, ticket)
        })
        .await
}

async fn make(
    app: &App,
    permit: &Permit<ProjectsCreate>,
    body: &CreateProject,
    if_none_match: &IfNoneMatch,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let organization = permit.organization(app, body.organization.as_deref())?;
    let in_force = app.profile_in_force()?;
    let project = read(app, organization, body, &in_force.profile)?;
    let by = ticket.answered_by(201, &wire::project(&project))?;
    let done = app
        .store
        .create_project(&by, project, app.clock.now())
        .await;
    let is_taken = matches!(
        &done,
        Err(ChangeError::Refused {
            refusal: Refusal::IdTaken,
            ..
        })
    );
    match app.settle(done, patience).await {
        Ok(settled) => Ok(settled.answer(StatusCode::CREATED, |it, at| shape(&it, at))),
        Err(_) if is_taken && if_none_match.is_any() => Err(Problem::new(Code::PreconditionFailed)),
        Err(_) if is_taken => Err(Problem::new(Code::ProjectAlreadyExists)),
        Err(problem) => Err(problem),
    }
}

pub(crate) fn read(
    app: &App,
    organization: OrganizationId,
    body: &CreateProject,
    profile: &Profile,
) -> Result<Project, Problem> {
    let mut faults = Faults::default();
    let name = faults.parse("/name", Some(&body.name));
    let drawn = || format!("prj_{}", draw_id(ID_CHARS, app.entropy.lock().as_mut()));
    let id = body.id.clone().unwrap_or_else(drawn);
    let id = faults.parse::<ProjectId>("/id", Some(&id));
    if let Some(environment) = &body.environment
        && !profile.key.environments.contains(environment)
    {
        faults.add("/environment", "the profile has no such environment");
    }
    let project = name.zip(id).map(|(name, id)| Project {
        organization,
        id,
        name,
        environment: body.environment.clone(),
        created_at: app.clock.now(),
        version: 1,
    });
    faults.done(project)
}

fn shape(it: &Project, at: jiff::Timestamp) -> Effective<Wire> {
    wire::effective(wire::project(it), at)
}

/// Lists projects, newest first.
#[utoipa::path(get, path = "/v1/projects", tag = "projects", params(ProjectsQuery),
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<ProjectsRead>,
    RawQuery(raw): RawQuery,
    Query(query): Query<ProjectsQuery>,
) -> Result<Response, Problem> {
    let organization = permit.named_organization(&app, query.organization.as_deref())?;
    let filter = (permit.caller().scope(), &query.organization);
    let listing = Listing {
        app: &app,
        path: PATH,
        filter: &filter,
    };
    let limit = paging::limit(query.limit)?;
    let cursor = listing.open(query.cursor.as_deref())?;
    let (reach, organization) = (permit.reach(), organization.as_ref());
    let page = app
        .store
        .list_projects(reach, organization, cursor.as_ref(), limit)
        .await?;
    Ok(listing.answer(page, raw.as_deref(), |it| wire::project(&it)))
}
