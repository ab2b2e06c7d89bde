//! One row of the ledger, and reading rows back.

use std::net::IpAddr;

use keyway_core::change::Change;
use keyway_core::id::OrganizationId;
use keyway_core::management::Reach;
use keyway_core::time::Timestamp;
use serde_json::{Map, Value};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::{Head, detail};
use crate::Store;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::statement::{Fields, insert_rows, push, statement};

/// Entries need a program that knows at least this form of the ledger.
pub(crate) const MIN_READER: i64 = 1;
/// Most entries in one page.
pub const ENTRIES_MAX: usize = 1_000;

const TABLE: &str = "ledger";
const COLUMNS: &[&str] = &[
    "seq",
    "at",
    "organization",
    "actor",
    "action",
    "target",
    "detail",
    "request_id",
    "min_reader",
    "personal",
    "prev_hash",
    "hash",
];

/// A row exactly as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryRow {
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) organization: Option<String>,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) detail: String,
    pub(crate) request_id: String,
    pub(crate) min_reader: i64,
    pub(crate) personal: [u8; 32],
    pub(crate) prev_hash: [u8; 32],
    pub(crate) hash: [u8; 32],
}

/// What can be erased.
#[derive(Clone, Debug)]
pub(crate) struct PersonalRow {
    pub(crate) seq: i64,
    pub(crate) salt: [u8; 32],
    pub(crate) fields: String,
}

/// An entry of the audit log, as people read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub seq: i64,
    pub at: Timestamp,
    pub organization: Option<String>,
    /// See [`keyway_core::actor::Actor::to_text`].
    pub actor: String,
    pub action: String,
    pub target: String,
    /// A JSON object.
    pub detail: Map<String, Value>,
    pub request_id: String,
    /// `address`, `actor`, `name`, …; None when they were erased.
    pub personal: Option<Map<String, Value>>,
    pub prev_hash: [u8; 32],
    pub hash: [u8; 32],
}

impl Entry {
    /// What was done; None when this program does not know the kind.
    pub fn change(&self) -> Option<Change> {
        detail::read(
            &self.action,
            &self.target,
            self.organization.as_deref(),
            &self.detail,
        )
    }
}

/// Which entries; all conditions hold together.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    pub organization: Option<OrganizationId>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub target: Option<String>,
    pub from: Option<Timestamp>,
    pub before: Option<Timestamp>,
}

/// Which way through the ledger, and from which entry on (not included).
#[derive(Clone, Copy, Debug)]
pub enum Walk {
    /// Newest first, for a page of the audit log.
    Before(Option<i64>),
    /// Oldest first, for an export.
    After(i64),
}

fn fields(row: &AnyRow) -> Fields<'_> {
    Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    }
}

impl TryFrom<&AnyRow> for EntryRow {
    type Error = StoreError;

    fn try_from(row: &AnyRow) -> Result<Self, StoreError> {
        let fields = fields(row);
        Ok(Self {
            seq: fields.int(0)?,
            at: Timestamp::from_micros(fields.int(1)?),
            organization: fields.text_or_null(2)?.map(str::to_owned),
            actor: fields.text(3)?.to_owned(),
            action: fields.text(4)?.to_owned(),
            target: fields.text(5)?.to_owned(),
            detail: fields.text(6)?.to_owned(),
            request_id: fields.text(7)?.to_owned(),
            min_reader: fields.int(8)?,
            personal: fields.hash(9)?,
            prev_hash: fields.hash(10)?,
            hash: fields.hash(11)?,
        })
    }
}

/// Writes entries and their personal fields; part of the writer's transaction.
pub(crate) async fn insert(
    engine: Engine,
    connection: &mut AnyConnection,
    entries: &[EntryRow],
    personal: &[PersonalRow],
) -> Result<(), sqlx::Error> {
    let sql = engine.adapt_insert(insert_rows(TABLE, COLUMNS, entries.len()));
    let mut query = statement(&sql);
    for entry in entries {
        query = query
            .bind(entry.seq)
            .bind(entry.at.micros())
            .bind(entry.organization.clone())
            .bind(entry.actor.as_str())
            .bind(entry.action.as_str())
            .bind(entry.target.as_str())
            .bind(entry.detail.as_str())
            .bind(entry.request_id.as_str())
            .bind(entry.min_reader)
            .bind(entry.personal.to_vec())
            .bind(entry.prev_hash.to_vec())
            .bind(entry.hash.to_vec());
    }
    query.execute(&mut *connection).await?;
    let columns = &["seq", "salt", "fields"];
    let sql = engine.adapt_insert(insert_rows("ledger_personal", columns, personal.len()));
    let mut query = statement(&sql);
    for row in personal {
        query = query
            .bind(row.seq)
            .bind(row.salt.to_vec())
            .bind(row.fields.as_str());
    }
    query.execute(connection).await?;
    Ok(())
}

