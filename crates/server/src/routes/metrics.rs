//! `GET /metrics`: the Prometheus exposition; not public (S-TELEMETRY-09).

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;

use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::MetricsRead;

const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counters, gauges and histograms.
#[utoipa::path(get, path = "/metrics", tag = "server",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(crate) async fn metrics(
    State(app): State<AppState>,
    permit: Permit<MetricsRead>,
) -> Result<Response, Problem> {
    // They count what all organizations do.
    permit.needs_all_organizations(&app)?;
    app.telemetry.index_keys(app.index.key_count());
    let text = app.telemetry.render(app.cluster.applied());
    Ok(([(header::CONTENT_TYPE, EXPOSITION)], text).into_response())
}
