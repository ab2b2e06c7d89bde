//! `/v1/members`: people in an organization.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Done, Effective, WaitQuery};
use keyway_api::code::Code;
use keyway_api::list::List;
use keyway_api::member::{CreateMember, EditMember, Member as Wire, OrganizationQuery};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::{MemberId, OrganizationId};
use keyway_core::management::ManagementPermission;
use keyway_core::member::{Bindings, Member, MemberState};
use keyway_core::resource::{Resource, ResourcePath};
use keyway_store::members::{MemberAt, MemberEdit};
use keyway_token::base62::draw_id;

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::caller::Caller;
use crate::auth::permissions::{MembersCreate, MembersRead, MembersRemove, MembersUpdate};
use crate::cluster::{Patience, Settled};
use crate::first_start::ID_CHARS;
use crate::request::body::Json;
use crate::request::conditional::{IfMatch, IfNoneMatch, tagged, version_tag};
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::{NoQuery, Query};
use crate::routes::path::PathId;
use crate::routes::step::Step;

const PATH: &str = "/v1/members";

/// Makes a person a member.
#[utoipa::path(post, path = "/v1/members", tag = "members", params(WaitQuery),
    request_body = CreateMember, responses((status = 201, body = Effective<Wire>)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<MembersCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreateMember>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    idempotency
        .once(&app, permit.caller(), &body, patience, |ticket| {
            make(&app, &permit, &body, patience, ticket)
        })
        .await
}

async fn make(
    app: &App,
    permit: &Permit<MembersCreate>,
    body: &CreateMember,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let organization = permit.organization(app, body.organization.as_deref())?;
    let by = permit.call().origin.actor.to_text();
    let member = read(app, organization, body, by)?;
    may_give(app, permit.caller(), &member.bindings)?;
    let by = ticket.answered_by(201, &wire::member(&member))?;
    let done = app.store.create_member(&by, member, app.clock.now()).await;
    Ok(answer(
        app.settle(done, patience).await?,
        StatusCode::CREATED,
    ))
}

fn read(
    app: &App,
    organization: OrganizationId,
    body: &CreateMember,
    created_by: String,
) -> Result<Member, Problem> {
    let in_force = app.profile_in_force()?;
    let mut faults = Faults::default();
    let email = faults.parse("/email", Some(&body.email));
    let name = faults.parse("/name", Some(&body.name));
    let roles = &body.project_roles;
    let bindings = wire::read::bindings(&mut faults, &body.role, roles, &in_force.profile);
    let id = draw_member_id(app);
    let id: Option<MemberId> = faults.parse("/id", Some(&id));
    let member = email
        .zip(name)
        .zip(bindings.zip(id))
        .map(|((email, name), (bindings, id))| Member {
            id,
            organization,
            email,
            name,
            bindings,
            state: MemberState::Active,
            created_at: app.clock.now(),
            created_by,
            version: 1,
        });
    faults.done(member)
}

pub(crate) fn draw_member_id(app: &App) -> String {
    format!("mem_{}", draw_id(ID_CHARS, app.entropy.lock().as_mut()))
}

/// Nobody gives a role that holds more than they hold, here or in the product (I6).
pub(crate) fn may_give(app: &App, caller: &Caller, bindings: &Bindings) -> Result<(), Problem> {
    let in_force = app.profile_in_force()?;
    let roles = &in_force.profile.roles;
    let manages_more = ManagementPermission::ALL.iter().any(|permission| {
        bindings.manage_anything(*permission, roles) && !caller.manages(*permission, roles)
    });
    let excess = caller.excess(roles, &as_grants(bindings), None);
    if !manages_more && excess.is_empty() {
        return Ok(());
    }
    Err(caller.denied(
        app,
        "the role holds more than you hold, so you cannot give it",
    ))
}

/// Roles in the words of grants.
fn as_grants(bindings: &Bindings) -> Grants {
    let organization = Grant {
        right: Right::Role(bindings.organization.clone()),
        resource: Resource::All,
    };
    let projects = bindings.projects.iter().map(|(project, role)| Grant {
        right: Right::Role(role.clone()),
        resource: Resource::Path(ResourcePath::of_project(project)),
    });
    Grants::of_roles(std::iter::once(organization).chain(projects).collect())
}

