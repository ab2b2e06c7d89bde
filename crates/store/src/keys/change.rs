//! Changing one key: edit, switch off and on, rotate, delete.

use std::sync::Arc;

use keyway_core::change::Change;
use keyway_core::grant::Grants;
use keyway_core::id::KeyId;
use keyway_core::key::{Key, KeyState, KeyStatus, Lifetime, Rotated, Rotation, TransitionError};
use keyway_core::management::Reach;
use keyway_core::network::IpRules;
use keyway_core::rate_limit::RateLimit;
use keyway_core::text::{Description, Label, Metadata, Name};
use keyway_core::time::Timestamp;

use crate::call::Call;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::ledger::Committed;
use crate::profile::InForce;
use crate::writer::Receipt;
use crate::writer::proposal::{Proposal, Rows};
use crate::writer::step::Again;
use crate::{Store, Tries};

/// Which key, and at which version: another version than `expected` refuses with `VersionMoved`.
#[derive(Clone, Copy, Debug)]
pub struct KeyAt<'a> {
    pub reach: &'a Reach,
    pub id: &'a KeyId,
    pub expected: Option<i64>,
}

/// What an edit changes; absent fields stay, `Some(None)` takes a value away.
#[derive(Clone, Debug, Default)]
pub struct KeyEdit {
    pub name: Option<Name>,
    pub description: Option<Option<Description>>,
    pub owner: Option<Option<Label>>,
    pub managed_by: Option<Option<Label>>,
    pub lifetime: Option<Lifetime>,
    pub grants: Option<Grants>,
    pub ip_rules: Option<IpRules>,
    pub rate_limit: Option<Option<RateLimit>>,
    pub metadata: Option<Metadata>,
}

impl KeyEdit {
    /// The key as edited, and the names of the fields that differ.
    fn apply(&self, key: &Key) -> (Key, Vec<&'static str>) {
        let mut edited = key.clone();
        let mut fields = Vec::new();
        let mut set = |field: &'static str, has_changed: bool| {
            if has_changed {
                fields.push(field);
            }
        };
        set("name", replace(&mut edited.name, self.name.as_ref()));
        set(
            "description",
            replace(&mut edited.description, self.description.as_ref()),
        );
        set("owner", replace(&mut edited.owner, self.owner.as_ref()));
        set(
            "managed_by",
            replace(&mut edited.managed_by, self.managed_by.as_ref()),
        );
        set(
            "expires_at",
            replace(&mut edited.lifetime, self.lifetime.as_ref()),
        );
        set("grants", replace(&mut edited.grants, self.grants.as_ref()));
        set(
            "ip_rules",
            replace(&mut edited.ip_rules, self.ip_rules.as_ref()),
        );
        set(
            "rate_limit",
            replace(&mut edited.rate_limit, self.rate_limit.as_ref()),
        );
        set(
            "metadata",
            replace(&mut edited.metadata, self.metadata.as_ref()),
        );
        edited.version += 1;
        (edited, fields)
    }
}

/// Puts a value in, if there is one; true when it is another than before.
fn replace<T: Clone + PartialEq>(place: &mut T, value: Option<&T>) -> bool {
    match value {
        Some(value) if value != place => {
            place.clone_from(value);
            true
        }
        _ => false,
    }
}

