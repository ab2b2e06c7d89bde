//! `POST /v1/keys/{id}/rotate`: replaces a key by a successor; the old one lives for a grace.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::WaitQuery;
use keyway_api::code::Code;
use keyway_api::key::{IssuedKey, RotateKey};
use keyway_core::id::KeyId;
use keyway_core::key::{Key, Rotation};
use keyway_core::time::{InvalidSpan, Span};
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Committed;
use keyway_token::secret::Secret;

use super::create::issued;
use super::making::{self, DRAWS_MAX};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::KeysRotate;
use crate::cluster::Patience;
use crate::profile_in_force::ProfileInForce;
use crate::request::body::Json;
use crate::request::conditional::IfMatch;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::Query;
use crate::routes::path::PathId;

/// Longest time for which the old key may live on.
const GRACE_MAX: Span = Span::from_secs(366 * 24 * 60 * 60);

/// Replaces a key. The answer is the successor with its secret; the old key lives until the grace
/// ends, or its own expiry if that is sooner.
#[utoipa::path(post, path = "/v1/keys/{id}/rotate", tag = "keys",
    params(("id" = String, Path), WaitQuery), request_body = RotateKey,
    responses((status = 200, body = IssuedKey)))]
pub(crate) async fn rotate(
    State(app): State<AppState>,
    permit: Permit<KeysRotate>,
    PathId(id): PathId<KeyId>,
    Query(query): Query<WaitQuery>,
    IfMatch(expected): IfMatch,
    idempotency: Idempotency,
    Json(body): Json<RotateKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    idempotency
        .once(&app, permit.caller(), &body, patience, |ticket| {
            make(&app, &permit, &body, (&id, expected), patience, ticket)
        })
        .await
}

async fn make(
    app: &App,
    permit: &Permit<KeysRotate>,
    body: &RotateKey,
    (id, expected): (&KeyId, Option<i64>),
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let grace = read_grace(body)?;
    let in_force = app.profile_in_force()?;
    let found = app.store.find_key(permit.reach(), id).await?;
    let Some(found) = found else {
        return Err(app
            .settle_refusal(Problem::new(Code::KeyNotFound), patience)
            .await);
    };
    permit.may_rotate(app, &found)?;
    let environments = &in_force.profile.key.environments;
    if !environments.contains(&found.environment) {
        let gone = Problem::new(Code::EnvironmentGone);
        return Err(app.settle_refusal(gone, patience).await);
    }
    let at = KeyAt {
        reach: permit.reach(),
        id: &found.id,
        expected,
    };
    let (done, secret) = store(app, &ticket, at, &found.environment, grace, &in_force).await?;
    Ok(issued(
        app,
        app.settle(done, patience).await?,
        secret,
        StatusCode::OK,
    ))
}

fn read_grace(body: &RotateKey) -> Result<Span, Problem> {
    let Some(grace) = &body.grace else {
        return Ok(Span::ZERO);
    };
    let grace: Span = grace
        .parse()
        .map_err(|fault: InvalidSpan| Problem::field("/grace", fault.to_string()))?;
    if grace > GRACE_MAX {
        return Err(Problem::field("/grace", "at most 366d"));
    }
    Ok(grace)
}

/// Rotates under a freshly drawn identity, and under another one if that was taken.
pub(crate) async fn store(
    app: &App,
    ticket: &Ticket,
    at: KeyAt<'_>,
    environment: &str,
    grace: Span,
    in_force: &ProfileInForce,
) -> Result<(Result<Committed<Key>, ChangeError>, Secret), Problem> {
    let mut draws = 1;
    loop {
        let (identity, secret) = making::draw(app, &in_force.profile, environment)?;
        let by = ticket.answered_once(identity.id.as_str());
        let rotation = Rotation {
            id: identity.id,
            digest: identity.digest,
            display_prefix: identity.display_prefix,
            suffix: identity.suffix,
            grace,
            by: by.origin.actor.to_text(),
            now: app.clock.now(),
        };
        let done = app
            .store
            .rotate_key(&by, at, &rotation, in_force.token())
            .await;
        let is_taken = matches!(
            &done,
            Err(ChangeError::Refused {
                refusal: Refusal::IdTaken,
                ..
            })
        );
        if !is_taken || draws == DRAWS_MAX {
            return Ok((done.map(|done| done.map(|rotated| rotated.fresh)), secret));
        }
        draws += 1;
    }
}
