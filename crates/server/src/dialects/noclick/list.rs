//! `GET /api/keys`: the caller's own keys, newest first, revoked ones too. Keys that the product manages
//! by itself are not among them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use keyway_core::id::KeyId;
use keyway_core::key::Key;
use keyway_store::keys::list::KeyFilter;
use keyway_store::page::PAGE_ROWS_MAX;

use super::account::Account;
use super::wire::{self, ListedKey};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::permissions::KeysRead;

/// Keys of one answer, which has no pages.
const KEYS_MAX: usize = 2_000;

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
    let (reach, now) = (account.permit.reach(), app.clock.now());
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let page = app
            .store
            .list_keys(reach, &filter, cursor.as_ref(), PAGE_ROWS_MAX, now)
            .await?;
        keys.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() || keys.len() >= KEYS_MAX {
            return Ok(keys);
        }
    }
}
