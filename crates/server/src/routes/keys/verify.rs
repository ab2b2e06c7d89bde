//! `POST /v1/keys/verify` and `…/verify-batch`: may this key do this, here, now? From memory alone.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use keyway_api::list::List;
use keyway_api::verify::{VerifyAnswer, VerifyBatch, VerifyKey};
use keyway_core::decide::Ask;

use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::KeysVerify;
use crate::request::body::{BATCH_BYTES_MAX, Json};
use crate::request::fields::Faults;
use crate::request::query::NoQuery;
use crate::verify::{read_ask, words_of};

/// Most questions in one call.
const BATCH_MAX: usize = 1_000;

/// Decides about a key. A refusal is an answer, so it is 200 with `valid: false`.
#[utoipa::path(post, path = "/v1/keys/verify", tag = "keys", request_body = VerifyKey,
    responses((status = 200, body = VerifyAnswer)))]
pub(crate) async fn verify(
    State(app): State<AppState>,
    permit: Permit<KeysVerify>,
    _query: NoQuery,
    Json(body): Json<VerifyKey>,
) -> Result<Response, Problem> {
    let in_force = app.profile_in_force()?;
    let mut faults = Faults::default();
    let ask = read_ask(&mut faults, "/", words_of(&body));
    let ask = faults.done(Some(ask))?;
    let answer = app.answer_verify(&body, permit.reach(), &ask, &in_force.profile)?;
    Ok(axum::Json(answer).into_response())
}

/// Decides about many; each answer is what it would be alone.
#[utoipa::path(post, path = "/v1/keys/verify-batch", tag = "keys", request_body = VerifyBatch,
    responses((status = 200, body = List<VerifyAnswer>)))]
pub(crate) async fn verify_batch(
    State(app): State<AppState>,
    permit: Permit<KeysVerify>,
    _query: NoQuery,
    Json(body): Json<VerifyBatch, BATCH_BYTES_MAX>,
) -> Result<Response, Problem> {
    if body.items.len() > BATCH_MAX {
        return Err(Problem::field(
            "/items",
            format!("at most {BATCH_MAX} items"),
        ));
    }
    let in_force = app.profile_in_force()?;
    let mut faults = Faults::default();
    let asks: Vec<Ask> = body
        .items
        .iter()
        .enumerate()
        .map(|(place, it)| read_ask(&mut faults, &format!("/items/{place}/"), words_of(it)))
        .collect();
    let asks = faults.done(Some(asks))?;
    let mut data = Vec::with_capacity(asks.len());
    for (it, ask) in body.items.iter().zip(&asks) {
        data.push(app.answer_verify(it, permit.reach(), ask, &in_force.profile)?);
    }
    Ok(axum::Json(List {
        data,
        next_cursor: None,
    })
    .into_response())
}
