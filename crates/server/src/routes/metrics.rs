//! `GET /metrics`: the Prometheus exposition; not public (S-TELEMETRY-09).

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;

use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::MetricsRead;

/// Longest wait for the ledger: what is measured in memory is told without it too.
const LEDGER_TIMEOUT: Duration = Duration::from_secs(1);
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
    let written = tokio::time::timeout(LEDGER_TIMEOUT, app.store.read_head()).await;
    let written = written.ok().and_then(Result::ok);
    let text = app.telemetry.render(app.cluster.applied(), written);
    Ok(([(header::CONTENT_TYPE, EXPOSITION)], text).into_response())
}
