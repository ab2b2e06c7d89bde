//! `DELETE /api/keys/{id}`: revokes a key of the caller's own.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::id::KeyId;
use keyway_core::key::{Key, KeyState, Revocation};
use keyway_store::keys::change::KeyAt;
use serde_json::json;

use super::account::Account;
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::permissions::KeysRevoke;

pub(super) async fn revoke(
    State(app): State<AppState>,
    account: Account<KeysRevoke>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    let not_found = || Problem::new(Code::KeyNotFound);
    let id: KeyId = id.parse().map_err(|_| not_found())?;
    if own_key(&app, &account, &id).await?.is_none() {
        return Err(app.settle_refusal(not_found(), patience).await);
    }
    let now = app.clock.now();
    let revocation = Revocation {
        at: now,
        by: account.creator(),
        reason: None,
        reason_code: None,
    };
    let at = KeyAt {
        reach: account.permit.reach(),
        id: &id,
        expected: None,
    };
    let by = account.permit.call();
    let done = app.store.revoke_key(&by, at, &revocation, now).await;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::OK, |_, _| json!({"success": true})))
}

/// A key that the caller made, that the product does not manage by itself, and that is not revoked.
async fn own_key(
    app: &App,
    account: &Account<KeysRevoke>,
    id: &KeyId,
) -> Result<Option<Key>, Problem> {
    let found = app.store.find_key(account.permit.reach(), id).await?;
    Ok(found.filter(|key| {
        let is_revoked = matches!(key.state, KeyState::Revoked(_));
        key.created_by == account.creator() && key.managed_by.is_none() && !is_revoked
    }))
}
