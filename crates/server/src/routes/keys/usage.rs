//! `GET /v1/keys/{id}/usage`: apart from the key itself, whose `ETag` using it must not change.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use keyway_api::code::Code;
use keyway_api::usage::{Usage, UsageQuery};
use keyway_core::id::KeyId;
use keyway_core::time::Timestamp;

use super::list::USAGE_SPAN;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;
use crate::request::query::Query;
use crate::routes::path::PathId;

/// Shows when a key was used and refused, and totals per hour. At most some seconds behind.
#[utoipa::path(get, path = "/v1/keys/{id}/usage", tag = "keys",
    params(("id" = String, Path), UsageQuery), responses((status = 200, body = Usage)))]
pub(crate) async fn usage(
    State(app): State<AppState>,
    permit: Permit<KeysRead>,
    PathId(id): PathId<KeyId>,
    Query(query): Query<UsageQuery>,
) -> Result<Response, Problem> {
    let found = app.store.find_key(permit.reach(), &id).await?;
    let found = found.ok_or_else(|| Problem::new(Code::KeyNotFound))?;
    let now = app.clock.now();
    let day_ago = Timestamp::from_micros(now.micros() - USAGE_SPAN.micros());
    let from = query.from.map_or(day_ago, wire::timestamp);
    let last = app
        .store
        .read_last_uses(std::slice::from_ref(&found.id))
        .await?;
    let hours = app.store.read_usage(&found.id, from).await?;
    let last = last.first().map(|(_, last)| last);
    Ok(axum::Json(wire::usage(last, &hours)).into_response())
}
