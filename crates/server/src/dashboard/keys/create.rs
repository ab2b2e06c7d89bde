//! Making a key. The answer to the form is the one page that shows the secret; the form carries a
//! number, so that sending it again makes no second key.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::id::ProjectId;
use keyway_core::key::KeyState;
use keyway_core::management::ManagementPermission as P;
use keyway_core::profile::ProjectRule;
use keyway_core::profile::pages::{self, Pages, Words};
use keyway_core::text::Metadata;
use keyway_token::base62::draw_id;

use super::super::frame::Frame;
use super::super::notice;
use super::super::page::{self, refusal, refused};
use super::access::Choice;
use super::desk::Desk;
use super::fields::{Fields, tomorrow};
use super::foot::used;
use super::grants::{self, GrantsField, Lines};
use super::list::{self, Above, Wanted};
use super::pick;
use super::reveal::Reveal;
use super::sent::Sent;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::permissions::{KeysCreate, KeysRead};
use crate::request::idempotency::{Attempt, Idempotency};
use crate::routes::keys::create::store;
use crate::routes::keys::making::KeyDraft;

const PROJECT: &str = "project";
const ENVIRONMENT: &str = "environment";
const ATTEMPT: &str = "attempt";
const ATTEMPT_CHARS: usize = 22;

/// The form as it was filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    pub(super) fields: Fields,
    pub(super) grants: Lines,
    pub(super) project: String,
    pub(super) environment: String,
    pub(super) attempt: String,
    /// What is wrong with all of it.
    pub(super) banner: Option<String>,
}

impl Form {
    fn sent(sent: &Sent) -> Self {
        Self {
            fields: Fields::sent(sent),
            grants: Lines::sent(sent),
            project: sent.one(PROJECT).to_owned(),
            environment: sent.one(ENVIRONMENT).to_owned(),
            attempt: sent.one(ATTEMPT).to_owned(),
            banner: None,
        }
    }

    /// With a number that no form had before.
    fn begun(desk: &Desk, form: Self) -> Self {
        let mut entropy = desk.app().entropy.lock();
        let attempt = draw_id(ATTEMPT_CHARS, entropy.as_mut());
        Self { attempt, ..form }
    }
}

/// The form, and what it lets choose from.
#[derive(Clone, Debug)]
pub(crate) struct Maker {
    pub(super) form: Form,
    pub(super) grants: GrantsField,
    /// None where the key is of the project that the page is of, or of none.
    pub(super) projects: Option<Vec<(String, String)>>,
    pub(super) needs_project: bool,
    pub(super) project_name: Option<String>,
    pub(super) environments: Vec<String>,
    pub(super) expiry: Vec<Choice>,
    pub(super) tomorrow: String,
}

#[derive(Template)]
#[template(path = "keys/create.html")]
struct CreatePage<'a> {
    frame: Frame,
    list: &'a str,
    base: &'a str,
    words: &'a Words,
    pages: &'a Pages,
    maker: Maker,
}

/// `GET …/new`
pub(crate) async fn form(desk: Desk) -> Result<Response, Response> {
    if let Some(elsewhere) = pick::instead(&desk).await? {
        return Ok(elsewhere);
    }
    if desk.pages().form == pages::Form::Page && !desk.visitor.is_part {
        return Ok(page::to(&desk.list));
    }
    let frame = desk.frame().await?;
    let permit: Permit<KeysCreate> = desk.permit(&frame)?;
    let form = Form::begun(&desk, Form::sent(&Sent::parse(desk.query.as_bytes())));
    let maker = Maker::read(&desk, &permit, form).await;
    let maker = maker.map_err(refusal(&frame))?;
    Ok(dialog(&desk, frame, maker, StatusCode::OK))
}

/// The form as a part of the list's page, for whoever may make keys.
pub(crate) async fn on_page(desk: &Desk) -> Result<Option<Maker>, Problem> {
    let is_there = desk.pages().form == pages::Form::Page && desk.may(P::KeysCreate);
    if !is_there {
        return Ok(None);
    }
    let permit = desk.visitor.holds::<KeysCreate>()?;
    let form = Form::begun(desk, Form::default());
    Ok(Some(Maker::read(desk, &permit, form).await?))
}

