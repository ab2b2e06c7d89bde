//! One-time links, for signing in, invitations and portals.
//!
//! Opening a link shows a page with one button, and only that form's POST spends the link: scanners
//! that open every address in a mail spend nothing. Whoever comes in lands on an address without the
//! link in it.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::actor::Actor;
use keyway_core::invitation::Invitation;
use keyway_core::management::Reach;
use keyway_core::member::{Member, MemberState};
use keyway_core::portal::PortalSession;
use keyway_store::links::{Link, LinkKind};
use keyway_store::sessions::Proof;
use keyway_token::digest::Digest;
use serde::Deserialize;

use super::enter::{Arrival, Entered, entered};
use super::{HOME, PORTAL};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::session::Fresh;
use crate::dashboard::frame::Frame;
use crate::dashboard::page;
use crate::routes::members::draw_member_id;

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
    Invitation(Box<Invitation>),
    Portal(Box<PortalSession>),
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
pub(crate) async fn show(State(app): State<AppState>, Path(secret): Path<String>) -> Response {
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
pub(crate) async fn spend(
    State(app): State<AppState>,
    arrival: Arrival,
    Path(secret): Path<String>,
    Form(form): Form<LinkForm>,
) -> Response {
    let refused = |problem: &Problem| page::refused(&Frame::solo(&app), problem);
    let (link, opened) = match open(&app, &secret).await {
        Ok(Some(found)) => found,
        Ok(None) => return dead(&app),
        Err(problem) => return refused(&problem),
    };
    let entered = match opened {
        Opened::SignIn(member) => {
            let (members, proof) = ([Arc::new(*member)], Proof::Link(link.digest));
            arrival.enter(&app, &members, proof, HOME).await
        }
        Opened::Invitation(invitation) => {
            accept(&app, &arrival, *invitation, &link.digest, &form.name).await
        }
        Opened::Portal(portal) => open_portal(&app, &arrival, *portal, &link.digest).await,
    };
    match entered {
        Entered::Came(response) => response,
        Entered::Refused => dead(&app),
        Entered::Failed(problem) => refused(&problem),
    }
}

async fn open_portal(
    app: &App,
    arrival: &Arrival,
    portal: PortalSession,
    link: &Digest,
) -> Entered {
    let fresh = Fresh::of_portal(app, &portal, arrival.earlier.as_ref());
    let by = arrival.call(Actor::PortalSession(portal.id.clone()), "customer");
    let (opening, now) = (fresh.opening.clone(), app.clock.now());
    let done = app
        .store
        .open_portal_session(&by, portal, link, opening, now)
        .await;
    entered(app, done.map(|_| ()), &fresh, PORTAL)
}

async fn accept(
    app: &App,
    arrival: &Arrival,
    invitation: Invitation,
    link: &Digest,
    name: &str,
) -> Entered {
    let Ok(name) = name.trim().parse() else {
        return Entered::Failed(Problem::field("/name", "Give your name."));
    };
    let Ok(id) = draw_member_id(app).parse() else {
        return Entered::Failed(Problem::new(Code::Internal));
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
        return Entered::Refused;
    };
    let fresh = Fresh::joining(app, &member, arrival.earlier.as_ref());
    // Who accepts is not a member before this; the invitation speaks for them.
    let by = arrival.call(Actor::System, member.name.as_str());
    let opening = fresh.opening.clone();
    let done = app
        .store
        .accept_invitation(&by, accepted, member, link, opening, now)
        .await;
    if let Ok(committed) = &done {
        app.cluster.reach(committed.head()).await;
    }
    entered(app, done.map(|_| ()), &fresh, HOME)
}
