//! `/audit`: what was done in the organization, by whom, and how each entry hangs on the one before.

mod words;

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jiff::civil::Date;
use jiff::tz::Offset;
use keyway_core::id::{KeyId, ManagementKeyId};
use keyway_core::management::Reach;
use keyway_core::time::Timestamp;
use keyway_store::ledger::entry::{Entry, EntryFilter, Walk};
use keyway_store::page::Cursor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::frame::Frame;
use super::members::grouped;
use super::moments::{self, Moment};
use super::notice::Notice;
use super::page::{page, refusal};
use super::paged::{Paged, Wanted};
use super::visitor::Visitor;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::auth::Permit;
use crate::auth::permissions::{AuditRead, KeysRead, ManagementKeysRead};
use crate::request::fields::Faults;
use crate::request::query::Query;
use crate::routes::audit::export;

const PLACE: &str = "/audit";
/// Entries on one page: each brings what it opens to.
const ROWS: usize = 40;
const HEADING: &str = "Audit log";
const EXPORT_NAME: &str = "attachment; filename=\"audit.ndjson\"";

/// The filters as they stand in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Filters {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    actor: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    action: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    target: String,
    /// The first day.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    from: String,
    /// The last day.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    until: String,
    #[serde(default, skip_serializing)]
    cursor: Option<String>,
    /// The number of an entry to begin with, opened.
    #[serde(default, skip_serializing)]
    entry: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    filters: Filters,
    is_filtered: bool,
    query: String,
    actors: Vec<(String, String)>,
    actions: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    older: Option<String>,
    is_first: bool,
}

#[derive(Clone, Debug)]
struct Row {
    at: Moment,
    who: String,
    verb: String,
    object: String,
    number: String,
    before: String,
    hash: String,
    noun: &'static str,
    target: String,
    actor: String,
    address: String,
    reason: String,
    request: String,
    is_erased: bool,
    lines: Vec<Line>,
    is_open: bool,
}

/// One line of what changed.
#[derive(Clone, Debug)]
struct Line {
    is_gone: bool,
    text: String,
}

/// `GET /audit`
pub(crate) async fn list(
    visitor: Visitor,
    Query(filters): Query<Filters>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<AuditRead> = visitor.permit(&frame, HEADING)?;
    let (filter, notice) = match filter(&filters) {
        Ok(filter) => (filter, None),
        Err(problem) => {
            let notice = Notice {
                bold: "These dates cannot be read.".to_owned(),
                ..Notice::not_saved(&problem, "")
            };
            (EntryFilter::default(), Some(notice))
        }
    };
    let template = read(&visitor, &frame, permit.reach(), &filter, filters)
        .await
        .map_err(refusal(&frame))?;
    let code = notice.as_ref().map_or(StatusCode::OK, |it| it.status);
    Ok(page(code, &Page { notice, ..template }))
}

async fn read(
    visitor: &Visitor,
    frame: &Frame,
    reach: &Reach,
    filter: &EntryFilter,
    filters: Filters,
) -> Result<Page, Problem> {
    let query = serde_urlencoded::to_string(&filters).unwrap_or_default();
    let address = if query.is_empty() {
        PLACE.to_owned()
    } else {
        format!("{PLACE}?{query}")
    };
    let list = Paged::new(visitor, &address);
    let wanted = Wanted {
        cursor: filters.cursor.clone(),
    };
    let opened: Option<i64> = filters.entry.parse().ok();
    let before = list.open(&wanted)?.and_then(|it| it.id.parse().ok());
    let before = before.or_else(|| opened?.checked_add(1));
    let store = &visitor.app.store;
    let walk = Walk::Before(before);
    let mut entries = store.list_entries(reach, filter, walk, ROWS + 1).await?;
    let has_more = entries.len() > ROWS;
    entries.truncate(ROWS);
    let next = entries.last().filter(|_| has_more).map(|it| Cursor {
        created_at: it.at,
        id: it.seq.to_string(),
    });
    let older = list.older(next.as_ref());
    let mut rows = rows(visitor, reach, &entries).await?;
    for (row, entry) in rows.iter_mut().zip(&entries) {
        row.is_open = opened == Some(entry.seq);
    }
    Ok(Page {
        frame: frame.clone(),
        notice: None,
        is_filtered: !query.is_empty(),
        query,
        actors: actors(visitor, &filters.actor),
        actions: words::ACTIONS.iter().map(|it| (it.0, it.2)).collect(),
        rows,
        older,
        is_first: before.is_none(),
        filters,
    })
}

