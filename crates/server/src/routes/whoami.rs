//! `GET /v1/whoami`, `POST /v1/whoami/revoke`: asked by whoever holds a credential, about itself.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use keyway_api::change::WaitQuery;
use keyway_api::key::{ChangedKey, RevokeKey};
use keyway_api::whoami::Whoami;
use keyway_core::management::Reach;
use keyway_store::keys::change::KeyAt;

use super::keys::changed;
use super::keys::revoke::revocation;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::caller::Who;
use crate::auth::holder::Holder;
use crate::request::body::Json;
use crate::request::query::{NoQuery, Query};

/// Tells a credential who it is.
#[utoipa::path(get, path = "/v1/whoami", tag = "whoami", responses((status = 200, body = Whoami)))]
pub(crate) async fn whoami(
    State(app): State<AppState>,
    holder: Holder,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let mut whoami = Whoami {
        key: None,
        management_key: None,
        member: None,
    };
    match holder {
        Holder::Key(key) => whoami.key = Some(key.let_through()?),
        Holder::Caller(caller) => match caller.who {
            Who::ManagementKey(key) => {
                whoami.management_key = Some(wire::management_key(&key, now));
            }
            Who::Member { member, .. } => whoami.member = Some(wire::member(&member)),
            // A customer has no account here; the page says all there is to know.
            Who::Portal { .. } => {}
        },
    }
    Ok(axum::Json(whoami).into_response())
}

/// Ends the key that this is called with. It needs no other right, and no state: a key that is
/// inactive, expired, of a suspended organization or away from its addresses is not let through, and
/// whoever holds it may still make sure that it never is again (S-REVOKE-07).
#[utoipa::path(post, path = "/v1/whoami/revoke", tag = "whoami", params(WaitQuery),
    request_body = RevokeKey, responses((status = 200, body = ChangedKey)))]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    holder: Holder,
    Query(query): Query<WaitQuery>,
    Json(body): Json<RevokeKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let key = match holder {
        Holder::Key(key) => key,
        Holder::Caller(caller) => {
            let detail = "a management key is revoked at /v1/management-keys/{id}/revoke";
            return Err(caller.denied(&app, detail));
        }
    };
    let id = key.id()?;
    let (origin, now) = (key.origin(&id), app.clock.now());
    let (reason, reason_code) = (body.reason.as_deref(), body.reason_code.as_deref());
    let revocation = revocation(reason, reason_code, origin.actor.to_text(), now)?;
    let at = KeyAt {
        reach: &Reach::All,
        id: &id,
        expected: None,
    };
    let done = app
        .store
        .revoke_key(&origin.into(), at, &revocation, now)
        .await;
    Ok(changed(&app, app.settle(done, patience).await?))
}
