//! What was counted: per key and hour how often it was allowed and refused and why, and when last.
//!
//! Counting is no change: it has no ledger entry and takes no head lock. Rows are written in the
//! order of their keys, so that two nodes that flush at once wait for each other and never in a ring.

use keyway_core::id::KeyId;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;

use crate::Store;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::statement::{Fields, insert_rows, padded, places, push, statement};

/// The outcome that is no refusal.
pub const ALLOWED: &str = "allowed";
/// Most keys in one flush.
pub const FLUSH_KEYS_MAX: usize = 1_000;

const LOOK_UP_MAX: usize = 256;
const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// What to add for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageCounts {
    pub key: KeyId,
    /// Any time in the hour that is counted.
    pub at: Timestamp,
    /// [`ALLOWED`] or a reason's code, and how often.
    pub counts: Vec<(String, i64)>,
    pub last_used_at: Option<Timestamp>,
    pub last_refusal: Option<LastRefusal>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRefusal {
    pub at: Timestamp,
    pub reason: String,
    pub address: Option<String>,
}

/// One line of a key's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageHour {
    /// The hour's beginning.
    pub hour: Timestamp,
    /// [`ALLOWED`] or a reason's code.
    pub outcome: String,
    pub count: i64,
}

/// One line of a key's usage, of a whole day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDay {
    pub key: KeyId,
    /// The day's beginning in UTC.
    pub day: Timestamp,
    /// [`ALLOWED`] or a reason's code.
    pub outcome: String,
    pub count: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastUse {
    pub used_at: Option<Timestamp>,
    pub refusal: Option<LastRefusal>,
}

