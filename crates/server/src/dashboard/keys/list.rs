//! The list of keys: found, filtered and a page at a time; the two keys of a rotation together.

use askama::Template;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use keyway_core::id::{KeyId, ProjectId};
use keyway_core::key::{Key, KeyStatus};
use keyway_core::management::ManagementPermission;
use keyway_core::profile::pages::{Column, Words};
use keyway_store::keys::list::KeyFilter;
use keyway_store::page::Page;
use serde::Serialize;

use super::super::frame::Frame;
use super::super::members::grouped;
use super::super::page::{page, refusal};
use super::desk::{Desk, Projects};
use super::ending::{Ending, is_outgoing};
use super::row::{Group, Pair, Rows};
use super::sent::Sent;
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

/// Keys on one page.
const ROWS: usize = 25;
/// Where counting ends.
const COUNT_MAX: usize = 1_000;
const PUSH_URL: HeaderName = HeaderName::from_static("hx-push-url");

/// What is looked for, as words of the address; empty asks nothing.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Wanted {
    pub q: String,
    pub status: String,
    pub environment: String,
    pub project: String,
    /// `on` or `off`; empty as the profile has it.
    pub revoked: String,
    #[serde(skip)]
    pub cursor: String,
    /// The key that was just changed.
    #[serde(skip)]
    pub fresh: String,
}

impl Wanted {
    fn read(query: &str) -> Self {
        let sent = Sent::parse(query.as_bytes());
        let word = |name: &str| sent.one(name).to_owned();
        Self {
            q: word("q"),
            status: word("status"),
            environment: word("environment"),
            project: word("project"),
            revoked: word("revoked"),
            cursor: word("cursor"),
            fresh: word("fresh"),
        }
    }

    fn is_narrowed(&self) -> bool {
        [&self.q, &self.status, &self.environment, &self.project]
            .iter()
            .any(|it| !it.is_empty())
    }

    /// The address of the list with these words.
    fn address(&self, list: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("q", &self.q),
            ("status", &self.status),
            ("environment", &self.environment),
            ("project", &self.project),
            ("revoked", &self.revoked),
            ("cursor", &self.cursor),
        ];
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        match query.finish() {
            none if none.is_empty() => list.to_owned(),
            query => format!("{list}?{query}"),
        }
    }

    fn filter(&self, desk: &Desk, shows_revoked: bool) -> KeyFilter {
        let word = |it: &str| (!it.is_empty()).then(|| it.to_owned());
        let status = KeyStatus::ALL
            .into_iter()
            .find(|it| it.as_str() == self.status);
        KeyFilter {
            organization: Some(desk.visitor.organization().clone()),
            project: self.project.parse::<ProjectId>().ok(),
            environment: word(&self.environment),
            status,
            q: word(&self.q),
            include_revoked: shows_revoked || status == Some(KeyStatus::Revoked),
            ..KeyFilter::default()
        }
    }
}

/// The list with everything around the table.
pub(crate) struct KeyList {
    pub address: &'static str,
    pub base: &'static str,
    pub label: String,
    pub columns: Vec<(&'static str, &'static str)>,
    pub wanted: Wanted,
    pub statuses: Vec<(&'static str, &'static str)>,
    pub environments: Vec<String>,
    pub projects: Vec<(String, String)>,
    pub groups: Vec<Group>,
    pub foot: Foot,
    pub shows_revoked: bool,
    pub has_switch: bool,
    /// Whether there is no key at all.
    pub is_empty: bool,
}

impl KeyList {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(it, _)| *it == column)
    }
}

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

#[derive(Template)]
#[template(path = "keys/page.html")]
struct ListPage<'a> {
    frame: Frame,
    list: KeyList,
    words: &'a Words,
    intro: String,
    empty_intro: String,
    variable: &'a str,
    header: String,
    prefix: String,
    help: &'a [String],
    may_create: bool,
    why_full: Option<String>,
}

#[derive(Template)]
#[template(path = "keys/table_part.html")]
struct TablePart {
    frame: Frame,
    list: KeyList,
}

/// `GET` of the list; for htmx the table and the line below it.
pub(crate) async fn list(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let permit: Permit<KeysRead> = desk.permit(&frame)?;
    let wanted = Wanted::read(&desk.query);
    let list = read(&desk, &permit, wanted)
        .await
        .map_err(refusal(&frame))?;
    if desk.visitor.is_part {
        let address = list.wanted.address(desk.list);
        let mut response = page(StatusCode::OK, &TablePart { frame, list });
        if let Ok(address) = HeaderValue::from_str(&address) {
            response.headers_mut().insert(PUSH_URL, address);
        }
        return Ok(response);
    }
    Ok(page(StatusCode::OK, &whole(&desk, frame, list)))
}

fn whole(desk: &Desk, frame: Frame, list: KeyList) -> ListPage<'_> {
    let (pages, title) = (desk.pages(), &desk.profile().title);
    let environment = desk.profile().key.environments.first();
    let template = desk.profile().key.template.as_str();
    let fixed = template.split("{id").next().unwrap_or_default();
    let fixed = fixed.split("{secret").next().unwrap_or_default();
    ListPage {
        intro: Words::about(&pages.words.intro, title),
        empty_intro: Words::about(&pages.words.empty_intro, title),
        words: &pages.words,
        variable: &pages.variable,
        header: super::reveal::header(desk.profile(), &format!("${}", pages.variable)),
        prefix: fixed.replace("{env}", environment.map_or("", String::as_str)),
        help: &pages.help,
        may_create: desk.may(ManagementPermission::KeysCreate),
        why_full: list
            .foot
            .limit
            .as_ref()
            .filter(|it| it.is_full)
            .map(|it| format!("{}. Revoke one first.", it.words)),
        frame,
        list,
    }
}

