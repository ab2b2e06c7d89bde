//! `GET /v1/admin/users`: the members of the organization.

use axum::Json as Answer;
use axum::extract::State;
use keyway_core::member::Member;
use keyway_store::page::PAGE_ROWS_MAX;

use super::LISTED_MAX;
use super::system_key::{ReadUsers, SystemKey};
use super::wire::User;
use crate::answer::problem::Problem;
use crate::app::AppState;

/// The role of who administers the organization.
const ADMINISTRATOR: &str = "org_admin";

pub(super) async fn list(
    State(app): State<AppState>,
    key: SystemKey<ReadUsers>,
) -> Result<Answer<Vec<User>>, Problem> {
    let (mut users, mut cursor) = (Vec::new(), None);
    loop {
        let store = &app.store;
        let page = store.list_members(&key.reach, None, cursor.as_ref(), PAGE_ROWS_MAX);
        let page = page.await?;
        users.extend(page.rows.iter().map(user));
        cursor = page.next;
        if cursor.is_none() || users.len() >= LISTED_MAX {
            return Ok(Answer(users));
        }
    }
}

fn user(member: &Member) -> User {
    User {
        id: member.id.to_string(),
        email: member.email.as_str().to_owned(),
        name: member.name.as_str().to_owned(),
        is_administrator: member.bindings.organization.as_str() == ADMINISTRATOR,
        is_active: member.is_active(),
    }
}
