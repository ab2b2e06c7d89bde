//! Portal sessions: rows, and what is done with them.

use keyway_core::change::Change;
use keyway_core::id::{OrganizationId, PortalSessionId, ProjectId};
use keyway_core::management::Reach;
use keyway_core::permission::PermissionPattern;
use keyway_core::portal::{PortalSession, PortalSessionState};
use keyway_core::text::Label;
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
use crate::{Store, Tries};

const TABLE: &str = "portal_sessions";
const COLUMNS: &[&str] = &[
    "id",
    "organization",
    "project",
    "owner",
    "permissions",
    "return_url",
    "state",
    "state_at",
    "state_by",
    "expires_at",
    "created_at",
    "created_by",
    "version",
];

fn read(row: &AnyRow) -> Result<PortalSession, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    let state = match (
        fields.text(6)?,
        fields.int_or_null(7)?.map(Timestamp::from_micros),
    ) {
        ("fresh", _) => PortalSessionState::Fresh,
        ("open", Some(since)) => PortalSessionState::Open { since },
        ("revoked", Some(at)) => PortalSessionState::Revoked {
            at,
            by: fields.text_or_null(8)?.unwrap_or_default().to_owned(),
        },
        (other, _) => return Err(fields.impossible(6, &format!("{other} is no state"))),
    };
    let words = fields.text(4)?.split(' ').filter(|word| !word.is_empty());
    let permissions: Result<Vec<PermissionPattern>, _> = words.map(str::parse).collect();
    Ok(PortalSession {
        id: fields.parse(0)?,
        organization: fields.parse(1)?,
        project: fields.parse_or_null(2)?,
        owner: fields.parse_or_null(3)?,
        permissions: permissions.map_err(|fault| fields.impossible(4, &fault))?,
        return_url: fields.text_or_null(5)?.map(str::to_owned),
        state,
        expires_at: Timestamp::from_micros(fields.int(9)?),
        created_at: Timestamp::from_micros(fields.int(10)?),
        created_by: fields.text(11)?.to_owned(),
        version: fields.int(12)?,
    })
}

/// See [`crate::keys::save`].
pub(crate) async fn save(
    connection: &mut AnyConnection,
    sessions: &[&PortalSession],
) -> Result<bool, StoreError> {
    let sql = save_rows(TABLE, COLUMNS, sessions.len());
    let mut query = statement(&sql);
    for it in sessions {
        let (state, at, by) = match &it.state {
            PortalSessionState::Fresh => ("fresh", None, None),
            PortalSessionState::Open { since } => ("open", Some(*since), None),
            PortalSessionState::Revoked { at, by } => ("revoked", Some(*at), Some(by.as_str())),
        };
        let words: Vec<String> = it.permissions.iter().map(ToString::to_string).collect();
        query = query
            .bind(it.id.as_str())
            .bind(it.organization.as_str())
            .bind(it.project.as_ref().map(ProjectId::as_str))
            .bind(it.owner.as_ref().map(Label::as_str))
            .bind(words.join(" "))
            .bind(it.return_url.as_deref())
            .bind(state)
            .bind(at.map(Timestamp::micros))
            .bind(by)
            .bind(it.expires_at.micros())
            .bind(it.created_at.micros())
            .bind(it.created_by.as_str())
            .bind(it.version);
    }
    let saved = query.execute(connection).await?;
    Ok(saved.rows_affected() == sessions.len() as u64)
}

impl Store {
    /// Refuses with `OrganizationNotFound` or `ProjectNotFound`.
    pub async fn create_portal_session(
        &self,
        by: &Call,
        session: PortalSession,
        link: Link,
        now: Timestamp,
    ) -> Result<Committed<PortalSession>, ChangeError> {
        let change = Change::PortalSessionCreated {
            organization: session.organization.clone(),
            id: session.id.clone(),
        };
        let rows = Rows {
            portal_sessions: vec![session.clone()],
            links: vec![link],
            ..Rows::default()
        };
        let proposal = Proposal::new(by, change, rows, now)
            .personal("owner", session.owner.as_ref().map(Label::as_str));
        let head = self.commit(proposal).await?;
        Ok(Committed::new(session, head))
    }

    pub async fn find_portal_session(
        &self,
        reach: &Reach,
        id: &PortalSessionId,
    ) -> Result<Option<PortalSession>, StoreError> {
        let sql = format!(
            "SELECT {} FROM portal_sessions WHERE (organization = $1 OR $1 IS NULL) AND id = $2",
            COLUMNS.join(", ")
        );
        let row = statement(&sql)
            .bind(reach_text(reach))
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Newest first, those that stand.
    pub async fn list_portal_sessions(
        &self,
        reach: &Reach,
        organization: Option<&OrganizationId>,
        cursor: Option<&Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<PortalSession>, StoreError> {
        let sql = format!(
            "SELECT {} FROM portal_sessions WHERE (organization = $1 OR $1 IS NULL) \
             AND (organization = $2 OR $2 IS NULL) AND state <> 'revoked' AND expires_at > $3 \
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
            .bind(Page::<PortalSession>::rows_asked(limit))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let found: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(Page::cut(found?, limit, |it| {
            (it.created_at, it.id.to_string())
        }))
    }

    /// Ends a portal session for good, and the cookies it was given; again changes nothing.
    pub async fn revoke_portal_session(
        &self,
        by: &Call,
        reach: &Reach,
        id: &PortalSessionId,
        now: Timestamp,
    ) -> Result<Committed<PortalSession>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let Some(found) = self.find_portal_session(reach, id).await? else {
                return Err(self.refuse(Refusal::PortalSessionNotFound).await);
            };
            if matches!(found.state, PortalSessionState::Revoked { .. }) {
                return self.unchanged(found).await;
            }
            let change = Change::PortalSessionRevoked {
                organization: found.organization.clone(),
                id: found.id.clone(),
            };
            let by_text = by.origin.actor.to_text();
            let revoked = PortalSession {
                state: PortalSessionState::Revoked {
                    at: now,
                    by: by_text,
                },
                version: found.version + 1,
                ..found
            };
            let rows = Rows {
                portal_sessions: vec![revoked.clone()],
                ended_portal: Some(revoked.id.clone()),
                ..Rows::default()
            };
            match self.commit(Proposal::new(by, change, rows, now)).await {
                Ok(head) => return Ok(Committed::new(revoked, head)),
                Err(error) => tries.again(error)?,
            }
        }
    }
}
