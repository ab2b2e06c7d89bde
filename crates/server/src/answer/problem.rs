//! Refusals on their way out. What happened inside becomes a code here and nowhere else; the cause of
//! an error of our own goes to the log under the request id, never to the client.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use keyway_api::code::Code;
use keyway_api::problem::{self, FieldProblem};
use keyway_core::decide::Cause;
use keyway_core::key::TransitionError;
use keyway_store::error::{ChangeError, Refusal, StoreError};
use keyway_token::redact::Redactor;

use crate::profile_in_force::ProfileInForce;
use crate::quota;

/// What a client should wait before it asks again, in seconds.
pub(crate) const RETRY_AFTER_SECONDS: &str = "1";

/// A refusal without what only the edge knows (request id, path); see [`finish`].
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldProblem>,
    headers: HeaderMap,
}

impl Problem {
    pub(crate) fn new(code: Code) -> Self {
        let mut headers = HeaderMap::new();
        if matches!(code.status(), 429 | 503) {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from_static(RETRY_AFTER_SECONDS),
            );
        }
        Self(Box::new(Parts {
            code,
            detail: None,
            errors: Vec::new(),
            headers,
        }))
    }

    /// What happened this time, for people.
    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// A header that goes with the problem.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Bad fields, by JSON pointer or parameter name.
    pub(crate) fn fields(errors: Vec<FieldProblem>) -> Self {
        let mut it = Self::new(Code::InvalidRequest);
        it.0.errors = errors;
        it
    }

    pub(crate) fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem {
            pointer: pointer.into(),
            detail: detail.into(),
        }])
    }

    /// Names bad fields beside another code.
    #[must_use]
    pub(crate) fn errors_of(mut self, errors: Vec<FieldProblem>) -> Self {
        self.0.errors = errors;
        self
    }

    pub(crate) fn undecided() -> Self {
        Self::new(Code::Undecided)
    }

    /// An error of our own: the log learns the cause.
    pub(crate) fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(cause = %with_sources(cause), "an error of our own");
        Self::new(Code::Internal)
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    pub(crate) fn as_detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Those that go with it.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(crate) fn errors(&self) -> &[FieldProblem] {
        &self.0.errors
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl From<Cause> for Problem {
    fn from(cause: Cause) -> Self {
        Self::undecided().detail(cause.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Sql(_) | StoreError::NotWritten { .. } | StoreError::Closed => {
                tracing::warn!(cause = %with_sources(&error), "the store did not answer");
                Self::new(Code::StoreUnavailable)
            }
            StoreError::OutcomeUnknown => Self::new(Code::OutcomeUnknown),
            StoreError::ImpossibleRow { .. }
            | StoreError::NewerEntry { .. }
            | StoreError::Json(_) => Self::internal(&error),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused { refusal, .. } => refusal.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::OrganizationNotFound => Code::OrganizationNotFound,
            Refusal::ProjectNotFound => Code::ProjectNotFound,
            Refusal::ResourceNotFound => Code::ResourceNotFound,
            Refusal::KeyNotFound => Code::KeyNotFound,
            Refusal::ManagementKeyNotFound => Code::ManagementKeyNotFound,
            Refusal::SigningKeyNotFound => Code::SigningKeyNotFound,
            Refusal::MemberNotFound => Code::MemberNotFound,
            Refusal::InvitationNotFound => Code::InvitationNotFound,
            Refusal::PortalSessionNotFound => Code::PortalSessionNotFound,
            Refusal::EmailTaken => Code::MemberAlreadyExists,
            Refusal::LastAdministrator => Code::LastAdministrator,
            Refusal::LinkDead => Code::LinkDead,
            Refusal::ActorGone | Refusal::RootKeyRevoked => Code::CredentialRevoked,
            Refusal::VersionMoved | Refusal::PasswordMoved => Code::PreconditionFailed,
            Refusal::ProfileMoved => Code::ProfileChanged,
            Refusal::LimitReached => Code::KeyLimitReached,
            Refusal::IdTaken | Refusal::DigestTaken => Code::KeyAlreadyExists,
            Refusal::ExternalIdTaken => Code::ExternalIdAlreadyExists,
            Refusal::IdempotencyKeyTaken => Code::IdempotencyInProgress,
            Refusal::Transition(TransitionError::Revoked) => Code::KeyRevoked,
            Refusal::Transition(TransitionError::Expired) => Code::KeyExpired,
            Refusal::Transition(TransitionError::Inactive) => Code::KeyNotActive,
            Refusal::Transition(TransitionError::HasSuccessor) => Code::KeyHasSuccessor,
        };
        match code {
            Code::CredentialRevoked => Self::new(code).header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(crate::request::credential::CHALLENGE_INVALID),
            ),
            _ => Self::new(code),
        }
    }
}

/// Carries the problem to the edge, which alone knows the rest.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = status(self.0.code.status());
        response.extensions_mut().insert(self);
        response
    }
}

pub(crate) fn status(number: u16) -> http::StatusCode {
    http::StatusCode::from_u16(number).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR)
}

/// The problem as the client gets it: with the request's id and path, in the profile's words, and
/// without any key that was sent where none belongs (in a path, as the name of a field).
pub(crate) fn finish(
    problem: &Problem,
    request_id: &str,
    path: &str,
    public_url: &str,
    in_force: Option<&ProfileInForce>,
) -> http::Response<bytes::Bytes> {
    let parts = &problem.0;
    let mut wire = problem::Problem::new(parts.code);
    wire.kind = format!("{public_url}/problems/{}", parts.code.name());
    if parts.code == Code::RateLimited {
        problem::QUOTA_EXCEEDED.clone_into(&mut wire.kind);
        wire.violated_policies = vec![quota::POLICY.to_owned()];
    }
    // A product's words are for refusals: that nothing could be decided is never one of them.
    let renamed = in_force.and_then(|it| it.profile.codes.get(parts.code.name()));
    if let Some(renamed) = renamed.filter(|_| parts.code.status() < 500) {
        wire.code.clone_from(&renamed.code);
        wire.status = renamed.status;
    }
    let in_general = || parts.code.page().happened.to_owned();
    wire.detail = Some(parts.detail.clone().unwrap_or_else(in_general));
    wire.errors.clone_from(&parts.errors);
    wire.instance = Some(path.to_owned());
    wire.request_id = Some(request_id.to_owned());
    if let Some(in_force) = in_force {
        redact(&mut wire, &in_force.redactor);
    }
    let body = serde_json::to_vec(&wire).unwrap_or_default();
    let mut response = http::Response::new(bytes::Bytes::from(body));
    *response.status_mut() = status(wire.status);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(problem::PROBLEM_JSON),
    );
    headers.extend(parts.headers.clone());
    if wire.status == 429 {
        headers
            .entry(header::RETRY_AFTER)
            .or_insert(HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
    response
}

fn redact(wire: &mut problem::Problem, redactor: &Redactor) {
    let fields = wire
        .errors
        .iter_mut()
        .flat_map(|it| [&mut it.pointer, &mut it.detail]);
    for text in wire
        .instance
        .iter_mut()
        .chain(&mut wire.detail)
        .chain(fields)
    {
        if let Cow::Owned(redacted) = redactor.redact(text) {
            *text = redacted;
        }
    }
}
