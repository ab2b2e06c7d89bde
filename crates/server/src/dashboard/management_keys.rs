//! `/management-keys`: what programs of the organization manage keys with; and, beside them, the keys
//! that programs manage.

pub(crate) mod managed;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use keyway_api::code::Code;
use keyway_api::management_key::{CreateManagementKey, Preset as WirePreset};
use keyway_core::id::ManagementKeyId;
use keyway_core::management::{ManagementKey, ManagementKeyState, ManagementPermission};
use keyway_token::secret::Secret;
use serde::Deserialize;

use super::frame::Frame;
use super::key_rows::Status;
use super::moments::{self, Moment, utc};
use super::notice::{self, Notice};
use super::outcome::InForce;
use super::page::{page, refusal};
use super::paged::{self, Paged, Wanted};
use super::reveal::Reveal;
use super::visitor::Visitor;
use crate::answer::problem::{Problem, status};
use crate::answer::wire;
use crate::auth::Permit;
use crate::auth::permissions::{ManagementKeysCreate, ManagementKeysRead, ManagementKeysRevoke};
use crate::request::fields::Faults;
use crate::request::query::Query;
use crate::routes::management_keys::read;

pub(crate) const PLACE: &str = "/management-keys";
pub(crate) const HEADING: &str = "Management keys";

#[derive(Template)]
#[template(path = "management_keys.html")]
struct Page {
    frame: Frame,
    place: &'static str,
    sees_keys: bool,
    notice: Option<Notice>,
    rows: Vec<Row>,
    older: Option<String>,
    is_first: bool,
    may_create: bool,
    why_not: String,
    form: Option<Draft>,
    ending: Option<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    name: String,
    shown: String,
    suffix: String,
    preset: &'static str,
    status: Status,
    by: String,
    since: Moment,
    expires: Option<Moment>,
    is_root: bool,
    is_over: bool,
    may_revoke: bool,
}

/// The form, as it was filled in.
#[derive(Clone, Debug)]
struct Draft {
    name: String,
    presets: Vec<Choice>,
    until: String,
    earliest: String,
    name_fault: Option<String>,
    until_fault: Option<String>,
}

#[derive(Clone, Debug)]
struct Choice {
    word: &'static str,
    sentence: &'static str,
    is_chosen: bool,
    /// Whoever holds less than a preset cannot give it.
    is_held: bool,
}

/// `GET /management-keys`
pub(crate) async fn list(
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    show(&visitor, &wanted, Shown::default()).await
}

/// What stands over the list.
#[derive(Default)]
struct Shown<'a> {
    notice: Option<Notice>,
    form: Option<Draft>,
    ending: Option<&'a str>,
}

async fn show(visitor: &Visitor, wanted: &Wanted, shown: Shown<'_>) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<ManagementKeysRead> = visitor.permit(&frame, HEADING)?;
    let list = Paged::new(visitor, PLACE);
    let cursor = list.open(wanted).map_err(refusal(&frame))?;
    let found = visitor
        .app
        .store
        .list_management_keys(permit.reach(), cursor.as_ref(), paged::ROWS)
        .await
        .map_err(refusal(&frame))?;
    let ending = match shown.ending {
        None => None,
        Some(id) => Some(load(visitor, &permit, id).await.map_err(refusal(&frame))?),
    };
    let is_refused = shown
        .form
        .as_ref()
        .is_some_and(|it| it.name_fault.is_some() || it.until_fault.is_some());
    let code = match &shown.notice {
        Some(notice) => notice.status,
        None if is_refused => status(Code::InvalidRequest.status()),
        None => StatusCode::OK,
    };
    let template = Page {
        frame,
        place: PLACE,
        sees_keys: visitor.may(ManagementPermission::KeysRead),
        notice: shown.notice,
        older: list.older(found.next.as_ref()),
        rows: found.rows.iter().map(|it| row(visitor, it)).collect(),
        is_first: cursor.is_none(),
        may_create: visitor.may(ManagementPermission::ManagementKeysCreate),
        why_not: visitor.lacks(ManagementPermission::ManagementKeysCreate),
        form: shown.form,
        ending: ending.map(|it| row(visitor, &it)),
    };
    Ok(page(code, &template))
}

async fn load<P>(
    visitor: &Visitor,
    permit: &Permit<P>,
    id: &str,
) -> Result<ManagementKey, Problem> {
    let not_found = || Problem::new(Code::ManagementKeyNotFound);
    let id: ManagementKeyId = id.parse().map_err(|_| not_found())?;
    let store = &visitor.app.store;
    let found = store.find_management_key(permit.reach(), &id).await?;
    found.ok_or_else(not_found)
}

fn row(visitor: &Visitor, key: &ManagementKey) -> Row {
    let now = visitor.app.clock.now();
    let is_over = key.state != ManagementKeyState::Active;
    let (class, icon, word) = match (is_over, key.stands(now)) {
        (true, _) => ("revoked", "s-revoked", "Revoked"),
        (false, true) => ("active", "s-active", "Active"),
        (false, false) => ("expired", "s-expired", "Expired"),
    };
    Row {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        shown: key.display_prefix.clone(),
        suffix: key.suffix.clone(),
        preset: key.preset.as_str(),
        status: Status { class, icon, word },
        by: visitor.actor_name(&key.created_by),
        since: moments::day(key.created_at, now),
        expires: key.expires_at.map(|at| moments::ahead(at, now)),
        is_root: key.is_root,
        is_over,
        may_revoke: !is_over && visitor.may(ManagementPermission::ManagementKeysRevoke),
    }
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct KeyForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    preset: String,
    /// The last day.
    #[serde(default)]
    until: String,
}

