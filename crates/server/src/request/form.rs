//! Forms: a body that is written like a query, and read like one.

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use keyway_api::code::Code;
use serde::de::DeserializeOwned;

use super::body::collect;
use super::query;
use crate::answer::problem::Problem;

/// Largest form.
const FORM_BYTES_MAX: usize = 4_096;

/// A form of type `T`: every field once, known and of its type.
#[derive(Debug)]
pub(crate) struct Form<T>(pub T);

impl<T, S> FromRequest<S> for Form<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = collect(body, FORM_BYTES_MAX).await?;
        if !is_form(&parts.headers) {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        let not_text =
            |_| Problem::new(Code::MalformedRequest).detail("the form is not UTF-8 text");
        let text = std::str::from_utf8(&bytes).map_err(not_text)?;
        query::parse(text).map(Self)
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let media_type = only.to_str().unwrap_or_default().split(';').next();
    let media_type = media_type.unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
