//! A store with people in it, an index that follows it, and things to put in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use keyway_core::actor::{Actor, Origin};
use keyway_core::change::Change;
use keyway_core::decide::{Ask, Cause};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::{InvitationId, MemberId, OrganizationId, PortalSessionId};
use keyway_core::invitation::{Invitation, InvitationState};
use keyway_core::key::{Key, KeyState, Lifetime};
use keyway_core::management::Reach;
use keyway_core::member::{Bindings, Member, MemberState};
use keyway_core::network::IpRules;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_core::portal::{PortalSession, PortalSessionState};
use keyway_core::profile::{MemberRules, Role, Roles};
use keyway_core::text::Metadata;
use keyway_core::time::Timestamp;
use keyway_index::index::Index;
use keyway_index::policy::Policy;
use keyway_index::verify::{Presented, Spend};
use keyway_store::Store;
use keyway_store::call::Call;
use keyway_store::ledger::Head;
use keyway_store::links::{Link, LinkKind};
use keyway_store::location::{Location, OpenOptions};
use keyway_store::members::MemberAt;
use keyway_store::profile::InForce;
use keyway_store::sessions::{Earlier, Holder, Opening, Session};
use keyway_token::digest::Digest;
use keyway_token::entropy::Entropy;
use keyway_token::shape::Shape;

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
pub(crate) const LATER: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// An index and the entry up to which it followed.
pub(crate) struct Follower {
    pub(crate) index: Index,
    head: Head,
}

impl Follower {
    fn empty() -> Self {
        let index = Index::new((1, 2));
        index.apply_policy(policy());
        Self {
            index,
            head: Head::GENESIS,
        }
    }

    /// Takes in what happened since, and tells what it was.
    async fn follow(&mut self, store: &Store) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(batch) = store.changes_after(self.head).await.unwrap() {
            for organization in &batch.organizations {
                self.index.apply_organization(organization);
            }
            for member in batch.members {
                self.index.apply_member(member);
            }
            for key in &batch.keys {
                self.index.apply_key(key);
            }
            changes.extend(batch.entries.into_iter().map(|entry| entry.change));
            self.head = batch.head;
        }
        self.index.settle_doubt(Cause::Loading);
        changes
    }

    async fn load(store: &Store) -> Self {
        let mut loaded = Self::empty();
        let mut snapshot = store.load_snapshot().await.unwrap();
        for organization in &snapshot.organizations {
            loaded.index.apply_organization(organization);
        }
        for member in snapshot.members {
            loaded.index.apply_member(member);
        }
        while let Some(page) = snapshot.pages.recv().await {
            for key in &page.unwrap() {
                loaded.index.apply_key(key);
            }
        }
        loaded.head = snapshot.head;
        loaded.index.settle_doubt(Cause::Loading);
        loaded
    }

    /// All that this index knows of the people in the history, and its verdicts on their keys.
    pub(crate) fn view(&self) -> String {
        let mut view = String::new();
        for name in ["ann", "bob", "zoe"] {
            let id = format!("mem_{name}").parse().unwrap();
            let found = self.index.find_member(&id);
            let here = self.index.members_of(&format!("{name}@example.com"));
            let verdicts = ["docs.read", "docs.write"].map(|it| self.verdict(name, it));
            writeln!(view, "{found:?} {here:?} {verdicts:?}").unwrap();
        }
        let mut all = self.index.members_in(&acme());
        all.sort_by(|one, other| one.id.cmp(&other.id));
        writeln!(view, "{all:?}").unwrap();
        view
    }

    /// On the key of a member that inherits from them.
    pub(crate) fn verdict(&self, name: &str, permission: &str) -> String {
        let ask = Ask {
            permissions: vec![permission.parse().unwrap()],
            ..Ask::default()
        };
        let presented = Presented {
            unverified_secret: &format!("key-{name}"),
            reach: &Reach::All,
            ask: &ask,
            now: NOW,
            spend: Spend::Nothing,
        };
        let answer = self.index.verify(presented, |found| {
            (found.texts().id.to_owned(), found.permissions())
        });
        format!("{:?}", (answer.verdict, answer.key))
    }
}

fn policy() -> Policy {
    let template = "kw_{env}_{secret:base62:40}".parse().unwrap();
    let legacy = ["key-[a-z0-9-]+".to_owned()];
    let role = |permissions: &[&str]| Role {
        permissions: permissions.iter().map(|it| it.parse().unwrap()).collect(),
        ..Role::default()
    };
    Policy {
        is_client: false,
        issues_tokens: false,
        shape: Shape::new(template, vec!["live".to_owned()], &legacy).unwrap(),
        roles: Roles::of(BTreeMap::from([
            ("editor".parse().unwrap(), role(&["docs.*"])),
            ("viewer".parse().unwrap(), role(&["*.read"])),
        ])),
        members: MemberRules {
            keys_follow_creator: false,
        },
    }
}

pub(crate) fn acme() -> OrganizationId {
    "acme".parse().unwrap()
}

pub(crate) fn system() -> Call {
    Origin::system("req_1").into()
}

pub(crate) fn bindings(role: &str) -> Bindings {
    Bindings {
        organization: role.parse().unwrap(),
        projects: BTreeMap::new(),
    }
}