/// `GET /management-keys/new`
pub(crate) async fn form(visitor: Visitor) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let _permit: Permit<ManagementKeysCreate> = visitor.permit(&frame, HEADING)?;
    let shown = Shown {
        form: Some(draft(&visitor, &KeyForm::default(), None)),
        ..Shown::default()
    };
    show(&visitor, &Wanted::default(), shown).await
}

fn draft(visitor: &Visitor, form: &KeyForm, problem: Option<&Problem>) -> Draft {
    let roles = &visitor.profile.profile.roles;
    let choice = |it: WirePreset| {
        let preset = wire::read::preset(it);
        Choice {
            word: it.as_str(),
            sentence: match it {
                WirePreset::Admin => "Everything in this organization.",
                WirePreset::VerifyOnly => "Asks whether keys are let through, and nothing else.",
                WirePreset::ReadOnly => "Sees everything and changes nothing.",
            },
            is_chosen: it.as_str() == form.preset,
            is_held: visitor.caller.covers(preset, roles),
        }
    };
    let until_fault = problem.and_then(|it| notice::fault_at(it, "/expires_at"));
    let name_fault = problem.and_then(|it| {
        let at = if form.name.trim().is_empty() {
            Some("Give the key a name.".to_owned())
        } else {
            notice::fault_at(it, "/name")
        };
        at.or_else(|| until_fault.is_none().then(|| notice::sentence(it)))
    });
    Draft {
        name: form.name.clone(),
        presets: WirePreset::ALL.into_iter().map(choice).collect(),
        until: form.until.clone(),
        earliest: utc(visitor.app.clock.now()).date().to_string(),
        name_fault,
        until_fault,
    }
}

/// `POST /management-keys`: answers with the secret, this once.
pub(crate) async fn create(
    visitor: Visitor,
    Form(form): Form<KeyForm>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<ManagementKeysCreate> = visitor.permit(&frame, HEADING)?;
    let (key, secret, in_force) = match make(&visitor, &permit, &form).await {
        Ok(made) => made,
        Err(problem) => {
            let shown = Shown {
                form: Some(draft(&visitor, &form, Some(&problem))),
                ..Shown::default()
            };
            return show(&visitor, &Wanted::default(), shown).await;
        }
    };
    let name = key.name.as_str();
    Ok(Reveal {
        frame,
        heading: "Management key created".to_owned(),
        label: format!("Secret of {name}"),
        secret: secret.expose().to_owned(),
        bold: "Store it now. It is shown this one time.".to_owned(),
        rest: "Only its digest is kept, so nobody can show it again. A lost key is replaced, not \
               recovered."
            .to_owned(),
        hint: in_force.words,
        uncopied: format!("The secret of {name} has not been copied."),
        behind: PLACE.to_owned(),
    }
    .answer())
}

async fn make(
    visitor: &Visitor,
    permit: &Permit<ManagementKeysCreate>,
    form: &KeyForm,
) -> Result<(ManagementKey, Secret, InForce), Problem> {
    let app = &visitor.app;
    let mut faults = Faults::default();
    let preset = WirePreset::ALL
        .into_iter()
        .find(|it| it.as_str() == form.preset);
    if preset.is_none() {
        faults.add("/preset", "choose what the key may do");
    }
    let last: Option<Date> = match form.until.trim() {
        "" => None,
        day => faults.parse("/expires_at", Some(day)),
    };
    let preset = faults.done(preset)?;
    // It works through the end of its last day.
    let end = last.and_then(|day| day.tomorrow().ok());
    let end = end.and_then(|day| {
        Offset::UTC
            .to_timestamp(day.to_datetime(Time::midnight()))
            .ok()
    });
    let body = CreateManagementKey {
        name: form.name.trim().to_owned(),
        preset,
        organization: None,
        expires_at: end,
    };
    let (key, secret) = read(app, permit, &body)?;
    let done = app
        .store
        .create_management_key(&permit.call(), key, app.clock.now())
        .await;
    let outcome = visitor.settle(done).await?;
    Ok((outcome.value, secret, outcome.in_force))
}

/// `GET /management-keys/{id}/revoke`: the question, over the list.
pub(crate) async fn ask_revocation(
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let _permit: Permit<ManagementKeysRevoke> = visitor.permit(&frame, HEADING)?;
    let shown = Shown {
        ending: Some(&id),
        ..Shown::default()
    };
    show(&visitor, &Wanted::default(), shown).await
}

/// `POST /management-keys/{id}/revoke`
pub(crate) async fn revoke(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<ManagementKeysRevoke> = visitor.permit(&frame, HEADING)?;
    match end(&visitor, &permit, &id).await {
        Ok((name, in_force)) => {
            let what = format!("{name} is revoked.");
            Ok(visitor.done(PLACE, &what, &in_force))
        }
        Err(problem) => {
            let shown = Shown {
                notice: Some(Notice::not_saved(&problem, "the key")),
                ..Shown::default()
            };
            show(&visitor, &Wanted::default(), shown).await
        }
    }
}

async fn end(
    visitor: &Visitor,
    permit: &Permit<ManagementKeysRevoke>,
    id: &str,
) -> Result<(String, InForce), Problem> {
    let (app, found) = (&visitor.app, load(visitor, permit, id).await?);
    let (by, now) = (permit.call(), app.clock.now());
    let done = app
        .store
        .revoke_management_key(&by, permit.reach(), &found.id, now)
        .await;
    let outcome = visitor.settle(done).await?;
    Ok((outcome.value.name.as_str().to_owned(), outcome.in_force))
}
