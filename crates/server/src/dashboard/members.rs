//! `/members`: people in the organization, and the role of each. A select submits on change; the
//! version that it was drawn with goes along, so that nobody undoes what they have not seen.

pub(crate) mod former;
pub(crate) mod one;

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::grant::RoleName;
use keyway_core::id::MemberId;
use keyway_core::management::ManagementPermission;
use keyway_core::member::{Bindings, Member};
use keyway_core::profile::Role;
use keyway_store::members::{MemberAt, MemberEdit};
use keyway_store::sign_ins::SignIns;
use serde::Deserialize;

use super::frame::Frame;
use super::moments::{self, Moment};
use super::notice::Notice;
use super::outcome::InForce;
use super::page::{page, refusal};
use super::paged::{self, Paged, Wanted};
use super::projects::names_of_projects;
use super::visitor::Visitor;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::auth::Permit;
use crate::auth::permissions::{MembersRead, MembersUpdate};
use crate::auth::session::IDLE;
use crate::request::fields::Faults;
use crate::request::query::Query;
use crate::routes::members::may_give;

pub(crate) const PLACE: &str = "/members";
pub(crate) const HEADING: &str = "Members";

#[derive(Template)]
#[template(path = "members.html")]
struct Page {
    frame: Frame,
    tabs: Tabs,
    notice: Option<Notice>,
    left: Option<former::Left>,
    rows: Vec<Row>,
    older: Option<String>,
    is_first: bool,
    invitations: Vec<super::invitations::Row>,
    may_invite: bool,
    why_no_invitation: String,
}

/// The pages about people.
#[derive(Clone, Debug)]
pub(crate) struct Tabs {
    pub place: &'static str,
    pub members: usize,
    pub roles: Option<usize>,
    pub invitations: Option<String>,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    name: String,
    initials: String,
    email: String,
    version: i64,
    is_you: bool,
    role: String,
    choice: Choice,
    projects: String,
    keys: String,
    signs_in_with: &'static str,
    seen: Option<Moment>,
    may_remove: bool,
}

