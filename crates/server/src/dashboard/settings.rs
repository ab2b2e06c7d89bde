//! `/settings`: one's own name, password and browser; and for administrators, the organization's name.

use askama::Template;
use axum::Form;
use axum::response::Response;
use http::{StatusCode, header};
use keyway_api::code::Code;
use keyway_core::management::ManagementPermission;
use keyway_core::member::Member;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_store::call::Call;
use keyway_store::members::{MemberAt, MemberEdit};
use keyway_store::organizations::OrganizationEdit;
use serde::Deserialize;

use super::frame::Frame;
use super::moments::{self, Moment};
use super::notice::{Notice, fault_at, sentence, sentence_of};
use super::outcome::InForce;
use super::page::{page, refusal};
use super::visitor::Visitor;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::passwords::{self, CHARS_MIN};
use crate::auth::permissions::OrganizationsUpdate;
use crate::auth::session;
use crate::request::fields::Faults;

const PLACE: &str = "/settings";

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
    let has_password = app
        .store
        .find_password(&member.email.folded())
        .await?
        .is_some();
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

/// `POST /settings/password`: all sessions of the person end, and a fresh one begins here.
pub(crate) async fn set_password(
    visitor: Visitor,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Response> {
    let (frame, member) = (visitor.frame(PLACE).await?, visitor.member()?);
    match save_password(&visitor, member, form).await {
        Ok(Ok(fresh)) => {
            let what = "The password is set. Every other session has ended.";
            let mut response = visitor.said(PLACE, what, "");
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

async fn save_password(
    visitor: &Visitor,
    member: &Member,
    form: PasswordForm,
) -> Result<Result<session::Fresh, PasswordFaults>, Problem> {
    let app = &visitor.app;
    let mut faults = PasswordFaults::default();
    if let Err(fault) = passwords::read(&form.wanted) {
        faults.wanted = Some(sentence_of(&fault.to_string()));
    }
    let person = member.email.folded();
    let known = app.store.find_password(&person).await?;
    if known.is_some() {
        let address = visitor.caller.request.address;
        // Whoever found an open browser shall not try passwords here faster than at the door.
        if let Err(wait) = app.passwords.count_try(&person, address, app.clock.now()) {
            let seconds = wait.to_duration().as_secs();
            faults.current = Some(format!("Too many tries. Wait {seconds} s."));
        } else if app.passwords.matches(form.current, known).await {
            app.passwords.forget_tries(&person);
        } else {
            faults.current = Some("This is not your present password.".to_owned());
        }
    }
    if faults.current.is_some() || faults.wanted.is_some() {
        return Ok(Err(faults));
    }
    let salt = passwords::draw_salt(app.entropy.lock().as_mut());
    let hash = app.passwords.hash(form.wanted, salt).await;
    let hash = hash.ok_or_else(|| Problem::new(Code::Internal))?;
    let by: Call = visitor.caller.origin().into();
    let now = app.clock.now();
    let done = app.store.set_password(&by, member, &hash, now).await;
    visitor.settle(done).await?;
    let fresh = session::Fresh::of_person(app, &member.email, &member.organization);
    let session = fresh.session.clone();
    let begun = app.store.sign_in(&by, member, None, session, now).await?;
    app.cluster.reach(begun.head()).await;
    Ok(Ok(fresh))
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
