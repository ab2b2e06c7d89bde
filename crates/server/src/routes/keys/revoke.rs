//! `POST /v1/keys/{id}/revoke`: ends a key for good. Again is no error and changes nothing.

use axum::extract::State;
use axum::response::Response;
use keyway_api::change::WaitQuery;
use keyway_api::key::{ChangedKey, RevokeKey};
use keyway_core::id::KeyId;
use keyway_core::key::Revocation;
use keyway_core::time::Timestamp;
use keyway_store::keys::change::KeyAt;

use super::changed;
use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::KeysRevoke;
use crate::request::body::Json;
use crate::request::fields::Faults;
use crate::request::query::Query;
use crate::routes::path::PathId;

/// Ends a key for good. When this answers 200, no server lets it through any more.
#[utoipa::path(post, path = "/v1/keys/{id}/revoke", tag = "keys",
    params(("id" = String, Path), WaitQuery), request_body = RevokeKey,
    responses((status = 200, body = ChangedKey)))]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    permit: Permit<KeysRevoke>,
    PathId(id): PathId<KeyId>,
    Query(query): Query<WaitQuery>,
    Json(body): Json<RevokeKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let (by, now) = (permit.call(), app.clock.now());
    let (reason, reason_code) = (body.reason.as_deref(), body.reason_code.as_deref());
    let revocation = revocation(reason, reason_code, by.origin.actor.to_text(), now)?;
    let at = KeyAt {
        reach: permit.reach(),
        id: &id,
        expected: None,
    };
    let done = app.store.revoke_key(&by, at, &revocation, now).await;
    Ok(changed(&app, app.settle(done, patience).await?))
}

pub(crate) fn revocation(
    reason: Option<&str>,
    reason_code: Option<&str>,
    by: String,
    at: Timestamp,
) -> Result<Revocation, Problem> {
    let mut faults = Faults::default();
    let reason = faults.parse("/reason", reason);
    let reason_code = faults.parse("/reason_code", reason_code);
    faults.done(Some(Revocation {
        at,
        by,
        reason,
        reason_code,
    }))
}
