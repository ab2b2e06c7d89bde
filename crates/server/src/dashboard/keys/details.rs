//! A key's own page: what it is, whether and how it is used, what it may do, and what became of it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::grant::{Grants, Right};
use keyway_core::key::{Key, KeyStatus, Lifetime};
use keyway_core::management::ManagementPermission as P;
use keyway_core::permission::PermissionSet;
use keyway_core::resource::Resource;
use keyway_store::usage::LastRefusal;

use super::super::frame::Frame;
use super::super::key_rows::{Status, split, status};
use super::super::members::grouped;
use super::super::moments::{self, Moment};
use super::super::page::{page, refusal};
use super::activity::{self, Event};
use super::chart::{Chart, Counted, Scale};
use super::desk::Desk;
use super::ending::{Ending, is_outgoing};
use super::names::Names;
use super::sent::Sent;
use super::unusual::{self, Unusual};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

#[derive(Template)]
#[template(path = "keys/details.html")]
struct DetailsPage<'a> {
    frame: Frame,
    list: &'a str,
    base: &'a str,
    keys: &'a str,
    key: Summary,
    chart: Chart,
    scales: [Scale; 3],
    unusual: Option<Unusual>,
    refusal: Option<Refusal>,
    rights: Vec<RightLine>,
    addresses: Vec<String>,
    events: Vec<Event>,
    audit: Option<String>,
    may: Controls,
}

#[derive(Debug)]
struct Summary {
    id: String,
    name: String,
    kind: String,
    public: String,
    suffix: String,
    status: Status,
    environment: String,
    description: String,
    project: Option<(String, String)>,
    owner: String,
    managed_by: String,
    created: Moment,
    created_by: String,
    used: Option<Moment>,
    ending: Ending,
    /// The last day.
    last_day: Option<String>,
    metadata: Vec<String>,
    successor: Option<String>,
    predecessor: Option<(String, Option<Moment>)>,
}

/// What a visitor may do with this key now.
#[derive(Clone, Copy, Debug)]
struct Controls {
    edit: bool,
    rotate: bool,
    deactivate: bool,
    activate: bool,
    revoke: bool,
    delete: bool,
}

#[derive(Debug)]
struct RightLine {
    /// Whether the word is one of the catalogue.
    is_word: bool,
    word: String,
    meaning: String,
    place: String,
}

#[derive(Debug)]
struct Refusal {
    sentence: String,
    code: String,
    at: Moment,
    address: Option<String>,
}

/// `GET …/{id}`
pub(crate) async fn details(desk: Desk) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (permit, key): (Permit<KeysRead>, Key) = desk.load(&frame).await?;
    let template = read(&desk, &frame, &permit, &key)
        .await
        .map_err(refusal(&frame))?;
    Ok(page(StatusCode::OK, &template))
}

async fn read<'a>(
    desk: &'a Desk,
    frame: &Frame,
    permit: &Permit<KeysRead>,
    key: &Key,
) -> Result<DetailsPage<'a>, Problem> {
    let (store, now) = (&desk.app().store, desk.now());
    let names = Names::of(desk, std::iter::once(key)).await?;
    let last = store.read_last_uses(std::slice::from_ref(&key.id)).await?;
    let last = last
        .into_iter()
        .next()
        .map(|(_, last)| last)
        .unwrap_or_default();
    let scale = Scale::from_word(Sent::parse(desk.query.as_bytes()).one("usage"));
    let counted = counted(desk, key, scale).await?;
    let used = last.used_at.map(|at| moments::ago(at, now));
    let address = |it: LastRefusal| Refusal {
        sentence: sentence_of(&it.reason),
        code: it.reason,
        at: moments::clock(it.at, now),
        address: it.address,
    };
    let has_log = desk.may(P::AuditRead);
    Ok(DetailsPage {
        frame: frame.clone(),
        list: &desk.list,
        base: &desk.base,
        keys: &desk.pages().words.keys,
        key: summary(desk, permit, &names, key, used).await?,
        chart: Chart::of(scale, &counted, now),
        scales: Scale::ALL,
        unusual: unusual::of(desk, key).await?,
        refusal: last.refusal.map(address),
        rights: rights(desk, &names, key),
        addresses: key
            .ip_rules
            .networks()
            .iter()
            .map(ToString::to_string)
            .collect(),
        events: activity::of(desk, key).await?,
        audit: has_log.then(|| format!("/audit?target={}", key.id)),
        may: controls(desk, key),
    })
}

async fn counted(desk: &Desk, key: &Key, scale: Scale) -> Result<Vec<Counted>, Problem> {
    let (store, from) = (&desk.app().store, scale.from(desk.now()));
    if scale == Scale::Hours48 {
        let hours = store.read_usage(&key.id, from).await?;
        let hours = hours.into_iter().map(|it| Counted {
            at: it.hour,
            outcome: it.outcome,
            count: it.count,
        });
        return Ok(hours.collect());
    }
    let days = store
        .read_usage_days(std::slice::from_ref(&key.id), from)
        .await?;
    let days = days.into_iter().map(|it| Counted {
        at: it.day,
        outcome: it.outcome,
        count: it.count,
    });
    Ok(days.collect())
}

