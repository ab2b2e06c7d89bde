//! Passwords, as hashes that are slow to try.
//!
//! A password belongs to memberships, not to an e-mail address: whoever enters a stranger's address
//! in an organization of their own and sets a password there holds that membership and no other.

use keyway_core::change::Change;
use keyway_core::id::MemberId;
use keyway_core::member::Member;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, StoreError};
use crate::ledger::Committed;
use crate::sessions::Opening;
use crate::statement::{Fields, padded, places, statement};
use crate::writer::proposal::{Proposal, Rows};

/// The password of one membership as it was read; without a hash there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    pub member: MemberId,
    pub hash: Option<String>,
}

/// A password on its way in.
#[derive(Clone, Debug)]
pub struct NewPassword {
    pub hash: String,
    /// The memberships that it will open, with what it takes the place of.
    pub replaced: Vec<Password>,
    /// The session that goes on behind it, in the place of the one in which it is set.
    pub opening: Opening,
}

/// Writes what a change says of passwords; part of the writer's transaction.
pub(crate) async fn write(
    connection: &mut AnyConnection,
    rows: &Rows,
    now: Timestamp,
) -> Result<(), StoreError> {
    for Password { member, hash } in &rows.passwords {
        match hash {
            Some(hash) => save(&mut *connection, member, hash, now).await?,
            None => forget(&mut *connection, member).await?,
        }
    }
    Ok(())
}

async fn save(
    connection: &mut AnyConnection,
    member: &MemberId,
    hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO passwords (member, hash, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (member) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
    )
    .bind(member.as_str())
    .bind(hash)
    .bind(now.micros())
    .execute(connection)
    .await?;
    Ok(())
}

async fn forget(connection: &mut AnyConnection, member: &MemberId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM passwords WHERE member = $1")
        .bind(member.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// The passwords of memberships, in their order.
    pub async fn find_passwords(&self, members: &[MemberId]) -> Result<Vec<Password>, StoreError> {
        let mut found: Vec<Password> = members
            .iter()
            .map(|member| Password {
                member: member.clone(),
                hash: None,
            })
            .collect();
        if members.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT member, hash FROM passwords WHERE member IN ({})",
            places(1, members.len())
        );
        let mut query = statement(&sql);
        for member in padded(members) {
            query = query.bind(member.as_str());
        }
        for row in &query.fetch_all(&mut *self.reader().await?).await? {
            let fields = Fields {
                row,
                table: "passwords",
                columns: &["member", "hash"],
            };
            let member = fields.text(0)?;
            if let Some(it) = found.iter_mut().find(|it| it.member.as_str() == member) {
                it.hash = Some(fields.text(1)?.to_owned());
            }
        }
        Ok(found)
    }

    /// Sets the password of memberships and takes them out of every session but the one that goes
    /// on. Refuses with `MemberNotFound`, with `PasswordMoved` when another one was set meanwhile,
    /// and with `ActorGone` when the session ended.
    pub async fn set_password(
        &self,
        by: &Call,
        member: &Member,
        set: NewPassword,
        now: Timestamp,
    ) -> Result<Committed<()>, ChangeError> {
        let change = Change::PasswordSet {
            organization: member.organization.clone(),
            id: member.id.clone(),
        };
        let members: Vec<MemberId> = set.replaced.iter().map(|it| it.member.clone()).collect();
        let passwords = members.iter().map(|member| Password {
            member: member.clone(),
            hash: Some(set.hash.clone()),
        });
        let rows = Rows {
            passwords: passwords.collect(),
            known_passwords: set.replaced,
            for_members: members.clone(),
            for_session: set.opening.earlier.digest(),
            opening: Some(set.opening),
            left: members,
            ..Rows::default()
        };
        let head = self.commit(Proposal::new(by, change, rows, now)).await?;
        Ok(Committed::new((), head))
    }
}
