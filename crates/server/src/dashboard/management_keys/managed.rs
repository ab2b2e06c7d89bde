//! `/management-keys/managed`: keys that a program made and looks after, by the word it gave them.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::management::ManagementPermission;
use keyway_store::keys::list::KeyFilter;
use serde::{Deserialize, Serialize};

use super::{HEADING, PLACE};
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::{KeysRead, ManagementKeysRead};
use crate::dashboard::frame::Frame;
use crate::dashboard::key_rows::{self, KeyRow, key_rows};
use crate::dashboard::members::grouped;
use crate::dashboard::page::{page, refusal};
use crate::dashboard::paged::{Paged, Wanted};
use crate::dashboard::visitor::Visitor;
use crate::request::query::Query;

const OWN_PLACE: &str = "/management-keys/managed";

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Chosen {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    by: String,
    #[serde(default, skip_serializing)]
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "managed_keys.html")]
struct Page {
    frame: Frame,
    place: &'static str,
    sees_keys: bool,
    managers: Vec<ManagedBy>,
    chosen: String,
    keys: Vec<KeyRow>,
    older: Option<String>,
    may_rotate: bool,
    may_revoke: bool,
}

#[derive(Clone, Debug)]
struct ManagedBy {
    word: String,
    keys: String,
    address: String,
}

/// `GET /management-keys/managed`
pub(crate) async fn list(
    visitor: Visitor,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let _administers: Permit<ManagementKeysRead> = visitor.permit(&frame, HEADING)?;
    let permit: Permit<KeysRead> = visitor.permit(&frame, "Managed keys")?;
    let template = read(&visitor, &frame, &permit, chosen)
        .await
        .map_err(refusal(&frame))?;
    Ok(page(StatusCode::OK, &template))
}

fn address(chosen: &Chosen) -> String {
    let query = serde_urlencoded::to_string(chosen).unwrap_or_default();
    format!("{OWN_PLACE}?{query}")
}

async fn read(
    visitor: &Visitor,
    frame: &Frame,
    permit: &Permit<KeysRead>,
    chosen: Chosen,
) -> Result<Page, Problem> {
    use ManagementPermission as P;
    let (app, now) = (&visitor.app, visitor.app.clock.now());
    let counted = app
        .store
        .count_keys_by_manager(visitor.organization(), now)
        .await?;
    let managers = counted.into_iter().map(|(word, keys)| ManagedBy {
        address: address(&Chosen {
            by: word.clone(),
            cursor: None,
        }),
        keys: grouped(keys),
        word,
    });
    let address = address(&chosen);
    let list = Paged::new(visitor, &address);
    let cursor = list.open(&Wanted {
        cursor: chosen.cursor.clone(),
    })?;
    let filter = KeyFilter {
        managed_by: Some(chosen.by.clone()),
        include_revoked: false,
        ..KeyFilter::default()
    };
    let found = if chosen.by.is_empty() {
        None
    } else {
        let rows = key_rows::ROWS;
        Some(
            app.store
                .list_keys(permit.reach(), &filter, cursor.as_ref(), rows, now)
                .await?,
        )
    };
    let (rows, next) = found.map_or_else(|| (Vec::new(), None), |it| (it.rows, it.next));
    Ok(Page {
        frame: frame.clone(),
        place: OWN_PLACE,
        sees_keys: true,
        managers: managers.collect(),
        chosen: chosen.by.clone(),
        keys: key_rows(visitor, &rows).await?,
        older: list.older(next.as_ref()),
        may_rotate: visitor.may(P::KeysRotate),
        may_revoke: visitor.may(P::KeysRevoke),
    })
}