impl Store {
    /// Refuses with `KeyNotFound`, `VersionMoved`, `Transition` (a dead key, or a longer life for one
    /// that was replaced), `ProfileMoved`, or `LimitReached` when the edit would bring an expired key
    /// back beyond the limit.
    pub async fn update_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        edit: &KeyEdit,
        in_force: InForce,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let (by, edit) = (by.clone(), edit.clone());
        self.change_one(at, move |found| {
            let lifetime = edit.lifetime.unwrap_or(found.lifetime);
            found.clone().live(lifetime)?;
            let (edited, fields) = edit.apply(found);
            if fields.is_empty() {
                return Ok(None);
            }
            let change = Change::KeyUpdated {
                organization: found.organization.clone(),
                id: found.id.clone(),
            };
            let (name, owner) = (edited.name.clone(), edited.owner.clone());
            let description = edited.description.clone();
            let proposal = Proposal::new(&by, change, Rows::of_keys(vec![edited]), now)
                .personal("name", Some(name.as_str()))
                .personal("description", description.as_ref().map(Description::as_str))
                .personal("owner", owner.as_ref().map(Label::as_str))
                .detail("fields", fields)
                .under(in_force);
            Ok(Some(proposal))
        })
        .await
    }

    /// Switches a key off; off already changes nothing.
    pub async fn deactivate_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let by = by.clone();
        self.change_one(at, move |found| {
            let (organization, id) = (found.organization.clone(), found.id.clone());
            let change = Change::KeyDeactivated { organization, id };
            let inactive = found.clone().deactivate(now)?;
            Ok(inactive.map(|key| Proposal::new(&by, change, Rows::of_keys(vec![key]), now)))
        })
        .await
    }

    /// Switches a key on again; on already changes nothing.
    pub async fn activate_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let by = by.clone();
        self.change_one(at, move |found| {
            let (organization, id) = (found.organization.clone(), found.id.clone());
            let change = Change::KeyActivated { organization, id };
            let active = found.clone().activate(now)?;
            Ok(active.map(|key| Proposal::new(&by, change, Rows::of_keys(vec![key]), now)))
        })
        .await
    }

    /// Takes a key out of lists, whatever its state; the answer is the key as it was last.
    pub async fn delete_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let by = by.clone();
        self.change_one(at, move |found| {
            let (organization, id) = (found.organization.clone(), found.id.clone());
            let change = Change::KeyDeleted { organization, id };
            let rows = Rows::of_keys(vec![found.clone().delete(now)]);
            Ok(Some(Proposal::new(&by, change, rows, now)))
        })
        .await
    }

    /// Refuses with `KeyNotFound`, `Transition` (a dead key, or one whose successor still lives),
    /// `IdTaken` (draw again), `LimitReached` or `ProfileMoved`.
    pub async fn rotate_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        rotation: &Rotation,
        in_force: InForce,
    ) -> Result<Committed<Rotated>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let found = self.load_key(at).await?;
            if self.has_living_successor(&found, rotation.now).await? {
                return Err(self.refuse(TransitionError::HasSuccessor.into()).await);
            }
            let (by, rotation, dead) = (by.clone(), again(rotation), found.successor.clone());
            let rotated = self.change_key(at, found, move |found| {
                if found.successor != dead {
                    // Another successor than the one that was looked at: look again.
                    return Err(Refusal::VersionMoved);
                }
                propose_rotation(&by, found, &rotation, in_force).map(Some)
            });
            match rotated.await {
                Ok(rotated) => return both(rotated),
                Err(error) => tries.again(error)?,
            }
        }
    }

    async fn has_living_successor(&self, key: &Key, now: Timestamp) -> Result<bool, ChangeError> {
        let Some(successor) = &key.successor else {
            return Ok(false);
        };
        let own = Reach::One(key.organization.clone());
        let found = self.find_key(&own, successor).await?;
        Ok(found.is_some_and(|successor| {
            matches!(
                successor.status(now),
                KeyStatus::Active | KeyStatus::Inactive
            )
        }))
    }

    /// Loads a key for a change of it.
    pub(super) async fn load_key(&self, at: KeyAt<'_>) -> Result<Key, ChangeError> {
        let Some(found) = self.find_key(at.reach, at.id).await? else {
            return Err(self.refuse(Refusal::KeyNotFound).await);
        };
        if at
            .expected
            .is_some_and(|expected| expected != found.version)
        {
            return Err(self.refuse(Refusal::VersionMoved).await);
        }
        Ok(found)
    }

    /// A change that saves one row, of the key itself.
    pub(super) async fn change_one(
        &self,
        at: KeyAt<'_>,
        step: impl Fn(&Key) -> Result<Option<Proposal>, Refusal> + Send + Sync + 'static,
    ) -> Result<Committed<Key>, ChangeError> {
        let found = self.load_key(at).await?;
        one(self.change_key(at, found, step).await?)
    }

    /// Takes a step of a key: on the key as it was found, and once more under the lock if it moved
    /// in between, unless the caller wants no other version than the one it names. The answer is
    /// the rows of the change; the key alone where nothing had to be done.
    async fn change_key(
        &self,
        at: KeyAt<'_>,
        found: Key,
        step: impl Fn(&Key) -> Result<Option<Proposal>, Refusal> + Send + Sync + 'static,
    ) -> Result<Committed<Vec<Key>>, ChangeError> {
        let proposal = match step(&found) {
            Ok(Some(proposal)) => proposal,
            Ok(None) => return self.unchanged(vec![found]).await,
            Err(refusal) => return Err(self.refuse(refusal).await),
        };
        let proposal = match at.expected {
            Some(_) => proposal,
            None => proposal.again(again_unless_deleted(step)),
        };
        let proposed = proposal.rows.keys.clone();
        let receipt = self.writer.commit(proposal).await?;
        Ok(as_committed(receipt, proposed))
    }
}

