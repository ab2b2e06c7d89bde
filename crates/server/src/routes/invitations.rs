//! `/v1/invitations`: links by which people become members.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Done, WaitQuery};
use keyway_api::invitation::{CreateInvitation, Invitation as Wire, IssuedInvitation};
use keyway_api::list::List;
use keyway_api::member::OrganizationQuery;
use keyway_core::id::{InvitationId, OrganizationId};
use keyway_core::invitation::{Invitation, InvitationState};
use keyway_store::links::LinkKind;
use keyway_token::base62::draw_id;

use super::members::may_give;
use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::{InvitationsCreate, InvitationsRead, InvitationsWithdraw};
use crate::cluster::Patience;
use crate::first_start::ID_CHARS;
use crate::one_time_link::{Fresh, INVITATION_SPAN};
use crate::request::body::Json;
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::Query;
use crate::routes::step::Step;

const PATH: &str = "/v1/invitations";

/// Invites a person. The answer holds the link, which works once.
#[utoipa::path(post, path = "/v1/invitations", tag = "members", params(WaitQuery),
    request_body = CreateInvitation, responses((status = 201, body = IssuedInvitation)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<InvitationsCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreateInvitation>,
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
    permit: &Permit<InvitationsCreate>,
    body: &CreateInvitation,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let organization = permit.organization(app, body.organization.as_deref())?;
    let by = permit.call().origin.actor.to_text();
    let invitation = read(app, organization, body, by)?;
    may_give(app, permit.caller(), &invitation.bindings)?;
    let (id, expires_at) = (invitation.id.as_str(), invitation.expires_at);
    let by = ticket.answered_once(id);
    let fresh = Fresh::draw(app, LinkKind::Invitation, id, expires_at);
    let now = app.clock.now();
    let done = app
        .store
        .create_invitation(&by, invitation, fresh.link, now)
        .await;
    let settled = app.settle(done, patience).await?;
    Ok(
        settled.answer(StatusCode::CREATED, |it, effective_everywhere_at| {
            IssuedInvitation {
                invitation: wire::invitation(&it),
                url: fresh.url,
                effective_everywhere_at,
            }
        }),
    )
}

pub(crate) fn read(
    app: &App,
    organization: OrganizationId,
    body: &CreateInvitation,
    created_by: String,
) -> Result<Invitation, Problem> {
    let in_force = app.profile_in_force()?;
    let now = app.clock.now();
    let mut faults = Faults::default();
    let email = faults.parse("/email", Some(&body.email));
    let roles = &body.project_roles;
    let bindings = wire::read::bindings(&mut faults, &body.role, roles, &in_force.profile);
    let id = format!("inv_{}", draw_id(ID_CHARS, app.entropy.lock().as_mut()));
    let id: Option<InvitationId> = faults.parse("/id", Some(&id));
    let invitation = email
        .zip(bindings)
        .zip(id)
        .map(|((email, bindings), id)| Invitation {
            id,
            organization,
            email,
            bindings,
            state: InvitationState::Open,
            expires_at: now.plus(INVITATION_SPAN),
            created_at: now,
            created_by,
            version: 1,
        });
    faults.done(invitation)
}

/// Lists open invitations, newest first.
#[utoipa::path(get, path = "/v1/invitations", tag = "members", params(OrganizationQuery),
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<InvitationsRead>,
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
    let (reach, organization, now) = (permit.reach(), organization.as_ref(), app.clock.now());
    let page = app
        .store
        .list_invitations(reach, organization, cursor.as_ref(), limit, now)
        .await?;
    Ok(listing.answer(page, raw.as_deref(), |it| wire::invitation(&it)))
}

/// Withdraws an invitation: its link opens nothing any more.
#[utoipa::path(delete, path = "/v1/invitations/{id}", tag = "members",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = Done)))]
pub(crate) async fn withdraw(
    step: Step<InvitationsWithdraw, InvitationId>,
) -> Result<Response, Problem> {
    let (by, reach, now) = (step.by(), step.permit.reach(), step.now());
    let store = &step.app.store;
    let done = store.withdraw_invitation(&by, reach, &step.id, now).await;
    step.done(done).await
}