/// Whether the role can be changed by the visitor.
#[derive(Clone, Debug)]
enum Choice {
    Of(Vec<RoleOption>),
    Fixed(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct RoleOption {
    pub name: String,
    pub title: String,
    pub is_present: bool,
}

/// `GET /members`
pub(crate) async fn list(
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    show(&visitor, &wanted, None).await
}

async fn show(
    visitor: &Visitor,
    wanted: &Wanted,
    notice: Option<Notice>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<MembersRead> = visitor.permit(&frame, HEADING)?;
    let app = &visitor.app;
    let list = Paged::new(visitor, PLACE);
    let cursor = list.open(wanted).map_err(refusal(&frame))?;
    let found = app
        .store
        .list_members(permit.reach(), None, cursor.as_ref(), paged::ROWS)
        .await
        .map_err(refusal(&frame))?;
    let older = list.older(found.next.as_ref());
    let rows = rows(visitor, &found.rows).await.map_err(refusal(&frame))?;
    let invitations = super::invitations::rows(visitor)
        .await
        .map_err(refusal(&frame))?;
    let left = former::left(visitor).await.map_err(refusal(&frame))?;
    let status = notice.as_ref().map_or(StatusCode::OK, |it| it.status);
    let template = Page {
        tabs: tabs(visitor, PLACE, &invitations),
        frame,
        notice,
        left,
        rows,
        older,
        is_first: cursor.is_none(),
        invitations,
        may_invite: visitor.may(ManagementPermission::InvitationsCreate),
        why_no_invitation: visitor.lacks(ManagementPermission::InvitationsCreate),
    };
    Ok(page(status, &template))
}

/// What stands on the tabs, without what the visitor may not see.
pub(crate) fn tabs(
    visitor: &Visitor,
    place: &'static str,
    invitations: &[super::invitations::Row],
) -> Tabs {
    use ManagementPermission as P;
    let roles = visitor.profile.profile.roles.iter().count();
    let open = match invitations.len() {
        it if it >= paged::ROWS => format!("{it}+"),
        it => it.to_string(),
    };
    Tabs {
        place,
        members: visitor.app.index.members_in(visitor.organization()).len(),
        roles: visitor.may(P::RolesRead).then_some(roles),
        invitations: visitor.may(P::InvitationsRead).then_some(open),
    }
}

async fn rows(visitor: &Visitor, members: &[Member]) -> Result<Vec<Row>, Problem> {
    let (app, organization) = (&visitor.app, visitor.organization());
    let creators: Vec<String> = members
        .iter()
        .map(|it| format!("member/{}", it.id))
        .collect();
    let ids: Vec<MemberId> = members.iter().map(|it| it.id.clone()).collect();
    let now = app.clock.now();
    let keys = app
        .store
        .count_keys_by_creator(organization, &creators, now)
        .await?;
    let ways = app.store.list_sign_ins(&ids, now.minus(IDLE), now).await?;
    let names = names_of_projects(visitor).await?.into_iter().collect();
    let facts = keys.into_iter().zip(ways);
    let rows = members.iter().zip(facts);
    Ok(rows
        .map(|(member, (keys, way))| row(visitor, member, &names, keys, &way))
        .collect())
}

fn row(
    visitor: &Visitor,
    member: &Member,
    names: &HashMap<String, String>,
    keys: i64,
    way: &SignIns,
) -> Row {
    let now = visitor.app.clock.now();
    let is_you = visitor.is(member);
    let may_touch = may_give(&visitor.app, &visitor.caller, &member.bindings).is_ok();
    let choice = if !visitor.may(ManagementPermission::MembersUpdate) {
        Choice::Fixed("")
    } else if is_you {
        Choice::Fixed("Somebody else changes your role.")
    } else if may_touch {
        Choice::Of(offered(visitor, &member.bindings))
    } else {
        Choice::Fixed("Holds more than you do.")
    };
    Row {
        id: member.id.to_string(),
        name: member.name.as_str().to_owned(),
        initials: initials(member.name.as_str()),
        email: member.email.as_str().to_owned(),
        version: member.version,
        is_you,
        role: visitor.role_title(&member.bindings.organization),
        choice,
        projects: in_projects(visitor, &member.bindings, names),
        keys: up_to(keys, keyway_store::keys::counts::CREATOR_KEYS_MAX),
        signs_in_with: if way.has_password { "Password" } else { "Link" },
        seen: way.seen_at.map(|at| moments::ago(at, now)),
        may_remove: !is_you && may_touch && visitor.may(ManagementPermission::MembersRemove),
    }
}

/// A number where counting ended at `max`.
pub(crate) fn up_to(count: i64, max: i64) -> String {
    let number = grouped(count);
    if count >= max {
        format!("{number}+")
    } else {
        number
    }
}

/// With a comma between thousands.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

pub(crate) fn initials(name: &str) -> String {
    let words = name.split_whitespace().take(2);
    words
        .filter_map(|word| word.chars().find(|it| it.is_alphanumeric()))
        .flat_map(char::to_uppercase)
        .collect()
}

/// A project that is not among the names is told by its id.
fn in_projects(visitor: &Visitor, bindings: &Bindings, names: &HashMap<String, String>) -> String {
    let mut texts: Vec<String> = bindings
        .projects
        .iter()
        .take(2)
        .map(|(project, role)| {
            let name = names.get(project.as_str());
            let name = name.map_or(project.as_str(), String::as_str);
            format!("{} in {name}", visitor.role_title(role))
        })
        .collect();
    match bindings.projects.len() {
        0 => return "–".to_owned(),
        it if it > 2 => texts.push(format!("{} more", it - 2)),
        _ => {}
    }
    texts.join(", ")
}

/// Roles of an organization that the visitor may give, and the one that is held.
pub(crate) fn offered(visitor: &Visitor, present: &Bindings) -> Vec<RoleOption> {
    let roles = super::roles::most_first(&visitor.profile.profile.roles);
    let may_have = |(name, role): &(&RoleName, &Role)| {
        let wanted = Bindings {
            organization: (*name).clone(),
            projects: present.projects.clone(),
        };
        let is_present = **name == present.organization;
        is_present
            || role.is_for_organization && may_give(&visitor.app, &visitor.caller, &wanted).is_ok()
    };
    let options = roles.into_iter().filter(may_have);
    let options = options.map(|(name, role)| RoleOption {
        name: name.as_str().to_owned(),
        title: role.title.clone(),
        is_present: *name == present.organization,
    });
    options.collect()
}

#[derive(Debug, Deserialize)]
pub(crate) struct RoleForm {
    role: String,
    version: i64,
}

/// `POST /members/{id}/role`: binds at the member's next request.
pub(crate) async fn give_role(
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<RoleForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<MembersUpdate> = visitor.permit(&frame, HEADING)?;
    let found = one::load(&visitor, &permit, &id)
        .await
        .map_err(refusal(&frame))?;
    let present = wire::member(&found);
    let role = RoleChange {
        role: &form.role,
        project_roles: &present.project_roles,
        version: form.version,
    };
    match change(&visitor, &permit, &found, &role).await {
        Ok(in_force) => {
            let what = format!("{} has another role.", found.name.as_str());
            Ok(visitor.done(PLACE, &what, &in_force))
        }
        Err(problem) => {
            let notice = Notice::not_saved(&problem, found.name.as_str());
            show(&visitor, &Wanted::default(), Some(notice)).await
        }
    }
}

/// The roles that a member shall have.
#[derive(Clone, Copy, Debug)]
struct RoleChange<'a> {
    role: &'a str,
    project_roles: &'a std::collections::BTreeMap<String, String>,
    version: i64,
}

async fn change(
    visitor: &Visitor,
    permit: &Permit<MembersUpdate>,
    found: &Member,
    wanted: &RoleChange<'_>,
) -> Result<InForce, Problem> {
    let app = &visitor.app;
    if wanted.version != found.version {
        return Err(Problem::new(Code::PreconditionFailed));
    }
    let mut faults = Faults::default();
    let profile = &visitor.profile.profile;
    let bindings = wire::read::bindings(&mut faults, wanted.role, wanted.project_roles, profile);
    let bindings = faults.done(bindings)?;
    may_give(app, permit.caller(), &found.bindings)?;
    may_give(app, permit.caller(), &bindings)?;
    let kept = visitor.profile.administrators();
    let at = MemberAt {
        reach: permit.reach(),
        id: &found.id,
        expected: Some(wanted.version),
        kept: Some(&kept),
    };
    let edit = MemberEdit {
        name: None,
        bindings: Some(bindings),
    };
    let done = app
        .store
        .update_member(&permit.call(), at, &edit, app.clock.now())
        .await;
    Ok(visitor.settle(done).await?.in_force)
}
