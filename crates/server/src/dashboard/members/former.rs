//! `/members/former`: keys whose creators have left, so that somebody decides what becomes of them.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::management::ManagementPermission;
use keyway_core::member::{Member, MemberState};
use keyway_store::keys::list::KeyFilter;

use super::{HEADING, PLACE, up_to};
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::{KeysRead, MembersRead};
use crate::dashboard::frame::Frame;
use crate::dashboard::key_rows::{KeyRow, key_rows};
use crate::dashboard::moments::{self, Moment};
use crate::dashboard::page::{page, refusal};
use crate::dashboard::visitor::Visitor;

/// People who are told apart; whoever cleans up sees the others next.
const LEAVERS_MAX: usize = 20;
/// Keys on the page, whoever left them.
const KEYS_MAX: usize = 25;

/// What the members page says about keys that were left behind.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    pub keys: String,
    /// "were" or "was".
    pub is_one: bool,
    pub who: String,
    pub at: Option<Moment>,
    pub keys_stop: bool,
}

#[derive(Template)]
#[template(path = "former.html")]
struct Page {
    frame: Frame,
    keys_stop: bool,
    people: Vec<Leaver>,
    may_rotate: bool,
    may_revoke: bool,
}

#[derive(Clone, Debug)]
struct Leaver {
    name: String,
    email: String,
    at: Option<Moment>,
    keys: Vec<KeyRow>,
    has_more: bool,
}

/// None where nobody left keys behind, or the visitor may not see keys.
pub(super) async fn left(visitor: &Visitor) -> Result<Option<Left>, Problem> {
    if !visitor.may(ManagementPermission::KeysRead) {
        return Ok(None);
    }
    let app = &visitor.app;
    let (organization, now) = (visitor.organization(), app.clock.now());
    let leavers = app
        .store
        .list_leavers(organization, LEAVERS_MAX, now)
        .await?;
    let creators: Vec<String> = leavers
        .iter()
        .map(|it| format!("member/{}", it.id))
        .collect();
    let counted = app
        .store
        .count_keys_by_creator(organization, &creators, now)
        .await?;
    let Some(last) = leavers.first() else {
        return Ok(None);
    };
    let keys: i64 = counted.iter().sum();
    let who = match leavers.len() {
        1 => last.name.as_str().to_owned(),
        it => format!("{} and {} more", last.name.as_str(), it - 1),
    };
    Ok(Some(Left {
        keys: up_to(keys, keyway_store::keys::counts::CREATOR_KEYS_MAX),
        is_one: keys == 1,
        who,
        at: removed_at(visitor, last),
        keys_stop: visitor.profile.profile.members.keys_follow_creator,
    }))
}

fn removed_at(visitor: &Visitor, member: &Member) -> Option<Moment> {
    match &member.state {
        MemberState::Removed { at, .. } => Some(moments::day(*at, visitor.app.clock.now())),
        MemberState::Active => None,
    }
}

/// `GET /members/former`
pub(crate) async fn former(visitor: Visitor) -> Result<Response, Response> {
    let frame = visitor.frame(PLACE).await?;
    let _members: Permit<MembersRead> = visitor.permit(&frame, HEADING)?;
    let permit: Permit<KeysRead> = visitor.permit(&frame, "Keys of people who have left")?;
    let people = people(&visitor, &permit).await.map_err(refusal(&frame))?;
    let keys_stop = visitor.profile.profile.members.keys_follow_creator;
    let can_rotate = !keys_stop && !visitor.profile.profile.pages.grace.is_empty();
    let template = Page {
        frame,
        keys_stop,
        people,
        may_rotate: can_rotate && visitor.may(ManagementPermission::KeysRotate),
        may_revoke: visitor.may(ManagementPermission::KeysRevoke),
    };
    Ok(page(StatusCode::OK, &template))
}

async fn people(visitor: &Visitor, permit: &Permit<KeysRead>) -> Result<Vec<Leaver>, Problem> {
    let app = &visitor.app;
    let (organization, now) = (visitor.organization(), app.clock.now());
    let mut people: Vec<Leaver> = Vec::new();
    let leavers = app
        .store
        .list_leavers(organization, LEAVERS_MAX, now)
        .await?;
    let mut room = KEYS_MAX;
    for member in leavers {
        if room == 0 {
            people
                .last_mut()
                .into_iter()
                .for_each(|it| it.has_more = true);
            break;
        }
        let filter = KeyFilter {
            created_by: Some(format!("member/{}", member.id)),
            include_revoked: false,
            ..KeyFilter::default()
        };
        let found = app
            .store
            .list_keys(permit.reach(), &filter, None, room, now)
            .await?;
        room = room.saturating_sub(found.rows.len());
        people.push(Leaver {
            name: member.name.as_str().to_owned(),
            email: member.email.as_str().to_owned(),
            at: removed_at(visitor, &member),
            has_more: found.next.is_some(),
            keys: key_rows(visitor, &found.rows).await?,
        });
    }
    Ok(people)
}
