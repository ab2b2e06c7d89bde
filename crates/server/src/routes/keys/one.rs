//! One key: shown, switched off and on, deleted.

use axum::extract::State;
use axum::response::Response;
use keyway_api::change::{Done, WaitQuery};
use keyway_api::code::Code;
use keyway_api::key::{ChangedKey, Key as Wire};
use keyway_core::id::KeyId;

use super::changed;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::{KeysActivate, KeysDeactivate, KeysDelete, KeysRead};
use crate::request::conditional::{IfNoneMatch, key_tag};
use crate::request::query::NoQuery;
use crate::routes::path::PathId;
use crate::routes::step::Step;

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
pub(crate) async fn delete(step: Step<KeysDelete, KeyId>) -> Result<Response, Problem> {
    let (by, now) = (step.by(), step.now());
    let done = step.app.store.delete_key(&by, step.key()?, now).await;
    step.done(done).await
}

/// Switches a key off until it is activated again.
#[utoipa::path(post, path = "/v1/keys/{id}/deactivate", tag = "keys",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = ChangedKey)))]
pub(crate) async fn deactivate(step: Step<KeysDeactivate, KeyId>) -> Result<Response, Problem> {
    let (by, now) = (step.by(), step.now());
    let done = step.app.store.deactivate_key(&by, step.key()?, now).await;
    Ok(changed(&step.app, step.settle(done).await?))
}

/// Switches a key on again.
#[utoipa::path(post, path = "/v1/keys/{id}/activate", tag = "keys",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = ChangedKey)))]
pub(crate) async fn activate(step: Step<KeysActivate, KeyId>) -> Result<Response, Problem> {
    let (by, now) = (step.by(), step.now());
    let done = step.app.store.activate_key(&by, step.key()?, now).await;
    Ok(changed(&step.app, step.settle(done).await?))
}
