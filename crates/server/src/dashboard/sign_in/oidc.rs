//! Signing in at an OIDC provider: leaving for it, and coming back.
//!
//! What ties the two together is a cookie of its own, for ten minutes, which every coming back takes
//! away. Going there is a link and no form: the content policy lets forms be sent to this server alone.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyway_core::text::Email;
use keyway_store::sessions::Proof;
use serde::Deserialize;

use super::enter::{Arrival, Entered};
use super::{HOME, SignInQuery};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::cookie::CookieName;
use crate::dashboard::frame::Frame;
use crate::dashboard::page::{self, local_path};
use crate::oidc::Failure;
use crate::oidc::attempt::{self, Attempt};
use crate::oidc::provider::Provider;
use crate::request::context::RequestContext;

const COOKIE: CookieName = CookieName {
    secure: "__Host-keyway-oidc",
    plain: "keyway-oidc",
};
/// Longest address to go back to; the cookie holds it.
const NEXT_BYTES_MAX: usize = 1_024;

/// `GET /sign-in/oidc`: to the provider.
pub(crate) async fn leave(
    State(app): State<AppState>,
    arrival: Arrival,
    Query(query): Query<SignInQuery>,
) -> Response {
    let Some(provider) = &app.provider else {
        return page::to("/sign-in");
    };
    let next = local_path(&query.next).filter(|it| it.len() <= NEXT_BYTES_MAX);
    let attempt = Attempt::draw(&app, next.unwrap_or(HOME));
    match provider.address(&attempt, app.clock.as_ref()).await {
        Ok(address) => {
            let seconds = attempt::SPAN.to_duration().as_secs();
            let more = format!("; Max-Age={seconds}");
            let mut response = page::to(&address);
            let cookie = COOKIE.set(&app, &attempt.to_text(), &more);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(failure) => logged(&arrival.request, failure).page(&app),
    }
}

/// What a provider sends a browser back with: a code or an error, and its name (RFC 9207).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Return {
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// `GET /sign-in/oidc/callback`: from the provider.
pub(crate) async fn come_back(
    State(app): State<AppState>,
    arrival: Arrival,
    headers: HeaderMap,
    query: Result<Query<Return>, QueryRejection>,
) -> Response {
    let returned = query.map(|Query(it)| it).unwrap_or_default();
    let mut response = match arrive(&app, &arrival, &headers, returned).await {
        Ok(response) => response,
        Err(ending) => ending.page(&app),
    };
    let no_cookie = COOKIE.set(&app, "", "; Max-Age=0");
    response.headers_mut().append(header::SET_COOKIE, no_cookie);
    response
}

async fn arrive(
    app: &App,
    arrival: &Arrival,
    headers: &HeaderMap,
    returned: Return,
) -> Result<Response, Ending> {
    let provider = app.provider.as_ref().ok_or(Ending::Told(&NOT_BEGUN))?;
    let attempt = COOKIE.read(headers, app);
    let attempt = attempt.and_then(|unverified| Attempt::parse(&unverified));
    let attempt = attempt.filter(|it| it.is_of_state(&returned.state));
    let attempt = attempt.ok_or(Ending::Told(&NOT_BEGUN))?;
    let code = code(provider, returned)?;
    let clock = app.clock.as_ref();
    let email = provider.verified_email(&attempt, &code, clock).await;
    let email = email.map_err(|failure| logged(&arrival.request, failure))?;
    enter(app, arrival, &email, &attempt.next).await
}

/// The page has fewer words than the log.
fn logged(request: &RequestContext, failure: Failure) -> Ending {
    tracing::warn!(request_id = %request.id, %failure, "a sign-in at the provider failed");
    failure.into()
}

/// The code, if this provider sent one.
fn code(provider: &Provider, returned: Return) -> Result<String, Ending> {
    if returned.iss.is_some_and(|it| it != provider.issuer()) {
        return Err(Ending::Told(&BAD_ANSWER));
    }
    match (returned.error.as_deref(), returned.code) {
        (None, Some(code)) => Ok(code),
        (Some("access_denied"), _) => Err(Ending::Told(&DECLINED)),
        (Some("temporarily_unavailable" | "server_error"), _) => Err(Ending::Told(&UNAVAILABLE)),
        (Some(_) | None, _) => Err(Ending::Told(&BAD_ANSWER)),
    }
}

/// A verified address opens every membership under it.
async fn enter(
    app: &App,
    arrival: &Arrival,
    email: &Email,
    unverified_next: &str,
) -> Result<Response, Ending> {
    if let Some(cause) = app.index.doubt() {
        return Err(Ending::Problem(cause.into()));
    }
    let members = app.index.members_of(&email.folded());
    let next = local_path(unverified_next).unwrap_or(HOME);
    match arrival.enter(app, &members, Proof::Address, next).await {
        Entered::Came(response) => Ok(response),
        Entered::Refused => Err(Ending::Told(&NO_MEMBER)),
        Entered::Failed(problem) => Err(Ending::Problem(problem)),
    }
}

/// How a sign-in ends that did not succeed.
#[derive(Debug)]
enum Ending {
    Told(&'static Told),
    Problem(Problem),
}

/// What happened, and what to do.
#[derive(Debug)]
struct Told {
    status: StatusCode,
    heading: &'static str,
    sentence: &'static str,
}

const NOT_BEGUN: Told = Told {
    status: StatusCode::BAD_REQUEST,
    heading: "This sign-in cannot be finished",
    sentence: "It was not begun in this browser, took longer than ten minutes, or was finished \
               already. Begin again.",
};
const DECLINED: Told = Told {
    status: StatusCode::FORBIDDEN,
    heading: "You were not signed in",
    sentence: "The sign-in was cancelled, or your provider does not let you in here.",
};
const UNAVAILABLE: Told = Told {
    status: StatusCode::SERVICE_UNAVAILABLE,
    heading: "Your sign-in provider does not answer",
    sentence: "Try again in a moment, or sign in another way.",
};
const BAD_ANSWER: Told = Told {
    status: StatusCode::BAD_GATEWAY,
    heading: "Your sign-in provider's answer cannot be used",
    sentence: "Begin again. If that does not help, tell an administrator: the server's log says why.",
};
const NOT_VERIFIED: Told = Told {
    status: StatusCode::FORBIDDEN,
    heading: "Your e-mail address is not verified",
    sentence: "Your sign-in provider does not say that the address is yours. Verify it there, then \
               begin again.",
};
const NO_MEMBER: Told = Told {
    status: StatusCode::FORBIDDEN,
    heading: "You are not a member here",
    sentence: "Your sign-in worked, but nobody with your e-mail address is a member. Ask an \
               administrator to invite you.",
};

impl From<Failure> for Ending {
    fn from(failure: Failure) -> Self {
        Self::Told(match failure {
            Failure::Unreachable(_) | Failure::Busy | Failure::NoKeys(_) => &UNAVAILABLE,
            Failure::NotVerified => &NOT_VERIFIED,
            Failure::Document(_)
            | Failure::CodeRefused(_)
            | Failure::IdToken(_)
            | Failure::OtherNonce
            | Failure::OtherSubject => &BAD_ANSWER,
        })
    }
}

impl Ending {
    fn page(&self, app: &App) -> Response {
        let told = match self {
            Self::Told(told) => told,
            Self::Problem(problem) => return page::refused(&Frame::solo(app), problem),
        };
        let template = FailedPage {
            frame: Frame::solo(app),
            heading: told.heading,
            sentence: told.sentence,
        };
        let mut response = page::page(told.status, &template);
        if told.status == StatusCode::SERVICE_UNAVAILABLE {
            let soon = HeaderValue::from_static("5");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}

#[derive(Template)]
#[template(path = "sign_in_failed.html")]
struct FailedPage {
    frame: Frame,
    heading: &'static str,
    sentence: &'static str,
}
