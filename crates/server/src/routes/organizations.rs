//! `/v1/organizations`: who everything belongs to.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Effective, WaitQuery};
use keyway_api::code::Code;
use keyway_api::list::{List, PageQuery};
use keyway_api::organization::{CreateOrganization, EditOrganization, Organization as Wire};
use keyway_core::id::OrganizationId;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_core::text::Label;
use keyway_store::organizations::OrganizationEdit;
use keyway_token::base62::draw_id;

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::{
    OrganizationsCreate, OrganizationsRead, OrganizationsSuspend, OrganizationsUpdate,
};
use crate::cluster::{Patience, Settled};
use crate::first_start::ID_CHARS;
use crate::request::body::Json;
use crate::request::conditional::{IfMatch, IfNoneMatch, tagged, version_tag};
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::{NoQuery, Query};
use crate::routes::path::PathId;
use crate::routes::step::Step;

const PATH: &str = "/v1/organizations";

/// Makes an organization.
#[utoipa::path(post, path = "/v1/organizations", tag = "organizations", params(WaitQuery),
    request_body = CreateOrganization, responses((status = 201, body = Effective<Wire>)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<OrganizationsCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreateOrganization>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    // Who sees one organization must not make another one for itself.
    permit.needs_all_organizations(&app)?;
    idempotency
        .once(&app, permit.caller(), &body, patience, |ticket| {
            make(&app, &body, patience, ticket)
        })
        .await
}

async fn make(
    app: &App,
    body: &CreateOrganization,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let organization = read(app, body)?;
    no_id_of_another(app, organization.external_id.as_ref(), None)?;
    let by = ticket.answered_by(201, &wire::organization(&organization))?;
    let done = app
        .store
        .create_organization(&by, organization, app.clock.now())
        .await;
    Ok(app
        .settle(done, patience)
        .await?
        .answer(StatusCode::CREATED, |it, at| shape(&it, at)))
}

fn read(app: &App, body: &CreateOrganization) -> Result<Organization, Problem> {
    let mut faults = Faults::default();
    let name = faults.parse("/name", Some(&body.name));
    let external_id = faults.parse("/external_id", body.external_id.as_deref());
    let metadata = wire::read::metadata(&mut faults, &body.metadata);
    let id = format!("org_{}", draw_id(ID_CHARS, app.entropy.lock().as_mut()));
    let id = faults.take("/id", id.parse::<OrganizationId>());
    let now = app.clock.now();
    let organization = name
        .zip(metadata)
        .zip(id)
        .map(|((name, metadata), id)| Organization {
            id,
            name,
            external_id,
            metadata,
            state: OrganizationState::Active,
            created_at: now,
            version: 1,
        });
    faults.done(organization)
}

/// A question names an organization by id or external id: if one's external id were another's id, its
/// keys would pass for the other's. Ids are drawn, so none that comes later can be guessed.
fn no_id_of_another(
    app: &App,
    external_id: Option<&Label>,
    own: Option<&OrganizationId>,
) -> Result<(), Problem> {
    let named: Option<OrganizationId> = external_id.and_then(|it| it.as_str().parse().ok());
    let is_taken = named
        .filter(|named| Some(named) != own)
        .is_some_and(|named| app.index.find_organization(&named).is_some());
    if is_taken {
        return Err(Problem::new(Code::ExternalIdAlreadyExists));
    }
    Ok(())
}

fn shape(it: &Organization, at: jiff::Timestamp) -> Effective<Wire> {
    wire::effective(wire::organization(it), at)
}

/// Lists organizations, newest first.
#[utoipa::path(get, path = "/v1/organizations", tag = "organizations", params(PageQuery),
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<OrganizationsRead>,
    RawQuery(raw): RawQuery,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let listing = Listing {
        app: &app,
        path: PATH,
        filter: &permit.caller().scope(),
    };
    let limit = paging::limit(query.limit)?;
    let cursor = listing.open(query.cursor.as_deref())?;
    let page = app
        .store
        .list_organizations(permit.reach(), cursor.as_ref(), limit)
        .await?;
    Ok(listing.answer(page, raw.as_deref(), |it| wire::organization(&it)))
}