/// Whole days in UTC; the last one counts.
fn filter(filters: &Filters) -> Result<EntryFilter, Problem> {
    let named = |text: &String| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let mut faults = Faults::default();
    let mut day = |pointer: &str, text: &str| {
        if text.is_empty() {
            return None;
        }
        faults.parse::<Date>(pointer, Some(text))
    };
    let (from, until) = (day("from", &filters.from), day("until", &filters.until));
    let begin = |date: Date| -> Option<Timestamp> {
        let at = Offset::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
        at.ok().map(wire::timestamp)
    };
    let before = until.and_then(|it| it.tomorrow().ok()).and_then(begin);
    faults.done(Some(EntryFilter {
        organization: None,
        actor: named(&filters.actor),
        action: named(&filters.action),
        target: named(&filters.target),
        from: from.and_then(begin),
        before,
    }))
}

/// Whom the filter offers: the members, and whoever is chosen.
fn actors(visitor: &Visitor, chosen: &str) -> Vec<(String, String)> {
    let members = visitor.app.index.members_in(visitor.organization());
    let mut actors: Vec<(String, String)> = members
        .iter()
        .map(|it| (format!("member/{}", it.id), it.name.as_str().to_owned()))
        .collect();
    actors.sort_by_key(|(_, name)| name.to_lowercase());
    actors.push(("system".to_owned(), "Keyway itself".to_owned()));
    if !chosen.is_empty() && !actors.iter().any(|(actor, _)| actor == chosen) {
        actors.push((chosen.to_owned(), chosen.to_owned()));
    }
    actors
}

