//! `GET /api/keys`: the caller's own keys, newest first, revoked ones too. Keys that the product manages
//! by itself are not among them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use keyway_core::id::KeyId;
use keyway_core::key::Key;
use keyway_store::keys::list::KeyFilter;

use super::account::Account;
use super::wire::{self, ListedKey};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::permissions::KeysRead;
use crate::dialects::newest_keys::newest_keys;

pub(super) async fn list(
    State(app): State<AppState>,
    account: Account<KeysRead>,
) -> Result<Json<Vec<ListedKey>>, Problem> {
    let in_force = app.profile_in_force()?;
    let keys = own_keys(&app, &account).await?;
    let ids: Vec<KeyId> = keys.iter().map(|key| key.id.clone()).collect();
    let uses = app.store.read_last_uses(&ids).await?;
    let used: HashMap<KeyId, _> = uses.into_iter().map(|(id, it)| (id, it.used_at)).collect();
    let listed = keys.iter().map(|key| {
        let last_used_at = used.get(&key.id).copied().flatten();
        wire::listed(key, last_used_at, &in_force.profile)
    });
    Ok(Json(listed.collect()))
}

async fn own_keys(app: &App, account: &Account<KeysRead>) -> Result<Vec<Key>, Problem> {
    let filter = KeyFilter {
        organization: Some(account.member.organization.clone()),
        created_by: Some(account.creator()),
        hides_managed: true,
        ..KeyFilter::default()
    };
    newest_keys(app, account.permit.reach(), &filter).await
}
