//! What can go wrong: refusals, which are answers, and failures, which are not.
//!
//! Every change passes the same guards under the same lock, so all operations share one list of
//! refusals; an operation's documentation names those it can give. A refusal was read from the
//! database and carries the head it was read at: whoever answers with it waits for that head too.

use keyway_core::key::TransitionError;

use crate::ledger::Head;

/// Why a change was not made. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such organization")]
    OrganizationNotFound,
    #[error("there is no such project")]
    ProjectNotFound,
    #[error("there is no such resource")]
    ResourceNotFound,
    #[error("there is no such key")]
    KeyNotFound,
    #[error("there is no such management key")]
    ManagementKeyNotFound,
    #[error("there is no such signing key")]
    SigningKeyNotFound,
    #[error("there is no such member")]
    MemberNotFound,
    #[error("there is no such invitation")]
    InvitationNotFound,
    #[error("there is no such portal session")]
    PortalSessionNotFound,
    #[error("the person is a member already")]
    EmailTaken,
    #[error("nobody would be left who manages members")]
    LastAdministrator,
    #[error("the link was used, or is too old")]
    LinkDead,
    #[error("the password is another one by now")]
    PasswordMoved,
    #[error("the actor may no longer act")]
    ActorGone,
    #[error("the object changed since it was read")]
    VersionMoved,
    #[error("the profile in force changed since the change was checked against it")]
    ProfileMoved,
    #[error("the project or its organization has as many keys as it may have")]
    LimitReached,
    #[error("the id is taken")]
    IdTaken,
    #[error("the external id belongs to another organization")]
    ExternalIdTaken,
    #[error("a key with this digest exists")]
    DigestTaken,
    #[error("the root key was revoked")]
    RootKeyRevoked,
    #[error("the idempotency key was used")]
    IdempotencyKeyTaken,
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

/// The outcome of a change that was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("{refusal}")]
    Refused {
        refusal: Refusal,
        /// What the refusal was read at.
        head: Head,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store could not do what was asked. Whether a change was made is known but for one variant.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused or could not be reached")]
    Sql(#[from] sqlx::Error),
    #[error("{table}.{column} holds what it never should: {fault}")]
    ImpossibleRow {
        table: &'static str,
        column: &'static str,
        fault: String,
    },
    /// One cause for a whole batch of changes, none of which was made.
    #[error("the change was not made: {cause}")]
    NotWritten { cause: String },
    #[error("the connection broke while committing; whether the change was made is not known")]
    OutcomeUnknown,
    #[error("an entry of the ledger needs a newer program")]
    NewerEntry { seq: i64 },
    #[error("the store is closed")]
    Closed,
    #[error("a value could not be written as JSON")]
    Json(#[from] serde_json::Error),
}
