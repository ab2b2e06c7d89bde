//! One transaction: lock, read, decide, write, commit.

use keyway_core::change::Change;
use keyway_core::invitation::Invitation;
use keyway_core::member::Member;
use keyway_core::portal::PortalSession;
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::signing_key::SigningKey;
use keyway_core::time::Timestamp;
use keyway_token::entropy::Entropy;
use sqlx::{Any, AnyConnection, Transaction};
use tokio::time::timeout;

use super::facts;
use super::guard::{self, Dropped};
use super::proposal::{Proposal, Rows};
use super::step::{self, Taken};
use super::{ANSWER_TIMEOUT, NO_ANSWER, Receipt};
use crate::engine::Engine;
use crate::error::{Refusal, StoreError};
use crate::ledger::entry::{self, EntryRow, MIN_READER, PersonalRow, head_of};
use crate::ledger::{Head, detail, hash};
use crate::{
    idempotency, invitations, keys, links, management_keys, members, organizations, passwords,
    portal_sessions, profile, projects, resources, sessions, signing_keys,
};

/// Made at this head, or refused as read at this head.
pub(crate) type Outcome = Result<Receipt, (Refusal, Head)>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    /// Rolled back; the connection is whole.
    #[error("{0}")]
    Statement(String),
    /// Not even begun; the connection is of no more use.
    #[error("{0}")]
    Begin(String),
    /// Nothing was committed; the connection is of no more use.
    #[error("{0}")]
    Connection(String),
    /// Sent, and no answer came.
    #[error("{cause}")]
    Commit {
        last: Head,
        outcomes: Vec<Outcome>,
        cause: String,
    },
    #[error("the outcome of a commit could not be found out")]
    Unknown,
}

impl BatchError {
    pub(crate) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Commit { .. } | Self::Unknown => StoreError::OutcomeUnknown,
            Self::Begin(cause) | Self::Statement(cause) | Self::Connection(cause) => {
                StoreError::NotWritten {
                    cause: cause.clone(),
                }
            }
        }
    }
}

/// Takes the one lock and tells where the ledger ends.
pub(crate) async fn lock_head(connection: &mut AnyConnection) -> Result<Head, StoreError> {
    let row = sqlx::query("UPDATE ledger_head SET seq = seq WHERE id = 1 RETURNING seq, hash")
        .fetch_one(connection)
        .await?;
    head_of(&row)
}

/// Everything that a batch writes.
#[derive(Default)]
struct Written<'a> {
    entries: Vec<EntryRow>,
    personal: Vec<PersonalRow>,
    organizations: Vec<&'a keyway_core::organization::Organization>,
    projects: Vec<&'a keyway_core::organization::Project>,
    resources: Vec<&'a RegisteredResource>,
    keys: Vec<&'a keyway_core::key::Key>,
    management_keys: Vec<&'a keyway_core::management::ManagementKey>,
    signing_keys: Vec<&'a SigningKey>,
    profile: Option<&'a profile::ProfileRow>,
    claims: Vec<idempotency::ClaimRow<'a>>,
    members: Vec<&'a Member>,
    invitations: Vec<&'a Invitation>,
    portal_sessions: Vec<&'a PortalSession>,
    /// Changes with links, sessions or passwords, and their time.
    ways_in: Vec<(&'a Rows, Timestamp)>,
}

pub(crate) async fn write(
    engine: Engine,
    connection: &mut AnyConnection,
    entropy: &mut dyn Entropy,
    proposals: &[&Proposal],
) -> Result<Vec<Outcome>, BatchError> {
    let staged = timeout(ANSWER_TIMEOUT, async {
        let mut tx = match engine.begin_write(connection).await {
            Ok(tx) => tx,
            Err(cause) if engine.is_contention(&cause) => {
                return Err(BatchError::Connection(cause.to_string()));
            }
            Err(cause) => return Err(BatchError::Begin(cause.to_string())),
        };
        match stage(engine, &mut tx, entropy, proposals).await {
            // Only refusals: there is nothing to keep, and what they read was committed by others.
            Ok((outcomes, None)) => match tx.rollback().await {
                Ok(()) => Ok((outcomes, None)),
                Err(cause) => Err(BatchError::Connection(cause.to_string())),
            },
            Ok((outcomes, Some(last))) => Ok((outcomes, Some((tx, last)))),
            Err(cause) => Err(failed(engine, tx, &cause).await),
        }
    });
    let (outcomes, kept) = match staged.await {
        Ok(staged) => staged?,
        Err(_) => return Err(BatchError::Connection(NO_ANSWER.to_owned())),
    };
    let Some((tx, last)) = kept else {
        return Ok(outcomes);
    };
    // Timed by itself: once it is sent, no failure says any more that nothing was written.
    let cause = match timeout(ANSWER_TIMEOUT, tx.commit()).await {
        Ok(Ok(())) => return Ok(outcomes),
        Ok(Err(cause)) => cause.to_string(),
        Err(_) => NO_ANSWER.to_owned(),
    };
    Err(BatchError::Commit {
        last,
        outcomes,
        cause,
    })
}

