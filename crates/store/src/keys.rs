//! Keys as rows: the columns, a key from a row, a row from a key.
//!
//! A deleted key keeps its row, so that whoever follows the ledger still learns which digest went.

pub mod change;
pub mod counts;
pub mod create;
pub mod found;
pub(crate) mod grants;
pub mod import;
pub mod list;
pub(crate) mod packed;
pub mod revoke;
mod search;

use keyway_core::id::{KeyId, OrganizationId, ProjectId};
use keyway_core::key::{Key, KeyState, Lifetime, Revocation};
use keyway_core::management::Reach;
use keyway_core::network::IpRules;
use keyway_core::text::{Description, Label};
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use self::grants::GrantsReader;
use self::packed::{Packed, impossible, selected};
use crate::Store;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::statement::{insert_rows, padded, places, save_rows, statement};

pub(crate) const TABLE: &str = "keys";
pub(crate) const COLUMNS: &[&str] = &[
    "id",
    "organization",
    "project",
    "environment",
    "name",
    "description",
    "owner",
    "display_prefix",
    "suffix",
    "digest",
    "grants",
    "ip_rules",
    "metadata",
    "managed_by",
    "state",
    "state_at",
    "state_by",
    "state_reason",
    "state_reason_code",
    "expires_at",
    "successor",
    "created_at",
    "created_by",
    "version",
    "rate_limit",
    "name_lower",
];
/// Most keys looked up by one statement.
const LOOK_UP_MAX: usize = 256;

/// Turns rows into keys; remembers what it parsed last, as most keys of a page are alike.
#[derive(Debug, Default)]
pub(crate) struct KeyReader {
    grants: GrantsReader,
}

impl KeyReader {
    pub(crate) fn read(&mut self, row: &AnyRow) -> Result<Key, StoreError> {
        let fields = Packed::of(row)?;
        Ok(Key {
            id: fields.parse(0)?,
            organization: fields.parse(1)?,
            project: fields.parse_or_null(2)?,
            environment: fields.text(3)?.to_owned(),
            name: fields.parse(4)?,
            description: fields.parse_or_null(5)?,
            owner: fields.parse_or_null(6)?,
            display_prefix: fields.text(7)?.to_owned(),
            suffix: fields.text(8)?.to_owned(),
            digest: Digest::from_bytes(fields.digest),
            grants: self
                .grants
                .read(fields.text(10)?)
                .map_err(|fault| impossible(10, &fault))?,
            ip_rules: ip_rules(&fields)?,
            rate_limit: fields.parse_or_null(24)?,
            metadata: fields.parse(12)?,
            managed_by: fields.parse_or_null(13)?,
            state: state(&fields)?,
            lifetime: match fields.parse_or_null(19)? {
                None => Lifetime::Forever,
                Some(end) => Lifetime::Until(Timestamp::from_micros(end)),
            },
            successor: fields.parse_or_null(20)?,
            created_at: Timestamp::from_micros(fields.parse(21)?),
            created_by: fields.text(22)?.to_owned(),
            version: fields.parse(23)?,
        })
    }

    pub(crate) fn read_all(mut self, rows: &[AnyRow]) -> Result<Vec<Key>, StoreError> {
        rows.iter().map(|row| self.read(row)).collect()
    }
}

fn ip_rules(fields: &Packed<'_>) -> Result<IpRules, StoreError> {
    let text = fields.text(11)?;
    if text.is_empty() {
        return Ok(IpRules::default());
    }
    let rules: Vec<&str> = text.split(' ').collect();
    IpRules::parse(&rules).map_err(|fault| impossible(11, &fault))
}

fn ip_rules_text(rules: &IpRules) -> String {
    let networks: Vec<String> = rules.networks().iter().map(ToString::to_string).collect();
    networks.join(" ")
}

fn state(fields: &Packed<'_>) -> Result<KeyState, StoreError> {
    let at = || match fields.parse_or_null(15)? {
        None => Err(impossible(15, &"it is null beside a state that has a time")),
        Some(at) => Ok(Timestamp::from_micros(at)),
    };
    match fields.text(14)? {
        "active" => Ok(KeyState::Active),
        "inactive" => Ok(KeyState::Inactive { since: at()? }),
        "deleted" => Ok(KeyState::Deleted { at: at()? }),
        "revoked" => Ok(KeyState::Revoked(Revocation {
            at: at()?,
            by: fields.text_or_null(16).unwrap_or_default().to_owned(),
            reason: fields.parse_or_null(17)?,
            reason_code: fields.parse_or_null(18)?,
        })),
        other => Err(impossible(14, &format!("{other} is no state"))),
    }
}

