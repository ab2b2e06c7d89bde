//! The line below the list: how many keys there are, what is hidden, where the older ones are, and how
//! much of a limit is used.

use keyway_core::id::ProjectId;
use keyway_core::key::{Key, KeyStatus};
use keyway_store::keys::list::KeyFilter;
use keyway_store::page::Page;

use super::super::members::grouped;
use super::desk::Desk;
use super::list::{ROWS, Wanted};
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

/// Where counting ends.
const COUNT_MAX: usize = 1_000;

/// The line below the table.
pub(crate) struct Foot {
    pub count: String,
    /// To the same list with or without revoked keys, and its words.
    pub switch: Option<(String, &'static str)>,
    pub newest: Option<String>,
    pub older: Option<String>,
    pub limit: Option<Used>,
}

pub(crate) struct Used {
    pub words: String,
    /// Of a bar of a hundred.
    pub width: i64,
    pub is_full: bool,
}

pub(crate) async fn foot(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    wanted: &Wanted,
    filter: &KeyFilter,
    (found, next): (&Page<Key>, Option<String>),
) -> Result<Foot, Problem> {
    let (store, now) = (&desk.app().store, desk.now());
    let is_whole = found.next.is_none() && wanted.cursor.is_empty();
    let count = match (&filter.q, is_whole) {
        (_, true) => Some(found.rows.len()),
        // Counting what a text is found in would mean finding all of it.
        (Some(_), false) => None,
        (None, false) => Some(
            store
                .count_found(permit.reach(), filter, COUNT_MAX, now)
                .await?,
        ),
    };
    let revoked = KeyFilter {
        status: Some(KeyStatus::Revoked),
        include_revoked: true,
        ..filter.clone()
    };
    let has_choice = filter.q.is_none() && wanted.status.is_empty() && !desk.pages().lists_revoked;
    let revoked = if has_choice {
        store
            .count_found(permit.reach(), &revoked, COUNT_MAX, now)
            .await?
    } else {
        0
    };
    let other = if filter.include_revoked { "off" } else { "on" };
    let switched = Wanted {
        revoked: other.to_owned(),
        cursor: String::new(),
        ..wanted.clone()
    };
    let words = match other {
        "off" => "Hide revoked keys",
        _ => "Show revoked keys",
    };
    Ok(Foot {
        count: counted(count, revoked, wanted.is_narrowed(), filter.include_revoked),
        switch: (revoked > 0).then(|| (switched.address(&desk.list), words)),
        newest: (!wanted.cursor.is_empty()).then(|| {
            let newest = Wanted {
                cursor: String::new(),
                ..wanted.clone()
            };
            newest.address(&desk.list)
        }),
        older: next.map(|cursor| {
            let older = Wanted {
                cursor,
                ..wanted.clone()
            };
            older.address(&desk.list)
        }),
        limit: used(desk, filter.project.as_ref()).await?,
    })
}

fn counted(count: Option<usize>, revoked: usize, is_narrowed: bool, shows_revoked: bool) -> String {
    let number = |count: usize| grouped(i64::try_from(count).unwrap_or(i64::MAX));
    let keys = match count {
        None => return format!("More than {ROWS} keys match."),
        Some(0) if is_narrowed => return "No key matches.".to_owned(),
        Some(1) => "1 key".to_owned(),
        Some(count) if count >= COUNT_MAX => format!("More than {} keys", number(COUNT_MAX - 1)),
        Some(count) => format!("{} keys", number(count)),
    };
    let many = if revoked >= COUNT_MAX {
        "More than "
    } else {
        ""
    };
    let (gone, are) = match revoked {
        1 => ("1 revoked key".to_owned(), "is"),
        more => (
            format!("{many}{} revoked keys", number(more.min(COUNT_MAX - 1))),
            "are",
        ),
    };
    match (revoked, shows_revoked) {
        (0, _) if is_narrowed => format!("{keys} found."),
        (0, _) => format!("{keys}."),
        (_, true) => format!("{keys}, {} of them revoked.", number(revoked)),
        (_, false) => format!("{keys}. {gone} {are} hidden."),
    }
}

/// How much of a project's limit is used, where there is one and the list is of one project.
pub(crate) async fn used(
    desk: &Desk,
    project: Option<&ProjectId>,
) -> Result<Option<Used>, Problem> {
    let limit = desk.profile().limits.active_keys_per_project;
    let (Some(limit), Some(project)) = (limit, project.or_else(|| desk.project())) else {
        return Ok(None);
    };
    let (organization, ids) = (desk.visitor.organization(), [project.clone()]);
    let store = &desk.app().store;
    let counted = store
        .count_limited_keys(organization, &ids, Some(limit), desk.now())
        .await?;
    let used = counted.first().copied().unwrap_or_default();
    Ok(Some(Used {
        words: format!("{} of {} keys used", grouped(used), grouped(limit)),
        width: (used.saturating_mul(100) / limit.max(1)).clamp(0, 100),
        is_full: used >= limit,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_below_says_how_many_and_what_is_hidden() {
        assert_eq!(
            counted(Some(8), 2, false, false),
            "8 keys. 2 revoked keys are hidden."
        );
        assert_eq!(
            counted(Some(1), 1, false, false),
            "1 key. 1 revoked key is hidden."
        );
        assert_eq!(
            counted(Some(10), 2, false, true),
            "10 keys, 2 of them revoked."
        );
        assert_eq!(counted(Some(3), 0, true, false), "3 keys found.");
        assert_eq!(counted(Some(0), 0, true, false), "No key matches.");
        assert_eq!(counted(None, 0, true, false), "More than 25 keys match.");
        assert_eq!(counted(Some(1_000), 0, false, false), "More than 999 keys.");
    }
}
