//! `GET /api/v1/keys/verify`: a key asks what it is, which is no use of it.

use axum::Json;
use keyway_api::code::Code;

use super::wire;
use crate::answer::problem::Problem;
use crate::auth::challenge;
use crate::auth::holder::Holder;
use crate::request::credential::CHALLENGE_INVALID;
use crate::request::query::NoQuery;

pub(super) async fn verify(holder: Holder, _query: NoQuery) -> Result<Json<wire::OwnKey>, Problem> {
    match holder {
        Holder::Key(key) => key.let_through().map(|it| Json(wire::own(it))),
        // Whoever else calls holds no key.
        Holder::Caller(_) => Err(challenge(Code::ApiKeyInvalid, CHALLENGE_INVALID)),
    }
}
