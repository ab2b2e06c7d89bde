//! `POST /api/accessToken`: the same kind of token, for one organization and not more often than every
//! three seconds.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::HeaderMap;
use keyway_api::code::Code;
use serde_json::json;

use super::pace::Pace;
use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::request::context::RequestContext;
use crate::routes::tokens::{GRANT_TYPE, exchanged};

/// Selects, and proves nothing.
const ORGANIZATION: &str = "organization";

pub(super) async fn access_token(
    State(app): State<AppState>,
    Extension(request): Extension<RequestContext>,
    Extension(pace): Extension<Arc<Pace>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut named = headers.get_all(ORGANIZATION).iter();
    let (Some(named), None) = (named.next(), named.next()) else {
        return Err(Problem::new(Code::MalformedRequest));
    };
    let it = exchanged(&app, &request, &headers, GRANT_TYPE)?;
    if named.as_bytes() != it.organization.as_bytes() {
        return Err(Problem::new(Code::OutOfScope));
    }
    // Behind the proof of the key: a stranger must not use up an organization's turn.
    pace.take_turn(&it.organization, app.clock.as_ref())?;
    Ok(Json(json!({"access_token": it.token.expose()})).into_response())
}
