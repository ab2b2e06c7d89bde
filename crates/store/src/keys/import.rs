//! Importing: many keys of one organization, one ledger entry.

use keyway_core::change::Change;
use keyway_core::id::OrganizationId;
use keyway_core::key::Key;
use keyway_core::time::Timestamp;

use crate::Store;
use crate::call::Call;
use crate::error::{ChangeError, Refusal};
use crate::ledger::Committed;
use crate::profile::InForce;
use crate::writer::proposal::{Proposal, Rows};

/// Most keys in one entry.
pub const IMPORT_KEYS_MAX: usize = 1_000;

/// What became of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub count: usize,
    /// Position in the chunk, and why that key was left out: `IdTaken`, `DigestTaken`,
    /// `ProjectNotFound`, or `LimitReached`.
    pub refused: Vec<(usize, Refusal)>,
}

impl Store {
    /// Stores a chunk of at most [`IMPORT_KEYS_MAX`] keys, all of `organization`; what is wrong with
    /// one key stops no other. Refuses the whole only with `ActorGone` or `ProfileMoved`; without
    /// its organization every key is left out.
    pub async fn import_keys(
        &self,
        by: &Call,
        organization: &OrganizationId,
        keys: Vec<Key>,
        in_force: InForce,
        now: Timestamp,
    ) -> Result<Committed<Imported>, ChangeError> {
        debug_assert!(keys.len() <= IMPORT_KEYS_MAX);
        debug_assert!(keys.iter().all(|key| key.organization == *organization));
        let count = keys.len();
        let change = Change::KeysImported {
            organization: organization.clone(),
            ids: Vec::new(),
        };
        let rows = Rows {
            keys,
            ..Rows::default()
        };
        let proposal = Proposal::new(by, change, rows, now).under(in_force);
        let receipt = self.writer.commit(proposal).await?;
        let imported = Imported {
            count: count - receipt.dropped.len(),
            refused: receipt.dropped,
        };
        Ok(Committed::new(imported, receipt.head))
    }
}
