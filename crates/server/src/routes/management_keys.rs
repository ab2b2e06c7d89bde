//! `/v1/management-keys`: what programs manage keys with.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::WaitQuery;
use keyway_api::code::Code;
use keyway_api::list::{List, PageQuery};
use keyway_api::management_key::{
    ALL_ORGANIZATIONS, ChangedManagementKey, CreateManagementKey, IssuedManagementKey,
    ManagementKey as Wire,
};
use keyway_core::id::ManagementKeyId;
use keyway_core::management::{ManagementKey, Reach};
use keyway_token::management::mint_management;
use keyway_token::secret::Secret;

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::{ManagementKeysCreate, ManagementKeysRead, ManagementKeysRevoke};
use crate::cluster::Patience;
use crate::first_start;
use crate::request::body::Json;
use crate::request::conditional::{IfNoneMatch, management_key_tag, tagged};
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::{NoQuery, Query};
use crate::routes::path::PathId;
use crate::routes::step::Step;

const PATH: &str = "/v1/management-keys";

/// Makes a management key, which holds no more than its maker. The answer holds its secret.
#[utoipa::path(post, path = "/v1/management-keys", tag = "management keys", params(WaitQuery),
    request_body = CreateManagementKey, responses((status = 201, body = IssuedManagementKey)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<ManagementKeysCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreateManagementKey>,
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
    permit: &Permit<ManagementKeysCreate>,
    body: &CreateManagementKey,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let (key, secret) = read(app, permit, body)?;
    let by = ticket.answered_once(key.id.as_str());
    let done = app
        .store
        .create_management_key(&by, key, app.clock.now())
        .await;
    let settled = app.settle(done, patience).await?;
    let key = wire::management_key(&settled.value, app.clock.now());
    let tag = management_key_tag(&key);
    let answer = settled.answer(StatusCode::CREATED, |_, effective_everywhere_at| {
        IssuedManagementKey {
            key,
            secret,
            effective_everywhere_at,
        }
    });
    Ok(tagged(answer, &tag))
}

pub(crate) fn read(
    app: &App,
    permit: &Permit<ManagementKeysCreate>,
    body: &CreateManagementKey,
) -> Result<(ManagementKey, Secret), Problem> {
    let now = app.clock.now();
    let preset = wire::read::preset(body.preset);
    let in_force = app.profile_in_force()?;
    let caller = permit.caller();
    let reach = match body.organization.as_deref() {
        Some(ALL_ORGANIZATIONS) => Reach::All,
        named => Reach::One(permit.organization(app, named)?),
    };
    let expires_at = body.expires_at.map(wire::timestamp);
    // Whoever sees one organization makes keys of that one alone, and whoever ends makes none that
    // goes on.
    let is_wider = reach == Reach::All && caller.sight() != Reach::All;
    let is_longer = caller
        .expires_at()
        .is_some_and(|own| expires_at.is_none_or(|wanted| wanted > own));
    if is_wider || is_longer || !caller.covers(preset, &in_force.profile.roles) {
        return Err(caller.denied(
            app,
            "a management key makes none that holds more than itself",
        ));
    }
    let mut faults = Faults::default();
    if expires_at.is_some_and(|end| end <= now) {
        faults.add("/expires_at", "this moment has passed");
    }
    let by = permit.call().origin.actor.to_text();
    let mut entropy = app.entropy.lock();
    let secret = mint_management(entropy.as_mut());
    let made = faults.parse("/name", Some(&body.name)).and_then(|name| {
        first_start::management_key(name, preset, reach, &secret, &by, entropy.as_mut(), now)
    });
    drop(entropy);
    let key = faults.done(made)?;
    Ok((ManagementKey { expires_at, ..key }, secret))
}

/// Lists management keys, newest first, revoked ones too.
#[utoipa::path(get, path = "/v1/management-keys", tag = "management keys", params(PageQuery),
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<ManagementKeysRead>,
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
        .list_management_keys(permit.reach(), cursor.as_ref(), limit)
        .await?;
    let now = app.clock.now();
    Ok(listing.answer(page, raw.as_deref(), |it| wire::management_key(&it, now)))
}

/// Shows one management key.
#[utoipa::path(get, path = "/v1/management-keys/{id}", tag = "management keys",
    params(("id" = String, Path)), responses((status = 200, body = Wire)))]
pub(crate) async fn show(
    State(app): State<AppState>,
    permit: Permit<ManagementKeysRead>,
    PathId(id): PathId<ManagementKeyId>,
    if_none_match: IfNoneMatch,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let found = app.store.find_management_key(permit.reach(), &id).await?;
    let found = found.ok_or_else(|| Problem::new(Code::ManagementKeyNotFound))?;
    let key = wire::management_key(&found, app.clock.now());
    Ok(if_none_match.answer(&management_key_tag(&key), &key))
}

/// Ends a management key for good.
#[utoipa::path(post, path = "/v1/management-keys/{id}/revoke", tag = "management keys",
    params(("id" = String, Path), WaitQuery),
    responses((status = 200, body = ChangedManagementKey)))]
pub(crate) async fn revoke(
    step: Step<ManagementKeysRevoke, ManagementKeyId>,
) -> Result<Response, Problem> {
    let (by, reach, now) = (step.by(), step.permit.reach(), step.now());
    let store = &step.app.store;
    let done = store.revoke_management_key(&by, reach, &step.id, now).await;
    let settled = step.settle(done).await?;
    let key = wire::management_key(&settled.value, now);
    let tag = management_key_tag(&key);
    let answer = settled.answer(StatusCode::OK, |_, effective_everywhere_at| {
        ChangedManagementKey {
            key,
            effective_everywhere_at,
        }
    });
    Ok(tagged(answer, &tag))
}
