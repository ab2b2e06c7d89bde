//! Changing one key: edit, switch off and on, rotate, delete.

use keyway_core::change::Change;
use keyway_core::grant::Grants;
use keyway_core::id::{KeyId, OrganizationId};
use keyway_core::key::{Key, KeyState, KeyStatus, Lifetime, Rotated, Rotation, TransitionError};
use keyway_core::management::Reach;
use keyway_core::network::IpRules;
use keyway_core::text::{Description, Label, Metadata, Name};
use keyway_core::time::Timestamp;

use crate::call::Call;
use crate::error::{ChangeError, Refusal};
use crate::ledger::Committed;
use crate::profile::InForce;
use crate::writer::proposal::{Proposal, Rows};
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

type MakeChange = fn(OrganizationId, KeyId) -> Change;

impl Store {
    /// Refuses with `KeyNotFound`, `VersionMoved`, `Transition` for a dead key, `ProfileMoved`, or
    /// `LimitReached` when the edit would bring an expired key back beyond the limit.
    pub async fn update_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        edit: &KeyEdit,
        in_force: InForce,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let found = self.load_key(at).await?;
            if matches!(found.state, KeyState::Revoked(_) | KeyState::Deleted { .. }) {
                return Err(self.refuse(TransitionError::Revoked.into()).await);
            }
            let (edited, fields) = edit.apply(&found);
            if fields.is_empty() {
                return self.unchanged(found).await;
            }
            let change = Change::KeyUpdated {
                organization: found.organization.clone(),
                id: found.id.clone(),
            };
            let rows = Rows {
                keys: vec![edited.clone()],
                ..Rows::default()
            };
            let proposal = Proposal::new(by, change, rows, now)
                .personal("name", Some(edited.name.as_str()))
                .personal(
                    "description",
                    edited.description.as_ref().map(Description::as_str),
                )
                .personal("owner", edited.owner.as_ref().map(Label::as_str))
                .detail("fields", fields)
                .under(in_force);
            match self.commit(proposal).await {
                Ok(head) => return Ok(Committed::new(edited, head)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Switches a key off; off already changes nothing.
    pub async fn deactivate_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let make = |organization, id| Change::KeyDeactivated { organization, id };
        self.change_key(by, at, now, make, |key| key.deactivate(now))
            .await
    }

    /// Switches a key on again; on already changes nothing.
    pub async fn activate_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let make = |organization, id| Change::KeyActivated { organization, id };
        self.change_key(by, at, now, make, |key| key.activate(now))
            .await
    }

    /// Takes a key out of lists, whatever its state; the answer is the key as it was last.
    pub async fn delete_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        now: Timestamp,
    ) -> Result<Committed<Key>, ChangeError> {
        let make = |organization, id| Change::KeyDeleted { organization, id };
        self.change_key(by, at, now, make, |key| Ok(Some(key.delete(now))))
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
        let now = rotation.now;
        let mut tries = Tries::begin();
        loop {
            let found = self.load_key(at).await?;
            if self.has_living_successor(&found, now).await? {
                return Err(self.refuse(TransitionError::HasSuccessor.into()).await);
            }
            let rotated = match found.rotate(again(rotation)) {
                Ok(rotated) => rotated,
                Err(error) => return Err(self.refuse(error.into()).await),
            };
            let change = Change::KeyRotated {
                organization: rotated.outgoing.organization.clone(),
                outgoing: rotated.outgoing.id.clone(),
                fresh: rotated.fresh.id.clone(),
            };
            let keys = vec![rotated.outgoing.clone(), rotated.fresh.clone()];
            let proposal = Proposal::new(
                by,
                change,
                Rows {
                    keys,
                    ..Rows::default()
                },
                now,
            )
            .personal("name", Some(rotated.fresh.name.as_str()))
            .detail("grace_micros", rotation.grace.micros())
            .under(in_force);
            match self.commit(proposal).await {
                Ok(head) => return Ok(Committed::new(rotated, head)),
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
    async fn load_key(&self, at: KeyAt<'_>) -> Result<Key, ChangeError> {
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

    /// One transition of one key, tried again while others change it.
    async fn change_key(
        &self,
        by: &Call,
        at: KeyAt<'_>,
        now: Timestamp,
        make_change: MakeChange,
        transition: impl Fn(Key) -> Result<Option<Key>, TransitionError>,
    ) -> Result<Committed<Key>, ChangeError> {
        let mut tries = Tries::begin();
        loop {
            let found = self.load_key(at).await?;
            let changed = match transition(found.clone()) {
                Ok(Some(changed)) => changed,
                Ok(None) => return self.unchanged(found).await,
                Err(error) => return Err(self.refuse(error.into()).await),
            };
            let change = make_change(found.organization.clone(), found.id.clone());
            let rows = Rows {
                keys: vec![changed.clone()],
                ..Rows::default()
            };
            match self.commit(Proposal::new(by, change, rows, now)).await {
                Ok(head) => return Ok(Committed::new(changed, head)),
                Err(error) => tries.again(error)?,
            }
        }
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
