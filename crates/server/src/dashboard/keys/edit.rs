//! Changing a key: name, description, end, what it may do and from where. The form knows the version it
//! shows; a key that moved meanwhile is not saved over.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::key::{Key, Lifetime};
use keyway_core::profile::pages::Pages;
use keyway_core::text::Description;
use keyway_store::keys::change::{KeyAt, KeyEdit};

use super::super::frame::Frame;
use super::super::moments;
use super::super::notice;
use super::super::outcome::InForce;
use super::super::page::{page, refusal, refused};
use super::access::Choice;
use super::desk::Desk;
use super::fields::{Fields, KEEP, tomorrow};
use super::grants::{self, GrantsField, Lines};
use super::names::Names;
use super::sent::Sent;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::permissions::KeysUpdate;

const VERSION: &str = "version";
/// The first field of the lines.
const LINES: &str = "access.0";

#[derive(Template)]
#[template(path = "keys/edit.html")]
struct EditPage<'a> {
    frame: Frame,
    base: &'a str,
    pages: &'a Pages,
    id: String,
    name: String,
    version: String,
    fields: Fields,
    grants: GrantsField,
    may_edit_expiry: bool,
    expiry: Vec<Choice>,
    tomorrow: String,
    notice: Option<(String, String)>,
}

/// `GET …/{id}/edit`
pub(crate) async fn form(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysUpdate>, Key) = desk.load(&frame).await?;
    let fields = Fields {
        name: key.name.as_str().to_owned(),
        expiry: KEEP.to_owned(),
        description: key
            .description
            .as_ref()
            .map(|it: &Description| it.as_str().to_owned())
            .unwrap_or_default(),
        addresses: addresses(&key),
        ..Fields::default()
    };
    let sent = Sent::parse(desk.query.as_bytes());
    let lines = if sent.has(LINES) {
        Lines::sent(&sent)
    } else {
        Lines::of_key(&desk, &key)
    };
    let filled = Filled {
        fields,
        lines,
        version: key.version.to_string(),
    };
    edit_page(&desk, frame, (&permit, &key), filled, None, StatusCode::OK).await
}

/// The form as it was filled in.
struct Filled {
    fields: Fields,
    lines: Lines,
    version: String,
}

fn addresses(key: &Key) -> String {
    let rules = key.ip_rules.networks().iter().map(ToString::to_string);
    rules.collect::<Vec<_>>().join("\n")
}

async fn edit_page(
    desk: &Desk,
    frame: Frame,
    (permit, key): (&Permit<KeysUpdate>, &Key),
    filled: Filled,
    notice: Option<(String, String)>,
    code: StatusCode,
) -> Result<Response, Response> {
    let Filled {
        fields,
        lines,
        version,
    } = filled;
    let project = key.project.as_ref();
    let found = lines.look_up(desk, permit, project).await;
    let found = found.map_err(refusal(&frame))?;
    let names = Names::of(desk, std::iter::once(key)).await;
    let names = names.map_err(refusal(&frame))?;
    let within = (project, project.map(|it| names.project(it).to_owned()));
    let address = format!("{}/{}/edit", desk.base, key.id);
    let mut expiry = vec![Choice {
        word: KEEP.to_owned(),
        title: match key.lifetime {
            Lifetime::Forever => "As it is: never".to_owned(),
            Lifetime::Until(end) => format!("As it is: {}", moments::day(end, desk.now()).words),
        },
        is_chosen: fields.expiry == KEEP,
    }];
    expiry.extend(fields.expiry_choices(desk));
    let template = EditPage {
        frame,
        base: &desk.base,
        pages: desk.pages(),
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        version,
        grants: GrantsField::of(desk, &lines, &found, within, address),
        may_edit_expiry: desk.profile().expiry.is_editable,
        expiry,
        tomorrow: tomorrow(desk.now()).to_string(),
        fields,
        notice,
    };
    Ok(page(code, &template))
}

/// `POST …/{id}/edit`
pub(crate) async fn edit(desk: Desk, sent: Sent) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysUpdate>, Key) = desk.load(&frame).await?;
    let mut filled = Filled {
        fields: Fields::sent(&sent),
        lines: Lines::sent(&sent),
        version: sent.one(VERSION).to_owned(),
    };
    if Lines::is_asked_anew(&sent) {
        let code = StatusCode::OK;
        return edit_page(&desk, frame, (&permit, &key), filled, None, code).await;
    }
    let Some(edit) = read(&desk, &key, &mut filled) else {
        let code = status(Code::InvalidRequest.status());
        return edit_page(&desk, frame, (&permit, &key), filled, None, code).await;
    };
    match save(&desk, &permit, &key, &filled.version, &edit).await {
        Ok((saved, in_force)) => {
            let what = format!("{} is saved.", saved.name.as_str());
            let address = format!("{}/{}", desk.base, saved.id);
            Ok(desk.visitor.done(&address, &what, &in_force))
        }
        Err(problem) if problem.code() == Code::KeyNotFound => Err(refused(&frame, &problem)),
        Err(problem) => {
            let notice = match problem.code() {
                Code::PreconditionFailed => (
                    "Not saved.".to_owned(),
                    "Someone changed this key while you were editing.".to_owned(),
                ),
                _ => ("Not saved.".to_owned(), notice::sentence(&problem)),
            };
            let code = status(problem.code().status());
            edit_page(&desk, frame, (&permit, &key), filled, Some(notice), code).await
        }
    }
}

/// What differs; None when a field has a fault.
fn read(desk: &Desk, key: &Key, filled: &mut Filled) -> Option<KeyEdit> {
    let Filled { fields, lines, .. } = filled;
    let name = fields.read_name(desk);
    let description = fields.read_description();
    let addresses = fields.read_addresses();
    let lifetime = if desk.profile().expiry.is_editable {
        fields.read_lifetime(desk, Some(key.lifetime))
    } else {
        Some(key.lifetime)
    };
    let may_grant = desk.profile().grants.is_choosable && !lines.are_kept();
    let grants = if may_grant && !lines.are(&Lines::of_key(desk, key)) {
        let read = lines.read(desk, key.project.as_ref());
        if read.is_none() {
            fields.add(grants::FIELD, "");
        }
        read
    } else {
        Some(key.grants.clone())
    };
    if fields.has_faults() {
        return None;
    }
    let pages = desk.pages();
    Some(KeyEdit {
        name,
        description: description.filter(|_| pages.has_description),
        lifetime,
        grants: grants.filter(|grants| *grants != key.grants),
        ip_rules: addresses.filter(|_| pages.has_address_rules),
        ..KeyEdit::default()
    })
}

async fn save(
    desk: &Desk,
    permit: &Permit<KeysUpdate>,
    key: &Key,
    version: &str,
    edit: &KeyEdit,
) -> Result<(Key, InForce), Problem> {
    let app = desk.app();
    if let Some(grants) = &edit.grants {
        permit.may_regrant(app, key, grants)?;
    }
    let at = KeyAt {
        reach: permit.reach(),
        id: &key.id,
        // Whatever is no number is no version that there ever was.
        expected: Some(version.parse().unwrap_or_default()),
    };
    let in_force = desk.visitor.profile.token();
    let done = app
        .store
        .update_key(&permit.call(), at, edit, in_force, desk.now())
        .await;
    let outcome = desk.visitor.settle(done).await?;
    Ok((outcome.value, outcome.in_force))
}
