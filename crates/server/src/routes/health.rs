//! `GET /healthz`, `GET /readyz`: for whoever watches the process; without a credential.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::answer::problem::Problem;
use crate::app::AppState;

/// The process lives. Needs no store.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, description = "It lives.")))]
pub(crate) async fn healthz() -> StatusCode {
    StatusCode::OK
}

/// The server can decide.
#[utoipa::path(get, path = "/readyz", tag = "server", responses((status = 200, description = "It can decide.")))]
pub(crate) async fn readyz(State(app): State<AppState>) -> Response {
    match app.index.doubt() {
        None => StatusCode::OK.into_response(),
        Some(cause) => Problem::from(cause).into_response(),
    }
}