/// The writer sees rows that nobody finds any more.
pub(super) fn again_unless_deleted(
    step: impl Fn(&Key) -> Result<Option<Proposal>, Refusal> + Send + Sync + 'static,
) -> Again {
    Again::Key(Arc::new(move |found: &Key| match found.state {
        KeyState::Deleted { .. } => Err(Refusal::KeyNotFound),
        KeyState::Active | KeyState::Inactive { .. } | KeyState::Revoked(_) => step(found),
    }))
}

fn propose_rotation(
    by: &Call,
    found: &Key,
    rotation: &Rotation,
    in_force: InForce,
) -> Result<Proposal, Refusal> {
    let Rotated { outgoing, fresh } = found.clone().rotate(again(rotation))?;
    let change = Change::KeyRotated {
        organization: outgoing.organization.clone(),
        outgoing: outgoing.id.clone(),
        fresh: fresh.id.clone(),
    };
    let rows = Rows::of_keys(vec![outgoing, fresh]);
    let proposal = Proposal::new(by, change, rows, rotation.now)
        .personal("name", Some(found.name.as_str()))
        .detail("grace_micros", rotation.grace.micros())
        .under(in_force);
    Ok(proposal)
}

/// The rows of a change as they came to be.
pub(super) fn as_committed(receipt: Receipt, proposed: Vec<Key>) -> Committed<Vec<Key>> {
    let keys = receipt.rows.map_or(proposed, |rows| rows.keys);
    Committed::new(keys, receipt.head)
}

/// The one row of any other change than a rotation.
pub(super) fn one(changed: Committed<Vec<Key>>) -> Result<Committed<Key>, ChangeError> {
    let (keys, head) = changed.into_parts();
    match keys.into_iter().next() {
        Some(key) => Ok(Committed::new(key, head)),
        None => Err(wrong_rows().into()),
    }
}

/// The two rows of a rotation.
fn both(rotated: Committed<Vec<Key>>) -> Result<Committed<Rotated>, ChangeError> {
    let (keys, head) = rotated.into_parts();
    let mut keys = keys.into_iter();
    match (keys.next(), keys.next()) {
        (Some(outgoing), Some(fresh)) => Ok(Committed::new(Rotated { outgoing, fresh }, head)),
        _ => Err(wrong_rows().into()),
    }
}

fn wrong_rows() -> StoreError {
    StoreError::ImpossibleRow {
        table: super::TABLE,
        column: "id",
        fault: "a change saved other rows than it proposed".to_owned(),
    }
}

/// The same rotation for another try.
fn again(rotation: &Rotation) -> Rotation {
    Rotation {
        id: rotation.id.clone(),
        digest: rotation.digest,
        display_prefix: rotation.display_prefix.clone(),
        suffix: rotation.suffix.clone(),
        grace: rotation.grace,
        by: rotation.by.clone(),
        now: rotation.now,
    }
}
