//! The one shape of every refusal: problem details of RFC 9457.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::Code;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The type of a problem that a rate limit makes: the registered one, which says what to do by itself.
pub const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// Why a call was refused. Programs branch on `code`; people read `title` and `detail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The page that says what happened and what to do.
    #[serde(rename = "type")]
    #[schema(example = "/problems/key_not_found")]
    pub kind: String,
    /// Always the same for a code.
    pub title: String,
    /// The HTTP status, again.
    pub status: u16,
    /// What happened this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The path that was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The stable name.
    #[schema(example = "key_not_found")]
    pub code: String,
    /// The same as in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Which fields are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Which rate limits the call went beyond.
    #[serde(
        rename = "violated-policies",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    pub violated_policies: Vec<String>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// A JSON pointer into the body, or the name of a query parameter.
    #[schema(example = "/grants/0/resource")]
    pub pointer: String,
    /// What is wrong with it, for people.
    pub detail: String,
}

impl Problem {
    /// A problem as its code alone describes it.
    pub fn new(code: Code) -> Self {
        Self {
            kind: format!("/problems/{}", code.name()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: None,
            instance: None,
            code: code.name().to_owned(),
            request_id: None,
            errors: Vec::new(),
            violated_policies: Vec::new(),
        }
    }
}
