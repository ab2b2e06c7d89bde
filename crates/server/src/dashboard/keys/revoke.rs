//! Ending a key for good, after a page that says which one it is and when it was last used.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::key::{Key, KeyState, KeyStatus, Revocation};
use keyway_core::management::ManagementPermission;
use keyway_core::profile::pages::Words;
use keyway_core::time::{Span, Timestamp};
use keyway_store::keys::change::KeyAt;
use keyway_store::usage::ALLOWED;

use super::super::frame::Frame;
use super::super::key_rows::split;
use super::super::members::grouped;
use super::super::moments::{self, Moment};
use super::super::outcome::Told;
use super::super::page::{page, refusal};
use super::desk::Desk;
use super::ending::is_outgoing;
use super::sent::Sent;
use super::swap::Swap;
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRevoke;
use crate::routes::keys::revoke::revocation;

const HOUR: Span = Span::from_secs(60 * 60);
const DAY: Span = Span::from_secs(24 * 60 * 60);

/// What a confirmation tells about a key.
#[derive(Debug)]
pub(crate) struct Facts {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub public: String,
    pub suffix: String,
    pub used: Option<Moment>,
    pub is_in_use: bool,
    /// Allowed within a day.
    pub requests: String,
}

#[derive(Template)]
#[template(path = "keys/revoke.html")]
struct RevokePage<'a> {
    frame: Frame,
    list: &'a str,
    base: &'a str,
    keys: &'a str,
    key: Facts,
    title: String,
    text: &'a str,
    confirm: &'a str,
    can_rotate: bool,
}

pub(crate) async fn facts(desk: &Desk, key: &Key) -> Result<Facts, Problem> {
    let (store, now) = (&desk.app().store, desk.now());
    let last = store.read_last_uses(std::slice::from_ref(&key.id)).await?;
    let used_at = last.first().and_then(|(_, last)| last.used_at);
    let day_ago = Timestamp::from_micros(now.micros() - DAY.micros());
    let hours = store.read_usage(&key.id, day_ago).await?;
    let allowed = hours.iter().filter(|it| it.outcome == ALLOWED);
    let (kind, public) = split(&key.display_prefix);
    Ok(Facts {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        kind,
        public,
        suffix: key.suffix.clone(),
        used: used_at.map(|at| moments::ago(at, now)),
        is_in_use: used_at.is_some_and(|at| now < at.plus(HOUR)),
        requests: grouped(allowed.map(|it| it.count).sum()),
    })
}

/// `GET …/{id}/revoke`
pub(crate) async fn form(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (_permit, key): (Permit<KeysRevoke>, Key) = desk.load(&frame).await?;
    if let Some(told) = revoked_already(&desk, &key) {
        return Ok(told);
    }
    let facts = facts(&desk, &key).await.map_err(refusal(&frame))?;
    let words = &desk.pages().words;
    let is_old = is_outgoing(&key, desk.now());
    let can_rotate = key.status(desk.now()) == KeyStatus::Active
        && !is_old
        && !desk.pages().grace.is_empty()
        && desk.may(ManagementPermission::KeysRotate);
    let (title, confirm) = if is_old {
        let title = format!("Stop the old key of “{}” now?", facts.name);
        (title, "Stop old key now")
    } else {
        let title = Words::naming(&words.revoke_title, &facts.name);
        (title, words.revoke_confirm.as_str())
    };
    let template = RevokePage {
        frame,
        list: &desk.list,
        base: &desk.base,
        keys: &words.keys,
        key: facts,
        title,
        text: &words.revoke_text,
        confirm,
        can_rotate,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST …/{id}/revoke`
pub(crate) async fn revoke(desk: Desk, sent: Sent) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysRevoke>, Key) = desk.load(&frame).await?;
    if let Some(told) = revoked_already(&desk, &key) {
        return Ok(told);
    }
    let swap = Swap::begin(&desk, &key).await.map_err(refusal(&frame))?;
    let reason = Some(sent.one("reason")).filter(|it| !it.is_empty());
    let by = permit.call();
    let revocation = revocation(reason, None, by.origin.actor.to_text(), desk.now());
    let revocation: Revocation = revocation.map_err(refusal(&frame))?;
    let at = KeyAt {
        reach: permit.reach(),
        id: &key.id,
        expected: None,
    };
    let store = &desk.app().store;
    let done = store.revoke_key(&by, at, &revocation, desk.now()).await;
    let outcome = desk.visitor.settle(done).await.map_err(refusal(&frame))?;
    let name = outcome.value.name.as_str();
    let what = if is_outgoing(&key, desk.now()) {
        format!("The old key of {name} is stopped.")
    } else {
        format!("{name} is revoked.")
    };
    if let Some(swap) = swap {
        let told = Told::of(&what, &outcome.in_force);
        return swap.answer(&desk, frame, &key.id, told).await;
    }
    let address = format!("{}?revoked=on&fresh={}", desk.list, key.id);
    Ok(desk.visitor.done(&address, &what, &outcome.in_force))
}

/// Whoever comes second learns who came first.
fn revoked_already(desk: &Desk, key: &Key) -> Option<Response> {
    let KeyState::Revoked(revocation) = &key.state else {
        return None;
    };
    let at = moments::clock(revocation.at, desk.now()).words;
    let by = desk.person(&revocation.by);
    let what = format!("It was revoked already, {at}, by {by}.");
    let address = format!("{}/{}", desk.base, key.id);
    Some(desk.visitor.said(&address, &what, "Nothing changed."))
}
