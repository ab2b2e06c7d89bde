//! Creating keys.

use keyway_core::change::Change;
use keyway_core::key::Key;
use keyway_core::text::{Description, Label};
use keyway_core::time::Timestamp;

use crate::Store;
use crate::call::Call;
use crate::error::ChangeError;
use crate::ledger::Committed;
use crate::profile::InForce;
use crate::writer::proposal::{Proposal, Rows};

impl Store {
    /// Refuses with `OrganizationNotFound`, `ProjectNotFound`, `IdTaken` (draw again),
    /// `DigestTaken`, `LimitReached` or `ProfileMoved`.
    pub async fn create_key(
        &self,
        by: &Call,
        key: Key,
        in_force: InForce,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let change = Change::KeyCreated {
            organization: key.organization.clone(),
            id: key.id.clone(),
        };
        let rows = Rows {
            keys: vec![key.clone()],
            ..Rows::default()
        };
        let proposal = Proposal::new(by, change, rows, now)
            .personal("name", Some(key.name.as_str()))
            .personal(
                "description",
                key.description.as_ref().map(Description::as_str),
            )
            .personal("owner", key.owner.as_ref().map(Label::as_str))
            .detail("environment", key.environment.as_str())
            .under(in_force);
        let head = self.commit(proposal).await?;
        Ok(Committed::new(key, head))
    }
}
