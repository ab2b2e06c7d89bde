//! Refusals as `{"detail": "…"}`, which is how several products write them.

use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::answer::problem::{Problem, status};

/// A refusal as the clients of such a product read it.
pub(super) async fn in_its_words(mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let detail = problem
        .as_detail()
        .unwrap_or_else(|| problem.code().title());
    let body = axum::Json(json!({"detail": with_fields(detail, &problem)}));
    let mut told = (status(problem.code().status()), body).into_response();
    told.headers_mut().extend(problem.headers().clone());
    told
}

/// What is wrong with the fields, if that is what is wrong.
fn with_fields(detail: &str, problem: &Problem) -> String {
    if problem.errors().is_empty() {
        return detail.to_owned();
    }
    let faults = problem.errors().iter();
    let faults: Vec<String> = faults
        .map(|it| format!("{}: {}", it.pointer.trim_start_matches('/'), it.detail))
        .collect();
    faults.join("; ")
}
