//! Idempotency keys: written with the change that they name, so that an answer lost on the way can
//! be given again and the change is not made twice.
//!
//! A refusal that is final is kept by itself: it names no change.

use keyway_core::time::Timestamp;
use sqlx::AnyConnection;

use crate::Store;
use crate::call::Claim;
use crate::error::StoreError;
use crate::statement::{Fields, insert_rows, statement};

pub(crate) struct ClaimRow<'a> {
    pub(crate) claim: &'a Claim,
    /// The entry of the change.
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
}

/// A claim that was made before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptClaim {
    pub claim: Claim,
    /// The ledger entry of the change; 0 of a refusal.
    pub seq: i64,
    pub created_at: Timestamp,
}

const COLUMNS: &[&str] = &[
    "scope",
    "key",
    "fingerprint",
    "status",
    "body",
    "seq",
    "created_at",
];

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    rows: &[ClaimRow<'_>],
) -> Result<(), StoreError> {
    write(
        connection,
        insert_rows("idempotency", COLUMNS, rows.len()),
        rows,
    )
    .await
}

async fn write(
    connection: &mut AnyConnection,
    sql: String,
    rows: &[ClaimRow<'_>],
) -> Result<(), StoreError> {
    let mut query = statement(&sql);
    for row in rows {
        query = query
            .bind(row.claim.scope.as_str())
            .bind(row.claim.key.as_str())
            .bind(row.claim.fingerprint.clone())
            .bind(i64::from(row.claim.status))
            .bind(row.claim.body.as_deref())
            .bind(row.seq)
            .bind(row.at.micros());
    }
    query.execute(connection).await?;
    Ok(())
}

impl Store {
    /// What a caller was answered under this idempotency key.
    pub async fn find_claim(
        &self,
        scope: &str,
        key: &str,
    ) -> Result<Option<KeptClaim>, StoreError> {
        let row = sqlx::query(
            "SELECT fingerprint, status, body, seq, created_at FROM idempotency \
             WHERE scope = $1 AND key = $2",
        )
        .bind(scope)
        .bind(key)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let columns = &["fingerprint", "status", "body", "seq", "created_at"];
        let fields = Fields {
            row: &row,
            table: "idempotency",
            columns,
        };
        let status = fields.int(1)?;
        Ok(Some(KeptClaim {
            claim: Claim {
                scope: scope.to_owned(),
                key: key.to_owned(),
                fingerprint: fields.bytes(0)?.to_vec(),
                status: u16::try_from(status).map_err(|cause| fields.impossible(1, &cause))?,
                body: fields.text_or_null(2)?.map(str::to_owned),
            },
            seq: fields.int(3)?,
            created_at: Timestamp::from_micros(fields.int(4)?),
        }))
    }

    /// Keeps what a caller was refused with, unless the key was used meanwhile.
    pub async fn keep_refusal(&self, claim: &Claim, at: Timestamp) -> Result<(), StoreError> {
        let rows = [ClaimRow { claim, seq: 0, at }];
        let sql = insert_rows("idempotency", COLUMNS, rows.len()) + " ON CONFLICT DO NOTHING";
        write(&mut *self.reader().await?, sql, &rows).await
    }

    /// Forgets the claims made before `before`.
    pub async fn delete_claims_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let deleted = sqlx::query("DELETE FROM idempotency WHERE created_at < $1")
            .bind(before.micros())
            .execute(&mut *self.reader().await?)
            .await?;
        Ok(deleted.rows_affected())
    }
}
