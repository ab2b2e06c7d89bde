//! The profile in force: one row, changed only by a ledger entry.

use keyway_core::change::Change;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, StoreError};
use crate::ledger::Committed;
use crate::statement::{Fields, statement};
use crate::writer::proposal::{Proposal, Rows};

/// The text of a profile and its place in the order of profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    pub name: String,
    pub toml: String,
    /// 1 for the first profile that a database took.
    pub version: i64,
}

/// What a change was checked against. If another profile is in force when it commits, it is refused
/// with [`crate::error::Refusal::ProfileMoved`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    pub profile_version: i64,
    pub active_keys_per_project: Option<i64>,
    pub keys_per_organization: Option<i64>,
}

pub(crate) async fn load(connection: &mut AnyConnection) -> Result<Option<ProfileRow>, StoreError> {
    let row = sqlx::query("SELECT name, toml, version FROM profile WHERE id = 1")
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let fields = Fields {
        row: &row,
        table: "profile",
        columns: &["name", "toml", "version"],
    };
    Ok(Some(ProfileRow {
        name: fields.text(0)?.to_owned(),
        toml: fields.text(1)?.to_owned(),
        version: fields.int(2)?,
    }))
}

pub(crate) async fn save(
    connection: &mut AnyConnection,
    profile: &ProfileRow,
) -> Result<bool, StoreError> {
    let saved = statement(
        "INSERT INTO profile (id, name, toml, version) VALUES (1, $1, $2, $3) ON CONFLICT (id) \
         DO UPDATE SET name = excluded.name, toml = excluded.toml, version = excluded.version \
         WHERE profile.version = excluded.version - 1",
    )
    .bind(profile.name.as_str())
    .bind(profile.toml.as_str())
    .bind(profile.version)
    .execute(connection)
    .await?;
    Ok(saved.rows_affected() == 1)
}

impl Store {
    /// The profile in force; None in an empty database.
    pub async fn find_profile(&self) -> Result<Option<ProfileRow>, StoreError> {
        load(&mut *self.reader().await?).await
    }

    /// Puts a profile in force behind version `after` (0 in an empty database); refuses with
    /// [`crate::error::Refusal::ProfileMoved`] when another is.
    pub async fn apply_profile(
        &self,
        by: &Call,
        name: &str,
        toml: &str,
        after: i64,
        now: Timestamp,
    ) -> Result<Committed<ProfileRow>, ChangeError> {
        let profile = ProfileRow {
            name: name.to_owned(),
            toml: toml.to_owned(),
            version: after + 1,
        };
        let change = Change::ProfileApplied {
            name: name.to_owned(),
            version: profile.version,
        };
        let rows = Rows {
            profile: Some(profile.clone()),
            ..Rows::default()
        };
        let head = self.commit(Proposal::new(by, change, rows, now)).await?;
        Ok(Committed::new(profile, head))
    }
}
