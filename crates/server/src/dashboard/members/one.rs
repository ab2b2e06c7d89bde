//! `/members/{id}`: one person, with the roles in projects, a link to sign in, and the way out.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::id::MemberId;
use keyway_core::management::ManagementPermission;
use keyway_core::member::Member;
use keyway_store::links::LinkKind;
use keyway_store::members::MemberAt;
use serde::Deserialize;

use super::{HEADING, PLACE, RoleChange, RoleOption, change, offered, up_to};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::auth::Permit;
use crate::auth::permissions::{MembersRead, MembersRemove, MembersUpdate, SignInLinksCreate};
use crate::dashboard::frame::Frame;
use crate::dashboard::moments::{self, Moment};
use crate::dashboard::notice::Notice;
use crate::dashboard::outcome::InForce;
use crate::dashboard::page::{page, refusal};
use crate::dashboard::projects::names_of_projects;
use crate::dashboard::reveal::Reveal;
use crate::dashboard::visitor::Visitor;
use crate::one_time_link::{Fresh, SIGN_IN_SPAN};
use crate::routes::members::may_give;

#[derive(Template)]
#[template(path = "member.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    removal: Option<Removal>,
    id: String,
    name: String,
    email: String,
    version: i64,
    is_you: bool,
    role: String,
    description: String,
    roles: Vec<RoleOption>,
    why_fixed: Option<&'static str>,
    in_projects: Vec<InProject>,
    projects: Vec<(String, String)>,
    project_roles: Vec<RoleOption>,
    keys: String,
    since: Moment,
    may_remove: bool,
    may_link: bool,
}

/// A role in one project.
#[derive(Clone, Debug)]
struct InProject {
    id: String,
    name: String,
    role: String,
}

/// What a confirmation says.
#[derive(Clone, Debug)]
struct Removal {
    keys: String,
    keys_stop: bool,
}

pub(super) async fn load<P>(
    visitor: &Visitor,
    permit: &Permit<P>,
    id: &str,
) -> Result<Member, Problem> {
    let not_found = || Problem::new(Code::MemberNotFound);
    let id: MemberId = id.parse().map_err(|_| not_found())?;
    let found = visitor.app.store.find_member(permit.reach(), &id).await?;
    found.ok_or_else(not_found)
}

