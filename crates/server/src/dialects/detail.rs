//! Refusals as `{"detail": "…"}`, which is how several products write them.

use axum::response::Response;
use serde_json::json;

use super::refusal::{self, sentence};

/// A refusal as the clients of such a product read it.
pub(super) async fn in_its_words(response: Response) -> Response {
    refusal::told(response, |problem| {
        let body = json!({"detail": sentence(problem)});
        (problem.code().status(), body)
    })
}