/// Lists members, newest first.
#[utoipa::path(get, path = "/v1/members", tag = "members", params(OrganizationQuery),
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<MembersRead>,
    RawQuery(raw): RawQuery,
    Query(query): Query<OrganizationQuery>,
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
        .list_members(reach, organization, cursor.as_ref(), limit)
        .await?;
    Ok(listing.answer(page, raw.as_deref(), |it| wire::member(&it)))
}

/// Shows one member.
#[utoipa::path(get, path = "/v1/members/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 200, body = Wire)))]
pub(crate) async fn show(
    State(app): State<AppState>,
    permit: Permit<MembersRead>,
    PathId(id): PathId<MemberId>,
    if_none_match: IfNoneMatch,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let found = app.store.find_member(permit.reach(), &id).await?;
    let found = found.ok_or_else(|| Problem::new(Code::MemberNotFound))?;
    Ok(if_none_match.answer(&version_tag(found.version), &wire::member(&found)))
}

/// Changes a member's name or roles; it binds at the next request.
#[utoipa::path(patch, path = "/v1/members/{id}", tag = "members",
    params(("id" = String, Path), WaitQuery), request_body = EditMember,
    responses((status = 200, body = Effective<Wire>)))]
pub(crate) async fn edit(
    State(app): State<AppState>,
    permit: Permit<MembersUpdate>,
    PathId(id): PathId<MemberId>,
    Query(query): Query<WaitQuery>,
    if_match: IfMatch,
    Json(body): Json<EditMember>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let expected = if_match.required()?;
    let found = app.store.find_member(permit.reach(), &id).await?;
    let Some(found) = found else {
        return Err(app
            .settle_refusal(Problem::new(Code::MemberNotFound), patience)
            .await);
    };
    let edit = read_edit(&app, &found, &body)?;
    if let Some(bindings) = &edit.bindings {
        may_give(&app, permit.caller(), &found.bindings)?;
        may_give(&app, permit.caller(), bindings)?;
    }
    let kept = app.profile_in_force()?.administrators();
    let at = MemberAt {
        reach: permit.reach(),
        id: &id,
        expected: Some(expected),
        kept: edit.bindings.as_ref().map(|_| &kept),
    };
    let done = app
        .store
        .update_member(&permit.call(), at, &edit, app.clock.now())
        .await;
    Ok(answer(app.settle(done, patience).await?, StatusCode::OK))
}

fn read_edit(app: &App, found: &Member, body: &EditMember) -> Result<MemberEdit, Problem> {
    let in_force = app.profile_in_force()?;
    let mut faults = Faults::default();
    let name = faults.parse("/name", body.name.as_deref());
    let bindings = if body.role.is_none() && body.project_roles.is_none() {
        None
    } else {
        let present = wire::member(found);
        let role = body.role.as_ref().unwrap_or(&present.role);
        let project_roles = body
            .project_roles
            .as_ref()
            .unwrap_or(&present.project_roles);
        wire::read::bindings(&mut faults, role, project_roles, &in_force.profile)
    };
    faults.done(Some(MemberEdit { name, bindings }))
}

/// Removes a member. What becomes of the person's keys is for the profile to say.
#[utoipa::path(delete, path = "/v1/members/{id}", tag = "members",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = Done)))]
pub(crate) async fn remove(step: Step<MembersRemove, MemberId>) -> Result<Response, Problem> {
    let (app, reach) = (&step.app, step.permit.reach());
    if let Some(found) = app.store.find_member(reach, &step.id).await? {
        may_give(app, step.permit.caller(), &found.bindings)?;
    }
    let kept = app.profile_in_force()?.administrators();
    let at = MemberAt {
        reach,
        id: &step.id,
        expected: step.expected()?,
        kept: Some(&kept),
    };
    let done = app.store.remove_member(&step.by(), at, step.now()).await;
    step.done(done).await
}

fn answer(settled: Settled<Member>, status: StatusCode) -> Response {
    let tag = version_tag(settled.value.version);
    let answer = settled.answer(status, |it, at| -> Effective<Wire> {
        wire::effective(wire::member(&it), at)
    });
    tagged(answer, &tag)
}