/// Shows one organization.
#[utoipa::path(get, path = "/v1/organizations/{id}", tag = "organizations",
    params(("id" = String, Path)), responses((status = 200, body = Wire)))]
pub(crate) async fn show(
    State(app): State<AppState>,
    permit: Permit<OrganizationsRead>,
    PathId(id): PathId<OrganizationId>,
    if_none_match: IfNoneMatch,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let found = app.store.find_organization(permit.reach(), &id).await?;
    let found = found.ok_or_else(|| Problem::new(Code::OrganizationNotFound))?;
    Ok(if_none_match.answer(&version_tag(found.version), &wire::organization(&found)))
}

/// Changes an organization; absent fields stay.
#[utoipa::path(patch, path = "/v1/organizations/{id}", tag = "organizations",
    params(("id" = String, Path), WaitQuery), request_body = EditOrganization,
    responses((status = 200, body = Effective<Wire>)))]
pub(crate) async fn edit(
    State(app): State<AppState>,
    permit: Permit<OrganizationsUpdate>,
    PathId(id): PathId<OrganizationId>,
    Query(query): Query<WaitQuery>,
    IfMatch(expected): IfMatch,
    Json(body): Json<EditOrganization>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let edit = read_edit(&body)?;
    if let Some(external_id) = &edit.external_id {
        // By its external id an organization is told from others, so it is not its own to choose.
        permit.needs_all_organizations(&app)?;
        no_id_of_another(&app, external_id.as_ref(), Some(&id))?;
    }
    let (by, reach) = (permit.call(), permit.reach());
    let now = app.clock.now();
    let done = app
        .store
        .update_organization(&by, reach, &id, expected, edit, now)
        .await;
    Ok(answer(app.settle(done, patience).await?))
}

fn read_edit(body: &EditOrganization) -> Result<OrganizationEdit, Problem> {
    let mut faults = Faults::default();
    let name = faults.parse("/name", body.name.as_deref());
    let external_id = match &body.external_id {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => faults.parse("/external_id", Some(text.as_str())).map(Some),
    };
    let metadata = body.metadata.as_ref();
    let metadata = metadata.and_then(|it| wire::read::metadata(&mut faults, it));
    faults.done(Some(OrganizationEdit {
        name,
        external_id,
        metadata,
    }))
}

/// Stops all keys of an organization at once. It is the operator's to do and to undo: it needs a
/// management key of all organizations.
#[utoipa::path(post, path = "/v1/organizations/{id}/suspend", tag = "organizations",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = Effective<Wire>)))]
pub(crate) async fn suspend(
    step: Step<OrganizationsSuspend, OrganizationId>,
) -> Result<Response, Problem> {
    needs_operator(&step.app, &step.permit, &step.id)?;
    let (by, reach, now) = (step.by(), step.permit.reach(), step.now());
    let done = step
        .app
        .store
        .suspend_organization(&by, reach, &step.id, now)
        .await;
    Ok(answer(step.settle(done).await?))
}

/// Lets its keys work again; like suspending, for management keys of all organizations.
#[utoipa::path(post, path = "/v1/organizations/{id}/resume", tag = "organizations",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = Effective<Wire>)))]
pub(crate) async fn resume(
    step: Step<OrganizationsSuspend, OrganizationId>,
) -> Result<Response, Problem> {
    needs_operator(&step.app, &step.permit, &step.id)?;
    let (by, reach, now) = (step.by(), step.permit.reach(), step.now());
    let done = step
        .app
        .store
        .resume_organization(&by, reach, &step.id, now)
        .await;
    Ok(answer(step.settle(done).await?))
}

/// Whoever was stopped must not be able to go on, so an organization's own administrators cannot.
fn needs_operator(
    app: &App,
    permit: &Permit<OrganizationsSuspend>,
    id: &OrganizationId,
) -> Result<(), Problem> {
    let Err(denied) = permit.needs_all_organizations(app) else {
        return Ok(());
    };
    permit.named_organization(app, Some(id.as_str()))?;
    Err(denied)
}

fn answer(settled: Settled<Organization>) -> Response {
    let tag = version_tag(settled.value.version);
    tagged(
        settled.answer(StatusCode::OK, |it, at| shape(&it, at)),
        &tag,
    )
}
