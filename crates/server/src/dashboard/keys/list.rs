//! The list of keys: found, filtered and a page at a time.

use askama::Template;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use keyway_core::key::KeyStatus;
use keyway_core::management::ManagementPermission;
use keyway_core::organization::Project;
use keyway_core::profile::pages::{Column, KeysOf, Pages, Words};
use keyway_store::keys::list::KeyFilter;
use serde::Serialize;

use super::super::frame::Frame;
use super::super::page::{page, refusal};
use super::create::{self, Maker};
use super::desk::Desk;
use super::ending::Ending;
use super::foot::{Foot, foot};
use super::groups::groups;
use super::pick;
use super::reveal::Reveal;
use super::row::Group;
use super::sent::Sent;
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

/// Keys on one page.
pub(super) const ROWS: usize = 25;
/// Stands for keys that were replaced and still work.
const OUTGOING: &str = "rotating";
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
    pub(super) fn read(query: &str) -> Self {
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

    pub(super) fn is_narrowed(&self) -> bool {
        [&self.q, &self.status, &self.environment, &self.project]
            .iter()
            .any(|it| !it.is_empty())
    }

    /// The address of the list with these words.
    pub(super) fn address(&self, list: &str) -> String {
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
            project: desk
                .project()
                .cloned()
                .or_else(|| self.project.parse().ok()),
            environment: word(&self.environment),
            status,
            q: word(&self.q),
            include_revoked: shows_revoked || status == Some(KeyStatus::Revoked),
            is_outgoing: self.status == OUTGOING,
            hides_managed: true,
            ..KeyFilter::default()
        }
    }
}

/// The list with everything around the table.
pub(crate) struct KeyList {
    pub address: String,
    pub base: String,
    pub label: String,
    /// Columns in code, and their heads.
    pub columns: Vec<(&'static str, String)>,
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
    /// Whether its parts take the place of those that are there.
    pub is_swapped: bool,
}

impl KeyList {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(it, _)| *it == column)
    }
}

#[derive(Template)]
#[template(path = "keys/page.html")]
struct ListPage<'a> {
    frame: Frame,
    list: KeyList,
    pages: &'a Pages,
    words: &'a Words,
    /// The project whose page this is, where it has one of its own.
    project: Option<&'a Project>,
    intro: String,
    empty_intro: String,
    variable: &'a str,
    header: String,
    prefix: String,
    may_create: bool,
    why_full: Option<String>,
    /// The form that makes a key, where it stands on this page.
    maker: Option<Maker>,
    /// A secret that is shown above the list, this one time.
    reveal: Option<Reveal>,
}

#[derive(Template)]
#[template(path = "keys/table_part.html")]
struct TablePart {
    frame: Frame,
    list: KeyList,
}

/// `GET` of the list; for htmx the table and the line below it.
pub(crate) async fn list(desk: Desk) -> Result<Response, Response> {
    if let Some(elsewhere) = pick::instead(&desk).await? {
        return Ok(elsewhere);
    }
    let frame = desk.frame().await?;
    let permit: Permit<KeysRead> = desk.permit(&frame)?;
    let wanted = Wanted::read(&desk.query);
    let list = read(&desk, &permit, wanted)
        .await
        .map_err(refusal(&frame))?;
    if desk.visitor.is_part {
        let address = list.wanted.address(&desk.list);
        let mut response = page(StatusCode::OK, &TablePart { frame, list });
        if let Ok(address) = HeaderValue::from_str(&address) {
            response.headers_mut().insert(PUSH_URL, address);
        }
        return Ok(response);
    }
    let maker = create::on_page(&desk).await.map_err(refusal(&frame))?;
    let above = Above {
        maker,
        reveal: None,
    };
    let response = whole(&desk, frame, list, above, StatusCode::OK);
    Ok(pick::kept(&desk, response))
}

/// What stands above a list.
pub(super) struct Above {
    pub maker: Option<Maker>,
    pub reveal: Option<Reveal>,
}

