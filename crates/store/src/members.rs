//! Members: rows, and what is done with them.

use std::sync::Arc;

use keyway_core::change::Change;
use keyway_core::grant::RoleName;
use keyway_core::id::{MemberId, OrganizationId};
use keyway_core::management::Reach;
use keyway_core::member::{Bindings, Member, MemberState};
use keyway_core::text::Name;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::keys::reach_text;
use crate::ledger::Committed;
use crate::page::{Cursor, PAGE_ROWS_MAX, Page};
use crate::passwords::Password;
use crate::profile::InForce;
use crate::statement::{Fields, padded, places, push, save_rows, statement};
use crate::writer::proposal::{Proposal, Rows};
use crate::writer::step::Again;
use crate::{Store, bindings};

const TABLE: &str = "members";
const COLUMNS: &[&str] = &[
    "id",
    "organization",
    "email",
    "email_folded",
    "name",
    "role",
    "project_roles",
    "state",
    "removed_at",
    "removed_by",
    "created_at",
    "created_by",
    "version",
];

/// What an edit changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct MemberEdit {
    pub name: Option<Name>,
    pub bindings: Option<Bindings>,
}

impl MemberEdit {
    fn apply(&self, member: &Member) -> Member {
        let name = self.name.as_ref().unwrap_or(&member.name);
        let bindings = self.bindings.as_ref().unwrap_or(&member.bindings);
        Member {
            name: name.clone(),
            bindings: bindings.clone(),
            ..member.clone()
        }
    }
}

/// Which member, and at which version: another one refuses with `VersionMoved`.
#[derive(Clone, Copy, Debug)]
pub struct MemberAt<'a> {
    pub reach: &'a Reach,
    pub id: &'a MemberId,
    pub expected: Option<i64>,
    /// Whom the organization must not be left without; None: nobody.
    pub kept: Option<&'a Administrators>,
}

/// Who can manage members, by the profile that a change was checked against. An organization that has
/// such members keeps one, whoever else is removed or changed at the same moment.
#[derive(Clone, Debug)]
pub struct Administrators {
    pub roles: Vec<RoleName>,
    pub in_force: InForce,
}

fn read(row: &AnyRow) -> Result<Member, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    let state = match (fields.text(7)?, fields.int_or_null(8)?) {
        ("active", _) => MemberState::Active,
        ("removed", Some(at)) => MemberState::Removed {
            at: Timestamp::from_micros(at),
            by: fields.text_or_null(9)?.unwrap_or_default().to_owned(),
        },
        (other, _) => return Err(fields.impossible(7, &format!("{other} is no state"))),
    };
    Ok(Member {
        id: fields.parse(0)?,
        organization: fields.parse(1)?,
        email: fields.parse(2)?,
        name: fields.parse(4)?,
        bindings: bindings::read(&fields, 5, 6)?,
        state,
        created_at: Timestamp::from_micros(fields.int(10)?),
        created_by: fields.text(11)?.to_owned(),
        version: fields.int(12)?,
    })
}

/// See [`crate::keys::save`].
pub(crate) async fn save(
    connection: &mut AnyConnection,
    members: &[&Member],
) -> Result<bool, StoreError> {
    let sql = save_rows(TABLE, COLUMNS, members.len());
    let mut query = statement(&sql);
    for member in members {
        let (state, removed_at, removed_by) = match &member.state {
            MemberState::Active => ("active", None, None),
            MemberState::Removed { at, by } => ("removed", Some(at.micros()), Some(by.as_str())),
        };
        query = query
            .bind(member.id.as_str())
            .bind(member.organization.as_str())
            .bind(member.email.as_str())
            .bind(member.email.folded())
            .bind(member.name.as_str())
            .bind(member.bindings.organization.as_str())
            .bind(bindings::project_roles(&member.bindings)?)
            .bind(state)
            .bind(removed_at)
            .bind(removed_by)
            .bind(member.created_at.micros())
            .bind(member.created_by.as_str())
            .bind(member.version);
    }
    let saved = query.execute(connection).await?;
    Ok(saved.rows_affected() == members.len() as u64)
}

