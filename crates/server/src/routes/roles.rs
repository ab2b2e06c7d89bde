//! `GET /v1/roles`: what the profile's roles hold.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use keyway_api::list::List;
use keyway_api::role::Role;

use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::RolesRead;
use crate::request::query::NoQuery;

/// Lists the profile's roles.
#[utoipa::path(get, path = "/v1/roles", tag = "members", responses((status = 200, body = List<Role>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    _permit: Permit<RolesRead>,
    _query: NoQuery,
) -> Result<Response, Problem> {
    let in_force = app.profile_in_force()?;
    let data: Vec<Role> = in_force
        .profile
        .roles
        .iter()
        .map(|(name, role)| wire::role(name, role))
        .collect();
    Ok(axum::Json(List {
        data,
        next_cursor: None,
    })
    .into_response())
}
