//! `PATCH /v1/keys/{id}`: absent stays, null takes away.

use axum::extract::State;
use axum::response::Response;
use keyway_api::change::WaitQuery;
use keyway_api::key::{ChangedKey, EditKey};
use keyway_core::id::KeyId;
use keyway_core::key::Lifetime;
use keyway_core::management::Reach;
use keyway_core::profile::Profile;
use keyway_core::time::Timestamp;
use keyway_store::keys::change::{KeyAt, KeyEdit};

use super::changed;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::KeysUpdate;
use crate::request::body::Json;
use crate::request::conditional::IfMatch;
use crate::request::fields::Faults;
use crate::request::query::Query;
use crate::routes::path::PathId;

/// Changes a key.
#[utoipa::path(patch, path = "/v1/keys/{id}", tag = "keys",
    params(("id" = String, Path), WaitQuery), request_body = EditKey,
    responses((status = 200, body = ChangedKey)))]
pub(crate) async fn edit(
    State(app): State<AppState>,
    permit: Permit<KeysUpdate>,
    PathId(id): PathId<KeyId>,
    Query(query): Query<WaitQuery>,
    IfMatch(expected): IfMatch,
    Json(body): Json<EditKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    let in_force = app.profile_in_force()?;
    let now = app.clock.now();
    let edit = read(&body, permit.reach(), &in_force.profile, now)?;
    if let Some(grants) = &edit.grants {
        // One that is not there is not found below.
        if let Some(key) = app.store.find_key(permit.reach(), &id).await? {
            permit.may_regrant(&app, &key, grants)?;
        }
    }
    let at = KeyAt {
        reach: permit.reach(),
        id: &id,
        expected,
    };
    let done = app
        .store
        .update_key(&permit.call(), at, &edit, in_force.token(), now)
        .await;
    Ok(changed(&app, app.settle(done, patience).await?))
}

fn read(
    body: &EditKey,
    reach: &Reach,
    profile: &Profile,
    now: Timestamp,
) -> Result<KeyEdit, Problem> {
    let mut faults = Faults::default();
    if body.expires_at.is_some() && !profile.expiry.is_editable {
        faults.add(
            "/expires_at",
            "the profile lets this be set at creation only",
        );
    }
    if body.grants.is_some() && !profile.grants.is_choosable {
        faults.add(
            "/grants",
            "the profile says what keys may do; leave this out",
        );
    }
    let edit = KeyEdit {
        name: faults.parse("/name", body.name.as_deref()),
        description: cleared_or(&mut faults, "/description", body.description.as_ref()),
        owner: cleared_or(&mut faults, "/owner", body.owner.as_ref()),
        managed_by: cleared_or(&mut faults, "/managed_by", body.managed_by.as_ref()),
        lifetime: match body.expires_at {
            None => None,
            Some(None) => Some(Lifetime::Forever),
            Some(Some(end)) => Some(wire::read::lifetime(&mut faults, Some(end), now)),
        },
        grants: body
            .grants
            .as_deref()
            .and_then(|it| wire::read::grants(&mut faults, it, profile)),
        ip_rules: body
            .ip_rules
            .as_deref()
            .and_then(|it| wire::read::ip_rules(&mut faults, it)),
        rate_limit: body.rate_limit.as_ref().and_then(|it| {
            let given = it.as_ref().map(|it| &it.0);
            wire::read::rate_limit(&mut faults, given, reach, profile)
        }),
        metadata: body
            .metadata
            .as_ref()
            .and_then(|it| wire::read::metadata(&mut faults, it)),
    };
    faults.done(Some(edit))
}

/// Absent: None. `null`: taken away. Else the value, if it is one.
#[expect(clippy::option_option, reason = "an edit tells absent from taken away")]
fn cleared_or<T>(
    faults: &mut Faults,
    pointer: &str,
    given: Option<&Option<String>>,
) -> Option<Option<T>>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    match given? {
        None => Some(None),
        Some(text) => faults.parse(pointer, Some(text)).map(Some),
    }
}
