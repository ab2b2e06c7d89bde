//! A key in the list, and the two keys of a rotation tied together.

use std::collections::HashMap;

use keyway_core::grant::{Grants, Right};
use keyway_core::id::KeyId;
use keyway_core::key::{Key, KeyStatus};
use keyway_core::management::ManagementPermission;
use keyway_core::permission::PermissionSet;
use keyway_core::profile::pages::{Column, RowAction};
use keyway_core::time::{Span, Timestamp};
use keyway_store::usage::{ALLOWED, LastUse, UsageDay};

use super::super::key_rows::{Status, split, status};
use super::super::members::grouped;
use super::super::moments::{self, Moment};
use super::chart::Spark;
use super::desk::Desk;
use super::ending::{Ending, is_outgoing};
use super::names::Names;
use crate::answer::problem::Problem;

/// Days in the column of requests.
pub(crate) const DAYS: usize = 14;
const DAY: Span = Span::from_secs(24 * 60 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub id: String,
    pub name: String,
    pub sub: String,
    pub kind: String,
    pub public: String,
    pub suffix: String,
    pub status: Status,
    pub spark: Spark,
    pub requests: String,
    pub used: Option<Moment>,
    pub created: Moment,
    pub created_by: String,
    /// What it may do, in a few words.
    pub rights: String,
    /// Where it may do that.
    pub scope: String,
    pub ending: Ending,
    /// The name as its actions call it.
    pub called: String,
    pub may_rotate: bool,
    pub may_deactivate: bool,
    pub may_activate: bool,
    pub may_revoke: bool,
    pub may_edit: bool,
    pub may_delete: bool,
    pub is_old: bool,
    pub is_gone: bool,
    pub is_fresh: bool,
}

/// Rows of one `tbody`: a key, and the old one that it replaces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Of the key at its top.
    pub id: String,
    pub is_pair: bool,
    pub rows: Vec<Row>,
    /// The group whose place it takes, by the key at its top.
    pub swaps: Option<String>,
}

/// What rows are made with.
pub(crate) struct Rows<'a> {
    pub desk: &'a Desk,
    names: Names,
    /// All that an organization has, in words.
    all: String,
    /// The key that was just changed.
    pub fresh: &'a str,
    uses: HashMap<KeyId, LastUse>,
    days: HashMap<KeyId, [i64; DAYS]>,
}

impl<'a> Rows<'a> {
    pub(crate) async fn read(
        desk: &'a Desk,
        fresh: &'a str,
        keys: impl Iterator<Item = &Key> + Clone,
    ) -> Result<Self, Problem> {
        let names = Names::of(desk, keys.clone()).await?;
        let ids: Vec<KeyId> = keys.map(|key| key.id.clone()).collect();
        let store = &desk.app().store;
        let uses = store.read_last_uses(&ids).await?;
        let now = desk.now().micros();
        let today = now - now.rem_euclid(DAY.micros());
        let span = DAY.micros() * i64::try_from(DAYS - 1).unwrap_or(0);
        let from = Timestamp::from_micros(today - span);
        let days = store.read_usage_days(&ids, from).await?;
        Ok(Self {
            desk,
            names,
            all: desk.all().await?,
            fresh,
            uses: uses.into_iter().collect(),
            days: by_key(&days, from),
        })
    }

    pub(crate) fn used_at(&self, id: &KeyId) -> Option<Timestamp> {
        self.uses.get(id)?.used_at
    }

