//! `/v1/admin/system-keys`: keys of the organization itself. They are managed by a program, so that no
//! list of a workspace has them, and hold no more than whoever makes them.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::grant::{Grant, Right};
use keyway_core::id::KeyId;
use keyway_core::key::Key;
use keyway_core::permission::{Permission, PermissionSet};
use keyway_core::resource::Resource;
use keyway_core::text::Label;
use keyway_store::keys::change::KeyAt;
use keyway_store::keys::list::KeyFilter;
use serde_json::json;

use super::keys::{Wanted, make};
use super::system_key::{ADMINISTRATION, Administration, ReadRoles, ReadUsers, SystemKey, Wide};
use super::wire::{self, ApiKey, CreateSystemKey};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::cluster::Patience;
use crate::dialects::newest_keys::newest_keys;
use crate::request::body::Json;
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};

/// The `managed_by` of these keys.
const MANAGED_BY: &str = "system";
/// What they can be given by name; administration is a field of its own.
const NAMED: [&str; 2] = [ReadUsers::WORD, ReadRoles::WORD];

/// `GET /v1/admin/system-keys`
pub(super) async fn list(
    State(app): State<AppState>,
    key: SystemKey<Administration>,
) -> Result<Answer<Vec<ApiKey>>, Problem> {
    let in_force = app.profile_in_force()?;
    let filter = KeyFilter {
        managed_by: Some(MANAGED_BY.to_owned()),
        include_revoked: false,
        ..KeyFilter::default()
    };
    let keys = newest_keys(&app, &key.reach, &filter).await?;
    let found = keys.iter().filter(|it| is_system(it));
    let shown = found.map(|it| wire::masked(it, &in_force.profile.roles));
    Ok(Answer(shown.collect()))
}

fn is_system(key: &Key) -> bool {
    let manager = key.managed_by.as_ref().map(Label::as_str);
    manager == Some(MANAGED_BY) && key.project.is_none()
}

/// `POST /v1/admin/system-keys`
pub(super) async fn create(
    State(app): State<AppState>,
    key: SystemKey<Administration>,
    idempotency: Idempotency,
    Json(body): Json<CreateSystemKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    let make = |ticket| make_key(&app, &key, &body, patience, ticket);
    idempotency.once(&app, &key, &body, patience, make).await
}

async fn make_key(
    app: &App,
    key: &SystemKey<Administration>,
    body: &CreateSystemKey,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let wanted = read(key, body)?;
    make(app, key, wanted, patience, ticket).await
}

fn read(key: &SystemKey<Administration>, body: &CreateSystemKey) -> Result<Wanted, Problem> {
    let mut faults = Faults::default();
    let name = faults.parse("/name", Some(&body.name));
    let managed_by = faults.parse("/managed_by", Some(MANAGED_BY));
    for (place, word) in body.permissions.iter().enumerate() {
        if !NAMED.contains(&word.as_str()) {
            let rule = format!("a system key has some of {}", NAMED.join(", "));
            faults.add(format!("/permissions/{place}"), rule);
        }
    }
    let name = faults.done(name)?;
    let administration = body.is_administrators.then_some(ADMINISTRATION);
    let words = body.permissions.iter().map(String::as_str);
    let words: Vec<&str> = words.chain(administration).collect();
    may_give(key, &words)?;
    Ok(Wanted {
        name,
        project: None,
        grant: grant(&words)?,
        managed_by,
    })
}

/// Nobody hands on more than they hold (I6).
fn may_give(key: &SystemKey<Administration>, words: &[&str]) -> Result<(), Problem> {
    let is_held = |word: &str| key.held.iter().any(|it| it == word || it == "*");
    let excess: Vec<&str> = words.iter().copied().filter(|it| !is_held(it)).collect();
    if excess.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "The key does not hold {}, so it cannot give it",
        excess.join(", ")
    );
    Err(Problem::new(Code::PermissionDenied).detail(detail))
}

fn grant(words: &[&str]) -> Result<Option<Grant>, Problem> {
    if words.is_empty() {
        return Ok(None);
    }
    let words: Result<Vec<Permission>, _> = words.iter().map(|word| word.parse()).collect();
    let words = words.map_err(|fault| Problem::internal(&fault))?;
    Ok(Some(Grant {
        right: Right::Permissions(PermissionSet::of(words)),
        resource: Resource::All,
    }))
}

/// `DELETE /v1/admin/system-keys/{id}`
pub(super) async fn delete(
    State(app): State<AppState>,
    key: SystemKey<Administration>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    let Some(id) = find(&app, &key, &id).await? else {
        let refusal = Problem::new(Code::KeyNotFound);
        return Err(app.settle_refusal(refusal, patience).await);
    };
    let at = KeyAt {
        reach: &key.reach,
        id: &id,
        expected: None,
    };
    let by = key.origin().into();
    let done = app.store.delete_key(&by, at, app.clock.now()).await;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::OK, |_, _| json!({"success": true})))
}

async fn find(
    app: &App,
    key: &SystemKey<Administration>,
    id: &str,
) -> Result<Option<KeyId>, Problem> {
    let Ok(id) = id.parse::<KeyId>() else {
        return Ok(None);
    };
    let found = app.store.find_key(&key.reach, &id).await?;
    Ok(found.filter(is_system).map(|key| key.id))
}
