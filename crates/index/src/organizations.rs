//! Organizations as a decision needs them: found by number, in no lock's way.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use keyway_core::id::OrganizationId;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_core::text::Label;
use parking_lot::RwLock;

#[derive(Clone, Debug)]
pub struct OrganizationEntry {
    pub id: OrganizationId,
    pub external_id: Option<Label>,
    pub is_suspended: bool,
    /// 0: named by a key before its own row came.
    version: i64,
}

impl OrganizationEntry {
    /// Whether its row came. Until then nothing can be said about its keys.
    pub(crate) fn is_known(&self) -> bool {
        self.version > 0
    }
}

#[derive(Debug, Default)]
pub(crate) struct Organizations {
    entries: boxcar::Vec<ArcSwap<OrganizationEntry>>,
    numbers: RwLock<HashMap<OrganizationId, u32>>,
}

impl Organizations {
    /// An older version never takes the place of a newer one.
    pub(crate) fn apply(&self, organization: &Organization) {
        let number = self.number(&organization.id);
        let entry = Arc::new(OrganizationEntry {
            id: organization.id.clone(),
            external_id: organization.external_id.clone(),
            is_suspended: matches!(organization.state, OrganizationState::Suspended { .. }),
            version: organization.version,
        });
        if let Some(place) = self.entries.get(number as usize) {
            place.rcu(|known| {
                if known.version < entry.version {
                    Arc::clone(&entry)
                } else {
                    Arc::clone(known)
                }
            });
        }
    }

    /// The organization's number, given now if it had none: a page of keys may name one whose own row
    /// comes later. Until it came nothing of it is decided.
    pub(crate) fn number(&self, id: &OrganizationId) -> u32 {
        if let Some(number) = self.numbers.read().get(id) {
            return *number;
        }
        let mut numbers = self.numbers.write();
        *numbers.entry(id.clone()).or_insert_with(|| {
            let unknown = OrganizationEntry {
                id: id.clone(),
                external_id: None,
                is_suspended: true,
                version: 0,
            };
            u32::try_from(self.entries.push(ArcSwap::from_pointee(unknown))).unwrap_or(u32::MAX)
        })
    }

    pub(crate) fn at(&self, number: u32) -> Option<Guard<Arc<OrganizationEntry>>> {
        self.entries.get(number as usize).map(ArcSwap::load)
    }

    pub(crate) fn find(&self, id: &OrganizationId) -> Option<Guard<Arc<OrganizationEntry>>> {
        let number = *self.numbers.read().get(id)?;
        self.at(number).filter(|entry| entry.is_known())
    }

    /// The only organization, if there is exactly one.
    pub(crate) fn only(&self) -> Option<OrganizationId> {
        let mut known = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.load().is_known());
        match (known.next(), known.next()) {
            (Some((_, only)), None) => Some(only.load().id.clone()),
            _ => None,
        }
    }

    /// Makes every organization unknown until its row comes again.
    pub(crate) fn clear(&self) {
        for (_, place) in &self.entries {
            let mut entry = OrganizationEntry::clone(&place.load());
            entry.version = 0;
            entry.is_suspended = true;
            place.store(Arc::new(entry));
        }
    }
}
