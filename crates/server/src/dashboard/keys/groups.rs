//! Rows as the list shows them: an old key under its successor, both in one group. A group is what
//! htmx swaps when one of its keys changed.

use keyway_core::id::KeyId;
use keyway_core::key::{Key, KeyStatus};
use keyway_core::time::Timestamp;
use keyway_store::page::Page;

use super::desk::Desk;
use super::ending::is_outgoing;
use super::list::Wanted;
use super::row::{Group, Rows};
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

/// Whoever searches or filters sees keys as they are found, one by one.
pub(crate) async fn groups(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    wanted: &Wanted,
    found: &Page<Key>,
) -> Result<Vec<Group>, Problem> {
    let now = desk.now();
    let mut outgoing = Vec::new();
    if !wanted.is_narrowed() {
        let heads = found.rows.iter().filter(|key| is_head(key, now));
        let heads: Vec<KeyId> = heads.map(|key| key.id.clone()).collect();
        let store = &desk.app().store;
        outgoing = store.list_predecessors(permit.reach(), &heads).await?;
        outgoing.retain(|key| is_outgoing(key, now));
    }
    let all = found.rows.iter().chain(&outgoing);
    let rows = Rows::read(desk, &wanted.fresh, all).await?;
    let mut groups = Vec::new();
    for key in &found.rows {
        if !wanted.is_narrowed() && is_told_above(desk, permit, &found.rows, key).await? {
            continue;
        }
        let old = outgoing.iter();
        let old = old.filter(|old| old.successor.as_ref() == Some(&key.id));
        groups.push(rows.group(key, old));
    }
    Ok(groups)
}

/// Whether an old key stands under this one. One that is replaced itself has its own place under its
/// successor, and under that nothing more.
fn is_head(key: &Key, now: Timestamp) -> bool {
    key.status(now) != KeyStatus::Revoked && !is_outgoing(key, now)
}

/// The key under which an old one stands.
async fn head_of(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    key: &Key,
) -> Result<Option<Key>, Problem> {
    let now = desk.now();
    let successor = key.successor.as_ref().filter(|_| is_outgoing(key, now));
    let Some(successor) = successor else {
        return Ok(None);
    };
    let found = desk.app().store.find_key(permit.reach(), successor).await?;
    Ok(found.filter(|it| is_head(it, now)))
}

/// Whether an old key already stands under its successor, here or on a page before.
async fn is_told_above(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    found: &[Key],
    key: &Key,
) -> Result<bool, Problem> {
    let here = found
        .iter()
        .find(|it| key.successor.as_ref() == Some(&it.id));
    if let Some(here) = here {
        let now = desk.now();
        return Ok(is_outgoing(key, now) && is_head(here, now));
    }
    Ok(head_of(desk, permit, key).await?.is_some())
}

/// The keys of the group that a key stands in, from the top.
pub(crate) async fn together(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    key: &Key,
) -> Result<Vec<KeyId>, Problem> {
    let now = desk.now();
    if let Some(head) = head_of(desk, permit, key).await? {
        return Ok(vec![head.id, key.id.clone()]);
    }
    let mut ids = vec![key.id.clone()];
    if is_head(key, now) {
        let store = &desk.app().store;
        let mut old = store.list_predecessors(permit.reach(), &ids).await?;
        old.retain(|it| is_outgoing(it, now));
        ids.extend(old.into_iter().map(|it| it.id));
    }
    Ok(ids)
}

/// A group made anew after one of its keys changed.
pub(crate) async fn anew(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    ids: &[KeyId],
    fresh: &str,
) -> Result<Option<Group>, Problem> {
    let mut keys = Vec::with_capacity(ids.len());
    for id in ids {
        keys.extend(desk.app().store.find_key(permit.reach(), id).await?);
    }
    let rows = Rows::read(desk, fresh, keys.iter()).await?;
    let (now, mut keys) = (desk.now(), keys.iter());
    let Some(head) = keys.next() else {
        return Ok(None);
    };
    let is_under = |key: &&Key| {
        is_head(head, now) && is_outgoing(key, now) && key.successor.as_ref() == Some(&head.id)
    };
    let (old, apart): (Vec<&Key>, Vec<&Key>) = keys.partition(is_under);
    let mut group = rows.group(head, old.into_iter());
    for key in apart {
        group.rows.extend(rows.group(key, std::iter::empty()).rows);
    }
    Ok(Some(group))
}
