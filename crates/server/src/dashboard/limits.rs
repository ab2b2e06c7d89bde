//! `/limits`: how many keys there are, and how many there may be.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::id::ProjectId;
use keyway_core::management::{ManagementPermission, Reach};
use keyway_store::keys::counts::ORGANIZATION_KEYS_MAX;

use super::frame::Frame;
use super::members::{grouped, up_to};
use super::page::{page, refusal};
use super::paged::{self, Paged, Wanted};
use super::projects::up_to_limit;
use super::visitor::Visitor;
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;
use crate::request::query::Query;

const PLACE: &str = "/limits";

#[derive(Template)]
#[template(path = "limits.html")]
struct Page {
    frame: Frame,
    /// Keys of the whole organization; None for whoever sees a part of it.
    total: Option<String>,
    limit: Option<i64>,
    rows: Vec<Row>,
    older: Option<String>,
    is_first: bool,
    lease: String,
    may_open_projects: bool,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    name: String,
    used: String,
    /// Width of the bar, of 100.
    share: i64,
    left: Left,
}

#[derive(Clone, Debug)]
enum Left {
    Unlimited,
    Some(String),
    Nothing,
}

/// `GET /limits`
pub(crate) async fn list(
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let permit: Permit<KeysRead> = visitor.permit(&frame, "Limits")?;
    let template = read(&visitor, &frame, permit.reach(), &wanted)
        .await
        .map_err(refusal(&frame))?;
    Ok(page(StatusCode::OK, &template))
}

async fn read(
    visitor: &Visitor,
    frame: &Frame,
    reach: &Reach,
    wanted: &Wanted,
) -> Result<Page, Problem> {
    let (app, now) = (&visitor.app, visitor.app.clock.now());
    let profile = &visitor.profile.profile;
    let limit = profile.limits.active_keys_per_project;
    let list = Paged::new(visitor, PLACE);
    let cursor = list.open(wanted)?;
    let found = app
        .store
        .list_projects(reach, None, cursor.as_ref(), paged::ROWS)
        .await?;
    let ids: Vec<ProjectId> = found.rows.iter().map(|it| it.id.clone()).collect();
    let counted = app
        .store
        .count_limited_keys(visitor.organization(), &ids, limit, now)
        .await?;
    let total = match reach {
        Reach::Part(_) => None,
        Reach::All | Reach::One(_) => {
            let keys = app.store.count_keys(visitor.organization(), now).await?;
            Some(up_to(keys, ORGANIZATION_KEYS_MAX))
        }
    };
    let rows = found.rows.iter().zip(counted).map(|(it, used)| Row {
        id: it.id.to_string(),
        name: it.name.as_str().to_owned(),
        used: up_to_limit(used, limit),
        share: limit.map_or(0, |limit| (used * 100 / limit.max(1)).clamp(0, 100)),
        left: match limit {
            None => Left::Unlimited,
            Some(limit) if used >= limit => Left::Nothing,
            Some(limit) => Left::Some(grouped(limit - used)),
        },
    });
    Ok(Page {
        frame: frame.clone(),
        total,
        limit,
        rows: rows.collect(),
        older: list.older(found.next.as_ref()),
        is_first: cursor.is_none(),
        lease: format!("{} s", profile.lease.to_duration().as_secs()),
        may_open_projects: visitor.may(ManagementPermission::ProjectsRead),
    })
}
