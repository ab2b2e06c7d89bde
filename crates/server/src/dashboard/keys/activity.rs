//! What became of a key, newest first: from the audit log where the visitor may read it, else only what
//! the key itself remembers.

use keyway_core::key::{Key, KeyState};
use keyway_core::management::{ManagementPermission, Reach};
use keyway_core::time::Span;
use keyway_store::ledger::entry::{Entry, EntryFilter, Walk};
use serde_json::Value;

use super::super::moments::{self, Moment};
use super::desk::Desk;
use super::fields::span_title;
use crate::answer::problem::Problem;

const EVENTS_MAX: usize = 20;

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub icon: &'static str,
    pub who: String,
    pub what: String,
    pub at: Moment,
}

pub(crate) async fn of(desk: &Desk, key: &Key) -> Result<Vec<Event>, Problem> {
    if !desk.may(ManagementPermission::AuditRead) {
        return Ok(remembered(desk, key));
    }
    let reach = Reach::One(key.organization.clone());
    let filter = EntryFilter {
        target: Some(key.id.to_string()),
        ..EntryFilter::default()
    };
    let store = &desk.app().store;
    let entries = store
        .list_entries(&reach, &filter, Walk::Before(None), EVENTS_MAX)
        .await?;
    let is_told = entries.iter().any(|it| it.action == "key.created");
    let mut events: Vec<Event> = entries.iter().map(|it| event(desk, it)).collect();
    if !is_told && entries.len() < EVENTS_MAX {
        // A key that a rotation or an import made has no entry of its own for that.
        events.extend(remembered(desk, key).pop());
    }
    Ok(events)
}

fn event(desk: &Desk, entry: &Entry) -> Event {
    let personal = entry.personal.as_ref();
    let label = personal
        .and_then(|it| it.get("actor"))
        .and_then(Value::as_str);
    let who = match desk.person(&entry.actor).as_str() {
        "you" => "You".to_owned(),
        known => label.unwrap_or(known).to_owned(),
    };
    let (icon, what) = match entry.action.as_str() {
        "key.created" => ("plus", "created the key".to_owned()),
        "key.updated" => ("edit", format!("changed {}", changed(entry))),
        "key.deactivated" => ("pause", "switched it off".to_owned()),
        "key.activated" => ("play", "switched it on".to_owned()),
        "key.revoked" => ("s-revoked", "revoked it".to_owned()),
        "key.rotated" => ("rotate", format!("rotated it, {}", grace(entry))),
        "key.deleted" => ("trash", "deleted it".to_owned()),
        other => ("log", other.to_owned()),
    };
    Event {
        icon,
        who,
        what,
        at: moments::clock(entry.at, desk.now()),
    }
}

/// The fields of an edit in words.
fn changed(entry: &Entry) -> String {
    let fields = entry.detail.get("fields").and_then(Value::as_array);
    let words = fields.into_iter().flatten().filter_map(Value::as_str);
    let words: Vec<&str> = words
        .map(|field| match field {
            "name" => "the name",
            "description" => "the description",
            "owner" => "the owner",
            "managed_by" => "what manages it",
            "expires_at" => "when it ends",
            "grants" => "what it may do",
            "rate_limit" => "how often it may be used",
            "ip_rules" => "its address rules",
            "metadata" => "its metadata",
            other => other,
        })
        .collect();
    match words.split_last() {
        None => "it".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn grace(entry: &Entry) -> String {
    let micros = entry.detail.get("grace_micros").and_then(Value::as_i64);
    match micros.unwrap_or_default() / 1_000_000 {
        0 => "the old key stopped at once".to_owned(),
        seconds => {
            let span = Span::from_secs(u32::try_from(seconds).unwrap_or(u32::MAX));
            format!("the old key lives on for {}", span_title(span))
        }
    }
}

/// The last one is the beginning.
fn remembered(desk: &Desk, key: &Key) -> Vec<Event> {
    let mut events = Vec::new();
    let named = |actor: &str| match desk.person(actor).as_str() {
        "you" => "You".to_owned(),
        other => other.to_owned(),
    };
    if let KeyState::Revoked(revocation) = &key.state {
        events.push(Event {
            icon: "s-revoked",
            who: named(&revocation.by),
            what: "revoked it".to_owned(),
            at: moments::clock(revocation.at, desk.now()),
        });
    }
    events.push(Event {
        icon: "plus",
        who: named(&key.created_by),
        what: "made the key".to_owned(),
        at: moments::clock(key.created_at, desk.now()),
    });
    events
}
