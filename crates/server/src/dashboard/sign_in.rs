//! Ways in and out: a one-time link (sign-in, invitation, portal), e-mail and password, signing out.
//!
//! Opening a link shows a page with one button, and only that form's POST spends the link: scanners
//! that open every address in a mail spend nothing. Whoever comes in gets a fresh session, never one
//! that was there before, and lands on an address without the link in it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Form};
use http::{HeaderValue, StatusCode, header};
use keyway_api::code::Code;
use keyway_core::actor::{Actor, Origin};
use keyway_core::management::Reach;
use keyway_core::member::{Member, MemberState};
use keyway_store::call::Call;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::sessions::{Link, LinkKind};
use keyway_token::digest::Digest;
use serde::Deserialize;

use super::frame::Frame;
use super::page::{self, local_path};
use super::visitor::{Visitor, VisitorKind};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::caller::Who;
use crate::auth::same_origin::SameOrigin;
use crate::auth::session::{self, Fresh};
use crate::request::context::RequestContext;
use crate::routes::members::draw_member_id;

const HOME: &str = "/keys";
const PORTAL: &str = "/portal";

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
    page::page(
        status,
        &SignInPage {
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
    _proof: SameOrigin,
    Extension(request): Extension<RequestContext>,
    Form(form): Form<SignInForm>,
) -> Response {
    let person = form.email.to_lowercase();
    if let Err(wait) = app
        .passwords
        .count_try(&person, request.address, app.clock.now())
    {
        let seconds = wait.to_duration().as_secs();
        let error = format!("Too many tries. Wait {seconds} s.");
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut response = sign_in_page(&app, status, Some(error), form.email, form.next);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return response;
    }
    match member_by_password(&app, &person, form.password).await {
        Err(problem) => page::refused(&Frame::solo(&app), &problem),
        Ok(None) => {
            let error = "E-mail and password do not match.".to_owned();
            sign_in_page(
                &app,
                StatusCode::UNAUTHORIZED,
                Some(error),
                form.email,
                form.next,
            )
        }
        Ok(Some(member)) => {
            app.passwords.forget_tries(&person);
            let next = local_path(&form.next).unwrap_or(HOME).to_owned();
            enter(&app, &request, &member, None, &next).await
        }
    }
}

async fn member_by_password(
    app: &App,
    person: &str,
    password: String,
) -> Result<Option<Member>, Problem> {
    let hash = app.store.find_password(person).await?;
    let is_right = app.passwords.matches(password, hash).await;
    let member = app
        .index
        .members_of(person)
        .first()
        .map(|it| Member::clone(it));
    Ok(member.filter(|_| is_right))
}

fn origin(request: &RequestContext, actor: Actor, label: &str) -> Call {
    let origin = Origin {
        actor,
        actor_label: label.to_owned(),
        address: request.address,
        request_id: request.id.to_string(),
    };
    origin.into()
}

fn as_member(request: &RequestContext, member: &Member) -> Call {
    let actor = Actor::Member {
        id: member.id.clone(),
        version: member.version,
    };
    origin(request, actor, member.name.as_str())
}

/// Opens a session of a member's person and goes to `next`.
async fn enter(
    app: &App,
    request: &RequestContext,
    member: &Member,
    link: Option<&Digest>,
    next: &str,
) -> Response {
    let fresh = Fresh::of_person(app, &member.email, &member.organization);
    let by = as_member(request, member);
    let session = fresh.session.clone();
    let done = app
        .store
        .sign_in(&by, member, link, session, app.clock.now())
        .await;
    finish(app, done.map(|_| ()), &fresh, next)
}

fn finish(app: &App, done: Result<(), ChangeError>, fresh: &Fresh, next: &str) -> Response {
    match done {
        Ok(()) => {
            let mut response = page::to(next);
            response
                .headers_mut()
                .append(header::SET_COOKIE, fresh.cookie(app));
            response
        }
        Err(ChangeError::Refused {
            refusal: Refusal::LinkDead | Refusal::ActorGone,
            ..
        }) => dead(app),
        Err(error) => page::refused(&Frame::solo(app), &error.into()),
    }
}

#[derive(Template)]
#[template(path = "sign_in_link.html")]
struct LinkPage {
    frame: Frame,
    heading: String,
    sentence: String,
    button: String,
    asks_name: bool,
}

#[derive(Template)]
#[template(path = "link_dead.html")]
struct DeadPage {
    frame: Frame,
}

fn dead(app: &App) -> Response {
    page::page(
        StatusCode::GONE,
        &DeadPage {
            frame: Frame::solo(app),
        },
    )
}

/// What a link that still works leads to.
enum Opened {
    SignIn(Box<Member>),
    Invitation(Box<keyway_core::invitation::Invitation>),
    Portal(Box<keyway_core::portal::PortalSession>),
}

async fn open(app: &App, secret: &str) -> Result<Option<(Link, Opened)>, Problem> {
    let found = app.store.find_link(&Digest::of(secret)).await?;
    let now = app.clock.now();
    let Some(link) = found.filter(|link| !link.is_spent && now < link.expires_at) else {
        return Ok(None);
    };
    let opened = match link.kind {
        LinkKind::SignIn => match link.subject.parse() {
            Ok(id) => app
                .store
                .find_member(&Reach::All, &id)
                .await?
                .map(Box::new)
                .map(Opened::SignIn),
            Err(_) => None,
        },
        LinkKind::Invitation => match link.subject.parse() {
            Ok(id) => {
                let found = app.store.find_invitation(&Reach::All, &id).await?;
                found
                    .filter(|it| it.is_open(now))
                    .map(Box::new)
                    .map(Opened::Invitation)
            }
            Err(_) => None,
        },
        LinkKind::Portal => match link.subject.parse() {
            Ok(id) => {
                let found = app.store.find_portal_session(&Reach::All, &id).await?;
                found
                    .filter(|it| it.stands(now))
                    .map(Box::new)
                    .map(Opened::Portal)
            }
            Err(_) => None,
        },
    };
    Ok(opened.map(|opened| (link, opened)))
}

/// `GET` of a one-time link: the button, and nothing spent.
pub(crate) async fn link(State(app): State<AppState>, Path(secret): Path<String>) -> Response {
    let opened = match open(&app, &secret).await {
        Ok(Some((_, opened))) => opened,
        Ok(None) => return dead(&app),
        Err(problem) => return page::refused(&Frame::solo(&app), &problem),
    };
    let frame = Frame::solo(&app);
    let template = match opened {
        Opened::SignIn(member) => LinkPage {
            frame,
            heading: format!("Welcome back, {}", member.name.as_str()),
            sentence: format!(
                "This one-time link signs you in as {}. It works once.",
                member.email.as_str()
            ),
            button: format!("Continue as {}", member.name.as_str()),
            asks_name: false,
        },
        Opened::Invitation(invitation) => LinkPage {
            frame,
            heading: "You are invited".to_owned(),
            sentence: format!(
                "Become a member as {}. This link works once.",
                invitation.email.as_str()
            ),
            button: "Accept the invitation".to_owned(),
            asks_name: true,
        },
        Opened::Portal(_) => LinkPage {
            frame,
            heading: "Your API keys".to_owned(),
            sentence: "This link opens the page of your API keys. It works once.".to_owned(),
            button: "Continue".to_owned(),
            asks_name: false,
        },
    };
    page::page(StatusCode::OK, &template)
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct LinkForm {
    #[serde(default)]
    name: String,
}

/// `POST` of a one-time link: spends it.
pub(crate) async fn with_link(
    State(app): State<AppState>,
    _proof: SameOrigin,
    Extension(request): Extension<RequestContext>,
    Path(secret): Path<String>,
    Form(form): Form<LinkForm>,
) -> Response {
    let (link, opened) = match open(&app, &secret).await {
        Ok(Some(found)) => found,
        Ok(None) => return dead(&app),
        Err(problem) => return page::refused(&Frame::solo(&app), &problem),
    };
    match opened {
        Opened::SignIn(member) => enter(&app, &request, &member, Some(&link.digest), HOME).await,
        Opened::Invitation(invitation) => {
            accept(&app, &request, *invitation, &link.digest, &form.name).await
        }
        Opened::Portal(portal) => {
            let fresh = Fresh::of_portal(&app, &portal);
            let by = origin(
                &request,
                Actor::PortalSession(portal.id.clone()),
                "customer",
            );
            let (session, now) = (fresh.session.clone(), app.clock.now());
            let done = app
                .store
                .open_portal_session(&by, *portal, &link.digest, session, now)
                .await;
            finish(&app, done.map(|_| ()), &fresh, PORTAL)
        }
    }
}

async fn accept(
    app: &App,
    request: &RequestContext,
    invitation: keyway_core::invitation::Invitation,
    link: &Digest,
    name: &str,
) -> Response {
    let solo = Frame::solo(app);
    let Ok(name) = name.trim().parse() else {
        return page::refused(&solo, &Problem::field("/name", "Give your name."));
    };
    let Ok(id) = draw_member_id(app).parse() else {
        return page::refused(&solo, &Problem::new(Code::Internal));
    };
    let now = app.clock.now();
    let member = Member {
        id,
        organization: invitation.organization.clone(),
        email: invitation.email.clone(),
        name,
        bindings: invitation.bindings.clone(),
        state: MemberState::Active,
        created_at: now,
        created_by: invitation.created_by.clone(),
        version: 1,
    };
    let Some(accepted) = invitation.accept(now) else {
        return dead(app);
    };
    let fresh = Fresh::of_person(app, &member.email, &member.organization);
    // Who accepts is not a member before this; the invitation speaks for them.
    let by = origin(request, Actor::System, member.name.as_str());
    let session = fresh.session.clone();
    let done = app
        .store
        .accept_invitation(&by, accepted, member, link, session, now)
        .await;
    if let Ok(committed) = &done {
        app.cluster.reach(committed.head()).await;
    }
    finish(app, done.map(|_| ()), &fresh, HOME)
}

/// `POST /sign-out`
pub(crate) async fn out(visitor: Visitor) -> Response {
    let app = &visitor.app;
    let session = match &visitor.caller.who {
        Who::Member {
            session: Some(session),
            ..
        }
        | Who::Portal { session, .. } => session,
        Who::Member { session: None, .. } | Who::ManagementKey(_) => return page::to("/sign-in"),
    };
    match app.store.end_session(session).await {
        Ok(()) => gone(app),
        Err(error) => page::refused(&Frame::solo(app), &error.into()),
    }
}

/// `POST /sign-out-everywhere`: every session of the person ends, on all machines.
pub(crate) async fn out_everywhere(visitor: Visitor) -> Response {
    let app = &visitor.app;
    let VisitorKind::Member(member) = &visitor.who else {
        return page::to("/sign-in");
    };
    let by: Call = visitor.caller.origin().into();
    match app.store.end_sessions(&by, member, app.clock.now()).await {
        Ok(_) => gone(app),
        Err(error) => page::refused(&Frame::solo(app), &error.into()),
    }
}

fn gone(app: &App) -> Response {
    let mut response = page::to("/sign-in");
    response
        .headers_mut()
        .append(header::SET_COOKIE, session::no_cookie(app));
    response
}
