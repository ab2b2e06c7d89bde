//! `/api/v1/keys`, as that product's dashboard manages the keys of a project: by the signed token of who
//! is signed in there, refusals as `{"detail": {"code", "message"}}`. And one question, by a key about
//! itself.

mod create;
mod list;
mod revoke;
mod verify;
mod wire;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{delete, get, post};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use keyway_api::code::Code;
use serde_json::json;

use super::refusal;
use crate::answer::problem::RETRY_AFTER_SECONDS;
use crate::app::AppState;
use crate::routes::other_method;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/keys", post(create::create).get(list::list))
        .route("/api/v1/keys/verify", get(verify::verify))
        .route("/api/v1/keys/{id}", delete(revoke::revoke))
        .method_not_allowed_fallback(other_method)
        .layer(map_response(in_its_words))
}

/// A refusal as its clients read it.
async fn in_its_words(response: Response) -> Response {
    let mut told = refusal::told(response, |problem| {
        let (number, name) = named(problem.code());
        let message = refusal::sentence(problem);
        (
            number,
            json!({"detail": {"code": name, "message": message}}),
        )
    });
    if told.status() == StatusCode::TOO_MANY_REQUESTS {
        told.headers_mut()
            .entry(RETRY_AFTER)
            .or_insert(HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
    told
}

/// Its clients branch on a few names; what they have none for is told by our own.
fn named(code: Code) -> (u16, String) {
    let name = match code {
        Code::ApiKeyMissing | Code::CredentialMissing => "AUTH_REQUIRED",
        Code::ApiKeyMalformed | Code::ApiKeyInactive => "API_KEY_INVALID",
        Code::PermissionDenied => "ROLE_FORBIDDEN",
        Code::KeyLimitReached => return (429, "KEY_LIMIT_REACHED".to_owned()),
        other => return (other.status(), other.name().to_ascii_uppercase()),
    };
    (code.status(), name.to_owned())
}