fn dialog(desk: &Desk, frame: Frame, maker: Maker, code: StatusCode) -> Response {
    let pages = desk.pages();
    let template = CreatePage {
        list: &desk.list,
        base: &desk.base,
        words: &pages.words,
        pages,
        maker,
        frame,
    };
    page::page(code, &template)
}

/// The form again, where it was sent from.
async fn again(
    desk: &Desk,
    frame: Frame,
    permit: &Permit<KeysCreate>,
    form: Form,
    code: StatusCode,
) -> Result<Response, Response> {
    let maker = Maker::read(desk, permit, form).await;
    let maker = maker.map_err(refusal(&frame))?;
    let permit = desk.visitor.holds::<KeysRead>().ok();
    let permit = permit.filter(|_| desk.pages().form == pages::Form::Page);
    let Some(permit) = permit else {
        return Ok(dialog(desk, frame, maker, code));
    };
    let list = list::read(desk, &permit, Wanted::default()).await;
    let list = list.map_err(refusal(&frame))?;
    let above = Above {
        maker: Some(maker),
        reveal: None,
    };
    Ok(list::whole(desk, frame, list, above, code))
}

impl Maker {
    async fn read(desk: &Desk, permit: &Permit<KeysCreate>, form: Form) -> Result<Self, Problem> {
        let project = chosen(desk, &form);
        let projects = desk.projects(permit, project.as_ref()).await?;
        let found = form.grants.look_up(desk, permit, project.as_ref());
        let found = found.await?;
        let name = project.as_ref().map(|it| desk.project_name(it, &projects));
        let within = (project.as_ref(), name.clone());
        let address = format!("{}/new", desk.base);
        let is_fixed = desk.project().is_some();
        Ok(Self {
            project_name: name.filter(|_| is_fixed),
            grants: GrantsField::of(desk, &form.grants, &found, within, address),
            projects: asks_project(desk).then_some(projects.0),
            needs_project: needs_project(desk),
            environments: environments(desk),
            expiry: form.fields.expiry_choices(desk),
            tomorrow: tomorrow(desk.now()).to_string(),
            form,
        })
    }
}

/// Those that a key can be of, here.
fn environments(desk: &Desk) -> Vec<String> {
    let fixed = desk.project().and_then(|it| {
        let organization = desk.visitor.organization();
        desk.app().index.project_environment(organization, it)
    });
    match fixed {
        Some(fixed) => vec![fixed.as_ref().to_owned()],
        None => desk.profile().key.environments.clone(),
    }
}

fn chosen(desk: &Desk, form: &Form) -> Option<ProjectId> {
    let fixed = desk.project().cloned();
    let sent = || asks_project(desk).then_some(&form.project);
    fixed.or_else(|| sent()?.parse().ok())
}

/// `POST …/new`
pub(crate) async fn create(desk: Desk, sent: Sent) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let permit: Permit<KeysCreate> = desk.permit(&frame)?;
    let mut form = Form::sent(&sent);
    if Lines::is_asked_anew(&sent) {
        return again(&desk, frame, &permit, form, StatusCode::OK).await;
    }
    let Some(draft) = read(&desk, &permit, &mut form) else {
        let code = status(Code::InvalidRequest.status());
        return again(&desk, frame, &permit, form, code).await;
    };
    match make(&desk, &permit, &sent, &draft).await {
        Ok(made) => Ok(made.answer(&desk, frame, StatusCode::CREATED).await),
        Err(problem) if problem.code() == Code::SecretAlreadyShown => {
            Err(refused(&frame, &problem))
        }
        Err(problem) => {
            form.banner = Some(banner(&desk, &problem, draft.project.as_ref()).await);
            let code = status(problem.code().status());
            again(&desk, frame, &permit, form, code).await
        }
    }
}

