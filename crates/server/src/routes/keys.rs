//! `/v1/keys`: the managed thing.

pub(crate) mod create;
pub(crate) mod edit;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod making;
pub(crate) mod one;
pub(crate) mod revoke;
pub(crate) mod revoke_batch;
pub(crate) mod rotate;
pub(crate) mod usage;
pub(crate) mod verify;

use axum::response::Response;
use http::StatusCode;
use keyway_api::key::ChangedKey;
use keyway_core::key::Key;

use crate::answer::wire;
use crate::app::App;
use crate::cluster::Settled;
use crate::request::conditional::{key_tag, tagged};

/// The answer to a change of one key.
pub(crate) fn changed(app: &App, settled: Settled<Key>) -> Response {
    let key = wire::key(&settled.value, app.clock.now());
    let tag = key_tag(&key);
    let answer = settled.answer(StatusCode::OK, |_, effective_everywhere_at| ChangedKey {
        key,
        effective_everywhere_at,
    });
    tagged(answer, &tag)
}
