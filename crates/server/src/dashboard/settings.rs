//! `/settings`: one's own name, password and browser; and for administrators, the organization's name.

use askama::Template;
use axum::Form;
use axum::response::Response;
use http::{StatusCode, header};
use keyway_api::code::Code;
use keyway_core::id::MemberId;
use keyway_core::management::ManagementPermission;
use keyway_core::member::Member;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_store::call::Call;
use keyway_store::members::{MemberAt, MemberEdit};
use keyway_store::organizations::OrganizationEdit;
use keyway_store::passwords::{NewPassword, Password};
use serde::Deserialize;

use super::frame::Frame;
use super::moments::{self, Moment};
use super::notice::{Notice, fault_at, sentence, sentence_of};
use super::outcome::InForce;
use super::page::{page, refusal};
use super::visitor::Visitor;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::caller::Who;
use crate::auth::passwords::{self, CHARS_MIN, Tried};
use crate::auth::permissions::OrganizationsUpdate;
use crate::auth::session;
use crate::request::fields::Faults;

const PLACE: &str = "/settings";
const OTHERS_STAY: &str = "Where you had another password than the one you gave, it stays.";

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    name: String,
    name_fault: Option<String>,
    email: String,
    role: String,
    version: i64,
    has_password: bool,
    chars_min: usize,
    password: PasswordFaults,
    organization: Option<Organized>,
    suspended: Option<Moment>,
}

/// What was wrong with the form.
#[derive(Clone, Debug, Default)]
struct PasswordFaults {
    current: Option<String>,
    wanted: Option<String>,
}

/// The organization, for whoever may rename it.
#[derive(Clone, Debug)]
struct Organized {
    id: String,
    name: String,
    name_fault: Option<String>,
    version: i64,
}

/// What a form that was refused says.
#[derive(Clone, Debug, Default)]
struct Refused {
    notice: Option<Notice>,
    name: Option<(String, String)>,
    organization: Option<(String, String)>,
    password: PasswordFaults,
    status: Option<StatusCode>,
}

/// `GET /settings`
pub(crate) async fn show(visitor: Visitor) -> Result<Response, Response> {
    answer(&visitor, Refused::default()).await
}

async fn answer(visitor: &Visitor, refused: Refused) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let code = refused.status.unwrap_or(StatusCode::OK);
    let template = read(visitor, &frame, refused)
        .await
        .map_err(refusal(&frame))?;
    Ok(page(code, &template))
}

async fn read(visitor: &Visitor, frame: &Frame, refused: Refused) -> Result<Page, Problem> {
    let (app, member) = (&visitor.app, own(visitor)?);
    let own = visitor.memberships().iter().map(|it| it.id.clone());
    let own: Vec<MemberId> = own.collect();
    let passwords = app.store.find_passwords(&own).await?;
    let has_password = passwords.iter().any(|it| it.hash.is_some());
    let found = organization(visitor).await?;
    let may_rename = visitor.may(ManagementPermission::OrganizationsUpdate);
    let (name, name_fault) = kept(member.name.as_str(), refused.name);
    let suspended = found.as_ref().and_then(|it| match it.state {
        OrganizationState::Active => None,
        OrganizationState::Suspended { since } => Some(moments::clock(since, app.clock.now())),
    });
    let organization = found.filter(|_| may_rename).map(|it| {
        let (name, name_fault) = kept(it.name.as_str(), refused.organization);
        Organized {
            id: it.id.to_string(),
            name,
            name_fault,
            version: it.version,
        }
    });
    Ok(Page {
        frame: frame.clone(),
        notice: refused.notice,
        name,
        name_fault,
        email: member.email.as_str().to_owned(),
        role: visitor.role_title(&member.bindings.organization),
        version: member.version,
        has_password,
        chars_min: CHARS_MIN,
        password: refused.password,
        organization,
        suspended,
    })
}

/// What was typed and why it was refused, else what is there.
fn kept(present: &str, refused: Option<(String, String)>) -> (String, Option<String>) {
    match refused {
        None => (present.to_owned(), None),
        Some((typed, fault)) => (typed, Some(fault)),
    }
}

