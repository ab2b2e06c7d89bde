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
use super::super::page::{page, refused};
use super::access::{self, AccessField, Choice, Filled};
use super::desk::Desk;
use super::fields::{Fields, KEEP, tomorrow};
use super::sent::Sent;
use crate::answer::problem::{Problem, status};
use crate::auth::Permit;
use crate::auth::permissions::KeysUpdate;

const VERSION: &str = "version";

#[derive(Template)]
#[template(path = "keys/edit.html")]
struct EditPage<'a> {
    frame: Frame,
    base: &'static str,
    pages: &'a Pages,
    id: String,
    name: String,
    version: String,
    fields: Fields,
    access: AccessField,
    may_edit_expiry: bool,
    expiry: Vec<Choice>,
    tomorrow: String,
    notice: Option<(String, String)>,
}

/// `GET …/{id}/edit`
pub(crate) async fn form(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (_permit, key): (Permit<KeysUpdate>, Key) = desk.load(&frame).await?;
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
    let filled = Filled::of_key(&key);
    let version = key.version.to_string();
    let template = edit_page(&desk, frame, &key, (fields, filled, version), None);
    Ok(page(StatusCode::OK, &template))
}

fn addresses(key: &Key) -> String {
    let rules = key.ip_rules.networks().iter().map(ToString::to_string);
    rules.collect::<Vec<_>>().join("\n")
}

fn edit_page<'a>(
    desk: &'a Desk,
    frame: Frame,
    key: &Key,
    (fields, filled, version): (Fields, Filled, String),
    notice: Option<(String, String)>,
) -> EditPage<'a> {
    let mut expiry = vec![Choice {
        word: KEEP.to_owned(),
        title: match key.lifetime {
            Lifetime::Forever => "As it is: never".to_owned(),
            Lifetime::Until(end) => format!("As it is: {}", moments::day(end, desk.now()).words),
        },
        is_chosen: fields.expiry == KEEP,
    }];
    expiry.extend(fields.expiry_choices(desk));
    EditPage {
        frame,
        base: desk.base,
        pages: desk.pages(),
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        version,
        access: AccessField::of(desk, &filled, key.project.as_ref()),
        may_edit_expiry: desk.profile().expiry.is_editable,
        expiry,
        tomorrow: tomorrow(desk.now()).to_string(),
        fields,
        notice,
    }
}

/// `POST …/{id}/edit`
pub(crate) async fn edit(desk: Desk, sent: Sent) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysUpdate>, Key) = desk.load(&frame).await?;
    let mut fields = Fields::sent(&sent);
    let filled = Filled::sent(&sent);
    let version = sent.one(VERSION).to_owned();
    let Some(edit) = read(&desk, &key, &mut fields, &filled) else {
        let template = edit_page(&desk, frame, &key, (fields, filled, version), None);
        return Ok(page(status(Code::InvalidRequest.status()), &template));
    };
    match save(&desk, &permit, &key, &version, &edit).await {
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
            let template = edit_page(&desk, frame, &key, (fields, filled, version), Some(notice));
            Ok(page(code, &template))
        }
    }
}

/// What differs; None when a field has a fault.
fn read(desk: &Desk, key: &Key, fields: &mut Fields, filled: &Filled) -> Option<KeyEdit> {
    let name = fields.read_name(desk);
    let description = fields.read_description();
    let addresses = fields.read_addresses();
    let lifetime = if desk.profile().expiry.is_editable {
        fields.read_lifetime(desk, Some(key.lifetime))
    } else {
        Some(key.lifetime)
    };
    let may_grant = desk.profile().grants.is_choosable && !filled.is_kept();
    let grants = if may_grant && Filled::of_key(key) != *filled {
        let read = access::read(desk, filled, key.project.as_ref());
        read.map_err(|fault| fields.add(access::FIELD, fault)).ok()
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
) -> Result<(Key, String), Problem> {
    let app = desk.app();
    if let Some(grants) = &edit.grants {
        permit.may_hand_on(app, grants, key.project.as_ref())?;
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
