//! JSON bodies: limited in size and time, unknown fields refused, faults named by JSON pointer.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use keyway_api::code::Code;
use keyway_api::object::Object;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::answer::problem::Problem;

/// Largest body of a call; an import streams and is limited by line.
pub(crate) const BODY_BYTES_MAX: usize = 65_536;
/// Largest body of a call about a thousand keys, with what is asked of each.
pub(crate) const BATCH_BYTES_MAX: usize = 1_048_576;
/// Longest time in which a body must have arrived.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// A JSON body of type `T` and at most so many bytes; an absent one reads as `{}`.
#[derive(Debug)]
pub(crate) struct Json<T, const BYTES_MAX: usize = BODY_BYTES_MAX>(pub T);

impl<T, S, const BYTES_MAX: usize> FromRequest<S> for Json<T, BYTES_MAX>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, BYTES_MAX).await?;
        parse(&bytes).map(Self)
    }
}

/// The body of a call that says everything in its path: absent, or an object without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let bytes = collect(body, bytes_max).await?;
    if !bytes.is_empty() && !is_json(headers) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    Ok(bytes)
}

/// The bytes of a body of any type.
pub(crate) async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let reading = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Err(_) => Err(Problem::new(Code::RequestTimeout)),
        Ok(Err(cause)) if cause.is::<LengthLimitError>() => Err(Problem::new(Code::BodyTooLarge)
            .detail(format!("at most {bytes_max} bytes are read here"))),
        Ok(Err(_)) => Err(Problem::new(Code::IncompleteBody)),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}

/// `application/json` in any spelling; a body without a type is taken for JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (None, _) => true,
        (Some(_), Some(_)) => false,
        (Some(value), None) => {
            let media_type = value.to_str().unwrap_or_default().split(';').next();
            media_type
                .unwrap_or_default()
                .trim()
                .eq_ignore_ascii_case("application/json")
        }
    }
}

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.trim_ascii().is_empty() {
        b"{}"
    } else {
        bytes
    };
    // The quick way first; a body with a fault is read again to say where.
    match serde_json::from_slice(bytes) {
        Ok(Object(value)) => Ok(value),
        Err(_) => Err(fault::<T>(bytes)),
    }
}

fn fault<T: DeserializeOwned>(bytes: &[u8]) -> Problem {
    if std::str::from_utf8(bytes).is_err() {
        return Problem::new(Code::MalformedJson).detail("the body is not UTF-8");
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let outcome: Result<Object<T>, _> = serde_path_to_error::deserialize(&mut deserializer);
    match outcome {
        Err(error) if error.inner().is_data() => {
            let detail = without_place(&error.inner().to_string());
            Problem::field(pointer(error.path()) + &missing(&detail), detail)
        }
        Err(error) => {
            let (line, column) = (error.inner().line(), error.inner().column());
            let place = format!("the JSON ends or breaks at line {line}, column {column}");
            Problem::new(Code::MalformedJson).detail(place)
        }
        Ok(_) => Problem::new(Code::MalformedJson).detail("something follows the JSON document"),
    }
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

/// The rest of the pointer to a field that is not there; its object is where the fault was found.
fn missing(detail: &str) -> String {
    let name = detail
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split_once('`'));
    name.map_or_else(String::new, |(name, _)| format!("/{name}"))
}

/// What serde says, without its line and column and without any value: that could be a secret.
fn without_place(message: &str) -> String {
    let text = message.split(" at line ").next().unwrap_or_default();
    let is_about_a_value =
        text.starts_with("invalid type: ") || text.starts_with("invalid value: ");
    if !is_about_a_value {
        return text.to_owned();
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("this is of another type: expected {expected}"),
        None => "this is of another type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use keyway_api::key::CreateKey;
    use keyway_api::verify::VerifyKey;

    use super::*;

    fn refusal<T: DeserializeOwned>(body: &str) -> (Code, String, String) {
        let Err(problem) = parse::<T>(body.as_bytes()) else {
            panic!("{body} was read")
        };
        let first = problem.errors().first();
        (
            problem.code(),
            first.map(|it| it.pointer.clone()).unwrap_or_default(),
            first.map(|it| it.detail.clone()).unwrap_or_default(),
        )
    }

    #[test]
    fn a_fault_is_named_by_its_pointer() {
        let (code, pointer, detail) = refusal::<CreateKey>(r#"{"name":"a","expire_at":1}"#);
        assert_eq!(
            (code, pointer.as_str()),
            (Code::InvalidRequest, "/expire_at")
        );
        assert!(detail.starts_with("unknown field `expire_at`"), "{detail}");
        let (_, pointer, _) = refusal::<CreateKey>(r#"{"owner":"a"}"#);
        assert_eq!(pointer, "/name");
        let (_, pointer, _) = refusal::<CreateKey>(r#"{"name":"a","grants":[{"role":"b"}]}"#);
        assert_eq!(pointer, "/grants/0/resource");
        let (_, pointer, _) = refusal::<CreateKey>(r#"{"name":"a","ip_rules":["::1",7]}"#);
        assert_eq!(pointer, "/ip_rules/1");
        let (code, _, _) = refusal::<CreateKey>(r#"{"name":"a""#);
        assert_eq!(code, Code::MalformedJson);
        let (code, _, _) = refusal::<CreateKey>(r#"{"name":"a"} x"#);
        assert_eq!(code, Code::MalformedJson);
    }

    #[test]
    fn a_refusal_shows_nothing_of_a_value() {
        let (_, pointer, detail) =
            refusal::<VerifyKey>(r#"{"secret":"s","permissions":"kw_hidden"}"#);
        assert_eq!(pointer, "/permissions");
        assert!(!detail.contains("hidden"), "{detail}");
    }

    #[test]
    fn an_absent_body_reads_as_an_empty_object() {
        assert!(parse::<keyway_api::key::RevokeKey>(b"").is_ok());
        assert!(parse::<keyway_api::key::RevokeKey>(b" \n").is_ok());
    }

    #[test]
    fn a_body_that_says_nothing_has_no_fields() {
        assert!(parse::<Nothing>(b"").is_ok());
        assert!(parse::<Nothing>(b"{}").is_ok());
        let (code, pointer, _) = refusal::<Nothing>(r#"{"reason":"a"}"#);
        assert_eq!((code, pointer.as_str()), (Code::InvalidRequest, "/reason"));
    }

    #[test]
    fn an_array_is_not_an_object_without_its_names() {
        let (code, pointer, detail) = refusal::<keyway_api::project::CreateProject>(r#"["a"]"#);
        assert_eq!((code, pointer.as_str()), (Code::InvalidRequest, ""));
        assert!(detail.ends_with("expected an object"), "{detail}");
    }
}
