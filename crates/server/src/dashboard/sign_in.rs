//! The door: signing in by e-mail and password, and what every way in has in common.
//!
//! Whoever comes in gets a fresh session, never one that was there before, and for those memberships
//! alone that were proved: by a link the one that it was made for, by a password those whose password
//! it is, at a provider all under the address that it has verified. An address alone proves nothing, as
//! anybody may enter any.

pub(crate) mod enter;
pub(crate) mod link;
pub(crate) mod oidc;
pub(crate) mod out;

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use keyway_core::id::MemberId;
use keyway_core::member::Member;
use keyway_core::time::Span;
use keyway_store::sessions::Proof;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use self::enter::{Arrival, Entered};
use super::frame::Frame;
use super::page::{self, local_path};
use super::visitor::{Visitor, VisitorKind};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::passwords::Tried;

const HOME: &str = "/keys";
const PORTAL: &str = "/portal";
/// An unknown address and a wrong password are answered alike.
const NO_MATCH: &str = "E-mail and password do not match.";

/// `GET /`
pub(crate) async fn home(visitor: Visitor) -> Response {
    match visitor.who {
        VisitorKind::Member(_) => page::to(HOME),
        VisitorKind::Portal(_) => page::to(PORTAL),
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    error: Option<String>,
    email: String,
    next: String,
    provider: Option<ProviderButton>,
}

/// The way to the OIDC provider, if there is one.
struct ProviderButton {
    label: String,
    address: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct SignInQuery {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub(crate) async fn form(
    State(app): State<AppState>,
    axum::extract::Query(query): axum::extract::Query<SignInQuery>,
) -> Response {
    sign_in_page(&app, StatusCode::OK, None, String::new(), query.next)
}

fn sign_in_page(
    app: &App,
    status: StatusCode,
    error: Option<String>,
    email: String,
    next: String,
) -> Response {
    let provider = app.provider.as_ref().map(|provider| ProviderButton {
        label: provider.label().to_owned(),
        address: format!(
            "/sign-in/oidc?next={}",
            utf8_percent_encode(&next, NON_ALPHANUMERIC)
        ),
    });
    page::page(
        status,
        &SignInPage {
            provider,
            frame: Frame::solo(app),
            error,
            email,
            next,
        },
    )
}

#[derive(Deserialize)]
pub(crate) struct SignInForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`. An unknown address and a wrong password are answered alike, after as long.
pub(crate) async fn with_password(
    State(app): State<AppState>,
    arrival: Arrival,
    Form(form): Form<SignInForm>,
) -> Response {
    let person = form.email.to_lowercase();
    let (tried, now) = (Tried::Address(&person), app.clock.now());
    if let Err(wait) = app.passwords.count_try(tried, arrival.request.address, now) {
        return must_wait(&app, wait, form);
    }
    let next = local_path(&form.next).unwrap_or(HOME);
    match try_password(&app, &arrival, &person, &form.password, next).await {
        Err(problem) => page::refused(&Frame::solo(&app), &problem),
        Ok(Some(response)) => response,
        Ok(None) => {
            let (status, error) = (StatusCode::UNAUTHORIZED, Some(NO_MATCH.to_owned()));
            sign_in_page(&app, status, error, form.email, form.next)
        }
    }
}

fn must_wait(app: &App, wait: Span, form: SignInForm) -> Response {
    let seconds = wait.to_duration().as_secs();
    let error = format!("Too many tries. Wait {seconds} s.");
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = sign_in_page(app, status, Some(error), form.email, form.next);
    let seconds = HeaderValue::from(seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// None where the password opens nothing.
async fn try_password(
    app: &App,
    arrival: &Arrival,
    person: &str,
    password: &str,
    next: &str,
) -> Result<Option<Response>, Problem> {
    if let Some(cause) = app.index.doubt() {
        return Err(cause.into());
    }
    let all = app.index.members_of(person);
    let ids: Vec<MemberId> = all.iter().map(|it| it.id.clone()).collect();
    let known = app.store.find_passwords(&ids).await?;
    let opened = app
        .passwords
        .opened(password.to_owned(), known.clone())
        .await;
    let is_opened = |it: &Arc<Member>| opened.iter().any(|opened| opened.member == it.id);
    let members: Vec<Arc<Member>> = all.into_iter().filter(is_opened).collect();
    let knows_all = opened.len() == known.iter().filter(|it| it.hash.is_some()).count();
    match arrival
        .enter(app, &members, Proof::Passwords(opened), next)
        .await
    {
        Entered::Came(response) => {
            // Who has set a password in one organization may still guess at another one's.
            if knows_all {
                app.passwords.forget_tries(Tried::Address(person));
            }
            Ok(Some(response))
        }
        Entered::Refused => Ok(None),
        Entered::Failed(problem) => Err(problem),
    }
}
