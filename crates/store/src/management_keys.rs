//! Management keys: rows, and what is done with them.

use keyway_core::change::Change;
use keyway_core::id::ManagementKeyId;
use keyway_core::management::{ManagementKey, ManagementKeyState, Preset, Reach};
use keyway_core::time::Timestamp;
use keyway_token::digest::Digest;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::keys::reach_text;
use crate::ledger::Committed;
use crate::page::{Cursor, Page};
use crate::statement::{Fields, padded, places, push, save_rows, statement};
use crate::writer::proposal::{Proposal, Rows};
use crate::{Store, Tries};

const TABLE: &str = "management_keys";
const COLUMNS: &[&str] = &[
    "id",
    "organization",
    "name",
    "preset",
    "digest",
    "display_prefix",
    "suffix",
    "is_root",
    "state",
    "revoked_at",
    "revoked_by",
    "expires_at",
    "created_at",
    "created_by",
    "version",
];

fn read(row: &AnyRow) -> Result<ManagementKey, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    let preset = fields.text(3)?;
    let state = match (fields.text(8)?, fields.int_or_null(9)?) {
        ("active", _) => ManagementKeyState::Active,
        ("revoked", Some(at)) => ManagementKeyState::Revoked {
            at: Timestamp::from_micros(at),
            by: fields.text_or_null(10)?.unwrap_or_default().to_owned(),
        },
        (other, _) => return Err(fields.impossible(8, &format!("{other} is no state"))),
    };
    Ok(ManagementKey {
        id: fields.parse(0)?,
        reach: match fields.parse_or_null(1)? {
            None => Reach::All,
            Some(organization) => Reach::One(organization),
        },
        name: fields.parse(2)?,
        preset: Preset::from_word(preset)
            .ok_or_else(|| fields.impossible(3, &format!("{preset} is no preset")))?,
        digest: Digest::from_bytes(fields.hash(4)?),
        display_prefix: fields.text(5)?.to_owned(),
        suffix: fields.text(6)?.to_owned(),
        is_root: fields.int(7)? != 0,
        state,
        expires_at: fields.int_or_null(11)?.map(Timestamp::from_micros),
        created_at: Timestamp::from_micros(fields.int(12)?),
        created_by: fields.text(13)?.to_owned(),
        version: fields.int(14)?,
    })
}

/// See [`crate::keys::save`].
pub(crate) async fn save(
    connection: &mut AnyConnection,
    keys: &[&ManagementKey],
) -> Result<bool, StoreError> {
    let sql = save_rows(TABLE, COLUMNS, keys.len());
    let mut query = statement(&sql);
    for key in keys {
        let (state, revoked_at, revoked_by) = match &key.state {
            ManagementKeyState::Active => ("active", None, None),
            ManagementKeyState::Revoked { at, by } => {
                ("revoked", Some(at.micros()), Some(by.as_str()))
            }
        };
        query = query
            .bind(key.id.as_str())
            .bind(reach_text(&key.reach))
            .bind(key.name.as_str())
            .bind(key.preset.as_str())
            .bind(key.digest.as_bytes().to_vec())
            .bind(key.display_prefix.as_str())
            .bind(key.suffix.as_str())
            .bind(i64::from(key.is_root))
            .bind(state)
            .bind(revoked_at)
            .bind(revoked_by)
            .bind(key.expires_at.map(Timestamp::micros))
            .bind(key.created_at.micros())
            .bind(key.created_by.as_str())
            .bind(key.version);
    }
    let saved = query.execute(connection).await?;
    Ok(saved.rows_affected() == keys.len() as u64)
}

/// Management keys by id, revoked ones too; all of them where `ids` is None.
pub(crate) async fn load(
    connection: &mut AnyConnection,
    ids: Option<&[&str]>,
) -> Result<Vec<ManagementKey>, StoreError> {
    let mut sql = format!("SELECT {} FROM management_keys", COLUMNS.join(", "));
    let ids = ids.unwrap_or_default();
    if !ids.is_empty() {
        push(
            &mut sql,
            format_args!(" WHERE id IN ({})", places(1, ids.len())),
        );
    }
    sql.push_str(" ORDER BY id");
    let mut query = statement(&sql);
    for id in padded(ids) {
        query = query.bind(*id);
    }
    query
        .fetch_all(connection)
        .await?
        .iter()
        .map(read)
        .collect()
}

