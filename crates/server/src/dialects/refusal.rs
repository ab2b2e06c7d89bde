//! Refusals in the words of other products: another body, and perhaps another status, under the same headers.

use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::answer::problem::{Problem, status};

/// The answer as it is, or the refusal that it carries in other words.
pub(super) fn told(mut response: Response, words: impl Fn(&Problem) -> (u16, Value)) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let (number, body) = words(&problem);
    let mut told = (status(number), axum::Json(body)).into_response();
    told.headers_mut().extend(problem.headers().clone());
    told
}

/// What is wrong, in one line: with the fields, if that is what is wrong.
pub(super) fn sentence(problem: &Problem) -> String {
    if problem.errors().is_empty() {
        let detail = problem.as_detail();
        return detail.unwrap_or_else(|| problem.code().title()).to_owned();
    }
    let faults = problem.errors().iter();
    let faults: Vec<String> = faults
        .map(|it| format!("{}: {}", it.pointer.trim_start_matches('/'), it.detail))
        .collect();
    faults.join("; ")
}