/// Saves keys, each in the place of the version before it. False when one was not at that version.
pub(crate) async fn save(
    engine: Engine,
    connection: &mut AnyConnection,
    keys: &[&Key],
) -> Result<bool, StoreError> {
    // Apart, as a plain insert of many rows costs half of what one costs that may replace.
    let (first, later): (Vec<&Key>, Vec<&Key>) = keys.iter().partition(|key| key.version == 1);
    let inserted = save_all(engine, connection, &first, |rows| {
        engine.adapt_insert(insert_rows(TABLE, COLUMNS, rows))
    });
    let inserted = inserted.await?;
    let replaced = save_all(engine, connection, &later, |rows| {
        engine.adapt_insert(save_rows(TABLE, COLUMNS, rows))
    });
    Ok(inserted && replaced.await?)
}

async fn save_all(
    engine: Engine,
    connection: &mut AnyConnection,
    keys: &[&Key],
    sql: impl Fn(usize) -> String,
) -> Result<bool, StoreError> {
    let mut is_whole = true;
    for chunk in keys.chunks(engine.inserted_max() / COLUMNS.len()) {
        let sql = sql(chunk.len());
        let mut query = statement(&sql);
        for key in chunk {
            let (state, at, revocation) = match &key.state {
                KeyState::Active => ("active", None, None),
                KeyState::Inactive { since } => ("inactive", Some(*since), None),
                KeyState::Deleted { at } => ("deleted", Some(*at), None),
                KeyState::Revoked(revocation) => ("revoked", Some(revocation.at), Some(revocation)),
            };
            let reason = revocation.and_then(|it| it.reason.as_ref());
            let reason_code = revocation.and_then(|it| it.reason_code.as_ref());
            let expires_at = match key.lifetime {
                Lifetime::Forever => None,
                Lifetime::Until(end) => Some(end.micros()),
            };
            query = query
                .bind(key.id.as_str())
                .bind(key.organization.as_str())
                .bind(key.project.as_ref().map(ProjectId::as_str))
                .bind(key.environment.as_str())
                .bind(key.name.as_str())
                .bind(key.description.as_ref().map(Description::as_str))
                .bind(key.owner.as_ref().map(Label::as_str))
                .bind(key.display_prefix.as_str())
                .bind(key.suffix.as_str())
                .bind(key.digest.as_bytes().to_vec())
                .bind(grants::to_json(&key.grants)?)
                .bind(ip_rules_text(&key.ip_rules))
                .bind(key.metadata.as_json())
                .bind(key.managed_by.as_ref().map(Label::as_str))
                .bind(state)
                .bind(at.map(Timestamp::micros))
                .bind(revocation.map(|it| it.by.as_str()))
                .bind(reason.map(Description::as_str))
                .bind(reason_code.map(Label::as_str))
                .bind(expires_at)
                .bind(key.successor.as_ref().map(KeyId::as_str))
                .bind(key.created_at.micros())
                .bind(key.created_by.as_str())
                .bind(key.version)
                .bind(key.rate_limit.map(|it| it.to_string()))
                .bind(key.name.as_str().to_lowercase());
        }
        let saved = query.execute(&mut *connection).await?;
        is_whole &= saved.rows_affected() == chunk.len() as u64;
    }
    Ok(is_whole)
}

/// Keys by id, deleted ones too; for whoever follows the ledger.
pub(crate) async fn load_by_ids(
    connection: &mut AnyConnection,
    ids: &[&str],
) -> Result<Vec<Key>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(LOOK_UP_MAX) {
        let places = places(1, chunk.len());
        let sql = format!(
            "SELECT {} FROM keys WHERE id IN ({places}) ORDER BY id",
            selected()
        );
        let mut query = statement(&sql);
        for id in padded(chunk) {
            query = query.bind(*id);
        }
        let rows = query.fetch_all(&mut *connection).await?;
        found.extend(KeyReader::default().read_all(&rows)?);
    }
    Ok(found)
}

/// The one organization that `reach` is limited to, as a value for `$1 IS NULL OR …`.
pub(crate) fn reach_text(reach: &Reach) -> Option<&str> {
    reach.organization().map(OrganizationId::as_str)
}

impl Store {
    /// A key that `reach` may see; deleted keys are gone.
    pub async fn find_key(&self, reach: &Reach, id: &KeyId) -> Result<Option<Key>, StoreError> {
        let sql = format!(
            "SELECT {} FROM keys WHERE (organization = $1 OR $1 IS NULL) AND id = $2 \
             AND state <> 'deleted'",
            selected()
        );
        let row = statement(&sql)
            .bind(reach_text(reach))
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        let found = row.map(|row| KeyReader::default().read(&row)).transpose()?;
        Ok(found.filter(|key| is_in(reach, key)))
    }
}

/// Whether `reach` covers more of a key than its organization, which the query has seen to.
pub(crate) fn is_in(reach: &Reach, key: &Key) -> bool {
    let (project, owner) = (key.project.as_ref(), key.owner.as_ref());
    reach.covers_key(&key.organization, project, owner, &key.created_by)
}
