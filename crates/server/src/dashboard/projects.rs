//! `/projects`: parts of the organization. The page of each is the list of its keys.

use askama::Template;
use axum::Form;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_api::project::CreateProject;
use keyway_core::id::ProjectId;
use keyway_core::management::ManagementPermission;
use keyway_core::organization::Project;
use keyway_core::profile::pages::Words;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::keys::counts::PROJECT_KEYS_MAX;
use keyway_store::page::PAGE_ROWS_MAX;
use serde::Deserialize;

use super::frame::Frame;
use super::members::{grouped, up_to};
use super::moments::{self, Moment};
use super::notice;
use super::outcome::InForce;
use super::page::{page, refusal};
use super::paged::{self, Paged, Wanted};
use super::visitor::Visitor;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::permissions::{ProjectsCreate, ProjectsRead};
use crate::request::query::Query;
use crate::routes::projects::read;

const PLACE: &str = "/projects";

#[derive(Template)]
#[template(path = "projects.html")]
struct Page {
    frame: Frame,
    words: Words,
    rows: Vec<Row>,
    older: Option<String>,
    is_first: bool,
    limit: Option<i64>,
    may_create: bool,
    why_not: String,
    form: Option<Draft>,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    name: String,
    environment: String,
    keys: String,
    is_full: bool,
    since: Moment,
}

/// The form, as it was filled in.
#[derive(Clone, Debug)]
struct Draft {
    name: String,
    id: String,
    environment: String,
    environments: Vec<String>,
    name_fault: Option<String>,
    id_fault: Option<String>,
}

/// `GET /projects`
pub(crate) async fn list(
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    show(&visitor, &wanted, None).await
}

/// `GET /projects/new`
pub(crate) async fn form(visitor: Visitor) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let _permit: Permit<ProjectsCreate> = visitor.permit(&frame, heading(&visitor))?;
    let draft = draft(&visitor, &ProjectForm::default(), None);
    show(&visitor, &Wanted::default(), Some(draft)).await
}

fn heading(visitor: &Visitor) -> &str {
    &visitor.profile.profile.pages.words.projects
}

async fn show(
    visitor: &Visitor,
    wanted: &Wanted,
    form: Option<Draft>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<ProjectsRead> = visitor.permit(&frame, heading(visitor))?;
    let list = Paged::new(visitor, PLACE);
    let cursor = list.open(wanted).map_err(refusal(&frame))?;
    let store = &visitor.app.store;
    let found = store
        .list_projects(permit.reach(), None, cursor.as_ref(), paged::ROWS)
        .await
        .map_err(refusal(&frame))?;
    let older = list.older(found.next.as_ref());
    let rows = rows(visitor, &found.rows).await.map_err(refusal(&frame))?;
    let is_refused = form
        .as_ref()
        .is_some_and(|it| it.name_fault.is_some() || it.id_fault.is_some());
    let code = if is_refused {
        status(Code::InvalidRequest.status())
    } else {
        StatusCode::OK
    };
    let template = Page {
        frame,
        words: visitor.profile.profile.pages.words.clone(),
        rows,
        older,
        is_first: cursor.is_none(),
        limit: visitor.profile.profile.limits.active_keys_per_project,
        may_create: visitor.may(ManagementPermission::ProjectsCreate),
        why_not: visitor.lacks(ManagementPermission::ProjectsCreate),
        form,
    };
    Ok(page(code, &template))
}

/// Ids and names, for selects: as many as one page of the API has.
pub(crate) async fn names_of_projects(visitor: &Visitor) -> Result<Vec<(String, String)>, Problem> {
    let Ok(permit) = visitor.holds::<ProjectsRead>() else {
        return Ok(Vec::new());
    };
    let store = &visitor.app.store;
    let found = store
        .list_projects(permit.reach(), None, None, PAGE_ROWS_MAX)
        .await?;
    let pairs = found
        .rows
        .iter()
        .map(|it| (it.id.to_string(), it.name.as_str().to_owned()));
    Ok(pairs.collect())
}

/// Keys of a project: exact up to its limit, and further only as far as a person would count.
pub(crate) fn up_to_limit(keys: i64, limit: Option<i64>) -> String {
    match limit {
        Some(limit) if keys <= limit => grouped(keys),
        _ => up_to(keys, PROJECT_KEYS_MAX),
    }
}

async fn rows(visitor: &Visitor, projects: &[Project]) -> Result<Vec<Row>, Problem> {
    let now = visitor.app.clock.now();
    let ids: Vec<ProjectId> = projects.iter().map(|it| it.id.clone()).collect();
    let profile = &visitor.profile.profile;
    let limit = profile.limits.active_keys_per_project;
    let counted = visitor
        .app
        .store
        .count_limited_keys(visitor.organization(), &ids, limit, now)
        .await?;
    let rows = projects.iter().zip(counted).map(|(it, keys)| Row {
        id: it.id.to_string(),
        name: it.name.as_str().to_owned(),
        environment: it.environment.clone().unwrap_or_default(),
        keys: up_to_limit(keys, limit),
        is_full: limit.is_some_and(|limit| keys >= limit),
        since: moments::day(it.created_at, now),
    });
    Ok(rows.collect())
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ProjectForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    environment: String,
}

fn draft(visitor: &Visitor, form: &ProjectForm, problem: Option<&Problem>) -> Draft {
    let id_fault = problem.and_then(|it| match it.code() {
        Code::ProjectAlreadyExists => Some("Another project has this id.".to_owned()),
        _ => notice::fault_at(it, "/id"),
    });
    let name_fault = problem.and_then(|it| {
        let at = if form.name.trim().is_empty() {
            Some("Give the project a name.".to_owned())
        } else {
            notice::fault_at(it, "/name")
        };
        at.or_else(|| id_fault.is_none().then(|| notice::sentence(it)))
    });
    Draft {
        name: form.name.clone(),
        id: form.id.clone(),
        environment: form.environment.clone(),
        environments: visitor.profile.profile.key.environments.clone(),
        name_fault,
        id_fault,
    }
}

/// `POST /projects`
pub(crate) async fn create(
    visitor: Visitor,
    Form(form): Form<ProjectForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<ProjectsCreate> = visitor.permit(&frame, heading(&visitor))?;
    match make(&visitor, &permit, &form).await {
        Ok((project, in_force)) => {
            let what = format!("{} is there.", project.name.as_str());
            let address = format!("{PLACE}/{}", project.id);
            Ok(visitor.done(&address, &what, &in_force))
        }
        Err(problem) => {
            let draft = draft(&visitor, &form, Some(&problem));
            show(&visitor, &Wanted::default(), Some(draft)).await
        }
    }
}

async fn make(
    visitor: &Visitor,
    permit: &Permit<ProjectsCreate>,
    form: &ProjectForm,
) -> Result<(Project, InForce), Problem> {
    let app = &visitor.app;
    let named = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let body = CreateProject {
        organization: None,
        id: named(&form.id),
        name: form.name.trim().to_owned(),
        environment: named(&form.environment),
    };
    let organization = permit.organization(app, None)?;
    let project = read(app, organization, &body, &visitor.profile.profile)?;
    let done = app
        .store
        .create_project(&permit.call(), project, app.clock.now())
        .await;
    let is_taken = matches!(
        &done,
        Err(ChangeError::Refused {
            refusal: Refusal::IdTaken,
            ..
        })
    );
    match visitor.settle(done).await {
        Ok(outcome) => Ok((outcome.value, outcome.in_force)),
        Err(_) if is_taken => Err(Problem::new(Code::ProjectAlreadyExists)),
        Err(problem) => Err(problem),
    }
}