/// The page of a list, with what stands above it.
pub(super) fn whole(
    desk: &Desk,
    frame: Frame,
    list: KeyList,
    above: Above,
    code: StatusCode,
) -> Response {
    let (pages, title) = (desk.pages(), &desk.profile().title);
    let environment = desk.profile().key.environments.first();
    let template = desk.profile().key.template.as_str();
    let fixed = template.split("{id").next().unwrap_or_default();
    let fixed = fixed.split("{secret").next().unwrap_or_default();
    let template = ListPage {
        intro: Words::about(&pages.words.intro, title),
        empty_intro: Words::about(&pages.words.empty_intro, title),
        words: &pages.words,
        variable: &pages.variable,
        header: super::reveal::header(desk.profile(), &format!("${}", pages.variable)),
        prefix: fixed.replace("{env}", environment.map_or("", String::as_str)),
        pages,
        project: desk
            .at
            .as_ref()
            .filter(|_| desk.keys_of() != KeysOf::PickedProject),
        may_create: desk.may(ManagementPermission::KeysCreate),
        why_full: list
            .foot
            .limit
            .as_ref()
            .filter(|it| it.is_full)
            .map(|it| format!("{}. Revoke one first.", it.words)),
        frame,
        list,
        maker: above.maker,
        reveal: above.reveal,
    };
    page(code, &template)
}

pub(super) async fn read(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    wanted: Wanted,
) -> Result<KeyList, Problem> {
    let pages = desk.pages();
    let shows_revoked = match wanted.revoked.as_str() {
        "on" => true,
        "off" => false,
        _ => pages.lists_revoked,
    };
    let filter = wanted.filter(desk, shows_revoked);
    let (app, now) = (desk.app(), desk.now());
    let sealed = (&desk.list, desk.visitor.caller.scope(), &wanted);
    let cursor = match wanted.cursor.as_str() {
        "" => None,
        cursor => Some(app.cursors.open(&sealed, cursor)?),
    };
    let found = app
        .store
        .list_keys(permit.reach(), &filter, cursor.as_ref(), ROWS, now)
        .await?;
    let next = found.next.as_ref().map(|it| app.cursors.seal(&sealed, it));
    let chosen = wanted.project.parse().ok();
    let projects = desk.projects(permit, chosen.as_ref()).await?;
    let groups = groups(desk, permit, &wanted, &found).await?;
    let foot = foot(desk, permit, &wanted, &filter, (&found, next)).await?;
    let is_empty = found.rows.is_empty() && cursor.is_none() && !wanted.is_narrowed();
    let is_empty = is_empty && (shows_revoked || foot.switch.is_none());
    Ok(KeyList {
        address: desk.list.clone(),
        base: desk.base.clone(),
        label: pages.words.keys.clone(),
        columns: columns(desk),
        statuses: statuses(shows_revoked, !pages.grace.is_empty()),
        environments: match desk.at.as_ref().and_then(|it| it.environment.clone()) {
            Some(only) => vec![only],
            None => desk.profile().key.environments.clone(),
        },
        projects: if desk.project().is_none() {
            projects.0
        } else {
            Vec::new()
        },
        groups,
        foot,
        shows_revoked,
        has_switch: !pages.lists_revoked,
        is_empty,
        is_swapped: false,
        wanted,
    })
}

/// A customer's page is narrower, and leaves counting to the product.
fn columns(desk: &Desk) -> Vec<(&'static str, String)> {
    let is_wide = desk.member().is_some();
    let columns = desk.pages().columns.iter();
    columns
        .filter(|it| is_wide || **it != Column::Requests)
        .map(|it| column(*it, &desk.pages().words))
        .collect()
}

/// A column's name in code, and its head.
fn column(column: Column, words: &Words) -> (&'static str, String) {
    let (name, head) = match column {
        Column::Key => ("key", words.key.as_str()),
        Column::Status => ("status", "Status"),
        Column::Requests => ("requests", "Requests, 14 days"),
        Column::LastUsed => ("used", "Last used"),
        Column::Expires => ("expires", "Expires"),
        Column::Created => ("created", "Created"),
        Column::CreatedBy => ("created_by", "Created by"),
        Column::Permissions => ("permissions", "Permissions"),
        Column::Scope => ("scope", "Scope"),
    };
    (name, head.to_owned())
}

fn statuses(shows_revoked: bool, has_rotation: bool) -> Vec<(&'static str, &'static str)> {
    let mut statuses = vec![
        ("active", "Active"),
        ("inactive", "Inactive"),
        ("expired", "Expired"),
    ];
    if has_rotation {
        statuses.push((OUTGOING, "Rotating out"));
    }
    if shows_revoked {
        statuses.push(("revoked", "Revoked"));
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_only_what_is_asked() {
        assert_eq!(Wanted::default().address("/keys"), "/keys");
        let wanted = Wanted::read("q=a%26b&status=active&revoked=&x=1");
        assert_eq!(wanted.address("/keys"), "/keys?q=a%26b&status=active");
        assert!(wanted.is_narrowed());
    }
}
