//! One key: shown, switched off and on, deleted.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Done, WaitQuery};
use keyway_api::code::Code;
use keyway_api::key::{ChangedKey, Key as Wire};
use keyway_core::id::KeyId;
use keyway_store::keys::change::KeyAt;

use super::changed;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::{KeysActivate, KeysDeactivate, KeysDelete, KeysRead};
use crate::request::body::{Json, Nothing};
use crate::request::conditional::{IfMatch, IfNoneMatch, key_tag};
use crate::request::query::{NoQuery, Query};
use crate::routes::path::PathId;

/// Shows one key.
#[utoipa::path(get, path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 200, body = Wire)))]
pub(crate) async fn show(
    State(app): State<AppState>,
    permit: Permit<KeysRead>,
    PathId(id): PathId<KeyId>,
    if_none_match: IfNoneMatch,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let found = app.store.find_key(permit.reach(), &id).await?;
    let found = found.ok_or_else(|| Problem::new(Code::KeyNotFound))?;
    let key = wire::key(&found, app.clock.now());
    Ok(if_none_match.answer(&key_tag(&key), &key))
}

/// Takes a key out of the lists; it works no more. The audit log still knows it.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = Done)))]
pub(crate) async fn delete(
    State(app): State<AppState>,
    permit: Permit<KeysDelete>,
    PathId(id): PathId<KeyId>,
    Query(query): Query<WaitQuery>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let at = KeyAt {
        reach: permit.reach(),
        id: &id,
        expected,
    };
    let done = app
        .store
        .delete_key(&permit.call(), at, app.clock.now())
        .await;
    let settled = app.settle(done, patience).await?;
    Ok(
        settled.answer(StatusCode::OK, |_, effective_everywhere_at| Done {
            effective_everywhere_at,
        }),
    )
}

/// Switches a key off until it is activated again.
#[utoipa::path(post, path = "/v1/keys/{id}/deactivate", tag = "keys",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = ChangedKey)))]
pub(crate) async fn deactivate(
    State(app): State<AppState>,
    permit: Permit<KeysDeactivate>,
    PathId(id): PathId<KeyId>,
    Query(query): Query<WaitQuery>,
    IfMatch(expected): IfMatch,
    _: Json<Nothing>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let at = KeyAt {
        reach: permit.reach(),
        id: &id,
        expected,
    };
    let done = app
        .store
        .deactivate_key(&permit.call(), at, app.clock.now())
        .await;
    Ok(changed(&app, app.settle(done, patience).await?))
}

/// Switches a key on again.
#[utoipa::path(post, path = "/v1/keys/{id}/activate", tag = "keys",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = ChangedKey)))]
pub(crate) async fn activate(
    State(app): State<AppState>,
    permit: Permit<KeysActivate>,
    PathId(id): PathId<KeyId>,
    Query(query): Query<WaitQuery>,
    IfMatch(expected): IfMatch,
    _: Json<Nothing>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let at = KeyAt {
        reach: permit.reach(),
        id: &id,
        expected,
    };
    let done = app
        .store
        .activate_key(&permit.call(), at, app.clock.now())
        .await;
    Ok(changed(&app, app.settle(done, patience).await?))
}
