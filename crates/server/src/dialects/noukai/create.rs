//! `POST /api/v1/keys`: makes a key of a project.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::wire;
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::KeysCreate;
use crate::cluster::Patience;
use crate::request::body::Json;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::routes::keys::create::made;

pub(super) async fn create(
    State(app): State<AppState>,
    permit: Permit<KeysCreate>,
    idempotency: Idempotency,
    Json(body): Json<wire::NewKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    idempotency
        .once(&app, permit.caller(), &body, patience, |ticket| {
            make(&app, &permit, &body, patience, ticket)
        })
        .await
}

async fn make(
    app: &App,
    permit: &Permit<KeysCreate>,
    body: &wire::NewKey,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let (done, secret) = made(app, permit, &wire::asked(body), &ticket).await?;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::CREATED, |key, _| {
        wire::made(&key, secret.expose())
    }))
}