async fn rows(visitor: &Visitor, reach: &Reach, entries: &[Entry]) -> Result<Vec<Row>, Problem> {
    let names = key_names(visitor, entries).await?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut row = row(visitor, entry, &names);
        if entry.action == "member.updated" {
            row.lines = role_lines(visitor, reach, entry).await?;
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Names of keys whose entries do not say them, for whoever may see those keys.
async fn key_names(
    visitor: &Visitor,
    entries: &[Entry],
) -> Result<HashMap<String, String>, Problem> {
    let mut names = HashMap::new();
    for entry in entries {
        if personal(entry, "name").is_some() || names.contains_key(&entry.target) {
            continue;
        }
        let name = match entry.action.split('.').next() {
            Some("key") => key_name(visitor, &entry.target).await?,
            Some("management_key") => management_key_name(visitor, &entry.target).await?,
            _ => None,
        };
        names.extend(name.map(|name| (entry.target.clone(), name)));
    }
    Ok(names)
}

async fn key_name(visitor: &Visitor, id: &str) -> Result<Option<String>, Problem> {
    let (Ok(permit), Ok(id)) = (visitor.holds::<KeysRead>(), id.parse::<KeyId>()) else {
        return Ok(None);
    };
    let found = visitor.app.store.find_key(permit.reach(), &id).await?;
    Ok(found.map(|it| it.name.as_str().to_owned()))
}

async fn management_key_name(visitor: &Visitor, id: &str) -> Result<Option<String>, Problem> {
    let permit = visitor.holds::<ManagementKeysRead>();
    let (Ok(permit), Ok(id)) = (permit, id.parse::<ManagementKeyId>()) else {
        return Ok(None);
    };
    let store = &visitor.app.store;
    let found = store.find_management_key(permit.reach(), &id).await?;
    Ok(found.map(|it| it.name.as_str().to_owned()))
}

/// The role before, from the entry before of the same member.
async fn role_lines(visitor: &Visitor, reach: &Reach, entry: &Entry) -> Result<Vec<Line>, Problem> {
    let filter = EntryFilter {
        target: Some(entry.target.clone()),
        ..EntryFilter::default()
    };
    let walk = Walk::Before(Some(entry.seq));
    let earlier = visitor
        .app
        .store
        .list_entries(reach, &filter, walk, 10)
        .await?;
    let role = |it: &Entry| {
        it.detail
            .get("role")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let (then, now) = (earlier.iter().find_map(role), role(entry));
    let is_same = then == now;
    let line = |is_gone: bool, role: Option<String>| {
        role.map(|role| Line {
            is_gone,
            text: format!("{} role: {role}", if is_gone { "-" } else { "+" }),
        })
    };
    if is_same {
        return Ok(Vec::new());
    }
    Ok([line(true, then), line(false, now)]
        .into_iter()
        .flatten()
        .collect())
}

fn personal<'a>(entry: &'a Entry, field: &str) -> Option<&'a str> {
    entry.personal.as_ref()?.get(field)?.as_str()
}

fn row(visitor: &Visitor, entry: &Entry, names: &HashMap<String, String>) -> Row {
    let now = visitor.app.clock.now();
    let text = |field: &str| personal(entry, field).unwrap_or_default().to_owned();
    Row {
        at: moments::clock(entry.at, now),
        who: who(visitor, entry),
        verb: words::verb(&entry.action).to_owned(),
        object: object(visitor, entry, names),
        number: grouped(entry.seq),
        before: grouped(entry.seq - 1),
        hash: short(&hex::encode(entry.hash)),
        noun: words::noun(&entry.action),
        target: entry.target.clone(),
        actor: entry.actor.clone(),
        address: text("address"),
        reason: text("reason"),
        request: entry.request_id.clone(),
        is_erased: entry.personal.is_none(),
        lines: lines(entry),
        is_open: false,
    }
}

/// By the name at that time, and what kind of actor it is where that is no person.
fn who(visitor: &Visitor, entry: &Entry) -> String {
    let name = personal(entry, "actor").map(str::to_owned);
    let kind = entry.actor.split('/').next().unwrap_or_default();
    match (kind, name) {
        ("management_key", Some(name)) => format!("{name} (management key)"),
        ("portal_session", Some(name)) => format!("{name} (customer)"),
        ("key", Some(name)) => format!("{name} (API key)"),
        (_, Some(name)) => name,
        (_, None) => visitor.actor_name(&entry.actor),
    }
}

fn object(visitor: &Visitor, entry: &Entry, names: &HashMap<String, String>) -> String {
    if !words::has_object(&entry.action) {
        return String::new();
    }
    let named = ["name", "email", "owner"];
    let named = named.iter().find_map(|field| personal(entry, field));
    if let Some(name) = named.or_else(|| names.get(&entry.target).map(String::as_str)) {
        return name.to_owned();
    }
    let member = entry
        .target
        .parse()
        .ok()
        .and_then(|id| visitor.app.index.find_member(&id));
    match member.filter(|it| it.organization == *visitor.organization()) {
        Some(member) => member.name.as_str().to_owned(),
        None => entry.target.clone(),
    }
}

/// What the entry keeps for good, a line for each.
fn lines(entry: &Entry) -> Vec<Line> {
    let lines = entry.detail.iter().map(|(field, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let texts = items
                    .iter()
                    .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
                texts.take(10).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        let field = if field == "fields" { "changed" } else { field };
        Line {
            is_gone: false,
            text: format!("+ {field}: {value}"),
        }
    });
    lines.collect()
}

fn short(hash: &str) -> String {
    let (start, end) = (hash.get(..4), hash.get(hash.len().saturating_sub(4)..));
    format!("{}…{}", start.unwrap_or_default(), end.unwrap_or_default())
}

/// `GET /audit/export`: everything that the filters let through, oldest first, a line per entry.
pub(crate) async fn download(
    visitor: Visitor,
    Query(filters): Query<Filters>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<AuditRead> = visitor.permit(&frame, HEADING)?;
    let filter = filter(&filters).map_err(refusal(&frame))?;
    let mut response = export(&visitor.app, permit.reach().clone(), filter);
    let name = HeaderValue::from_static(EXPORT_NAME);
    response
        .headers_mut()
        .insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_counts_to_its_end() {
        let filters = Filters {
            from: "2026-11-01".to_owned(),
            until: "2026-11-02".to_owned(),
            ..Filters::default()
        };
        let read = filter(&filters).unwrap();
        let at = |text: &str| Some(wire::timestamp(text.parse().unwrap()));
        assert_eq!(read.from, at("2026-11-01T00:00:00Z"));
        assert_eq!(read.before, at("2026-11-03T00:00:00Z"));
        let bad = Filters {
            from: "yesterday".to_owned(),
            ..Filters::default()
        };
        assert!(filter(&bad).is_err());
    }
}
