//! A change that was made from the list. To htmx it is answered by the rows that it changed, the line
//! below the list and what was done; the rest of the list stays as it is.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::id::KeyId;
use keyway_core::key::Key;

use super::super::frame::Frame;
use super::super::outcome::Told;
use super::super::page::{page, refusal};
use super::desk::Desk;
use super::ending::Ending;
use super::groups::{anew, together};
use super::list::{self, KeyList, Wanted};
use super::row::Group;
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

/// The list that is open in the browser, and where in it the key stands that is about to change.
#[derive(Debug)]
pub(crate) struct Swap {
    permit: Permit<KeysRead>,
    wanted: Wanted,
    /// Of the keys in one group with it, from the top.
    ids: Vec<KeyId>,
}

/// What takes the place of what was there.
pub(crate) struct Swapped {
    pub list: KeyList,
    pub group: Group,
}

#[derive(Template)]
#[template(path = "keys/swapped.html")]
struct Parts {
    frame: Frame,
    swapped: Swapped,
}

impl Swap {
    /// None where no list is open: then a whole page is the answer.
    pub(crate) async fn begin(desk: &Desk, key: &Key) -> Result<Option<Self>, Problem> {
        let (Some(query), Ok(permit)) = (&desk.open_list, desk.visitor.holds::<KeysRead>()) else {
            return Ok(None);
        };
        let wanted = Wanted::read(query);
        let ids = if wanted.is_narrowed() {
            vec![key.id.clone()]
        } else {
            together(desk, &permit, key).await?
        };
        Ok(Some(Self {
            permit,
            wanted,
            ids,
        }))
    }

    /// `made` stands above the others from now on.
    pub(crate) async fn end(
        self,
        desk: &Desk,
        changed: &KeyId,
        made: Option<&KeyId>,
    ) -> Result<Swapped, Problem> {
        let before = self.ids.first().unwrap_or(changed).to_string();
        let ids: Vec<KeyId> = made.into_iter().chain(&self.ids).cloned().collect();
        let fresh = made.unwrap_or(changed).as_str();
        let group = anew(desk, &self.permit, &ids, fresh).await?;
        let group = group.unwrap_or_default();
        let list = list::read(desk, &self.permit, self.wanted).await?;
        Ok(Swapped {
            list: KeyList {
                is_swapped: true,
                ..list
            },
            group: Group {
                swaps: Some(before),
                ..group
            },
        })
    }

    /// The answer to a change of one key.
    pub(crate) async fn answer(
        self,
        desk: &Desk,
        frame: Frame,
        changed: &KeyId,
        told: Told,
    ) -> Result<Response, Response> {
        let ended = self.end(desk, changed, None).await;
        let swapped = ended.map_err(refusal(&frame))?;
        let toast = told.toast(desk.app(), &desk.visitor.caller);
        let frame = Frame {
            toast: Some(toast),
            ..frame
        };
        Ok(page(StatusCode::OK, &Parts { frame, swapped }))
    }
}