fn own(visitor: &Visitor) -> Result<&Member, Problem> {
    let member = visitor
        .member()
        .map_err(|_| Problem::new(Code::MemberNotFound))?;
    Ok(member)
}

async fn organization(visitor: &Visitor) -> Result<Option<Organization>, Problem> {
    let id = visitor.organization();
    let reach = keyway_core::management::Reach::One(id.clone());
    Ok(visitor.app.store.find_organization(&reach, id).await?)
}

#[derive(Debug, Deserialize)]
pub(crate) struct NameForm {
    name: String,
    version: i64,
}

/// `POST /settings/name`: everybody may change their own.
pub(crate) async fn rename(
    visitor: Visitor,
    Form(form): Form<NameForm>,
) -> Result<Response, Response> {
    match save_name(&visitor, &form).await {
        Ok(in_force) => Ok(visitor.done(PLACE, "Your name is saved.", &in_force)),
        Err(problem) => {
            let mut refused = refused(&problem, "your name");
            if let Some(fault) = fault_at(&problem, "/name") {
                refused.notice = None;
                refused.name = Some((form.name, fault));
            }
            answer(&visitor, refused).await
        }
    }
}

async fn save_name(visitor: &Visitor, form: &NameForm) -> Result<InForce, Problem> {
    let (app, member) = (&visitor.app, own(visitor)?);
    let mut faults = Faults::default();
    let name = faults.parse("/name", Some(form.name.trim()));
    let name = faults.done(name)?;
    let by: Call = visitor.caller.origin().into();
    let reach = visitor.caller.sight();
    let at = MemberAt {
        reach: &reach,
        id: &member.id,
        expected: Some(form.version),
        kept: None,
    };
    let edit = MemberEdit {
        name: Some(name),
        bindings: None,
    };
    let done = app
        .store
        .update_member(&by, at, &edit, app.clock.now())
        .await;
    Ok(visitor.settle(done).await?.in_force)
}

fn refused(problem: &Problem, whom: &str) -> Refused {
    Refused {
        notice: Some(Notice::not_saved(problem, whom)),
        status: Some(status(problem.code().status())),
        ..Refused::default()
    }
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    current: String,
    wanted: String,
}

