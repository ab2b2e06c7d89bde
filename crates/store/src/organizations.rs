//! Organizations: rows, and what is done with them.

use std::sync::Arc;

use keyway_core::change::Change;
use keyway_core::id::OrganizationId;
use keyway_core::management::Reach;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_core::text::{Label, Metadata, Name};
use keyway_core::time::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::keys::reach_text;
use crate::ledger::Committed;
use crate::page::{Cursor, Page};
use crate::statement::{Fields, padded, places, push, save_rows, statement};
use crate::writer::proposal::{Proposal, Rows};
use crate::writer::step::Again;

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

impl OrganizationEdit {
    fn apply(&self, found: &Organization) -> Organization {
        let mut edited = found.clone();
        if let Some(name) = &self.name {
            edited.name.clone_from(name);
        }
        if let Some(external_id) = &self.external_id {
            edited.external_id.clone_from(external_id);
        }
        if let Some(metadata) = &self.metadata {
            edited.metadata.clone_from(metadata);
        }
        edited
    }
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
        let proposal = proposal(by, change, organization.clone(), now);
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
        let by = by.clone();
        let step = move |found: &Organization| {
            let edited = edit.apply(found);
            let is_same = edited == *found;
            let version = found.version + 1;
            let edited = Organization { version, ..edited };
            let change = Change::OrganizationUpdated {
                id: found.id.clone(),
            };
            Ok((!is_same).then(|| proposal(&by, change, edited, now)))
        };
        self.change_organization(reach, id, expected, step).await
    }

    /// Stops all its keys; suspending again changes nothing.
    pub async fn suspend_organization(
        &self,
        by: &Call,
        reach: &Reach,
        id: &OrganizationId,
        now: Timestamp,
    ) -> Result<Committed<Organization>, ChangeError> {
        let by = by.clone();
        let step = move |found: &Organization| {
            let change = Change::OrganizationSuspended {
                id: found.id.clone(),
            };
            let suspended = found.clone().suspend(now);
            Ok(suspended.map(|it| proposal(&by, change, it, now)))
        };
        self.change_organization(reach, id, None, step).await
    }

    pub async fn resume_organization(
        &self,
        by: &Call,
        reach: &Reach,
        id: &OrganizationId,
        now: Timestamp,
    ) -> Result<Committed<Organization>, ChangeError> {
        let by = by.clone();
        let step = move |found: &Organization| {
            let change = Change::OrganizationResumed {
                id: found.id.clone(),
            };
            let resumed = found.clone().resume();
            Ok(resumed.map(|it| proposal(&by, change, it, now)))
        };
        self.change_organization(reach, id, None, step).await
    }

    /// See `Store::change_key`.
    async fn change_organization(
        &self,
        reach: &Reach,
        id: &OrganizationId,
        expected: Option<i64>,
        step: impl Fn(&Organization) -> Result<Option<Proposal>, Refusal> + Send + Sync + 'static,
    ) -> Result<Committed<Organization>, ChangeError> {
        let Some(found) = self.find_organization(reach, id).await? else {
            return Err(self.refuse(Refusal::OrganizationNotFound).await);
        };
        if expected.is_some_and(|expected| expected != found.version) {
            return Err(self.refuse(Refusal::VersionMoved).await);
        }
        let proposal = match step(&found) {
            Ok(Some(proposal)) => proposal,
            Ok(None) => return self.unchanged(found).await,
            Err(refusal) => return Err(self.refuse(refusal).await),
        };
        let proposal = match expected {
            Some(_) => proposal,
            None => proposal.again(Again::Organization(Arc::new(step))),
        };
        let proposed = proposal.rows.organizations.clone();
        let receipt = self.writer.commit(proposal).await?;
        let rows = receipt.rows.map_or(proposed, |rows| rows.organizations);
        match rows.into_iter().next() {
            Some(organization) => Ok(Committed::new(organization, receipt.head)),
            None => Err(StoreError::ImpossibleRow {
                table: TABLE,
                column: "id",
                fault: "a change saved other rows than it proposed".to_owned(),
            }
            .into()),
        }
    }
}

fn proposal(by: &Call, change: Change, organization: Organization, now: Timestamp) -> Proposal {
    let name = organization.name.clone();
    let rows = Rows {
        organizations: vec![organization],
        ..Rows::default()
    };
    Proposal::new(by, change, rows, now).personal("name", Some(name.as_str()))
}