/// The last entry, as the head row names it.
pub(crate) async fn load_head(connection: &mut AnyConnection) -> Result<Head, StoreError> {
    let row = sqlx::query("SELECT seq, hash FROM ledger_head WHERE id = 1")
        .fetch_one(connection)
        .await?;
    head_of(&row)
}

pub(crate) fn head_of(row: &AnyRow) -> Result<Head, StoreError> {
    let fields = Fields {
        row,
        table: "ledger_head",
        columns: &["seq", "hash"],
    };
    Ok(Head {
        seq: fields.int(0)?,
        hash: fields.hash(1)?,
    })
}

/// The hash of entry `seq`, where there is one. The place before the first entry always is.
pub(crate) async fn find_hash(
    connection: &mut AnyConnection,
    seq: i64,
) -> Result<Option<[u8; 32]>, StoreError> {
    if seq == 0 {
        return Ok(Some(Head::GENESIS.hash));
    }
    let row = sqlx::query("SELECT seq, hash FROM ledger WHERE seq = $1")
        .bind(seq)
        .fetch_optional(connection)
        .await?;
    row.map(|row| head_of(&row).map(|head| head.hash))
        .transpose()
}

/// Entries after `seq`, oldest first.
pub(crate) async fn rows_after(
    connection: &mut AnyConnection,
    seq: i64,
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let sql = format!(
        "SELECT {} FROM ledger WHERE seq > $1 ORDER BY seq LIMIT $2",
        COLUMNS.join(", ")
    );
    let rows = statement(&sql)
        .bind(seq)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(EntryRow::try_from).collect()
}

impl Store {
    /// The end of the ledger.
    pub async fn read_head(&self) -> Result<Head, StoreError> {
        let mut connection = self.reader().await?;
        load_head(&mut connection).await
    }

    /// Entries that `reach` may see, at most [`ENTRIES_MAX`].
    pub async fn list_entries(
        &self,
        reach: &Reach,
        filter: &EntryFilter,
        walk: Walk,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let columns: Vec<String> = COLUMNS.iter().map(|column| format!("l.{column}")).collect();
        let mut sql = format!(
            "SELECT {}, p.fields FROM ledger l LEFT JOIN ledger_personal p ON p.seq = l.seq WHERE ",
            columns.join(", ")
        );
        let mut values: Vec<String> = Vec::new();
        let reach = reach.organization().map(ToString::to_string);
        let organization = filter.organization.as_ref().map(ToString::to_string);
        let conditions = [
            ("l.organization", reach),
            ("l.organization", organization),
            ("l.actor", filter.actor.clone()),
            ("l.action", filter.action.clone()),
            ("l.target", filter.target.clone()),
        ];
        for (column, value) in conditions {
            if let Some(value) = value {
                values.push(value);
                push(&mut sql, format_args!("{column} = ${} AND ", values.len()));
            }
        }
        let next = values.len() + 1;
        let (order, seq) = match walk {
            Walk::Before(before) => ("l.seq < $S ORDER BY l.seq DESC", before.unwrap_or(i64::MAX)),
            Walk::After(after) => ("l.seq > $S ORDER BY l.seq", after),
        };
        push(
            &mut sql,
            format_args!("l.at >= ${next} AND l.at < ${} AND ", next + 1),
        );
        sql.push_str(&order.replace("$S", &format!("${}", next + 2)));
        push(&mut sql, format_args!(" LIMIT ${}", next + 3));
        let mut query = statement(&sql);
        for value in values {
            query = query.bind(value);
        }
        let rows = query
            .bind(filter.from.map_or(i64::MIN, Timestamp::micros))
            .bind(filter.before.map_or(i64::MAX, Timestamp::micros))
            .bind(seq)
            .bind(i64::try_from(limit.min(ENTRIES_MAX)).unwrap_or_default())
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(entry).collect()
    }
}

fn entry(row: &AnyRow) -> Result<Entry, StoreError> {
    let raw = EntryRow::try_from(row)?;
    let personal = fields(row).text_or_null(COLUMNS.len())?;
    Ok(Entry {
        seq: raw.seq,
        at: raw.at,
        organization: raw.organization,
        actor: raw.actor,
        action: raw.action,
        target: raw.target,
        detail: object(&raw.detail),
        request_id: raw.request_id,
        personal: personal.map(object),
        prev_hash: raw.prev_hash,
        hash: raw.hash,
    })
}

/// A stored object. Text that somebody else put there reads as an empty one: the audit log must
/// still be readable when the ledger was tampered with, and verifying names the entry.
pub(crate) fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

/// What the personal side of an entry holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Personal(Map<String, Value>);

impl Personal {
    pub(crate) fn text(mut self, field: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.insert(field.to_owned(), value.into());
        }
        self
    }

    pub(crate) fn address(self, address: Option<IpAddr>) -> Self {
        let address = address.map(|address| address.to_string());
        self.text("address", address.as_deref())
    }

    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
    }
}
