//! Invitations: rows, and what is done with them.

use keyway_core::change::Change;
use keyway_core::id::{InvitationId, OrganizationId};
use keyway_core::invitation::{Invitation, InvitationState};
use keyway_core::management::Reach;
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::keys::reach_text;
use crate::ledger::Committed;
use crate::links::Link;
use crate::page::{Cursor, Page};
use crate::statement::{Fields, save_rows, statement};
use crate::writer::proposal::{Proposal, Rows};
use crate::{Store, Tries, bindings};

const TABLE: &str = "invitations";
const COLUMNS: &[&str] = &[
    "id",
    "organization",
    "email",
    "role",
    "project_roles",
    "state",
    "state_at",
    "expires_at",
    "created_at",
    "created_by",
    "version",
];

fn read(row: &AnyRow) -> Result<Invitation, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    let state = match (
        fields.text(5)?,
        fields.int_or_null(6)?.map(Timestamp::from_micros),
    ) {
        ("open", _) => InvitationState::Open,
        ("accepted", Some(at)) => InvitationState::Accepted { at },
        ("withdrawn", Some(at)) => InvitationState::Withdrawn { at },
        (other, _) => return Err(fields.impossible(5, &format!("{other} is no state"))),
    };
    Ok(Invitation {
        id: fields.parse(0)?,
        organization: fields.parse(1)?,
        email: fields.parse(2)?,
        bindings: bindings::read(&fields, 3, 4)?,
        state,
        expires_at: Timestamp::from_micros(fields.int(7)?),
        created_at: Timestamp::from_micros(fields.int(8)?),
        created_by: fields.text(9)?.to_owned(),
        version: fields.int(10)?,
    })
}

/// See [`crate::keys::save`].
pub(crate) async fn save(
    connection: &mut AnyConnection,
    invitations: &[&Invitation],
) -> Result<bool, StoreError> {
    let sql = save_rows(TABLE, COLUMNS, invitations.len());
    let mut query = statement(&sql);
    for it in invitations {
        let (state, at) = match it.state {
            InvitationState::Open => ("open", None),
            InvitationState::Accepted { at } => ("accepted", Some(at)),
            InvitationState::Withdrawn { at } => ("withdrawn", Some(at)),
        };
        query = query
            .bind(it.id.as_str())
            .bind(it.organization.as_str())
            .bind(it.email.as_str())
            .bind(it.bindings.organization.as_str())
            .bind(bindings::project_roles(&it.bindings)?)
            .bind(state)
            .bind(at.map(Timestamp::micros))
            .bind(it.expires_at.micros())
            .bind(it.created_at.micros())
            .bind(it.created_by.as_str())
            .bind(it.version);
    }
    let saved = query.execute(connection).await?;
    Ok(saved.rows_affected() == invitations.len() as u64)
}

impl Store {
    /// Refuses with `OrganizationNotFound`, or `EmailTaken` when the person is a member already.
    pub async fn create_invitation(
        &self,
        by: &Call,
        invitation: Invitation,
        link: Link,
        now: Timestamp,
    ) -> Result<Committed<Invitation>, ChangeError> {
        let change = Change::InvitationCreated {
            organization: invitation.organization.clone(),
            id: invitation.id.clone(),
        };
        let rows = Rows {
            invitations: vec![invitation.clone()],
            links: vec![link],
            ..Rows::default()
        };
        let proposal = Proposal::new(by, change, rows, now)
            .personal("email", Some(invitation.email.as_str()))
            .detail("role", invitation.bindings.organization.as_str());
        let head = self.commit(proposal).await?;
        Ok(Committed::new(invitation, head))
    }

    pub async fn find_invitation(
        &self,
        reach: &Reach,
        id: &InvitationId,
    ) -> Result<Option<Invitation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM invitations WHERE (organization = $1 OR $1 IS NULL) AND id = $2",
            COLUMNS.join(", ")
        );
        let row = statement(&sql)
            .bind(reach_text(reach))
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Newest first, those that are open.
    pub async fn list_invitations(
        &self,
        reach: &Reach,
        organization: Option<&OrganizationId>,
        cursor: Option<&Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<Invitation>, StoreError> {
        let sql = format!(
            "SELECT {} FROM invitations WHERE (organization = $1 OR $1 IS NULL) \
             AND (organization = $2 OR $2 IS NULL) AND state = 'open' AND expires_at > $3 \
             AND created_at <= $4 AND (created_at < $4 OR id < $5) \
             ORDER BY created_at DESC, id DESC LIMIT $6",
            COLUMNS.join(", ")
        );
        let rows = statement(&sql)
            .bind(reach_text(reach))
            .bind(organization.map(OrganizationId::as_str))
            .bind(now.micros())
            .bind(Cursor::created_at(cursor))
            .bind(Cursor::id(cursor))
            .bind(Page::<Invitation>::rows_asked(limit))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let found: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(Page::cut(found?, limit, |it| {
            (it.created_at, it.id.to_string())
        }))
    }

    /// The link opens nothing any more; again changes nothing.
    pub async fn withdraw_invitation(
        &self,
        by: &Call,
        reach: &Reach,
        id: &InvitationId,
        now: Timestamp,
    ) -> Result<Committed<Invitation>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let Some(found) = self.find_invitation(reach, id).await? else {
                return Err(self.refuse(Refusal::InvitationNotFound).await);
            };
            let Some(withdrawn) = found.clone().withdraw(now) else {
                return self.unchanged(found).await;
            };
            let change = Change::InvitationWithdrawn {
                organization: found.organization.clone(),
                id: found.id.clone(),
            };
            let rows = Rows {
                invitations: vec![withdrawn.clone()],
                ..Rows::default()
            };
            match self.commit(Proposal::new(by, change, rows, now)).await {
                Ok(head) => return Ok(Committed::new(withdrawn, head)),
                Err(error) => tries.again(error)?,
            }
        }
    }
}
