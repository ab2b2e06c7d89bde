//! `/v1/signing-keys`: what tokens are signed with, and how one key follows another.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use keyway_api::change::{Effective, WaitQuery};
use keyway_api::code::Code;
use keyway_api::list::List;
use keyway_api::signing_key::{CreateSigningKey, SigningKey as Wire};
use keyway_core::id::SigningKeyId;
use keyway_core::signing_key::{SigningAlgorithm, SigningKey};

use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::{SigningKeysCreate, SigningKeysRead, SigningKeysRevoke};
use crate::cluster::Patience;
use crate::request::body::Json;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::{NoQuery, Query};
use crate::routes::step::Step;
use crate::tokens::making::{Making, SigningKeyError, begins_at};
use crate::tokens::sealing_key::SealingKeyError;

/// Makes a signing key. Unless it is to sign at once it is published first, and signs when everybody who
/// keeps a copy of the published keys has it.
#[utoipa::path(post, path = "/v1/signing-keys", tag = "signing keys", params(WaitQuery),
    request_body = CreateSigningKey, responses((status = 201, body = Effective<Wire>)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<SigningKeysCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreateSigningKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    permit.needs_all_organizations(&app)?;
    idempotency
        .once(&app, permit.caller(), &body, patience, |ticket| {
            make(&app, &permit, &body, patience, ticket)
        })
        .await
}

async fn make(
    app: &AppState,
    permit: &Permit<SigningKeysCreate>,
    body: &CreateSigningKey,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let by = permit.call().origin.actor.to_text();
    let key = draw(app, by, body.signs_at_once).await?;
    let by = ticket.answered_by(201, &wire::signing_key(&key))?;
    let done = app
        .store
        .create_signing_key(&by, key, app.clock.now())
        .await;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::CREATED, |key, at| shape(&key, at)))
}

async fn draw(app: &AppState, by: String, signs_at_once: bool) -> Result<SigningKey, Problem> {
    let in_force = app.profile_in_force()?;
    let rules = in_force.profile.tokens.as_ref();
    let algorithm = rules.map_or(SigningAlgorithm::EdDsa, |it| it.algorithm);
    let now = app.clock.now();
    let signs_from = if signs_at_once {
        now
    } else {
        begins_at(&app.store.list_signing_keys().await?, now)
    };
    let app = Arc::clone(app);
    // An RSA key takes as long as a thousand other answers.
    let drawing = tokio::task::spawn_blocking(move || {
        let making = Making {
            sealing_key: &app.sealing_key,
            entropy: &app.entropy,
            algorithm,
            by,
            now,
        };
        making.draw(signs_from)
    });
    let drawn = drawing.await.map_err(|error| Problem::internal(&error))?;
    drawn.map_err(|error| match error {
        SigningKeyError::SealingKey(SealingKeyError::Missing) => {
            Problem::new(Code::SealingKeyMissing)
        }
        error => Problem::internal(&error),
    })
}

/// Lists all signing keys, revoked ones too, in the order in which they begin.
#[utoipa::path(get, path = "/v1/signing-keys", tag = "signing keys",
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<SigningKeysRead>,
    _query: NoQuery,
) -> Result<Response, Problem> {
    permit.needs_all_organizations(&app)?;
    let keys = app.store.list_signing_keys().await?;
    let list = List {
        data: keys.iter().map(wire::signing_key).collect(),
        next_cursor: None,
    };
    Ok(axum::Json(list).into_response())
}

/// Ends a signing key at once: whatever it signed is refused, and its private part is forgotten.
#[utoipa::path(post, path = "/v1/signing-keys/{id}/revoke", tag = "signing keys",
    params(("id" = String, Path), WaitQuery), responses((status = 200, body = Effective<Wire>)))]
pub(crate) async fn revoke(
    step: Step<SigningKeysRevoke, SigningKeyId>,
) -> Result<Response, Problem> {
    step.permit.needs_all_organizations(&step.app)?;
    let (by, now) = (step.by(), step.now());
    let done = step.app.store.revoke_signing_key(&by, &step.id, now).await;
    let settled = step.settle(done).await?;
    Ok(settled.answer(StatusCode::OK, |key, at| shape(&key, at)))
}

fn shape(key: &SigningKey, at: jiff::Timestamp) -> Effective<Wire> {
    wire::effective(wire::signing_key(key), at)
}