async fn read(desk: &Desk, permit: &Permit<KeysRead>, wanted: Wanted) -> Result<KeyList, Problem> {
    let pages = desk.pages();
    let shows_revoked = match wanted.revoked.as_str() {
        "on" => true,
        "off" => false,
        _ => pages.lists_revoked,
    };
    let filter = wanted.filter(desk, shows_revoked);
    let (app, now) = (desk.app(), desk.now());
    let sealed = (desk.list, desk.visitor.caller.scope(), &wanted);
    let cursor = match wanted.cursor.as_str() {
        "" => None,
        cursor => Some(app.cursors.open(&sealed, cursor)?),
    };
    let found = app
        .store
        .list_keys(permit.reach(), &filter, cursor.as_ref(), ROWS, now)
        .await?;
    let next = found.next.as_ref().map(|it| app.cursors.seal(&sealed, it));
    let projects = desk.projects(permit).await?;
    let groups = groups(desk, permit, &projects, &wanted, &found).await?;
    let foot = foot(desk, permit, &wanted, &filter, (&found, next)).await?;
    let is_empty = found.rows.is_empty() && cursor.is_none() && !wanted.is_narrowed();
    let is_empty = is_empty && (shows_revoked || foot.switch.is_none());
    Ok(KeyList {
        address: desk.list,
        base: desk.base,
        label: pages.words.keys.clone(),
        columns: pages.columns.iter().map(|it| column(*it)).collect(),
        statuses: statuses(shows_revoked),
        environments: desk.profile().key.environments.clone(),
        projects: projects.0,
        groups,
        foot,
        shows_revoked,
        has_switch: !pages.lists_revoked,
        is_empty,
        wanted,
    })
}

/// A column's name in code, and its head.
fn column(column: Column) -> (&'static str, &'static str) {
    match column {
        Column::Key => ("key", "Key"),
        Column::Status => ("status", "Status"),
        Column::Requests => ("requests", "Requests, 14 days"),
        Column::LastUsed => ("used", "Last used"),
        Column::Expires => ("expires", "Expires"),
        Column::Created => ("created", "Created"),
    }
}

fn statuses(shows_revoked: bool) -> Vec<(&'static str, &'static str)> {
    let mut statuses = vec![
        ("active", "Active"),
        ("inactive", "Inactive"),
        ("expired", "Expired"),
    ];
    if shows_revoked {
        statuses.push(("revoked", "Revoked"));
    }
    statuses
}

/// Rows, an old key under its successor. Whoever searches or filters sees keys as they are found.
async fn groups(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    projects: &Projects,
    wanted: &Wanted,
    found: &Page<Key>,
) -> Result<Vec<Group>, Problem> {
    let store = &desk.app().store;
    let ids: Vec<KeyId> = found.rows.iter().map(|key| key.id.clone()).collect();
    let mut outgoing = Vec::new();
    if !wanted.is_narrowed() {
        outgoing = store.list_predecessors(permit.reach(), &ids).await?;
        outgoing.retain(|key| is_outgoing(key, desk.now()));
    }
    let all = found.rows.iter().chain(&outgoing);
    let rows = Rows::read(desk, projects, &wanted.fresh, all).await?;
    let mut groups: Vec<Group> = Vec::new();
    for key in &found.rows {
        if !wanted.is_narrowed() && is_told_above(desk, permit, &ids, key).await? {
            continue;
        }
        let old = outgoing
            .iter()
            .find(|old| old.successor.as_ref() == Some(&key.id));
        match (old, groups.last_mut()) {
            (Some(old), _) => {
                let since = key.created_at;
                let pair = vec![rows.row(key, Pair::New), rows.row(old, Pair::Old { since })];
                groups.push(Group {
                    is_pair: true,
                    rows: pair,
                });
            }
            (None, Some(last)) if !last.is_pair => last.rows.push(rows.row(key, Pair::None)),
            (None, _) => groups.push(Group {
                is_pair: false,
                rows: vec![rows.row(key, Pair::None)],
            }),
        }
    }
    Ok(groups)
}

/// Whether an old key already stands under its successor, here or on a page before.
async fn is_told_above(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    ids: &[KeyId],
    key: &Key,
) -> Result<bool, Problem> {
    let Some(successor) = key
        .successor
        .as_ref()
        .filter(|_| is_outgoing(key, desk.now()))
    else {
        return Ok(false);
    };
    if ids.contains(successor) {
        return Ok(true);
    }
    let found = desk.app().store.find_key(permit.reach(), successor).await?;
    Ok(found.is_some_and(|it| it.status(desk.now()) != KeyStatus::Revoked))
}

async fn foot(
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
        switch: (revoked > 0).then(|| (switched.address(desk.list), words)),
        newest: (!wanted.cursor.is_empty()).then(|| {
            let newest = Wanted {
                cursor: String::new(),
                ..wanted.clone()
            };
            newest.address(desk.list)
        }),
        older: next.map(|cursor| {
            let older = Wanted {
                cursor,
                ..wanted.clone()
            };
            older.address(desk.list)
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
        .count_limited_keys(organization, &ids, desk.now())
        .await?;
    let used = counted.first().map(|it| it.1).unwrap_or_default();
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

    #[test]
    fn an_address_has_only_what_is_asked() {
        assert_eq!(Wanted::default().address("/keys"), "/keys");
        let wanted = Wanted::read("q=a%26b&status=active&revoked=&x=1");
        assert_eq!(wanted.address("/keys"), "/keys?q=a%26b&status=active");
        assert!(wanted.is_narrowed());
    }
}
