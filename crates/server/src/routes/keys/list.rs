//! `GET /v1/keys`: newest first, with filters that hold together.

use std::collections::HashMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use keyway_api::key::{Key as Wire, KeysQuery};
use keyway_api::list::List;
use keyway_core::id::{KeyId, ProjectId};
use keyway_core::key::Key;
use keyway_core::time::{Span, Timestamp};
use keyway_store::keys::list::KeyFilter;
use keyway_store::page::Page;
use keyway_store::usage::LastUse;

use crate::answer::paging::{self, Listing};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;
use crate::request::query::Query;

const PATH: &str = "/v1/keys";
/// How far back the totals in list rows reach.
pub(crate) const USAGE_SPAN: Span = Span::from_secs(24 * 60 * 60);

/// Lists keys, newest first.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", params(KeysQuery),
    responses((status = 200, body = List<Wire>)))]
pub(crate) async fn list(
    State(app): State<AppState>,
    permit: Permit<KeysRead>,
    RawQuery(raw): RawQuery,
    Query(query): Query<KeysQuery>,
) -> Result<Response, Problem> {
    let limit = paging::limit(query.limit)?;
    let organization = permit.named_organization(&app, query.organization.as_deref())?;
    let bound = KeysQuery {
        limit: None,
        cursor: None,
        include: None,
        ..query.clone()
    };
    let scoped = (permit.caller().scope(), &bound);
    let listing = Listing {
        app: &app,
        path: PATH,
        filter: &scoped,
    };
    let cursor = listing.open(query.cursor.as_deref())?;
    let project = match query.project.as_deref().map(str::parse::<ProjectId>) {
        None => None,
        Some(Ok(project)) => Some(project),
        // What cannot be a project's id has no keys.
        Some(Err(_)) => {
            let none: Page<Key> = Page {
                rows: Vec::new(),
                next: None,
            };
            return Ok(listing.answer(none, None, |it| wire::key(&it, app.clock.now())));
        }
    };
    let filter = KeyFilter {
        organization,
        project,
        environment: query.environment,
        status: query.status.map(wire::read::status),
        owner: query.owner,
        managed_by: query.managed_by,
        created_by: None,
        q: query.q.filter(|q| !q.is_empty()),
        include_revoked: query.include_revoked.unwrap_or(true),
        is_outgoing: false,
        hides_managed: false,
    };
    let now = app.clock.now();
    let page = app
        .store
        .list_keys(permit.reach(), &filter, cursor.as_ref(), limit, now)
        .await?;
    let mut uses = match query.include {
        None => None,
        Some(keyway_api::key::Include::Usage) => Some(Uses::read(&app, &page.rows, now).await?),
    };
    Ok(listing.answer(page, raw.as_deref(), |key| {
        let usage = uses.as_mut().map(|uses| uses.of(&key.id));
        Wire {
            usage,
            ..wire::key(&key, now)
        }
    }))
}

/// What the keys of a page were used for.
struct Uses {
    last: HashMap<KeyId, LastUse>,
    hours: HashMap<KeyId, Vec<keyway_store::usage::UsageHour>>,
}

impl Uses {
    async fn read(app: &App, keys: &[Key], now: Timestamp) -> Result<Self, Problem> {
        let ids: Vec<KeyId> = keys.iter().map(|key| key.id.clone()).collect();
        let last: HashMap<KeyId, LastUse> =
            app.store.read_last_uses(&ids).await?.into_iter().collect();
        let from = Timestamp::from_micros(now.micros() - USAGE_SPAN.micros());
        let mut hours = HashMap::with_capacity(last.len());
        // A key that was never used has no hours either.
        for id in ids.into_iter().filter(|id| last.contains_key(id)) {
            let read = app.store.read_usage(&id, from).await?;
            hours.insert(id, read);
        }
        Ok(Self { last, hours })
    }

    fn of(&mut self, id: &KeyId) -> keyway_api::usage::Usage {
        let hours = self.hours.remove(id).unwrap_or_default();
        wire::usage(self.last.get(id), &hours)
    }
}
