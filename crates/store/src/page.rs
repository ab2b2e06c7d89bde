//! Lists, newest first, a page at a time.

use keyway_core::time::Timestamp;

/// Most rows in one page.
pub const PAGE_ROWS_MAX: usize = 200;

/// Where the next page begins: behind the object made at this time with this id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: Timestamp,
    pub id: String,
}

impl Cursor {
    pub(crate) fn created_at(cursor: Option<&Self>) -> i64 {
        cursor.map_or(i64::MAX, |cursor| cursor.created_at.micros())
    }

    pub(crate) fn id(cursor: Option<&Self>) -> &str {
        cursor.map_or("", |cursor| &cursor.id)
    }
}

#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// None on the last page.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// One more than are shown, to know whether there is a next page.
    pub(crate) fn rows_asked(limit: usize) -> i64 {
        i64::try_from(limit.clamp(1, PAGE_ROWS_MAX) + 1).unwrap_or(i64::MAX)
    }

    pub(crate) fn cut(
        mut rows: Vec<T>,
        limit: usize,
        place: impl Fn(&T) -> (Timestamp, String),
    ) -> Self {
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = if has_more { rows.last() } else { None };
        let next = last.map(|row| {
            let (created_at, id) = place(row);
            Cursor { created_at, id }
        });
        Self { rows, next }
    }
}
