//! Keys in the short tables of other pages: which key it is, whether it works, and until when.

use std::collections::HashMap;

use keyway_core::id::KeyId;
use keyway_core::key::{Key, KeyStatus, Lifetime};

use super::moments::{self, Moment};
use super::visitor::Visitor;
use crate::answer::problem::Problem;

/// Rows on one page.
pub(crate) const ROWS: usize = 25;

#[derive(Clone, Debug)]
pub(crate) struct KeyRow {
    pub id: String,
    pub name: String,
    pub sub: String,
    /// The part of the display prefix that all keys of the kind have.
    pub kind: String,
    pub public: String,
    pub suffix: String,
    pub status: Status,
    pub used: Option<Moment>,
    pub expires: Option<Moment>,
    pub may_be_rotated: bool,
    pub is_over: bool,
}

/// A word, a shape and a colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    pub class: &'static str,
    pub icon: &'static str,
    pub word: &'static str,
}

pub(crate) async fn key_rows(visitor: &Visitor, keys: &[Key]) -> Result<Vec<KeyRow>, Problem> {
    let ids: Vec<KeyId> = keys.iter().map(|key| key.id.clone()).collect();
    let uses = visitor.app.store.read_last_uses(&ids).await?;
    let uses: HashMap<KeyId, _> = uses.into_iter().collect();
    let rows = keys.iter().map(|key| {
        let used = uses.get(&key.id).and_then(|it| it.used_at);
        row(visitor, key, used)
    });
    Ok(rows.collect())
}

fn row(visitor: &Visitor, key: &Key, used: Option<keyway_core::time::Timestamp>) -> KeyRow {
    let now = visitor.app.clock.now();
    let status = status(key, now);
    let (kind, public) = split(&key.display_prefix);
    let mut sub = key.environment.clone();
    if let Some(owner) = &key.owner {
        sub = format!("{sub} · {}", owner.as_str());
    }
    KeyRow {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        sub,
        kind,
        public,
        suffix: key.suffix.clone(),
        status,
        used: used.map(|at| moments::ago(at, now)),
        expires: match key.lifetime {
            Lifetime::Forever => None,
            Lifetime::Until(end) => Some(moments::ahead(end, now)),
        },
        may_be_rotated: key.status(now) == KeyStatus::Active && key.successor.is_none(),
        is_over: key.status(now) == KeyStatus::Revoked,
    }
}

pub(crate) fn status(key: &Key, now: keyway_core::time::Timestamp) -> Status {
    let (class, icon, word) = match key.status(now) {
        KeyStatus::Active if key.successor.is_some() => ("rotating", "s-rotating", "Rotating out"),
        KeyStatus::Active => ("active", "s-active", "Active"),
        KeyStatus::Inactive => ("inactive", "s-inactive", "Inactive"),
        KeyStatus::Expired => ("expired", "s-expired", "Expired"),
        KeyStatus::Revoked => ("revoked", "s-revoked", "Revoked"),
    };
    Status { class, icon, word }
}

/// After the last `_` begins what differs from key to key; a trailing one belongs to the kind.
pub(crate) fn split(display_prefix: &str) -> (String, String) {
    let body = display_prefix.trim_end_matches('_');
    let at = body.rfind('_').map_or(0, |at| at + 1);
    let (kind, public) = body.split_at(at);
    (kind.to_owned(), public.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_split_where_keys_begin_to_differ() {
        let parts = |text: &str| split(text);
        assert_eq!(
            parts("kw_live_8fQ2mZ4tK1pX_"),
            ("kw_live_".to_owned(), "8fQ2mZ4tK1pX".to_owned())
        );
        assert_eq!(parts("plain"), (String::new(), "plain".to_owned()));
    }
}
