//! `DELETE /api/v1/keys/{key_id}`: ends a key for good. Again is no error.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_core::id::KeyId;
use keyway_store::keys::change::KeyAt;
use serde_json::json;

use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::KeysRevoke;
use crate::request::query::NoQuery;
use crate::routes::keys::revoke::revocation;
use crate::routes::path::PathId;

pub(super) async fn revoke(
    State(app): State<AppState>,
    permit: Permit<KeysRevoke>,
    PathId(id): PathId<KeyId>,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    let (by, now) = (permit.call(), app.clock.now());
    let revocation = revocation(None, None, by.origin.actor.to_text(), now)?;
    let at = KeyAt {
        reach: permit.reach(),
        id: &id,
        expected: None,
    };
    let done = app.store.revoke_key(&by, at, &revocation, now).await;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(
        StatusCode::OK,
        |key, _| json!({"key_id": key.id.to_string(), "status": "revoked"}),
    ))
}
