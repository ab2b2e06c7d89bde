//! `GET /oauth2/{server}/v1/keys`

use axum::extract::{Path, State};
use axum::response::Response;

use super::is_issuer;
use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::routes::key_set::key_set;

pub(super) async fn keys(
    State(app): State<AppState>,
    Path(server): Path<String>,
) -> Result<Response, Problem> {
    is_issuer(&app, &server)?;
    key_set(&app)
}
