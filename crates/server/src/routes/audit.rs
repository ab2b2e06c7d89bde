//! `/v1/audit`: what was done, by whom. A page newest first, or all of it as NDJSON oldest first.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use http::{HeaderMap, header};
use keyway_api::NDJSON;
use keyway_api::audit::{AuditQuery, AuditVerified, AuditVerifyQuery, Entry as Wire};
use keyway_api::list::List;
use keyway_core::management::Reach;
use keyway_store::error::StoreError;
use keyway_store::ledger::Head;
use keyway_store::ledger::entry::{ENTRIES_MAX, Entry, EntryFilter, Walk};
use keyway_store::ledger::verify::LedgerState;
use keyway_store::page::{Cursor, Page};

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::AuditRead;
use crate::request::query::Query;

const PATH: &str = "/v1/audit";

/// Lists what was done; with `Accept: application/x-ndjson` all of it, oldest first.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(AuditQuery), responses(
    (status = 200, content((List<Wire> = "application/json"), (Wire = "application/x-ndjson")))))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<AuditRead>,
    RawQuery(raw): RawQuery,
    Query(query): Query<AuditQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = paging::limit(query.limit)?;
    let organization = permit.named_organization(&app, query.organization.as_deref())?;
    let bound = AuditQuery {
        limit: None,
        cursor: None,
        ..query.clone()
    };
    let filter = EntryFilter {
        organization,
        actor: query.actor,
        action: query.action,
        target: query.target,
        from: query.from.map(wire::timestamp),
        before: query.before.map(wire::timestamp),
    };
    if wants_ndjson(&headers) {
        return Ok(export(&app, permit.reach().clone(), filter));
    }
    let scoped = (permit.caller().scope(), &bound);
    let listing = Listing {
        app: &app,
        path: PATH,
        filter: &scoped,
    };
    let cursor = listing.open(query.cursor.as_deref())?;
    let before = cursor.and_then(|cursor| cursor.id.parse().ok());
    let (reach, walk) = (permit.reach(), Walk::Before(before));
    let rows = app
        .store
        .list_entries(reach, &filter, walk, limit + 1)
        .await?;
    Ok(listing.answer(page(rows, limit), raw.as_deref(), wire::entry))
}

fn wants_ndjson(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|it| it.trim().starts_with(NDJSON))
}

/// One more was asked for than are shown.
fn page(mut rows: Vec<Entry>, limit: usize) -> Page<Entry> {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = if has_more { rows.last() } else { None };
    let next = last.map(|entry| Cursor {
        created_at: entry.at,
        id: entry.seq.to_string(),
    });
    Page { rows, next }
}

pub(crate) fn export(app: &AppState, reach: Reach, filter: EntryFilter) -> Response {
    let state = (app.store.clone(), reach, filter, Some(0));
    let pages = try_unfold(state, |(store, reach, filter, after)| async move {
        let Some(after) = after else {
            return Ok::<_, StoreError>(None);
        };
        let walk = Walk::After(after);
        let entries = store
            .list_entries(&reach, &filter, walk, ENTRIES_MAX)
            .await?;
        let next = entries.last().map(|entry| entry.seq);
        let next = next.filter(|_| entries.len() == ENTRIES_MAX);
        let mut lines = Vec::new();
        for entry in entries {
            lines.extend(serde_json::to_vec(&wire::entry(entry))?);
            lines.push(b'\n');
        }
        Ok(Some((Bytes::from(lines), (store, reach, filter, next))))
    });
    ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(pages)).into_response()
}

/// Reads the whole log again and names the first entry that is not what was written.
#[utoipa::path(get, path = "/v1/audit/verify", tag = "audit", params(AuditVerifyQuery),
    responses((status = 200, body = AuditVerified)))]
pub(crate) async fn verify(
    State(app): State<AppState>,
    permit: Permit<AuditRead>,
    Query(query): Query<AuditVerifyQuery>,
) -> Result<Response, Problem> {
    permit.needs_all_organizations(&app)?;
    let known = query.head.as_deref().map(read_head).transpose()?;
    let verified = match app.store.verify_ledger(known).await? {
        LedgerState::Whole(head) => AuditVerified {
            is_whole: true,
            head: Some(format!("{}:{}", head.seq, head.hash_hex())),
            broken_at: None,
            fault: None,
        },
        LedgerState::Broken { seq, fault } => AuditVerified {
            is_whole: false,
            head: None,
            broken_at: Some(seq),
            fault: Some(fault.to_string()),
        },
    };
    Ok(axum::Json(verified).into_response())
}

/// `seq:hash`, as an earlier answer gave it.
fn read_head(text: &str) -> Result<Head, Problem> {
    let read = || {
        let (seq, hash) = text.split_once(':')?;
        let mut head = Head {
            seq: seq.parse().ok().filter(|seq| *seq >= 0)?,
            ..Head::GENESIS
        };
        hex::decode_to_slice(hash, &mut head.hash).ok()?;
        Some(head)
    };
    read().ok_or_else(|| Problem::field("head", "a head is a number, a colon and 64 hex digits"))
}
