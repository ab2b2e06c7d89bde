//! `/organizations`: the memberships that the session has proved, and the way from one to another.

use askama::Template;
use axum::Form;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::id::OrganizationId;
use serde::Deserialize;

use super::frame::Frame;
use super::page::{self, page, refusal};
use super::visitor::Visitor;
use crate::answer::problem::Problem;
use crate::auth::caller::Who;

#[derive(Template)]
#[template(path = "organizations.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    name: String,
    role: String,
    is_here: bool,
}

/// `GET /organizations`
pub(crate) async fn list(visitor: Visitor) -> Result<Response, Response> {
    let frame = visitor.frame("/organizations").await?;
    let member = visitor.member()?;
    let rows = visitor.memberships().iter().map(|it| {
        let id = it.organization.to_string();
        let found = frame.organizations.iter().find(|(known, _)| *known == id);
        Row {
            name: found.map_or_else(|| id.clone(), |(_, name)| name.clone()),
            role: visitor.role_title(&it.bindings.organization),
            is_here: it.organization == member.organization,
            id,
        }
    });
    let rows = rows.collect();
    Ok(page(StatusCode::OK, &Page { frame, rows }))
}

#[derive(Debug, Deserialize)]
pub(crate) struct SwitchForm {
    organization: String,
}

/// `POST /organizations`: the session goes to another of its memberships.
pub(crate) async fn switch(
    visitor: Visitor,
    Form(form): Form<SwitchForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame("/organizations").await?;
    let Who::Member {
        session: Some(session),
        ..
    } = &visitor.caller.who
    else {
        return Ok(page::to("/sign-in"));
    };
    let not_found = || refusal(&frame)(Problem::new(Code::OrganizationNotFound));
    let wanted: OrganizationId = form.organization.parse().map_err(|_| not_found())?;
    let memberships = visitor.memberships();
    let found = memberships.iter().find(|it| it.organization == wanted);
    let member = found.ok_or_else(not_found)?;
    visitor
        .app
        .store
        .switch_session(&session.session.digest, &member.id)
        .await
        .map_err(refusal(&frame))?;
    Ok(page::to("/keys"))
}
