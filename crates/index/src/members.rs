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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use keyway_core::decide::{Ask, Reason, Verdict};
    use keyway_core::grant::{Grant, Grants, Right};
    use keyway_core::key::{Key, KeyState, Lifetime};
    use keyway_core::management::Reach;
    use keyway_core::member::{Bindings, MemberState};
    use keyway_core::network::IpRules;
    use keyway_core::organization::{Organization, OrganizationState};
    use keyway_core::permission::PermissionSet;
    use keyway_core::profile::{MemberRules, Role, Roles};
    use keyway_core::text::Metadata;
    use keyway_core::time::Timestamp;
    use keyway_token::digest::Digest;
    use keyway_token::shape::Shape;

    use super::*;
    use crate::index::Index;
    use crate::policy::Policy;
    use crate::verify::{Presented, Spend};

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn bindings(role: &str, projects: &[(&str, &str)]) -> Bindings {
        let projects = projects
            .iter()
            .map(|(id, role)| (id.parse().unwrap(), role.parse().unwrap()));
        Bindings {
            organization: role.parse().unwrap(),
            projects: projects.collect(),
        }
    }

    /// Member `mem_NAME` of `acme`, a viewer.
    fn member(name: &str, version: i64) -> Member {
        Member {
            id: format!("mem_{name}").parse().unwrap(),
            organization: "acme".parse().unwrap(),
            email: format!("{name}@Example.com").parse().unwrap(),
            name: "Name".parse().unwrap(),
            bindings: bindings("viewer", &[]),
            state: MemberState::Active,
            created_at: NOW,
            created_by: "system".to_owned(),
            version,
        }
    }

    fn removed(name: &str, version: i64) -> Member {
        let state = MemberState::Removed {
            at: NOW,
            by: "system".to_owned(),
        };
        Member {
            state,
            ..member(name, version)
        }
    }

    fn ids(members: &[Arc<Member>]) -> Vec<&str> {
        members.iter().map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn an_older_version_never_takes_the_place_of_a_newer_one() {
        let members = Members::default();
        let (first, second) = (member("ann", 1), removed("ann", 2));
        members.apply(second.clone());
        members.apply(first.clone());
        let found = |members: &Members| members.find(&first.id).map(|it| Member::clone(&it));
        assert_eq!(found(&members), Some(second.clone()));
        assert!(members.of_email("ann@example.com").is_empty());
        members.apply(second.clone());
        assert_eq!(found(&members), Some(second));
        let third = member("ann", 3);
        members.apply(third.clone());
        assert_eq!(found(&members), Some(third));
    }

    #[test]
    fn a_person_is_found_by_the_folded_address_wherever_they_are() {
        let members = Members::default();
        let elsewhere = Member {
            organization: "other".parse().unwrap(),
            email: "ANN@example.com".parse().unwrap(),
            ..member("ann2", 1)
        };
        for member in [member("ann", 1), elsewhere, member("bob", 1)] {
            members.apply(member);
        }
        let of = |folded: &str| members.of_email(folded);
        assert_eq!(ids(&of("ann@example.com")), ["mem_ann", "mem_ann2"]);
        assert!(of("Ann@Example.com").is_empty(), "not folded");
        assert!(of("nobody@example.com").is_empty());
        // A newer version does not make them two.
        members.apply(member("ann", 2));
        assert_eq!(ids(&of("ann@example.com")), ["mem_ann", "mem_ann2"]);
        let acme = "acme".parse().unwrap();
        assert_eq!(ids(&members.of_organization(&acme)), ["mem_ann", "mem_bob"]);
        members.apply(removed("ann", 3));
        assert_eq!(ids(&of("ann@example.com")), ["mem_ann2"]);
        assert_eq!(ids(&members.of_organization(&acme)), ["mem_bob"]);
        assert!(members.find(&"mem_ann".parse().unwrap()).is_some());
    }

    #[test]
    fn what_is_forgotten_comes_again_under_its_number() {
        let members = Members::default();
        let id = "mem_ann".parse().unwrap();
        let number = members.number(&id);
        assert!(members.at(number).is_none() && members.find(&id).is_none());
        members.apply(member("ann", 2));
        assert!(members.at(number).is_some());
        members.clear();
        assert!(members.at(number).is_none() && members.find(&id).is_none());
        assert!(members.of_email("ann@example.com").is_empty());
        // An older version than the forgotten one: the ledger may have been cut short.
        members.apply(member("ann", 1));
        assert_eq!(members.number(&id), number);
        assert_eq!(members.of_email("ann@example.com").len(), 1);
    }

    fn index(keys_follow_creator: bool) -> Index {
        let index = Index::new((1, 2));
        apply_policy(&index, keys_follow_creator);
        index.apply_organization(&Organization {
            id: "acme".parse().unwrap(),
            name: "Acme".parse().unwrap(),
            external_id: None,
            metadata: Metadata::empty(),
            state: OrganizationState::Active,
            created_at: NOW,
            version: 1,
        });
        index.settle_doubt(keyway_core::decide::Cause::Loading);
        index
    }

    fn apply_policy(index: &Index, keys_follow_creator: bool) {
        let template = "kw_{env}_{secret:base62:40}".parse().unwrap();
        let legacy = ["key-[a-z0-9-]+".to_owned()];
        let role = |permissions: &[&str]| Role {
            permissions: permissions.iter().map(|it| it.parse().unwrap()).collect(),
            ..Role::default()
        };
        index.apply_policy(Policy {
            is_client: false,
            issues_tokens: false,
            shape: Shape::new(template, vec!["live".to_owned()], &legacy).unwrap(),
            roles: Roles::of(BTreeMap::from([
                ("editor".parse().unwrap(), role(&["docs.*"])),
                ("viewer".parse().unwrap(), role(&["*.read"])),
            ])),
            members: MemberRules {
                keys_follow_creator,
            },
        });
    }

    /// The key that the text `key-ID` opens.
    fn key(id: &str, created_by: &str, right: Right) -> Key {
        let resource = "*".parse().unwrap();
        Key {
            id: id.parse().unwrap(),
            organization: "acme".parse().unwrap(),
            project: None,
            environment: "live".to_owned(),
            name: "Key".parse().unwrap(),
            description: None,
            owner: None,
            display_prefix: "key-".to_owned(),
            suffix: id.to_owned(),
            digest: Digest::of(&format!("key-{id}")),
            grants: Grants::parse(vec![Grant { right, resource }]).unwrap(),
            ip_rules: IpRules::default(),
            rate_limit: None,
            metadata: Metadata::empty(),
            managed_by: None,
            state: KeyState::Active,
            lifetime: Lifetime::Forever,
            successor: None,
            created_at: NOW,
            created_by: created_by.to_owned(),
            version: 1,
        }
    }

    fn inheriting(id: &str, created_by: &str) -> Key {
        key(id, created_by, Right::Inherit(None))
    }

    fn everything(id: &str, created_by: &str) -> Key {
        key(id, created_by, Right::Permissions(PermissionSet::All))
    }

    fn ask(index: &Index, id: &str, permission: &str, resource: &str) -> Result<(), Reason> {
        let ask = Ask {
            permissions: vec![permission.parse().unwrap()],
            resource: Some(resource.parse().unwrap()),
            ..Ask::default()
        };
        let presented = Presented {
            unverified_secret: &format!("key-{id}"),
            reach: &Reach::All,
            ask: &ask,
            now: NOW,
            spend: Spend::Nothing,
        };
        match index.verify(presented, |_| ()).verdict {
            Verdict::Allow(()) => Ok(()),
            Verdict::Deny(reason) => Err(reason),
            Verdict::Undecided(cause) => panic!("undecided: {cause}"),
        }
    }

    fn writes(index: &Index, id: &str) -> Result<(), Reason> {
        ask(index, id, "docs.write", "*")
    }

    fn lacks(permission: &str) -> Result<(), Reason> {
        Err(Reason::InsufficientPermissions {
            missing: vec![permission.parse().unwrap()],
        })
    }

    #[test]
    fn a_changed_role_binds_at_the_next_verify() {
        let index = index(false);
        index.apply_member(member("ann", 1));
        index.apply_key(&inheriting("a", "member/mem_ann"));
        assert_eq!(ask(&index, "a", "docs.read", "*"), Ok(()));
        assert_eq!(writes(&index, "a"), lacks("docs.write"));
        index.apply_member(Member {
            bindings: bindings("editor", &[]),
            ..member("ann", 2)
        });
        assert_eq!(writes(&index, "a"), Ok(()));
        index.apply_member(Member {
            bindings: bindings("viewer", &[("alpha", "editor")]),
            ..member("ann", 3)
        });
        assert_eq!(writes(&index, "a"), lacks("docs.write"));
        assert_eq!(ask(&index, "a", "docs.write", "project/alpha"), Ok(()));
        assert_eq!(
            ask(&index, "a", "docs.write", "project/beta"),
            lacks("docs.write")
        );
    }

    #[test]
    fn keys_that_inherit_alike_follow_each_its_own_creator() {
        let index = index(false);
        index.apply_member(member("ann", 1));
        index.apply_member(Member {
            bindings: bindings("editor", &[]),
            ..member("bob", 1)
        });
        index.apply_key(&inheriting("a", "member/mem_ann"));
        index.apply_key(&inheriting("b", "member/mem_bob"));
        assert_eq!(writes(&index, "a"), lacks("docs.write"));
        assert_eq!(writes(&index, "b"), Ok(()));
    }

    #[test]
    fn a_key_that_inherits_from_nobody_is_inactive() {
        let index = index(false);
        index.apply_member(member("ann", 1));
        let creators = [
            "member/mem_late",
            "system",
            "management_key/mem_ann",
            "mem_ann",
        ];
        for (number, creator) in creators.into_iter().enumerate() {
            let id = format!("k{number}");
            index.apply_key(&inheriting(&id, creator));
            assert_eq!(writes(&index, &id), Err(Reason::Inactive), "{creator}");
        }
        // A page of keys may come before the members.
        index.apply_member(Member {
            bindings: bindings("editor", &[]),
            ..member("late", 1)
        });
        assert_eq!(writes(&index, "k0"), Ok(()));
    }

    #[test]
    fn a_key_that_inherits_from_a_removed_member_is_inactive() {
        for keys_follow_creator in [false, true] {
            let index = index(keys_follow_creator);
            index.apply_member(member("ann", 1));
            index.apply_key(&inheriting("a", "member/mem_ann"));
            assert_eq!(ask(&index, "a", "docs.read", "*"), Ok(()));
            index.apply_member(removed("ann", 2));
            assert_eq!(ask(&index, "a", "docs.read", "*"), Err(Reason::Inactive));
        }
    }

    #[test]
    fn what_becomes_of_the_keys_of_a_removed_member_is_for_the_policy_to_say() {
        let index = index(false);
        index.apply_member(member("ann", 1));
        index.apply_key(&everything("a", "member/mem_ann"));
        index.apply_key(&everything("s", "system"));
        index.apply_member(removed("ann", 2));
        assert_eq!((writes(&index, "a"), writes(&index, "s")), (Ok(()), Ok(())));
        apply_policy(&index, true);
        assert_eq!(writes(&index, "a"), Err(Reason::Inactive));
        assert_eq!(writes(&index, "s"), Ok(()));
        // Whose role holds nothing where the key belongs has been taken out of it.
        index.apply_member(Member {
            bindings: bindings("nothing", &[("alpha", "editor")]),
            ..member("ann", 3)
        });
        index.apply_key(&Key {
            project: Some("alpha".parse().unwrap()),
            ..everything("p", "member/mem_ann")
        });
        assert_eq!(writes(&index, "a"), Err(Reason::Inactive));
        assert_eq!(ask(&index, "p", "docs.write", "project/alpha"), Ok(()));
        index.apply_member(Member {
            bindings: bindings("nothing", &[]),
            ..member("ann", 4)
        });
        assert_eq!(
            ask(&index, "p", "docs.write", "project/alpha"),
            Err(Reason::Inactive)
        );
        // While a member stands, a key that does not inherit may do more than its creator.
        index.apply_member(member("ann", 5));
        assert_eq!(writes(&index, "a"), Ok(()));
    }
}