pub(crate) fn member(name: &str) -> Member {
    Member {
        id: format!("mem_{name}").parse().unwrap(),
        organization: acme(),
        email: format!("{name}@Example.com").parse().unwrap(),
        name: "Name".parse().unwrap(),
        bindings: bindings("viewer"),
        state: MemberState::Active,
        created_at: NOW,
        created_by: "system".to_owned(),
        version: 1,
    }
}

/// The key of a member, opened by `key-NAME`.
fn key(name: &str) -> Key {
    let grant = Grant {
        right: Right::Inherit(None),
        resource: "*".parse().unwrap(),
    };
    Key {
        id: format!("k-{name}").parse().unwrap(),
        organization: acme(),
        project: None,
        environment: "live".to_owned(),
        name: "Key".parse().unwrap(),
        description: None,
        owner: None,
        display_prefix: "key-".to_owned(),
        suffix: name.to_owned(),
        digest: Digest::of(&format!("key-{name}")),
        grants: Grants::parse(vec![grant]).unwrap(),
        ip_rules: IpRules::default(),
        rate_limit: None,
        metadata: Metadata::empty(),
        managed_by: None,
        state: KeyState::Active,
        lifetime: Lifetime::Forever,
        successor: None,
        created_at: NOW,
        created_by: format!("member/mem_{name}"),
        version: 1,
    }
}

pub(crate) fn invitation(id: &InvitationId) -> Invitation {
    Invitation {
        id: id.clone(),
        organization: acme(),
        email: member("zoe").email,
        bindings: bindings("editor"),
        state: InvitationState::Open,
        expires_at: LATER,
        created_at: NOW,
        created_by: "system".to_owned(),
        version: 1,
    }
}

pub(crate) fn portal(id: &PortalSessionId) -> PortalSession {
    PortalSession {
        id: id.clone(),
        organization: acme(),
        project: None,
        owner: None,
        permissions: vec!["keys.*".parse().unwrap()],
        return_url: None,
        state: PortalSessionState::Fresh,
        expires_at: LATER,
        created_at: NOW,
        created_by: "system".to_owned(),
        version: 1,
    }
}

pub(crate) fn link(secret: &str, kind: LinkKind, subject: &str) -> Link {
    Link {
        digest: Digest::of(secret),
        kind,
        subject: subject.to_owned(),
        expires_at: LATER,
        is_spent: false,
    }
}

pub(crate) fn opening(cookie: &str, holder: Holder) -> Opening {
    let session = Session {
        digest: Digest::of(cookie),
        holder,
        created_at: NOW,
        seen_at: NOW,
        expires_at: LATER,
    };
    Opening {
        session,
        earlier: Earlier::Nothing,
    }
}

pub(crate) fn holder(member: &Member) -> Holder {
    Holder::Person {
        here: member.id.clone(),
        members: vec![member.id.clone()],
    }
}

pub(crate) fn at<'a>(reach: &'a Reach, id: &'a MemberId) -> MemberAt<'a> {
    MemberAt {
        reach,
        id,
        expected: None,
        kept: None,
    }
}

/// A store with an organization, and an index that follows it from the beginning.
pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) follower: Follower,
    _directory: tempfile::TempDir,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(OpenOptions {
            location: Location::Directory(directory.path().join("data")),
            is_exclusive: false,
            entropy: Box::new(Zeros),
        });
        let mut scene = Self {
            store: store.await.unwrap(),
            follower: Follower::empty(),
            _directory: directory,
        };
        let organization = Organization {
            id: acme(),
            name: "Acme".parse().unwrap(),
            external_id: None,
            metadata: Metadata::empty(),
            state: OrganizationState::Active,
            created_at: NOW,
            version: 1,
        };
        let by = system();
        let made = scene.store.create_organization(&by, organization, NOW);
        let _made = made.await.unwrap();
        scene
            .brings(Change::OrganizationCreated { id: acme() })
            .await;
        scene
    }

    /// Follows one change, and compares with an index that loads everything now.
    pub(crate) async fn brings(&mut self, change: Change) {
        assert_eq!(self.follower.follow(&self.store).await, [change]);
        let loaded = Follower::load(&self.store).await;
        assert_eq!(self.follower.head, loaded.head);
        assert_eq!(self.follower.view(), loaded.view());
    }

    pub(crate) async fn has_member(&mut self, name: &str) -> Member {
        let by = system();
        let made = self.store.create_member(&by, member(name), NOW).await;
        let member = made.unwrap().into_parts().0;
        self.brings(Change::MemberCreated {
            organization: acme(),
            id: member.id.clone(),
        })
        .await;
        self.has_key_of(&member, name).await;
        member
    }

    pub(crate) async fn has_key_of(&mut self, member: &Member, name: &str) {
        let actor = Actor::Member {
            id: member.id.clone(),
            version: member.version,
        };
        let by = Call::from(Origin {
            actor,
            ..system().origin
        });
        let in_force = InForce {
            profile_version: 0,
            active_keys_per_project: None,
            keys_per_organization: None,
        };
        let made = self.store.create_key(&by, key(name), in_force, NOW).await;
        let made = made.unwrap();
        self.brings(Change::KeyCreated {
            organization: acme(),
            id: made.value().id.clone(),
        })
        .await;
    }

    pub(crate) fn may(&self, name: &str, permission: &str) -> bool {
        self.follower.verdict(name, permission).contains("Allow")
    }
}
