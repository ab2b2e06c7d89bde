//! `/invitations`: links by which people become members. A link is shown once, to whoever makes it.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_api::invitation::CreateInvitation;
use keyway_core::grant::RoleName;
use keyway_core::id::InvitationId;
use keyway_core::management::ManagementPermission;
use keyway_core::member::Bindings;
use keyway_core::profile::Role;
use keyway_store::links::LinkKind;
use serde::Deserialize;

use super::frame::Frame;
use super::members::{self, RoleOption, Tabs};
use super::moments::{self, Moment};
use super::notice::{self, Notice};
use super::outcome::InForce;
use super::page::{page, refusal};
use super::paged::ROWS;
use super::reveal::Reveal;
use super::visitor::Visitor;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::permissions::{InvitationsCreate, InvitationsRead, InvitationsWithdraw};
use crate::one_time_link::Fresh;
use crate::routes::invitations::read;
use crate::routes::members::may_give;

pub(crate) const PLACE: &str = "/invitations";
const HEADING: &str = "Invitations";

#[derive(Template)]
#[template(path = "invitations.html")]
struct Page {
    frame: Frame,
    tabs: Tabs,
    notice: Option<Notice>,
    rows: Vec<Row>,
    may_invite: bool,
    why_no_invitation: String,
    form: Option<Draft>,
}

/// An invitation that is open.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub id: String,
    pub email: String,
    pub role: String,
    pub by: String,
    pub until: Moment,
    pub may_withdraw: bool,
}

/// The form, as it was filled in.
#[derive(Clone, Debug)]
struct Draft {
    email: String,
    roles: Vec<RoleOption>,
    email_fault: Option<String>,
    role_fault: Option<String>,
}

/// Open invitations, the newest first; none for whoever may not see them.
pub(crate) async fn rows(visitor: &Visitor) -> Result<Vec<Row>, Problem> {
    let Ok(permit) = visitor.holds::<InvitationsRead>() else {
        return Ok(Vec::new());
    };
    let (app, now) = (&visitor.app, visitor.app.clock.now());
    let found = app
        .store
        .list_invitations(permit.reach(), None, None, ROWS, now)
        .await?;
    let may_withdraw = visitor.may(ManagementPermission::InvitationsWithdraw);
    let rows = found.rows.iter().map(|it| Row {
        id: it.id.to_string(),
        email: it.email.as_str().to_owned(),
        role: visitor.role_title(&it.bindings.organization),
        by: visitor.actor_name(&it.created_by),
        until: moments::day(it.expires_at, now),
        may_withdraw,
    });
    Ok(rows.collect())
}

/// `GET /invitations`
pub(crate) async fn list(visitor: Visitor) -> Result<Response, Response> {
    show(&visitor, None, None).await
}

/// `GET /invitations/new`
pub(crate) async fn form(visitor: Visitor) -> Result<Response, Response> {
    let frame = visitor.frame(members::PLACE).await?;
    let _permit: Permit<InvitationsCreate> = visitor.permit(&frame, HEADING)?;
    show(&visitor, None, Some(draft(&visitor, "", "", None))).await
}

async fn show(
    visitor: &Visitor,
    notice: Option<Notice>,
    form: Option<Draft>,
) -> Result<Response, Response> {
    let frame = visitor.frame(members::PLACE).await?;
    let _permit: Permit<InvitationsRead> = visitor.permit(&frame, HEADING)?;
    let rows = rows(visitor).await.map_err(refusal(&frame))?;
    let is_refused = form
        .as_ref()
        .is_some_and(|it| it.email_fault.is_some() || it.role_fault.is_some());
    let code = match (&notice, is_refused) {
        (Some(notice), _) => notice.status,
        (None, true) => status(Code::InvalidRequest.status()),
        (None, false) => StatusCode::OK,
    };
    let template = Page {
        tabs: members::tabs(visitor, PLACE, &rows),
        frame,
        notice,
        rows,
        may_invite: visitor.may(ManagementPermission::InvitationsCreate),
        why_no_invitation: visitor.lacks(ManagementPermission::InvitationsCreate),
        form,
    };
    Ok(page(code, &template))
}