impl Store {
    /// Refuses with [`Refusal::IdTaken`], [`Refusal::DigestTaken`] or
    /// [`Refusal::OrganizationNotFound`].
    pub async fn create_management_key(
        &self,
        by: &Call,
        key: ManagementKey,
        now: Timestamp,
    ) -> Result<Committed<ManagementKey>, ChangeError> {
        let organization = key.reach.organization().cloned();
        let change = Change::ManagementKeyCreated {
            id: key.id.clone(),
            organization,
        };
        let rows = Rows {
            management_keys: vec![key.clone()],
            ..Rows::default()
        };
        let proposal = Proposal::new(by, change, rows, now)
            .personal("name", Some(key.name.as_str()))
            .detail("preset", key.preset.as_str());
        let head = self.commit(proposal).await?;
        Ok(Committed::new(key, head))
    }

    /// Makes `root` the root key. The same active one again changes nothing; another one takes the
    /// place of the one before it, which is revoked; one that was revoked refuses with
    /// [`Refusal::RootKeyRevoked`].
    pub async fn set_root_key(
        &self,
        by: &Call,
        root: ManagementKey,
        now: Timestamp,
    ) -> Result<Committed<ManagementKey>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let all = load(&mut *self.reader().await?, None).await?;
            if let Some(found) = all.iter().find(|key| key.digest.same_as(&root.digest)) {
                let is_active = found.state == ManagementKeyState::Active;
                return match (found.is_root, is_active) {
                    (true, true) => self.unchanged(found.clone()).await,
                    (_, false) => Err(self.refuse(Refusal::RootKeyRevoked).await),
                    (false, true) => Err(self.refuse(Refusal::DigestTaken).await),
                };
            }
            let before = all
                .into_iter()
                .find(|key| key.is_root && key.state == ManagementKeyState::Active);
            let change = Change::RootKeySet {
                id: root.id.clone(),
                replaced: before.as_ref().map(|key| key.id.clone()),
            };
            let mut rows = Rows {
                management_keys: vec![root.clone()],
                ..Rows::default()
            };
            rows.management_keys
                .extend(before.map(|key| revoked(key, by, now)));
            match self.commit(Proposal::new(by, change, rows, now)).await {
                Ok(head) => return Ok(Committed::new(root, head)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub async fn find_management_key(
        &self,
        reach: &Reach,
        id: &ManagementKeyId,
    ) -> Result<Option<ManagementKey>, StoreError> {
        let sql = format!(
            "SELECT {} FROM management_keys WHERE (organization = $1 OR $1 IS NULL) AND id = $2",
            COLUMNS.join(", ")
        );
        let row = statement(&sql)
            .bind(reach_text(reach))
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Newest first, revoked ones too.
    pub async fn list_management_keys(
        &self,
        reach: &Reach,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<ManagementKey>, StoreError> {
        let sql = format!(
            "SELECT {} FROM management_keys WHERE (organization = $1 OR $1 IS NULL) \
             AND created_at <= $2 AND (created_at < $2 OR id < $3) \
             ORDER BY created_at DESC, id DESC LIMIT $4",
            COLUMNS.join(", ")
        );
        let rows = statement(&sql)
            .bind(reach_text(reach))
            .bind(Cursor::created_at(cursor))
            .bind(Cursor::id(cursor))
            .bind(Page::<ManagementKey>::rows_asked(limit))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let found: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(Page::cut(found?, limit, |it| {
            (it.created_at, it.id.to_string())
        }))
    }

    /// For good; again changes nothing.
    pub async fn revoke_management_key(
        &self,
        by: &Call,
        reach: &Reach,
        id: &ManagementKeyId,
        now: Timestamp,
    ) -> Result<Committed<ManagementKey>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let Some(found) = self.find_management_key(reach, id).await? else {
                return Err(self.refuse(Refusal::ManagementKeyNotFound).await);
            };
            if found.state != ManagementKeyState::Active {
                return self.unchanged(found).await;
            }
            let organization = found.reach.organization().cloned();
            let change = Change::ManagementKeyRevoked {
                id: id.clone(),
                organization,
            };
            let key = revoked(found, by, now);
            let rows = Rows {
                management_keys: vec![key.clone()],
                ..Rows::default()
            };
            match self.commit(Proposal::new(by, change, rows, now)).await {
                Ok(head) => return Ok(Committed::new(key, head)),
                Err(error) => tries.again(error)?,
            }
        }
    }
}

fn revoked(key: ManagementKey, by: &Call, now: Timestamp) -> ManagementKey {
    let state = ManagementKeyState::Revoked {
        at: now,
        by: by.origin.actor.to_text(),
    };
    ManagementKey {
        state,
        version: key.version + 1,
        ..key
    }
}