    /// A key, and the old ones under it.
    pub(crate) fn group<'k>(&self, key: &Key, old: impl Iterator<Item = &'k Key>) -> Group {
        let since = key.created_at;
        let below: Vec<Row> = old.map(|it| self.row(it, Pair::Old { since })).collect();
        let is_pair = !below.is_empty();
        let top = self.row(key, if is_pair { Pair::New } else { Pair::None });
        Group {
            id: key.id.to_string(),
            is_pair,
            rows: std::iter::once(top).chain(below).collect(),
            swaps: None,
        }
    }

    /// `pair` says which of two keys it is: the new one, or the old one with the time of rotation.
    fn row(&self, key: &Key, pair: Pair) -> Row {
        use ManagementPermission as P;
        let (desk, now) = (self.desk, self.desk.now());
        let days = self.days.get(&key.id).copied().unwrap_or_default();
        let name = key.name.as_str();
        let (kind, public) = split(&key.display_prefix);
        let is_alive = key.status(now) != KeyStatus::Revoked;
        let can_rotate = key.status(now) == KeyStatus::Active && key.successor.is_none();
        let pages = desk.pages();
        let has = |action| pages.has_action(action);
        let can_switch = key.successor.is_none() && pages.can_deactivate && has(RowAction::Switch);
        let rotated_at = match pair {
            Pair::Old { since } => Some(since),
            Pair::None | Pair::New => None,
        };
        Row {
            id: key.id.to_string(),
            name: name.to_owned(),
            sub: self.sub(key, pair),
            kind,
            public,
            suffix: key.suffix.clone(),
            status: status(key, now),
            spark: Spark::of(&days),
            requests: grouped(days.iter().sum()),
            used: self.used_at(&key.id).map(|at| moments::ago(at, now)),
            created: moments::ago(key.created_at, now),
            created_by: desk.person(&key.created_by),
            rights: grants_words(desk, &key.grants, &key.created_by),
            scope: self.scope(key),
            ending: Ending::of(desk, key, rotated_at),
            called: match pair {
                Pair::New => format!("{name}, new key"),
                Pair::None | Pair::Old { .. } => name.to_owned(),
            },
            may_rotate: can_rotate
                && !pages.grace.is_empty()
                && has(RowAction::Rotate)
                && desk.may(P::KeysRotate),
            may_deactivate: can_switch
                && key.status(now) == KeyStatus::Active
                && desk.may(P::KeysDeactivate),
            may_activate: can_switch
                && key.status(now) == KeyStatus::Inactive
                && desk.may(P::KeysActivate),
            may_revoke: matches!(key.status(now), KeyStatus::Active | KeyStatus::Inactive)
                && pages.can_revoke
                && has(RowAction::Revoke)
                && desk.may(P::KeysRevoke),
            may_edit: is_alive && has(RowAction::Edit) && desk.may(P::KeysUpdate),
            may_delete: (!is_alive || !pages.can_revoke)
                && pages.can_delete
                && has(RowAction::Delete)
                && desk.may(P::KeysDelete),
            is_old: is_outgoing(key, now),
            is_gone: !is_alive,
            is_fresh: key.id.as_str() == self.fresh,
        }
    }

    fn sub(&self, key: &Key, pair: Pair) -> String {
        let mut words = Vec::new();
        if let Some(project) = &key.project
            && self.desk.project().is_none()
        {
            words.push(self.names.project(project).to_owned());
        }
        if !self.desk.profile().key.template.has_environment() {
            words.push(key.environment.clone());
        }
        match pair {
            Pair::Old { .. } => return "Old key of this pair".to_owned(),
            Pair::New => words.push("new key".to_owned()),
            Pair::None => words.extend(self.said_of(key)),
        }
        words.join(" · ")
    }

    fn scope(&self, key: &Key) -> String {
        let all = match &key.project {
            Some(project) => {
                let words = &self.desk.pages().words;
                words.all_of(self.names.project(project))
            }
            None => self.all.clone(),
        };
        self.names.scope(key, &all)
    }

    /// What it may do, where no column says so.
    fn said_of(&self, key: &Key) -> Option<String> {
        let columns = &self.desk.pages().columns;
        if columns.contains(&Column::Permissions) {
            return None;
        }
        Some(grants_words(self.desk, &key.grants, &key.created_by))
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pair {
    None,
    New,
    Old { since: Timestamp },
}

fn by_key(days: &[UsageDay], from: Timestamp) -> HashMap<KeyId, [i64; DAYS]> {
    let mut found: HashMap<KeyId, [i64; DAYS]> = HashMap::new();
    for it in days.iter().filter(|it| it.outcome == ALLOWED) {
        let place = (it.day.micros() - from.micros()) / DAY.micros();
        let counts = found.entry(it.key.clone()).or_default();
        let place = usize::try_from(place)
            .ok()
            .and_then(|at| counts.get_mut(at));
        if let Some(count) = place {
            *count += it.count;
        }
    }
    found
}

/// What a key may do, in a few words.
pub(crate) fn grants_words(desk: &Desk, grants: &Grants, created_by: &str) -> String {
    let mut words = 0;
    for grant in grants.as_slice() {
        match &grant.right {
            Right::Permissions(PermissionSet::All) => return "all permissions".to_owned(),
            Right::Permissions(PermissionSet::Words(some)) => words += some.len(),
            Right::Role(name) => {
                return format!("role {}", desk.visitor.role_title(name));
            }
            Right::Inherit(narrowed) => {
                let much = match narrowed {
                    Some(PermissionSet::Words(some)) => counted(some.len()),
                    Some(PermissionSet::All) | None => "all".to_owned(),
                };
                return match desk.person(created_by).as_str() {
                    "you" => format!("{much} of my role"),
                    who => format!("{much} of the role of {who}"),
                };
            }
        }
    }
    counted(words)
}

fn counted(permissions: usize) -> String {
    match permissions {
        0 => "no permissions".to_owned(),
        1 => "1 permission".to_owned(),
        words => format!("{words} permissions"),
    }
}
