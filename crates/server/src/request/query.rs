//! Query strings: every parameter once, known and of its type, or the call is refused.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyway_api::code::Code;
use serde::de::DeserializeOwned;

use crate::answer::problem::Problem;

/// A query of type `T`; the extractor of every route that has one.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// No query at all: a parameter that nobody reads is a mistake of the caller.
#[derive(Debug)]
pub(crate) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = pairs(parts.uri.query().unwrap_or_default())?;
        match pairs.into_iter().next() {
            None => Ok(Self),
            Some((name, _)) => Err(Problem::field(name, "this route has no such parameter")),
        }
    }
}

/// A form, which is a query in a body.
pub(crate) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    pairs(query)?;
    let deserializer =
        serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let message = error.inner().to_string();
        let unknown = message
            .strip_prefix("unknown field `")
            .and_then(|it| it.split_once('`'));
        match unknown {
            Some((name, _)) => Problem::field(name, "this route has no such parameter"),
            None => Problem::field(error.path().to_string(), message),
        }
    })
}

/// Names and values; refused where a name repeats or bytes are no UTF-8.
pub(crate) fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        pairs.push((name, value));
    }
    if has_repeated(&pairs) {
        return Err(Problem::new(Code::DuplicateParameter)
            .detail("a query parameter stands there more than once"));
    }
    Ok(pairs)
}

/// Sorted: comparing each with each would take a caller's eight kilobytes too far.
fn has_repeated(pairs: &[(String, String)]) -> bool {
    let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
        .iter()
        .zip(names.iter().skip(1))
        .any(|(one, next)| one == next)
}

fn decode(text: &str) -> Result<String, Problem> {
    let text = if text.contains('+') {
        Cow::Owned(text.replace('+', " "))
    } else {
        Cow::Borrowed(text)
    };
    match percent_encoding::percent_decode_str(&text).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        Ok(_) | Err(_) => {
            Err(Problem::new(Code::MalformedRequest).detail("the query is not UTF-8 text"))
        }
    }
}