/// `POST /settings/password`: every other session is signed out of the memberships whose password it
/// becomes, and this one goes on as a fresh one.
pub(crate) async fn set_password(
    visitor: Visitor,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Response> {
    let (frame, member) = (visitor.frame(PLACE).await?, visitor.member()?);
    match save_password(&visitor, member, form).await {
        Ok(Ok(PasswordSet { fresh, is_for_all })) => {
            let what = "The password is set. Every other session has ended.";
            let detail = if is_for_all { "" } else { OTHERS_STAY };
            let mut response = visitor.said(PLACE, what, detail);
            let cookie = fresh.cookie(&visitor.app);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Ok(Err(password)) => {
            let refused = Refused {
                password,
                status: Some(status(Code::InvalidRequest.status())),
                ..Refused::default()
            };
            answer(&visitor, refused).await
        }
        Err(problem) => Err(super::page::refused(&frame, &problem)),
    }
}

struct PasswordSet {
    fresh: session::Fresh,
    /// Whether it is the password of all memberships of the session now.
    is_for_all: bool,
}

async fn save_password(
    visitor: &Visitor,
    member: &Member,
    form: PasswordForm,
) -> Result<Result<PasswordSet, PasswordFaults>, Problem> {
    let app = &visitor.app;
    let Who::Member {
        session: Some(session),
        ..
    } = &visitor.caller.who
    else {
        return Err(Problem::new(Code::MemberNotFound));
    };
    let mut faults = PasswordFaults::default();
    if let Err(fault) = passwords::read(&form.wanted) {
        faults.wanted = Some(sentence_of(&fault.to_string()));
    }
    let known = known_passwords(visitor, member).await?;
    let replaced = match replaced(visitor, member, form.current, &known).await {
        Ok(replaced) => replaced,
        Err(fault) => {
            faults.current = Some(fault);
            Vec::new()
        }
    };
    if faults.current.is_some() || faults.wanted.is_some() {
        return Ok(Err(faults));
    }
    let salt = passwords::salt_beside(&known, app.entropy.lock().as_mut());
    let hash = app.passwords.hash(form.wanted, salt).await;
    let fresh = session::Fresh::renewing(app, member, &session.session);
    let is_for_all = replaced.len() == visitor.memberships().len();
    let set = NewPassword {
        hash: hash.ok_or_else(|| Problem::new(Code::Internal))?,
        replaced,
        opening: fresh.opening.clone(),
    };
    let by: Call = visitor.caller.origin().into();
    let done = app.store.set_password(&by, member, set, app.clock.now());
    visitor.settle(done.await).await?;
    Ok(Ok(PasswordSet { fresh, is_for_all }))
}

/// Those of every membership under the address; the visitor's own are among them.
async fn known_passwords(visitor: &Visitor, member: &Member) -> Result<Vec<Password>, Problem> {
    let app = &visitor.app;
    let all = app.index.members_of(&member.email.folded());
    let ids: Vec<MemberId> = all.iter().map(|it| it.id.clone()).collect();
    Ok(app.store.find_passwords(&ids).await?)
}

/// What a new password takes the place of: the password that whoever sits here knows, and none. What
/// another membership of the session has for a password stays, as nobody here has proved to know it.
async fn replaced(
    visitor: &Visitor,
    member: &Member,
    current: String,
    known: &[Password],
) -> Result<Vec<Password>, String> {
    let app = &visitor.app;
    let is_own = |it: &&Password| visitor.memberships().iter().any(|own| own.id == it.member);
    let own = known.iter().filter(is_own).cloned();
    let (set, mut replaced): (Vec<_>, Vec<_>) = own.partition(|it| it.hash.is_some());
    if set.is_empty() {
        return Ok(replaced);
    }
    // Whoever found an open browser shall not try passwords here faster than at the door.
    let (tried, address) = (Tried::Session(&member.id), visitor.caller.request.address);
    if let Err(wait) = app.passwords.count_try(tried, address, app.clock.now()) {
        let seconds = wait.to_duration().as_secs();
        return Err(format!("Too many tries. Wait {seconds} s."));
    }
    let opened = app.passwords.opened(current, set).await;
    if opened.is_empty() {
        return Err("This is not your present password.".to_owned());
    }
    app.passwords.forget_tries(tried);
    replaced.extend(opened);
    Ok(replaced)
}

/// `POST /settings/organization`
pub(crate) async fn rename_organization(
    visitor: Visitor,
    Form(form): Form<NameForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<OrganizationsUpdate> = visitor.permit(&frame, "Organization")?;
    match save_organization(&visitor, &permit, &form).await {
        Ok(in_force) => Ok(visitor.done(PLACE, "The organization's name is saved.", &in_force)),
        Err(problem) => {
            let mut refused = refused(&problem, "the organization");
            if problem.code() == Code::InvalidRequest {
                refused.notice = None;
                refused.organization = Some((form.name, sentence(&problem)));
            }
            answer(&visitor, refused).await
        }
    }
}

async fn save_organization(
    visitor: &Visitor,
    permit: &Permit<OrganizationsUpdate>,
    form: &NameForm,
) -> Result<InForce, Problem> {
    let app = &visitor.app;
    let mut faults = Faults::default();
    let name = faults.parse("/name", Some(form.name.trim()));
    let edit = OrganizationEdit {
        name: Some(faults.done(name)?),
        external_id: None,
        metadata: None,
    };
    let (by, id) = (permit.call(), visitor.organization());
    let expected = Some(form.version);
    let done = app
        .store
        .update_organization(&by, permit.reach(), id, expected, edit, app.clock.now())
        .await;
    Ok(visitor.settle(done).await?.in_force)
}