fn draft(visitor: &Visitor, email: &str, role: &str, problem: Option<&Problem>) -> Draft {
    let roles = super::roles::most_first(&visitor.profile.profile.roles);
    let may_have = |(name, role): &(&RoleName, &Role)| {
        let wanted = Bindings {
            organization: (*name).clone(),
            projects: std::collections::BTreeMap::new(),
        };
        role.is_for_organization && may_give(&visitor.app, &visitor.caller, &wanted).is_ok()
    };
    let offered: Vec<_> = roles.into_iter().filter(may_have).collect();
    // Whoever chooses nothing gives the least.
    let least = offered.last().map(|(name, _)| name.as_str().to_owned());
    let chosen = Some(role).filter(|it| !it.is_empty()).or(least.as_deref());
    let offered = offered.iter().map(|(name, it)| RoleOption {
        name: name.as_str().to_owned(),
        title: it.title.clone(),
        is_present: Some(name.as_str()) == chosen,
    });
    let role_fault = problem.and_then(|it| notice::fault_at(it, "/role"));
    let email_fault = problem.and_then(|it| {
        let at = notice::fault_at(it, "/email");
        at.or_else(|| role_fault.is_none().then(|| notice::sentence(it)))
    });
    Draft {
        email: email.to_owned(),
        roles: offered.collect(),
        email_fault,
        role_fault,
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct InvitationForm {
    email: String,
    #[serde(default)]
    role: String,
}

/// `POST /invitations`: answers with the link, this once.
pub(crate) async fn create(
    visitor: Visitor,
    Form(form): Form<InvitationForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame(members::PLACE).await?;
    let permit: Permit<InvitationsCreate> = visitor.permit(&frame, HEADING)?;
    let (url, until, in_force) = match invite(&visitor, &permit, &form).await {
        Ok(made) => made,
        Err(problem) => {
            let draft = draft(&visitor, &form.email, &form.role, Some(&problem));
            return show(&visitor, None, Some(draft)).await;
        }
    };
    let email = form.email.trim();
    Ok(Reveal {
        frame,
        heading: "Invitation made".to_owned(),
        label: format!("Link for {email}"),
        secret: url,
        bold: "Send it to this person alone. It is shown this one time.".to_owned(),
        rest: format!(
            "Whoever opens it becomes a member. It works once, until {}.",
            until.words
        ),
        hint: in_force.words,
        uncopied: format!(
            "The link for {email} has not been copied. You can withdraw the invitation and make \
             another one."
        ),
        behind: members::PLACE.to_owned(),
    }
    .answer())
}

async fn invite(
    visitor: &Visitor,
    permit: &Permit<InvitationsCreate>,
    form: &InvitationForm,
) -> Result<(String, Moment, InForce), Problem> {
    let (app, by) = (&visitor.app, permit.call());
    let body = CreateInvitation {
        email: form.email.trim().to_owned(),
        role: form.role.clone(),
        ..CreateInvitation::default()
    };
    let organization = permit.organization(app, None)?;
    let is_member = app
        .index
        .members_of(&body.email.to_lowercase())
        .iter()
        .any(|it| it.organization == organization);
    if is_member {
        return Err(Problem::field("/email", "this person is a member already"));
    }
    let invitation = read(app, organization, &body, by.origin.actor.to_text())?;
    may_give(app, permit.caller(), &invitation.bindings)?;
    let now = app.clock.now();
    let until = moments::day(invitation.expires_at, now);
    let (id, expires_at) = (invitation.id.as_str(), invitation.expires_at);
    let fresh = Fresh::draw(app, LinkKind::Invitation, id, expires_at);
    let done = app
        .store
        .create_invitation(&by, invitation, fresh.link, now)
        .await;
    let outcome = visitor.settle(done).await?;
    Ok((fresh.url, until, outcome.in_force))
}

/// `POST /invitations/{id}/withdraw`: its link opens nothing any more.
pub(crate) async fn withdraw(
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let frame = visitor.frame(members::PLACE).await?;
    let permit: Permit<InvitationsWithdraw> = visitor.permit(&frame, HEADING)?;
    match take_back(&visitor, &permit, &id).await {
        Ok((email, in_force)) => {
            let what = format!("The invitation of {email} is withdrawn.");
            Ok(visitor.done(PLACE, &what, &in_force))
        }
        Err(problem) => {
            let notice = Notice::not_saved(&problem, "the invitation");
            show(&visitor, Some(notice), None).await
        }
    }
}

async fn take_back(
    visitor: &Visitor,
    permit: &Permit<InvitationsWithdraw>,
    id: &str,
) -> Result<(String, InForce), Problem> {
    let not_found = |_| Problem::new(Code::InvitationNotFound);
    let id: InvitationId = id.parse().map_err(not_found)?;
    let (app, by) = (&visitor.app, permit.call());
    let done = app
        .store
        .withdraw_invitation(&by, permit.reach(), &id, app.clock.now())
        .await;
    let outcome = visitor.settle(done).await?;
    Ok((outcome.value.email.as_str().to_owned(), outcome.in_force))
}