async fn summary(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    names: &Names,
    key: &Key,
    used: Option<Moment>,
) -> Result<Summary, Problem> {
    let (store, now) = (&desk.app().store, desk.now());
    let (kind, public) = split(&key.display_prefix);
    let successor = match &key.successor {
        Some(id) => store.find_key(permit.reach(), id).await?,
        None => None,
    };
    let rotated_at = successor.as_ref().map(|it| it.created_at);
    let label = |it: Option<&keyway_core::text::Label>| it.map(|it| it.as_str().to_owned());
    Ok(Summary {
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
        kind,
        public,
        suffix: key.suffix.clone(),
        status: status(key, now),
        environment: key.environment.clone(),
        description: key
            .description
            .as_ref()
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        project: key
            .project
            .as_ref()
            .map(|it| (it.to_string(), names.project(it).to_owned())),
        owner: label(key.owner.as_ref()).unwrap_or_default(),
        managed_by: label(key.managed_by.as_ref()).unwrap_or_default(),
        created: moments::day(key.created_at, now),
        created_by: desk.person(&key.created_by),
        used,
        ending: Ending::of(desk, key, rotated_at),
        last_day: match key.lifetime {
            Lifetime::Forever => None,
            Lifetime::Until(end) => Some(moments::day(end, now).words),
        },
        metadata: metadata(key),
        successor: successor.map(|it| it.id.to_string()),
        predecessor: predecessor(desk, permit, key).await?,
    })
}

/// The old key that this one replaces and that still works, and when it was last used.
async fn predecessor(
    desk: &Desk,
    permit: &Permit<KeysRead>,
    key: &Key,
) -> Result<Option<(String, Option<Moment>)>, Problem> {
    let (store, now) = (&desk.app().store, desk.now());
    let ids = [key.id.clone()];
    let found = store.list_predecessors(permit.reach(), &ids).await?;
    let Some(old) = found.into_iter().find(|old| is_outgoing(old, now)) else {
        return Ok(None);
    };
    let last = store.read_last_uses(std::slice::from_ref(&old.id)).await?;
    let used = last.first().and_then(|(_, last)| last.used_at);
    Ok(Some((
        old.id.to_string(),
        used.map(|at| moments::ago(at, now)),
    )))
}

fn metadata(key: &Key) -> Vec<String> {
    let pairs = wire::metadata(key.metadata.as_json()).into_iter();
    pairs
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        })
        .collect()
}

fn controls(desk: &Desk, key: &Key) -> Controls {
    let (now, pages) = (desk.now(), desk.pages());
    let status = key.status(now);
    let is_alive = matches!(status, KeyStatus::Active | KeyStatus::Inactive);
    let is_active = status == KeyStatus::Active;
    Controls {
        edit: status != KeyStatus::Revoked && desk.may(P::KeysUpdate),
        rotate: is_active
            && key.successor.is_none()
            && !pages.grace.is_empty()
            && desk.may(P::KeysRotate),
        deactivate: is_active && pages.can_deactivate && desk.may(P::KeysDeactivate),
        activate: is_alive && !is_active && pages.can_deactivate && desk.may(P::KeysActivate),
        revoke: status != KeyStatus::Revoked && pages.can_revoke && desk.may(P::KeysRevoke),
        delete: (!is_alive || !pages.can_revoke) && pages.can_delete && desk.may(P::KeysDelete),
    }
}

fn rights(desk: &Desk, names: &Names, key: &Key) -> Vec<RightLine> {
    let mut lines = Vec::new();
    for grant in Grants::as_slice(&key.grants) {
        let place = place(names, &grant.resource);
        let line = |is_word, word: String, meaning: String| RightLine {
            is_word,
            word,
            meaning,
            place: place.clone(),
        };
        let meaning = |word: &keyway_core::permission::Permission| {
            let found = desk.pages().permissions.get(word);
            found.cloned().unwrap_or_default()
        };
        match &grant.right {
            Right::Permissions(PermissionSet::All) => {
                lines.push(line(true, "*".to_owned(), "Everything".to_owned()));
            }
            Right::Permissions(PermissionSet::Words(words)) => {
                let words = words
                    .iter()
                    .map(|it| line(true, it.to_string(), meaning(it)));
                lines.extend(words);
            }
            Right::Role(name) => {
                let words = desk.profile().roles.words(name).join(", ");
                lines.push(line(false, desk.visitor.role_title(name), words));
            }
            Right::Inherit(narrowed) => {
                let who = desk.person(&key.created_by);
                let word = match who.as_str() {
                    "you" => "All of my role".to_owned(),
                    who => format!("All of the role of {who}"),
                };
                let meaning = match narrowed {
                    Some(PermissionSet::Words(words)) => {
                        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
                        format!("of it only {}", words.join(", "))
                    }
                    Some(PermissionSet::All) | None => {
                        "what the creator may do at the moment of each request".to_owned()
                    }
                };
                lines.push(line(false, word, meaning));
            }
        }
    }
    lines
}

fn place(names: &Names, resource: &Resource) -> String {
    match resource {
        Resource::All => "everywhere".to_owned(),
        Resource::Path(path) => names.place(path),
    }
}

/// What a refusal means for this key.
fn sentence_of(reason: &str) -> String {
    let sentence = match reason {
        "rate_limited" => "It was used more often than its rate limit lets it.",
        "insufficient_permissions" => "It asked for a permission that it does not have.",
        "out_of_scope" => "It asked for something outside of what it may reach.",
        "ip_not_allowed" => "It was used from an address that its rules do not allow.",
        "environment_mismatch" => "It was used in another environment.",
        "api_key_revoked" => "It was used after it was revoked.",
        "api_key_expired" => "It was used after its end.",
        "api_key_inactive" => "It was used while it was switched off.",
        _ => "It was refused.",
    };
    sentence.to_owned()
}

impl DetailsPage<'_> {
    fn allowed(&self) -> String {
        grouped(self.chart.allowed)
    }

    fn refused(&self) -> String {
        grouped(self.chart.refused)
    }
}
