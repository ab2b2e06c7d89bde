//! Signing keys: rows, and what is done with them.

use keyway_core::change::Change;
use keyway_core::id::SigningKeyId;
use keyway_core::signing_key::{SealedKey, SigningAlgorithm, SigningKey, SigningKeyState};
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::ledger::Committed;
use crate::statement::{Fields, save_rows, statement};
use crate::writer::proposal::{Proposal, Rows};
use crate::{Store, Tries};

const TABLE: &str = "signing_keys";
const COLUMNS: &[&str] = &[
    "id",
    "algorithm",
    "sealed",
    "state",
    "revoked_at",
    "revoked_by",
    "signs_from",
    "created_at",
    "created_by",
    "version",
];

fn read(row: &AnyRow) -> Result<SigningKey, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    let algorithm = fields.text(1)?;
    let state = match (fields.text(3)?, fields.int_or_null(4)?) {
        ("active", _) => SigningKeyState::Active,
        ("revoked", Some(at)) => SigningKeyState::Revoked {
            at: Timestamp::from_micros(at),
            by: fields.text_or_null(5)?.unwrap_or_default().to_owned(),
        },
        (other, _) => return Err(fields.impossible(3, &format!("{other} is no state"))),
    };
    Ok(SigningKey {
        id: fields.parse(0)?,
        algorithm: SigningAlgorithm::from_word(algorithm)
            .ok_or_else(|| fields.impossible(1, &format!("{algorithm} is no algorithm")))?,
        sealed: SealedKey(fields.bytes(2)?.to_owned()),
        state,
        signs_from: Timestamp::from_micros(fields.int(6)?),
        created_at: Timestamp::from_micros(fields.int(7)?),
        created_by: fields.text(8)?.to_owned(),
        version: fields.int(9)?,
    })
}

/// See [`crate::keys::save`].
pub(crate) async fn save(
    connection: &mut AnyConnection,
    keys: &[&SigningKey],
) -> Result<bool, StoreError> {
    let sql = save_rows(TABLE, COLUMNS, keys.len());
    let mut query = statement(&sql);
    for key in keys {
        let (state, revoked_at, revoked_by) = match &key.state {
            SigningKeyState::Active => ("active", None, None),
            SigningKeyState::Revoked { at, by } => ("revoked", Some(at.micros()), Some(&**by)),
        };
        query = query
            .bind(key.id.as_str())
            .bind(key.algorithm.as_str())
            .bind(key.sealed.0.clone())
            .bind(state)
            .bind(revoked_at)
            .bind(revoked_by)
            .bind(key.signs_from.micros())
            .bind(key.created_at.micros())
            .bind(key.created_by.as_str())
            .bind(key.version);
    }
    let saved = query.execute(connection).await?;
    Ok(saved.rows_affected() == keys.len() as u64)
}

/// All of them, revoked ones too, in the order in which they begin: they are few.
pub(crate) async fn load(connection: &mut AnyConnection) -> Result<Vec<SigningKey>, StoreError> {
    let columns = COLUMNS.join(", ");
    let sql = format!("SELECT {columns} FROM signing_keys ORDER BY signs_from, id");
    let rows = statement(&sql).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

impl Store {
    /// Refuses with [`Refusal::IdTaken`].
    pub async fn create_signing_key(
        &self,
        by: &Call,
        key: SigningKey,
        now: Timestamp,
    ) -> Result<Committed<SigningKey>, ChangeError> {
        let change = Change::SigningKeyCreated { id: key.id.clone() };
        let rows = Rows {
            signing_keys: vec![key.clone()],
            ..Rows::default()
        };
        let proposal =
            Proposal::new(by, change, rows, now).detail("algorithm", key.algorithm.as_str());
        let head = self.commit(proposal).await?;
        Ok(Committed::new(key, head))
    }

    /// All of them, revoked ones too.
    pub async fn list_signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        load(&mut *self.reader().await?).await
    }

    /// Whether the ledger tells of any, be it here or gone. It may read all of the ledger: it is for a
    /// start that finds none.
    pub async fn has_made_signing_keys(&self) -> Result<bool, StoreError> {
        let sql = "SELECT seq FROM ledger WHERE action = 'signing_key.created' LIMIT 1";
        let found = statement(sql)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        Ok(found.is_some())
    }

    /// For good; again changes nothing.
    pub async fn revoke_signing_key(
        &self,
        by: &Call,
        id: &SigningKeyId,
        now: Timestamp,
    ) -> Result<Committed<SigningKey>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let all = self.list_signing_keys().await?;
            let Some(found) = all.into_iter().find(|it| it.id == *id) else {
                return Err(self.refuse(Refusal::SigningKeyNotFound).await);
            };
            let actor = by.origin.actor.to_text();
            let Some(revoked) = found.clone().revoke(now, actor) else {
                return self.unchanged(found).await;
            };
            let change = Change::SigningKeyRevoked { id: id.clone() };
            let rows = Rows {
                signing_keys: vec![revoked.clone()],
                ..Rows::default()
            };
            match self.commit(Proposal::new(by, change, rows, now)).await {
                Ok(head) => return Ok(Committed::new(revoked, head)),
                Err(error) => tries.again(error)?,
            }
        }
    }
}
