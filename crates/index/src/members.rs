//! Members as a decision needs them: what stands behind a key that inherits from its creator. Found by
//! number, in no lock's way, like organizations.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use keyway_core::id::{MemberId, OrganizationId};
use keyway_core::member::Member;
use parking_lot::RwLock;

/// None until the member's own row came: a page of keys may name one before.
type Entry = ArcSwapOption<Member>;

#[derive(Debug, Default)]
pub(crate) struct Members {
    entries: boxcar::Vec<Entry>,
    numbers: RwLock<HashMap<MemberId, u32>>,
    /// By the folded e-mail address.
    emails: RwLock<HashMap<String, Vec<u32>>>,
}

impl Members {
    /// An older version never takes the place of a newer one.
    pub(crate) fn apply(&self, member: Member) {
        let number = self.number(&member.id);
        let Some(place) = self.entries.get(number as usize) else {
            return;
        };
        if place
            .load()
            .as_ref()
            .is_some_and(|known| known.version >= member.version)
        {
            return;
        }
        let email = member.email.folded();
        place.store(Some(Arc::new(member)));
        let mut emails = self.emails.write();
        let numbers = emails.entry(email).or_default();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }

    pub(crate) fn number(&self, id: &MemberId) -> u32 {
        if let Some(number) = self.numbers.read().get(id) {
            return *number;
        }
        let mut numbers = self.numbers.write();
        *numbers
            .entry(id.clone())
            .or_insert_with(|| u32::try_from(self.entries.push(Entry::empty())).unwrap_or(u32::MAX))
    }

    pub(crate) fn at(&self, number: u32) -> Guard<Option<Arc<Member>>> {
        self.entries
            .get(number as usize)
            .map(ArcSwapOption::load)
            .unwrap_or_default()
    }

    pub(crate) fn find(&self, id: &MemberId) -> Option<Arc<Member>> {
        let number = *self.numbers.read().get(id)?;
        self.entries.get(number as usize)?.load_full()
    }

    /// The memberships of a person that stand, in the order in which they came.
    pub(crate) fn of_email(&self, folded: &str) -> Vec<Arc<Member>> {
        let emails = self.emails.read();
        let numbers = emails.get(folded).map(Vec::as_slice).unwrap_or_default();
        let found = numbers
            .iter()
            .filter_map(|it| self.entries.get(*it as usize)?.load_full());
        found.filter(|member| member.is_active()).collect()
    }

    pub(crate) fn of_organization(&self, organization: &OrganizationId) -> Vec<Arc<Member>> {
        let all = self
            .entries
            .iter()
            .filter_map(|(_, entry)| entry.load_full());
        all.filter(|member| member.is_active() && member.organization == *organization)
            .collect()
    }

    pub(crate) fn clear(&self) {
        for (_, place) in &self.entries {
            place.store(None);
        }
        self.emails.write().clear();
    }
}