pub(crate) async fn write(
    engine: Engine,
    connection: &mut AnyConnection,
    counts: &[UsageCounts],
) -> Result<(), StoreError> {
    let mut sums: std::collections::BTreeMap<(&str, i64, &str), i64> =
        std::collections::BTreeMap::new();
    let mut last: std::collections::BTreeMap<&str, &UsageCounts> =
        std::collections::BTreeMap::new();
    for row in counts {
        let hour = row.at.micros() - row.at.micros().rem_euclid(HOUR_MICROS);
        for (outcome, count) in &row.counts {
            *sums.entry((row.key.as_str(), hour, outcome)).or_insert(0) += count;
        }
        if row.last_used_at.is_some() || row.last_refusal.is_some() {
            last.insert(row.key.as_str(), row);
        }
    }
    let mut tx = engine.begin_write(connection).await?;
    let sums: Vec<_> = sums.into_iter().collect();
    for chunk in sums.chunks(engine.inserted_max() / 4) {
        let mut sql = insert_rows("usage", &["key", "hour", "outcome", "count"], chunk.len());
        sql.push_str(
            " ON CONFLICT (key, hour, outcome) DO UPDATE SET count = usage.count + excluded.count",
        );
        let sql = engine.adapt_insert(sql);
        let mut query = statement(&sql);
        for ((key, hour, outcome), count) in chunk {
            query = query.bind(*key).bind(*hour).bind(*outcome).bind(*count);
        }
        query.execute(&mut *tx).await?;
    }
    let last: Vec<&UsageCounts> = last.into_values().collect();
    for chunk in last.chunks(engine.inserted_max() / 5) {
        write_last(engine, &mut tx, chunk).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The later time wins, whoever flushes later.
async fn write_last(
    engine: Engine,
    connection: &mut AnyConnection,
    rows: &[&UsageCounts],
) -> Result<(), StoreError> {
    let columns = &[
        "key",
        "last_used_at",
        "last_refused_at",
        "last_refused_reason",
        "last_refused_address",
    ];
    let mut sql = insert_rows("usage_last", columns, rows.len());
    let is_later = "excluded.last_refused_at IS NOT NULL AND (usage_last.last_refused_at IS NULL \
                    OR usage_last.last_refused_at < excluded.last_refused_at)";
    sql.push_str(
        " ON CONFLICT (key) DO UPDATE SET last_used_at = CASE WHEN excluded.last_used_at IS NOT \
         NULL AND (usage_last.last_used_at IS NULL OR usage_last.last_used_at < \
         excluded.last_used_at) THEN excluded.last_used_at ELSE usage_last.last_used_at END",
    );
    for column in [
        "last_refused_at",
        "last_refused_reason",
        "last_refused_address",
    ] {
        push(
            &mut sql,
            format_args!(
                ", {column} = CASE WHEN {is_later} THEN excluded.{column} ELSE usage_last.{column} END"
            ),
        );
    }
    let sql = engine.adapt_insert(sql);
    let mut query = statement(&sql);
    for row in rows {
        let refusal = row.last_refusal.as_ref();
        query = query
            .bind(row.key.as_str())
            .bind(row.last_used_at.map(Timestamp::micros))
            .bind(refusal.map(|it| it.at.micros()))
            .bind(refusal.map(|it| it.reason.as_str()))
            .bind(refusal.and_then(|it| it.address.as_deref()));
    }
    query.execute(connection).await?;
    Ok(())
}

impl Store {
    /// Adds counters; at most [`FLUSH_KEYS_MAX`] keys at a time keep the writer free for changes.
    pub async fn flush_usage(&self, counts: Vec<UsageCounts>) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        self.writer.flush_usage(counts).await
    }

    /// A key's counters from the hour of `from` on, oldest first.
    pub async fn read_usage(
        &self,
        key: &KeyId,
        from: Timestamp,
    ) -> Result<Vec<UsageHour>, StoreError> {
        let hour = from.micros() - from.micros().rem_euclid(HOUR_MICROS);
        let rows = sqlx::query(
            "SELECT hour, outcome, count FROM usage WHERE key = $1 AND hour >= $2 \
             ORDER BY hour, outcome",
        )
        .bind(key.as_str())
        .bind(hour)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let mut hours = Vec::with_capacity(rows.len());
        for row in &rows {
            let fields = Fields {
                row,
                table: "usage",
                columns: &["hour", "outcome", "count"],
            };
            hours.push(UsageHour {
                hour: Timestamp::from_micros(fields.int(0)?),
                outcome: fields.text(1)?.to_owned(),
                count: fields.int(2)?,
            });
        }
        Ok(hours)
    }

    /// Counters of keys by day of UTC, from the day of `from` on.
    pub async fn read_usage_days(
        &self,
        keys: &[KeyId],
        from: Timestamp,
    ) -> Result<Vec<UsageDay>, StoreError> {
        let from = from.micros() - from.micros().rem_euclid(DAY_MICROS);
        let mut days = Vec::new();
        let mut connection = self.reader().await?;
        for chunk in keys.chunks(LOOK_UP_MAX) {
            let sql = format!(
                "SELECT key, hour - hour % {DAY_MICROS}, outcome, CAST(SUM(count) AS BIGINT) \
                 FROM usage WHERE hour >= $1 AND key IN ({}) \
                 GROUP BY key, hour - hour % {DAY_MICROS}, outcome ORDER BY 1, 2, 3",
                places(2, chunk.len())
            );
            let mut query = statement(&sql).bind(from);
            for key in padded(chunk) {
                query = query.bind(key.as_str());
            }
            for row in &query.fetch_all(&mut *connection).await? {
                let fields = Fields {
                    row,
                    table: "usage",
                    columns: &["key", "day", "outcome", "count"],
                };
                days.push(UsageDay {
                    key: fields.parse(0)?,
                    day: Timestamp::from_micros(fields.int(1)?),
                    outcome: fields.text(2)?.to_owned(),
                    count: fields.int(3)?,
                });
            }
        }
        Ok(days)
    }

    /// When keys were last used and refused; keys that never were are left out.
    pub async fn read_last_uses(
        &self,
        keys: &[KeyId],
    ) -> Result<Vec<(KeyId, LastUse)>, StoreError> {
        let mut uses = Vec::with_capacity(keys.len());
        let mut connection = self.reader().await?;
        for chunk in keys.chunks(LOOK_UP_MAX) {
            let sql = format!(
                "SELECT key, last_used_at, last_refused_at, last_refused_reason, \
                 last_refused_address FROM usage_last WHERE key IN ({})",
                places(1, chunk.len())
            );
            let mut query = statement(&sql);
            for key in padded(chunk) {
                query = query.bind(key.as_str());
            }
            for row in &query.fetch_all(&mut *connection).await? {
                uses.push(last_use(row)?);
            }
        }
        Ok(uses)
    }
}

fn last_use(row: &sqlx::any::AnyRow) -> Result<(KeyId, LastUse), StoreError> {
    let columns = &[
        "key",
        "last_used_at",
        "last_refused_at",
        "last_refused_reason",
        "last_refused_address",
    ];
    let fields = Fields {
        row,
        table: "usage_last",
        columns,
    };
    let refusal = match fields.int_or_null(2)? {
        None => None,
        Some(at) => Some(LastRefusal {
            at: Timestamp::from_micros(at),
            reason: fields.text_or_null(3)?.unwrap_or_default().to_owned(),
            address: fields.text_or_null(4)?.map(str::to_owned),
        }),
    };
    let used_at = fields.int_or_null(1)?.map(Timestamp::from_micros);
    Ok((fields.parse(0)?, LastUse { used_at, refusal }))
}