/// Rolls back, and tells whether the connection is still of use.
async fn failed(engine: Engine, tx: Transaction<'_, Any>, cause: &StoreError) -> BatchError {
    let is_statement = match cause {
        StoreError::Sql(cause) => {
            cause.as_database_error().is_some() && !engine.is_contention(cause)
        }
        _ => true,
    };
    let is_whole = tx.rollback().await.is_ok();
    let cause = in_full(cause);
    if is_statement && is_whole {
        BatchError::Statement(cause)
    } else {
        BatchError::Connection(cause)
    }
}

fn in_full(error: &StoreError) -> String {
    use std::error::Error as _;
    error
        .source()
        .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Everything but the commit. The head is None when every change was refused.
async fn stage(
    engine: Engine,
    connection: &mut AnyConnection,
    entropy: &mut dyn Entropy,
    proposals: &[&Proposal],
) -> Result<(Vec<Outcome>, Option<Head>), StoreError> {
    let locked = lock_head(connection).await?;
    let earliest = proposals.iter().map(|proposal| proposal.now).min();
    let now = earliest.unwrap_or(Timestamp::from_micros(0));
    let mut facts = facts::load(engine, connection, proposals, now).await?;
    let mut taken = Vec::with_capacity(proposals.len());
    for proposal in proposals {
        taken.push(step::take(connection, &facts, proposal).await?);
    }
    let mut head = locked;
    let mut written = Written::default();
    let mut outcomes = Vec::with_capacity(proposals.len());
    for (proposal, taken) in proposals.iter().zip(&taken) {
        let (proposal, rows) = match taken {
            Taken::AsProposed => (*proposal, None),
            Taken::Remade(remade) => (&**remade, Some(&remade.rows)),
            Taken::Unchanged(rows) => {
                outcomes.push(Ok(Receipt {
                    head,
                    dropped: Dropped::new(),
                    rows: Some(Rows::clone(rows)),
                }));
                continue;
            }
            Taken::Refused(refusal) => {
                outcomes.push(Err((refusal.clone(), head)));
                continue;
            }
        };
        let outcome = match guard::decide(&mut facts, proposal) {
            Err(refusal) => Err((refusal, head)),
            Ok(dropped) => {
                let is_empty = proposal.is_import() && dropped.len() == proposal.rows.keys.len();
                if !is_empty {
                    head = written.add(proposal, &dropped, head, entropy)?;
                }
                Ok(Receipt {
                    head,
                    dropped,
                    rows: rows.cloned(),
                })
            }
        };
        outcomes.push(outcome);
    }
    if head == locked {
        return Ok((outcomes, None));
    }
    written.save(engine, connection).await?;
    let moved = sqlx::query("UPDATE ledger_head SET seq = $1, hash = $2 WHERE id = 1")
        .bind(head.seq)
        .bind(head.hash.to_vec())
        .execute(connection)
        .await?;
    one_row("ledger_head", moved.rows_affected() == 1)?;
    Ok((outcomes, Some(head)))
}

fn one_row(table: &'static str, is_whole: bool) -> Result<(), StoreError> {
    if is_whole {
        return Ok(());
    }
    // The versions were read under the lock, so somebody writes without it.
    let fault = "a row was not at the version that was read under the lock".to_owned();
    Err(StoreError::ImpossibleRow {
        table,
        column: "version",
        fault,
    })
}

impl<'a> Written<'a> {
    /// Adds a change behind `head`; its own place is the next head.
    fn add(
        &mut self,
        proposal: &'a Proposal,
        dropped: &Dropped,
        head: Head,
        entropy: &mut dyn Entropy,
    ) -> Result<Head, StoreError> {
        let rows = &proposal.rows;
        let mut left_out = dropped.iter().map(|(position, _)| *position).peekable();
        let mut kept = Vec::with_capacity(rows.keys.len());
        for (position, key) in rows.keys.iter().enumerate() {
            if left_out.next_if_eq(&position).is_none() {
                kept.push(key);
            }
        }
        let ids;
        let change = match &proposal.change {
            Change::KeysImported { organization, .. } => {
                ids = Change::KeysImported {
                    organization: organization.clone(),
                    ids: kept.iter().map(|key| key.id.clone()).collect(),
                };
                &ids
            }
            change => change,
        };
        let (entry, personal) = compose(proposal, change, head, entropy)?;
        let next = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        if let Some(claim) = &proposal.call.idempotency {
            let row = idempotency::ClaimRow {
                claim,
                seq: entry.seq,
                at: proposal.now,
            };
            self.claims.push(row);
        }
        self.entries.push(entry);
        self.personal.push(personal);
        self.keys.extend(kept);
        self.organizations.extend(&rows.organizations);
        self.projects.extend(&rows.projects);
        self.resources.extend(&rows.resources);
        self.management_keys.extend(&rows.management_keys);
        self.signing_keys.extend(&rows.signing_keys);
        self.profile = rows.profile.as_ref().or(self.profile);
        self.members.extend(&rows.members);
        self.invitations.extend(&rows.invitations);
        self.portal_sessions.extend(&rows.portal_sessions);
        if rows.has_ways_in() {
            self.ways_in.push((rows, proposal.now));
        }
        Ok(next)
    }

    async fn save(&self, engine: Engine, connection: &mut AnyConnection) -> Result<(), StoreError> {
        if !self.organizations.is_empty() {
            let is_whole = organizations::save(&mut *connection, &self.organizations).await?;
            one_row("organizations", is_whole)?;
        }
        if !self.projects.is_empty() {
            projects::insert(&mut *connection, &self.projects).await?;
        }
        if !self.resources.is_empty() {
            let is_whole = resources::save(&mut *connection, &self.resources).await?;
            one_row("resources", is_whole)?;
        }
        if !self.keys.is_empty() {
            one_row(
                "keys",
                keys::save(engine, &mut *connection, &self.keys).await?,
            )?;
        }
        if !self.management_keys.is_empty() {
            let is_whole = management_keys::save(&mut *connection, &self.management_keys).await?;
            one_row("management_keys", is_whole)?;
        }
        if !self.signing_keys.is_empty() {
            let is_whole = signing_keys::save(&mut *connection, &self.signing_keys).await?;
            one_row("signing_keys", is_whole)?;
        }
        if let Some(profile) = self.profile {
            one_row("profile", profile::save(&mut *connection, profile).await?)?;
        }
        self.save_people(&mut *connection).await?;
        if !self.claims.is_empty() {
            idempotency::insert(&mut *connection, &self.claims).await?;
        }
        entry::insert(engine, connection, &self.entries, &self.personal).await?;
        Ok(())
    }
}

impl Written<'_> {
    async fn save_people(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        if !self.members.is_empty() {
            one_row(
                "members",
                members::save(&mut *connection, &self.members).await?,
            )?;
        }
        if !self.invitations.is_empty() {
            let is_whole = invitations::save(&mut *connection, &self.invitations).await?;
            one_row("invitations", is_whole)?;
        }
        if !self.portal_sessions.is_empty() {
            let is_whole = portal_sessions::save(&mut *connection, &self.portal_sessions).await?;
            one_row("portal_sessions", is_whole)?;
        }
        for (rows, now) in &self.ways_in {
            links::write(&mut *connection, rows, *now).await?;
            passwords::write(&mut *connection, rows, *now).await?;
            sessions::write(&mut *connection, rows).await?;
        }
        Ok(())
    }
}

fn compose(
    proposal: &Proposal,
    change: &Change,
    head: Head,
    entropy: &mut dyn Entropy,
) -> Result<(EntryRow, PersonalRow), StoreError> {
    let mut fields = proposal.detail.clone();
    detail::add_to(&mut fields, change);
    let personal_fields = proposal.personal.to_json()?;
    let mut salt = [0; 32];
    entropy.fill(&mut salt);
    let seq = head.seq + 1;
    let mut entry = EntryRow {
        seq,
        at: proposal.now,
        organization: change.organization().map(ToString::to_string),
        actor: proposal.call.origin.actor.to_text(),
        action: change.action().to_owned(),
        target: detail::target(change),
        detail: serde_json::to_string(&fields)?,
        request_id: proposal.call.origin.request_id.clone(),
        min_reader: MIN_READER,
        personal: hash::of_personal(&salt, &personal_fields),
        prev_hash: head.hash,
        hash: [0; 32],
    };
    entry.hash = hash::of_entry(&entry);
    Ok((
        entry,
        PersonalRow {
            seq,
            salt,
            fields: personal_fields,
        },
    ))
}