/// Members by id, removed ones too; all of them where `ids` is None.
pub(crate) async fn load(
    connection: &mut AnyConnection,
    ids: Option<&[&str]>,
) -> Result<Vec<Member>, StoreError> {
    let mut sql = format!("SELECT {} FROM members", COLUMNS.join(", "));
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
    /// Refuses with `OrganizationNotFound`, `IdTaken` (draw again) or `EmailTaken`.
    pub async fn create_member(
        &self,
        by: &Call,
        member: Member,
        now: Timestamp,
    ) -> Result<Committed<Member>, ChangeError> {
        let change = Change::MemberCreated {
            organization: member.organization.clone(),
            id: member.id.clone(),
        };
        let head = self.commit(proposal(by, change, &member, now)).await?;
        Ok(Committed::new(member, head))
    }

    /// A member that `reach` may see; removed ones are gone.
    pub async fn find_member(
        &self,
        reach: &Reach,
        id: &MemberId,
    ) -> Result<Option<Member>, StoreError> {
        let sql = format!(
            "SELECT {} FROM members WHERE (organization = $1 OR $1 IS NULL) AND id = $2 \
             AND state = 'active'",
            COLUMNS.join(", ")
        );
        let row = statement(&sql)
            .bind(reach_text(reach))
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Newest first, without those who were removed.
    pub async fn list_members(
        &self,
        reach: &Reach,
        organization: Option<&OrganizationId>,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Member>, StoreError> {
        let sql = format!(
            "SELECT {} FROM members WHERE (organization = $1 OR $1 IS NULL) \
             AND (organization = $2 OR $2 IS NULL) AND state = 'active' AND created_at <= $3 \
             AND (created_at < $3 OR id < $4) ORDER BY created_at DESC, id DESC LIMIT $5",
            COLUMNS.join(", ")
        );
        let rows = statement(&sql)
            .bind(reach_text(reach))
            .bind(organization.map(OrganizationId::as_str))
            .bind(Cursor::created_at(cursor))
            .bind(Cursor::id(cursor))
            .bind(Page::<Member>::rows_asked(limit))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let found: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(Page::cut(found?, limit, |it| {
            (it.created_at, it.id.to_string())
        }))
    }

    /// Members who were removed, the last one first, and have left keys that live; at most `limit`.
    pub async fn list_leavers(
        &self,
        organization: &OrganizationId,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Member>, StoreError> {
        let sql = format!(
            "SELECT {} FROM members WHERE organization = $1 AND state = 'removed' \
             AND EXISTS (SELECT 1 FROM keys WHERE keys.organization = $1 \
             AND keys.created_by = 'member/' || members.id AND keys.state IN ('active', 'inactive') \
             AND (keys.expires_at IS NULL OR keys.expires_at > $2)) \
             ORDER BY removed_at DESC, id DESC LIMIT $3",
            COLUMNS.join(", ")
        );
        let rows = statement(&sql)
            .bind(organization.as_str())
            .bind(now.micros())
            .bind(i64::try_from(limit.min(PAGE_ROWS_MAX)).unwrap_or_default())
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Refuses with `MemberNotFound`, `VersionMoved` or `LastAdministrator`.
    pub async fn update_member(
        &self,
        by: &Call,
        at: MemberAt<'_>,
        edit: &MemberEdit,
        now: Timestamp,
    ) -> Result<Committed<Member>, ChangeError> {
        let (by, edit, kept) = (by.clone(), edit.clone(), at.kept.cloned());
        let step = move |found: &Member| {
            let edited = edit.apply(found);
            if edited == *found {
                return None;
            }
            let change = Change::MemberUpdated {
                organization: found.organization.clone(),
                id: found.id.clone(),
            };
            let version = found.version + 1;
            let edited = Member { version, ..edited };
            Some(proposal(&by, change, &edited, now).keeping(kept.as_ref()))
        };
        self.change_member(at, step).await
    }

    /// For good; refuses like [`Self::update_member`]. Their password is forgotten and no session proves the membership any more, so that the
    /// next request finds nobody; what the person is elsewhere is not touched.
    pub async fn remove_member(
        &self,
        by: &Call,
        at: MemberAt<'_>,
        now: Timestamp,
    ) -> Result<Committed<Member>, ChangeError> {
        let (by, kept) = (by.clone(), at.kept.cloned());
        let step = move |found: &Member| {
            let removed = found.clone().remove(now, by.origin.actor.to_text())?;
            let change = Change::MemberRemoved {
                organization: found.organization.clone(),
                id: found.id.clone(),
            };
            let mut proposal = proposal(&by, change, &removed, now).keeping(kept.as_ref());
            proposal.rows.left = vec![removed.id.clone()];
            proposal.rows.passwords = vec![Password {
                member: removed.id,
                hash: None,
            }];
            Some(proposal)
        };
        self.change_member(at, step).await
    }

    /// See `Store::change_key`. None of a step: nothing has to be done.
    async fn change_member(
        &self,
        at: MemberAt<'_>,
        step: impl Fn(&Member) -> Option<Proposal> + Send + Sync + 'static,
    ) -> Result<Committed<Member>, ChangeError> {
        let Some(found) = self.find_member(at.reach, at.id).await? else {
            return Err(self.refuse(Refusal::MemberNotFound).await);
        };
        if at
            .expected
            .is_some_and(|expected| expected != found.version)
        {
            return Err(self.refuse(Refusal::VersionMoved).await);
        }
        let Some(mut proposal) = step(&found) else {
            return self.unchanged(found).await;
        };
        if at.expected.is_none() {
            proposal = proposal.again(Again::Member(Arc::new(move |found| {
                if found.is_active() {
                    Ok(step(found))
                } else {
                    Err(Refusal::MemberNotFound)
                }
            })));
        }
        let proposed = proposal.rows.members.clone();
        let receipt = self.writer.commit(proposal).await?;
        let rows = receipt.rows.map_or(proposed, |rows| rows.members);
        match rows.into_iter().next() {
            Some(member) => Ok(Committed::new(member, receipt.head)),
            None => Err(StoreError::ImpossibleRow {
                table: TABLE,
                column: "id",
                fault: "a change saved other rows than it proposed".to_owned(),
            }
            .into()),
        }
    }
}

fn proposal(by: &Call, change: Change, member: &Member, now: Timestamp) -> Proposal {
    let rows = Rows {
        members: vec![member.clone()],
        ..Rows::default()
    };
    Proposal::new(by, change, rows, now)
        .personal("email", Some(member.email.as_str()))
        .personal("name", Some(member.name.as_str()))
        .detail("role", member.bindings.organization.as_str())
}