/// What is asked for; None when a field has a fault.
fn read(desk: &Desk, permit: &Permit<KeysCreate>, form: &mut Form) -> Option<KeyDraft> {
    let now = desk.now();
    let name = form.fields.read_name(desk);
    let project = read_project(desk, permit, form);
    let environment = read_environment(desk, project.as_ref().and_then(Option::as_ref), form);
    let lifetime = form.fields.read_lifetime(desk, None);
    let grants = project.as_ref().and_then(|project| {
        let read = form.grants.read(desk, project.as_ref());
        if read.is_none() {
            form.fields.add(grants::FIELD, "");
        }
        read
    });
    let description = form.fields.read_description();
    let ip_rules = form.fields.read_addresses();
    Some(KeyDraft {
        organization: desk.visitor.organization().clone(),
        project: project?,
        environment: environment?,
        name: name?,
        description: description?,
        owner: desk.owner().cloned(),
        grants: grants?,
        ip_rules: ip_rules?,
        rate_limit: desk.profile().limits.rate_limit,
        metadata: Metadata::empty(),
        managed_by: None,
        state: KeyState::Active,
        lifetime: lifetime?,
        created_at: now,
        created_by: permit.call().origin.actor.to_text(),
    })
}

fn asks_project(desk: &Desk) -> bool {
    desk.project().is_none() && desk.profile().key.project != ProjectRule::Never
}

fn needs_project(desk: &Desk) -> bool {
    match desk.profile().key.project {
        ProjectRule::Never | ProjectRule::Optional => false,
        ProjectRule::Required | ProjectRule::RequiredOfPeople => true,
    }
}

#[expect(clippy::option_option, reason = "a fault differs from no project")]
fn read_project(
    desk: &Desk,
    permit: &Permit<KeysCreate>,
    form: &mut Form,
) -> Option<Option<ProjectId>> {
    let project = chosen(desk, form);
    let is_missing = project.is_none() && needs_project(desk);
    let organization = desk.visitor.organization();
    let by = permit.call().origin.actor.to_text();
    let is_open = permit
        .reach()
        .covers_key(organization, project.as_ref(), desk.owner(), &by);
    if is_missing || !is_open {
        let sentence = desk.pages().words.choose_project.clone();
        form.fields.add(PROJECT, sentence);
        return None;
    }
    Some(project)
}

fn read_environment(desk: &Desk, project: Option<&ProjectId>, form: &mut Form) -> Option<String> {
    let environments = &desk.profile().key.environments;
    let organization = desk.visitor.organization();
    let fixed = project.and_then(|it| desk.app().index.project_environment(organization, it));
    let named = environments.iter().find(|it| **it == form.environment);
    match (fixed, named) {
        (Some(fixed), Some(named)) if *fixed != **named => {
            let sentence = format!("Keys of this project are of {fixed}.");
            form.fields.add(ENVIRONMENT, sentence);
            None
        }
        (Some(fixed), _) => Some(fixed.into()),
        (None, Some(named)) => Some(named.clone()),
        (None, None) => environments.first().cloned(),
    }
}

async fn make(
    desk: &Desk,
    permit: &Permit<KeysCreate>,
    sent: &Sent,
    draft: &KeyDraft,
) -> Result<Reveal, Problem> {
    let app = desk.app();
    permit.may_make(app, draft)?;
    let attempt = Idempotency::of_form(sent.one(ATTEMPT), &desk.base);
    let patience = app.patience(None)?;
    let begun = attempt
        .begin(app, permit.caller(), &sent.pairs(), patience)
        .await?;
    let Attempt::Fresh(ticket) = begun else {
        return Err(Problem::new(Code::SecretAlreadyShown));
    };
    let (done, secret) = store(app, &ticket, draft, &desk.visitor.profile).await?;
    let outcome = desk.visitor.settle(done).await?;
    Ok(Reveal::created(
        desk,
        &outcome.value,
        secret,
        outcome.in_force.words,
    ))
}

/// Why no key was made, in a sentence.
async fn banner(desk: &Desk, problem: &Problem, project: Option<&ProjectId>) -> String {
    if problem.code() == Code::KeyLimitReached
        && let Ok(Some(used)) = used(desk, project).await
    {
        return format!("{}. Revoke one first.", used.words);
    }
    notice::sentence(problem)
}
