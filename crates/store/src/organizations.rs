//! Organizations: rows, and what is done with them.

use keyway_core::change::Change;
use keyway_core::id::OrganizationId;
use keyway_core::management::Reach;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_core::text::{Label, Metadata, Name};
use keyway_core::time::Timestamp;
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

const TABLE: &str = "organizations";
const COLUMNS: &[&str] = &[
    "id",
    "name",
    "external_id",
    "metadata",
    "state",
    "suspended_at",
    "created_at",
    "version",
];

/// What an edit changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct OrganizationEdit {
    pub name: Option<Name>,
    /// `Some(None)` takes it away.
    pub external_id: Option<Option<Label>>,
    pub metadata: Option<Metadata>,
}

fn read(row: &AnyRow) -> Result<Organization, StoreError> {
    let fields = Fields {
        row,
        table: TABLE,
        columns: COLUMNS,
    };
    let state = match (fields.text(4)?, fields.int_or_null(5)?) {
        ("active", _) => OrganizationState::Active,
        ("suspended", Some(at)) => OrganizationState::Suspended {
            since: Timestamp::from_micros(at),
        },
        (other, _) => return Err(fields.impossible(4, &format!("{other} is no state"))),
    };
    Ok(Organization {
        id: fields.parse(0)?,
        name: fields.parse(1)?,
        external_id: fields.parse_or_null(2)?,
        metadata: fields.parse(3)?,
        state,
        created_at: Timestamp::from_micros(fields.int(6)?),
        version: fields.int(7)?,
    })
}

/// See [`crate::keys::save`].
pub(crate) async fn save(
    connection: &mut AnyConnection,
    organizations: &[&Organization],
) -> Result<bool, StoreError> {
    let sql = save_rows(TABLE, COLUMNS, organizations.len());
    let mut query = statement(&sql);
    for organization in organizations {
        let (state, suspended_at) = match organization.state {
            OrganizationState::Active => ("active", None),
            OrganizationState::Suspended { since } => ("suspended", Some(since.micros())),
        };
        query = query
            .bind(organization.id.as_str())
            .bind(organization.name.as_str())
            .bind(organization.external_id.as_ref().map(Label::as_str))
            .bind(organization.metadata.as_json())
            .bind(state)
            .bind(suspended_at)
            .bind(organization.created_at.micros())
            .bind(organization.version);
    }
    let saved = query.execute(connection).await?;
    Ok(saved.rows_affected() == organizations.len() as u64)
}

/// Organizations by id; all of them where `ids` is None.
pub(crate) async fn load(
    connection: &mut AnyConnection,
    ids: Option<&[&str]>,
) -> Result<Vec<Organization>, StoreError> {
    let mut sql = format!("SELECT {} FROM organizations", COLUMNS.join(", "));
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
    /// Refuses with [`Refusal::IdTaken`] or [`Refusal::ExternalIdTaken`].
    pub async fn create_organization(
        &self,
        by: &Call,
        organization: Organization,
        now: Timestamp,
    ) -> Result<Committed<Organization>, ChangeError> {
        let change = Change::OrganizationCreated {
            id: organization.id.clone(),
        };
        let proposal = proposal(by, change, &organization, now);
        let head = self.commit(proposal).await?;
        Ok(Committed::new(organization, head))
    }

    pub async fn find_organization(
        &self,
        reach: &Reach,
        id: &OrganizationId,
    ) -> Result<Option<Organization>, StoreError> {
        let sql = format!(
            "SELECT {} FROM organizations WHERE (id = $1 OR $1 IS NULL) AND id = $2",
            COLUMNS.join(", ")
        );
        let row = statement(&sql)
            .bind(reach_text(reach))
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Newest first.
    pub async fn list_organizations(
        &self,
        reach: &Reach,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Organization>, StoreError> {
        let sql = format!(
            "SELECT {} FROM organizations WHERE (id = $1 OR $1 IS NULL) AND created_at <= $2 \
             AND (created_at < $2 OR id < $3) ORDER BY created_at DESC, id DESC LIMIT $4",
            COLUMNS.join(", ")
        );
        let rows = statement(&sql)
            .bind(reach_text(reach))
            .bind(Cursor::created_at(cursor))
            .bind(Cursor::id(cursor))
            .bind(Page::<Organization>::rows_asked(limit))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let found: Result<Vec<_>, _> = rows.iter().map(read).collect();
        Ok(Page::cut(found?, limit, |it| {
            (it.created_at, it.id.to_string())
        }))
    }

    /// `expected` is the version that the caller saw; another one refuses.
    pub async fn update_organization(
        &self,
        by: &Call,
        reach: &Reach,
        id: &OrganizationId,
        expected: Option<i64>,
        edit: OrganizationEdit,
        now: Timestamp,
    ) -> Result<Committed<Organization>, ChangeError> {
        let updated = Change::OrganizationUpdated { id: id.clone() };
        self.change_organization(by, reach, id, expected, now, updated, |found| {
            let edited = Organization {
                name: edit.name.clone().unwrap_or_else(|| found.name.clone()),
                external_id: edit
                    .external_id
                    .clone()
                    .unwrap_or_else(|| found.external_id.clone()),
                metadata: edit
                    .metadata
                    .clone()
                    .unwrap_or_else(|| found.metadata.clone()),
                ..found.clone()
            };
            let version = found.version + 1;
            (edited != found).then_some(Organization { version, ..edited })
        })
        .await
    }

    /// Stops all its keys; suspending again changes nothing.
    pub async fn suspend_organization(
        &self,
        by: &Call,
        reach: &Reach,
        id: &OrganizationId,
        now: Timestamp,
    ) -> Result<Committed<Organization>, ChangeError> {
        let suspended = Change::OrganizationSuspended { id: id.clone() };
        self.change_organization(by, reach, id, None, now, suspended, |found| {
            found.suspend(now)
        })
        .await
    }

    pub async fn resume_organization(
        &self,
        by: &Call,
        reach: &Reach,
        id: &OrganizationId,
        now: Timestamp,
    ) -> Result<Committed<Organization>, ChangeError> {
        let resumed = Change::OrganizationResumed { id: id.clone() };
        self.change_organization(by, reach, id, None, now, resumed, Organization::resume)
            .await
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what its three public callers were given"
    )]
    async fn change_organization(
        &self,
        by: &Call,
        reach: &Reach,
        id: &OrganizationId,
        expected: Option<i64>,
        now: Timestamp,
        change: Change,
        transition: impl Fn(Organization) -> Option<Organization>,
    ) -> Result<Committed<Organization>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let Some(found) = self.find_organization(reach, id).await? else {
                return Err(self.refuse(Refusal::OrganizationNotFound).await);
            };
            if expected.is_some_and(|expected| expected != found.version) {
                return Err(self.refuse(Refusal::VersionMoved).await);
            }
            let Some(changed) = transition(found.clone()) else {
                return self.unchanged(found).await;
            };
            match self
                .commit(proposal(by, change.clone(), &changed, now))
                .await
            {
                Ok(head) => return Ok(Committed::new(changed, head)),
                Err(error) => tries.again(error)?,
            }
        }
    }
}

fn proposal(by: &Call, change: Change, organization: &Organization, now: Timestamp) -> Proposal {
    let rows = Rows {
        organizations: vec![organization.clone()],
        ..Rows::default()
    };
    Proposal::new(by, change, rows, now).personal("name", Some(organization.name.as_str()))
}
