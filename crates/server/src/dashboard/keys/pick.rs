//! Lists that are one project's: which project, before there is a list.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::management::ManagementPermission;
use keyway_core::profile::pages::{KeysOf, Words};

use super::super::frame::Frame;
use super::super::page::{self, page};
use super::super::picked;
use super::desk::Desk;
use super::sent::Sent;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

/// In the address of the bar's answer.
const PROJECT: &str = "project";

#[derive(Template)]
#[template(path = "keys/pick.html")]
struct PickPage<'a> {
    frame: Frame,
    words: &'a Words,
    intro: String,
    may_create: bool,
}

/// What is answered instead of a list of all keys, where lists are of projects.
pub(crate) async fn instead(desk: &Desk) -> Result<Option<Response>, Response> {
    if desk.at.is_some() {
        return Ok(None);
    }
    match desk.keys_of() {
        KeysOf::Organization => Ok(None),
        KeysOf::Project => Ok(Some(page::to("/projects"))),
        KeysOf::PickedProject => Ok(Some(pick(desk).await?)),
    }
}

/// The page of a project is what is remembered of a visit to it.
pub(crate) fn kept(desk: &Desk, response: Response) -> Response {
    match &desk.at {
        Some(at) if desk.keys_of() == KeysOf::PickedProject => {
            picked::remembered(response, Some(&at.id))
        }
        _ => response,
    }
}

/// To the project that was picked now or before; else the choice, and why nothing can be made yet.
async fn pick(desk: &Desk) -> Result<Response, Response> {
    let sent = Sent::parse(desk.query.as_bytes());
    let is_answer = sent.has(PROJECT);
    let picked = sent.one(PROJECT).parse().ok();
    let frame = if is_answer {
        desk.visitor.frame_in(picked.as_ref(), "/keys").await?
    } else {
        desk.frame().await?
    };
    let _permit: Permit<KeysRead> = desk.permit(&frame)?;
    let mut projects = frame.bar.iter().flat_map(|it| &it.projects);
    let found = projects.find(|it| it.is_picked);
    if let Some(found) = found {
        return Ok(page::to(&format!("/projects/{}", found.id)));
    }
    let words = &desk.pages().words;
    let template = PickPage {
        words,
        intro: Words::about(&words.intro, &desk.profile().title),
        may_create: desk.may(ManagementPermission::KeysCreate),
        frame,
    };
    let response = page(StatusCode::OK, &template);
    Ok(if is_answer {
        picked::remembered(response, None)
    } else {
        response
    })
}