/// `GET /members/{id}`
pub(crate) async fn one(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Response> {
    show(&visitor, &id, None, false).await
}

/// `GET /members/{id}/remove`: the question, over the person's page.
pub(crate) async fn ask_removal(
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let _permit: Permit<MembersRemove> = visitor.permit(&frame, HEADING)?;
    show(&visitor, &id, None, true).await
}

async fn show(
    visitor: &Visitor,
    id: &str,
    notice: Option<Notice>,
    asks: bool,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<MembersRead> = visitor.permit(&frame, HEADING)?;
    let found = load(visitor, &permit, id).await.map_err(refusal(&frame))?;
    let status = notice.as_ref().map_or(StatusCode::OK, |it| it.status);
    let template = read(visitor, &frame, &found, notice, asks)
        .await
        .map_err(refusal(&frame))?;
    Ok(page(status, &template))
}

async fn read(
    visitor: &Visitor,
    frame: &Frame,
    found: &Member,
    notice: Option<Notice>,
    asks: bool,
) -> Result<Page, Problem> {
    use ManagementPermission as P;
    let app = &visitor.app;
    let now = app.clock.now();
    let creators = [format!("member/{}", found.id)];
    let counted = app
        .store
        .count_keys_by_creator(&found.organization, &creators, now)
        .await?;
    let keys = counted.first().copied().unwrap_or_default();
    let keys = up_to(keys, keyway_store::keys::counts::CREATOR_KEYS_MAX);
    let profile = &visitor.profile.profile;
    let is_you = visitor.is(found);
    let may_touch = may_give(app, &visitor.caller, &found.bindings).is_ok();
    let why_fixed = why_fixed(visitor, is_you, may_touch);
    let projects = names_of_projects(visitor).await?;
    let name_of = |id: &str| projects.iter().find(|(it, _)| it == id);
    let in_projects = found
        .bindings
        .projects
        .iter()
        .map(|(project, role)| InProject {
            id: project.to_string(),
            name: name_of(project.as_str()).map_or_else(|| project.to_string(), |it| it.1.clone()),
            role: visitor.role_title(role),
        });
    let own_role = profile.roles.find(&found.bindings.organization);
    let project_roles = crate::dashboard::roles::most_first(&profile.roles)
        .into_iter()
        .filter(|(_, role)| role.is_for_project);
    Ok(Page {
        frame: frame.clone(),
        notice,
        removal: asks.then(|| Removal {
            keys: keys.clone(),
            keys_stop: profile.members.keys_follow_creator,
        }),
        id: found.id.to_string(),
        name: found.name.as_str().to_owned(),
        email: found.email.as_str().to_owned(),
        version: found.version,
        is_you,
        role: visitor.role_title(&found.bindings.organization),
        description: own_role
            .map(|it| it.description.clone())
            .unwrap_or_default(),
        roles: offered(visitor, &found.bindings),
        why_fixed,
        in_projects: in_projects.collect(),
        projects: projects.clone(),
        project_roles: project_roles
            .map(|(name, role)| RoleOption {
                name: name.as_str().to_owned(),
                title: role.title.clone(),
                is_present: false,
            })
            .collect(),
        keys,
        since: moments::day(found.created_at, now),
        may_remove: !is_you && may_touch && visitor.may(P::MembersRemove),
        may_link: may_touch && visitor.may(P::SignInLinksCreate),
    })
}

/// Why the visitor cannot change the person's role; None where they can.
fn why_fixed(visitor: &Visitor, is_you: bool, may_touch: bool) -> Option<&'static str> {
    match (
        visitor.may(ManagementPermission::MembersUpdate),
        is_you,
        may_touch,
    ) {
        (true, false, true) => None,
        (false, _, _) => Some("Your role does not let you change roles."),
        (true, true, _) => Some("Somebody else changes your role."),
        (true, false, false) => Some("This person holds more than you do."),
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct ProjectRoleForm {
    project: String,
    /// Empty takes the role away.
    #[serde(default)]
    role: String,
    version: i64,
}

/// `POST /members/{id}/project-role`: gives a role in one project, or takes it away.
pub(crate) async fn give_project_role(
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<ProjectRoleForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<MembersUpdate> = visitor.permit(&frame, HEADING)?;
    let found = load(&visitor, &permit, &id)
        .await
        .map_err(refusal(&frame))?;
    let present = wire::member(&found);
    let mut project_roles: BTreeMap<String, String> = present.project_roles.clone();
    if form.role.is_empty() {
        project_roles.remove(&form.project);
    } else {
        project_roles.insert(form.project.clone(), form.role.clone());
    }
    let wanted = RoleChange {
        role: &present.role,
        project_roles: &project_roles,
        version: form.version,
    };
    match change(&visitor, &permit, &found, &wanted).await {
        Ok(in_force) => {
            let what = format!("The roles of {} are saved.", found.name.as_str());
            Ok(visitor.done(&format!("{PLACE}/{id}"), &what, &in_force))
        }
        Err(problem) => {
            let notice = Notice::not_saved(&problem, found.name.as_str());
            show(&visitor, &id, Some(notice), false).await
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct VersionForm {
    version: i64,
}

/// `POST /members/{id}/remove`
pub(crate) async fn remove(
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form<VersionForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<MembersRemove> = visitor.permit(&frame, HEADING)?;
    let found = load(&visitor, &permit, &id)
        .await
        .map_err(refusal(&frame))?;
    match take_out(&visitor, &permit, &found, form.version).await {
        Ok(in_force) => {
            let what = format!("{} is a member no more.", found.name.as_str());
            Ok(visitor.done(PLACE, &what, &in_force))
        }
        Err(problem) => {
            let notice = Notice::not_saved(&problem, found.name.as_str());
            show(&visitor, &id, Some(notice), false).await
        }
    }
}

async fn take_out(
    visitor: &Visitor,
    permit: &Permit<MembersRemove>,
    found: &Member,
    version: i64,
) -> Result<InForce, Problem> {
    let app = &visitor.app;
    may_give(app, permit.caller(), &found.bindings)?;
    let kept = visitor.profile.administrators();
    let at = MemberAt {
        reach: permit.reach(),
        id: &found.id,
        expected: Some(version),
        kept: Some(&kept),
    };
    let done = app
        .store
        .remove_member(&permit.call(), at, app.clock.now())
        .await;
    Ok(visitor.settle(done).await?.in_force)
}

/// `POST /members/{id}/sign-in-link`: answers with the link, this once.
pub(crate) async fn sign_in_link(
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<SignInLinksCreate> = visitor.permit(&frame, HEADING)?;
    let found = load(&visitor, &permit, &id)
        .await
        .map_err(refusal(&frame))?;
    let url = match draw_link(&visitor, &permit, &found).await {
        Ok(url) => url,
        Err(problem) => {
            let notice = Notice::not_saved(&problem, found.name.as_str());
            return show(&visitor, &id, Some(notice), false).await;
        }
    };
    let name = found.name.as_str();
    Ok(Reveal {
        frame,
        heading: "Sign-in link made".to_owned(),
        label: format!("Link for {name}"),
        secret: url,
        bold: "Send it to this person alone. It is shown this one time.".to_owned(),
        rest: format!(
            "Whoever opens it first is signed in as {name}. It works once, for 15 minutes."
        ),
        hint: "Works now, everywhere.".to_owned(),
        uncopied: format!("The link for {name} has not been copied. You can make another one."),
        behind: format!("{PLACE}/{id}"),
    }
    .answer())
}

async fn draw_link(
    visitor: &Visitor,
    permit: &Permit<SignInLinksCreate>,
    member: &Member,
) -> Result<String, Problem> {
    let app = &visitor.app;
    may_give(app, permit.caller(), &member.bindings)?;
    let now = app.clock.now();
    let expires_at = now.plus(SIGN_IN_SPAN);
    let fresh = Fresh::draw(app, LinkKind::SignIn, member.id.as_str(), expires_at);
    let done = app
        .store
        .create_sign_in_link(&permit.call(), member, fresh.link, now)
        .await;
    visitor.settle(done).await?;
    Ok(fresh.url)
}
