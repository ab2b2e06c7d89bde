//! `POST /v1/keys/revoke-batch`: everything that a filter matches, or whatever leaked.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::WaitQuery;
use keyway_api::code::Code;
use keyway_api::revoke_batch::{
    RevokeBatch, RevokeFilter, RevokeResult, RevokedBatch, RevokedItem,
};
use keyway_core::id::{KeyId, ProjectId};
use keyway_core::key::{Key, KeyState, Revocation};
use keyway_core::time::Timestamp;
use keyway_store::call::Call;
use keyway_store::error::ChangeError;
use keyway_store::keys::list::KeyFilter;
use keyway_store::ledger::{Committed, Head};
use keyway_store::page::PAGE_ROWS_MAX;
use keyway_token::secret::Secret;

use super::revoke::revocation;
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::KeysRevoke;
use crate::request::body::{BATCH_BYTES_MAX, Json};
use crate::request::query::Query;

/// Most keys in one call.
const BATCH_MAX: usize = 1_000;

/// Ends many keys for good. One item per secret, or per key that matched.
#[utoipa::path(post, path = "/v1/keys/revoke-batch", tag = "keys", params(WaitQuery),
    request_body = RevokeBatch, responses((status = 200, body = RevokedBatch)))]
pub(crate) async fn revoke_batch(
    State(app): State<AppState>,
    permit: Permit<KeysRevoke>,
    Query(query): Query<WaitQuery>,
    Json(body): Json<RevokeBatch, BATCH_BYTES_MAX>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let (by, now) = (permit.call(), app.clock.now());
    let (reason, code) = (body.reason.as_deref(), body.reason_code.as_deref());
    let revocation = revocation(reason, code, by.origin.actor.to_text(), now)?;
    let found = match (&body.filter, &body.secrets) {
        (Some(filter), None) => by_filter(&app, &permit, filter, now).await?,
        (None, Some(secrets)) => by_secrets(&app, &permit, secrets).await?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::field("", "give either a filter or secrets"));
        }
    };
    // Whoever asks about no key still learns nothing that is not everywhere.
    let head = app.store.read_head().await?;
    let outcomes = revoke_all(&app, &permit, &by, &found.keys, &revocation, now).await?;
    let head = outcomes.values().filter_map(head_of).fold(head, later);
    let data = found
        .keys
        .iter()
        .map(|key| item(key.as_ref(), &outcomes))
        .collect();
    let settled = app.settle_at((data, found.has_more), head, patience).await;
    Ok(settled.answer(
        StatusCode::OK,
        |(data, has_more), effective_everywhere_at| RevokedBatch {
            data,
            has_more,
            effective_everywhere_at,
        },
    ))
}

struct FoundKeys {
    /// None for a secret that opens nothing that the caller may see.
    keys: Vec<Option<Key>>,
    has_more: bool,
}

type Outcomes = HashMap<KeyId, Result<Committed<Key>, ChangeError>>;

async fn by_secrets(
    app: &App,
    permit: &Permit<KeysRevoke>,
    secrets: &[Secret],
) -> Result<FoundKeys, Problem> {
    if secrets.len() > BATCH_MAX {
        return Err(Problem::field(
            "/secrets",
            format!("at most {BATCH_MAX} secrets"),
        ));
    }
    let digests: Vec<_> = secrets.iter().map(Secret::digest).collect();
    let keys = app
        .store
        .find_keys_by_digest(permit.reach(), &digests)
        .await?;
    Ok(FoundKeys {
        keys,
        has_more: false,
    })
}

async fn by_filter(
    app: &App,
    permit: &Permit<KeysRevoke>,
    filter: &RevokeFilter,
    now: Timestamp,
) -> Result<FoundKeys, Problem> {
    if *filter == RevokeFilter::default() {
        return Err(Problem::field(
            "/filter",
            "name at least one field: nothing never means all",
        ));
    }
    let organization = permit.named_organization(app, filter.organization.as_deref())?;
    let project = filter
        .project
        .as_deref()
        .map(str::parse::<ProjectId>)
        .transpose();
    let Ok(project) = project else {
        return Ok(FoundKeys {
            keys: Vec::new(),
            has_more: false,
        });
    };
    let wanted = KeyFilter {
        organization,
        project,
        environment: filter.environment.clone(),
        owner: filter.owner.clone(),
        managed_by: filter.managed_by.clone(),
        include_revoked: false,
        ..KeyFilter::default()
    };
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let reach = permit.reach();
        let page = app
            .store
            .list_keys(reach, &wanted, cursor.as_ref(), PAGE_ROWS_MAX, now)
            .await?;
        keys.extend(page.rows.into_iter().map(Some));
        cursor = page.next;
        if cursor.is_none() || keys.len() >= BATCH_MAX {
            return Ok(FoundKeys {
                keys,
                has_more: cursor.is_some(),
            });
        }
    }
}

async fn revoke_all(
    app: &App,
    permit: &Permit<KeysRevoke>,
    by: &Call,
    keys: &[Option<Key>],
    revocation: &Revocation,
    now: Timestamp,
) -> Result<Outcomes, Problem> {
    let mut ids: Vec<KeyId> = keys.iter().flatten().map(|key| key.id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let outcomes = app
        .store
        .revoke_keys(by, permit.reach(), &ids, revocation, now)
        .await?;
    Ok(ids.into_iter().zip(outcomes).collect())
}

fn item(key: Option<&Key>, outcomes: &Outcomes) -> RevokedItem {
    let Some(key) = key else {
        return RevokedItem {
            id: None,
            result: RevokeResult::Unknown,
            code: None,
        };
    };
    let was_revoked = matches!(key.state, KeyState::Revoked(_));
    let (result, code) = match outcomes.get(&key.id) {
        Some(Ok(_)) if was_revoked => (RevokeResult::AlreadyRevoked, None),
        Some(Ok(_)) => (RevokeResult::Revoked, None),
        Some(Err(error)) => (RevokeResult::Failed, Some(code_of(error))),
        None => (RevokeResult::Failed, Some(Code::Internal)),
    };
    let code = code.map(|code| code.name().to_owned());
    RevokedItem {
        id: Some(key.id.to_string()),
        result,
        code,
    }
}

fn code_of(error: &ChangeError) -> Code {
    match error {
        ChangeError::Refused { refusal, .. } => Problem::from(refusal.clone()).code(),
        ChangeError::Store(_) => Code::StoreUnavailable,
    }
}

fn head_of(outcome: &Result<Committed<Key>, ChangeError>) -> Option<Head> {
    match outcome {
        Ok(committed) => Some(committed.head()),
        Err(ChangeError::Refused { head, .. }) => Some(*head),
        Err(ChangeError::Store(_)) => None,
    }
}

fn later(one: Head, other: Head) -> Head {
    if one.seq >= other.seq { one } else { other }
}
