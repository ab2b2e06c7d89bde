//! `/v1/portal-sessions`: the key page for a product's own signed-in customer.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use keyway_api::change::{Done, WaitQuery};
use keyway_api::list::List;
use keyway_api::member::OrganizationQuery;
use keyway_api::portal_session::{CreatePortalSession, IssuedPortalSession, PortalSession as Wire};
use keyway_core::id::{OrganizationId, PortalSessionId};
use keyway_core::permission::PermissionPattern;
use keyway_core::portal::{PORTAL_PERMISSIONS_MAX, PortalSession, PortalSessionState};
use keyway_store::links::LinkKind;
use keyway_token::base62::draw_id;

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::{PortalSessionsCreate, PortalSessionsRead, PortalSessionsRevoke};
use crate::cluster::Patience;
use crate::first_start::ID_CHARS;
use crate::one_time_link::{Fresh, PORTAL_SPAN};
use crate::request::body::Json;
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::Query;
use crate::routes::step::Step;

const PATH: &str = "/v1/portal-sessions";
/// Longest return address, in bytes.
const RETURN_URL_BYTES_MAX: usize = 2_048;

/// Makes a portal session. The answer holds the link, which works once.
#[utoipa::path(post, path = "/v1/portal-sessions", tag = "portal sessions", params(WaitQuery),
    request_body = CreatePortalSession, responses((status = 201, body = IssuedPortalSession)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<PortalSessionsCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreatePortalSession>,
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
    permit: &Permit<PortalSessionsCreate>,
    body: &CreatePortalSession,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let organization = permit.organization(app, body.organization.as_deref())?;
    let by = permit.call().origin.actor.to_text();
    let portal = read(app, organization, body, by)?;
    may_open(app, permit, &portal)?;
    let (id, expires_at) = (portal.id.as_str(), portal.expires_at);
    let by = ticket.answered_once(id);
    let fresh = Fresh::draw(app, LinkKind::Portal, id, expires_at);
    let done = app
        .store
        .create_portal_session(&by, portal, fresh.link, app.clock.now())
        .await;
    let settled = app.settle(done, patience).await?;
    Ok(
        settled.answer(StatusCode::CREATED, |it, effective_everywhere_at| {
            IssuedPortalSession {
                portal_session: wire::portal_session(&it),
                url: fresh.url,
                effective_everywhere_at,
            }
        }),
    )
}

/// Nobody lets a customer do or hand on more than they may themselves (I6).
fn may_open(
    app: &App,
    permit: &Permit<PortalSessionsCreate>,
    portal: &PortalSession,
) -> Result<(), Problem> {
    use keyway_core::management::ManagementPermission;
    let in_force = app.profile_in_force()?;
    let roles = &in_force.profile.roles;
    let does_more = ManagementPermission::ALL
        .iter()
        .any(|it| portal.manages(*it) && !permit.caller().manages(*it, roles));
    let held = permit.caller().product_permissions(roles);
    let hands_on_more = portal
        .to_hand_on()
        .any(|wanted| !held.iter().any(|held| held.covers(wanted)));
    if does_more || hands_on_more {
        return Err(permit
            .caller()
            .denied(app, "the session would hold more than you hold"));
    }
    Ok(())
}

fn read(
    app: &App,
    organization: OrganizationId,
    body: &CreatePortalSession,
    created_by: String,
) -> Result<PortalSession, Problem> {
    let now = app.clock.now();
    let mut faults = Faults::default();
    let project = faults.parse("/project", body.project.as_deref());
    let owner = faults.parse("/owner", body.owner.as_deref());
    let permissions = permissions(&mut faults, &body.permissions);
    let is_url = |url: &String| url.len() <= RETURN_URL_BYTES_MAX && is_web_address(url);
    if body.return_url.as_ref().is_some_and(|url| !is_url(url)) {
        faults.add("/return_url", "this is no http or https address");
    }
    let id = format!("ps_{}", draw_id(ID_CHARS, app.entropy.lock().as_mut()));
    let id: Option<PortalSessionId> = faults.parse("/id", Some(&id));
    let session = id.map(|id| PortalSession {
        id,
        organization,
        project,
        owner,
        permissions,
        return_url: body.return_url.clone(),
        state: PortalSessionState::Fresh,
        expires_at: now.plus(PORTAL_SPAN),
        created_at: now,
        created_by,
        version: 1,
    });
    faults.done(session)
}

fn permissions(faults: &mut Faults, words: &[String]) -> Vec<PermissionPattern> {
    if words.is_empty() || words.len() > PORTAL_PERMISSIONS_MAX {
        faults.add(
            "/permissions",
            format!("name 1 to {PORTAL_PERMISSIONS_MAX} permissions"),
        );
    }
    let mut read = Vec::new();
    for (position, word) in words.iter().take(PORTAL_PERMISSIONS_MAX).enumerate() {
        read.extend(faults.parse(&format!("/permissions/{position}"), Some(word)));
    }
    read
}

/// Another scheme in a link would run in our page.
fn is_web_address(url: &str) -> bool {
    url.parse::<Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

/// Lists portal sessions that stand, newest first.
#[utoipa::path(get, path = "/v1/portal-sessions", tag = "portal sessions",
    params(OrganizationQuery), responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<PortalSessionsRead>,
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
        .list_portal_sessions(reach, organization, cursor.as_ref(), limit, now)
        .await?;
    Ok(listing.answer(page, raw.as_deref(), |it| wire::portal_session(&it)))
}

/// Ends a portal session: its link and its page work no more.
#[utoipa::path(post, path = "/v1/portal-sessions/{id}/revoke", tag = "portal sessions",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = Done)))]
pub(crate) async fn revoke(
    step: Step<PortalSessionsRevoke, PortalSessionId>,
) -> Result<Response, Problem> {
    let (by, reach, now) = (step.by(), step.permit.reach(), step.now());
    let store = &step.app.store;
    let done = store.revoke_portal_session(&by, reach, &step.id, now).await;
    step.done(done).await
}
