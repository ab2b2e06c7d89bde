//! Things to put into a store.

use std::collections::BTreeMap;

use keyway_core::actor::{Actor, Origin};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::{KeyId, OrganizationId};
use keyway_core::invitation::{Invitation, InvitationState};
use keyway_core::key::{Key, KeyState, Lifetime, Revocation, Rotation};
use keyway_core::management::{ManagementKey, ManagementKeyState, Preset, Reach};
use keyway_core::member::{Bindings, Member, MemberState};
use keyway_core::network::IpRules;
use keyway_core::organization::{Organization, OrganizationState, Project};
use keyway_core::permission::PermissionSet;
use keyway_core::portal::{PortalSession, PortalSessionState};
use keyway_core::text::Metadata;
use keyway_core::time::{Span, Timestamp};
use keyway_store::Store;
use keyway_store::call::Call;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Committed;
use keyway_store::ledger::entry::{Entry, EntryFilter, Walk};
use keyway_store::links::{Link, LinkKind};
use keyway_store::passwords::{NewPassword, Password};
use keyway_store::profile::InForce;
use keyway_store::sessions::{Earlier, Holder, Opening, Proof, Session};
use keyway_token::digest::Digest;
use keyway_token::entropy::Entropy;

/// Salts that are the same on both engines.
pub(crate) struct Counting(pub(crate) u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(self.0);
        self.0 = self.0.wrapping_add(1);
    }
}

/// No limit, before any profile.
pub(crate) const OPEN: InForce = InForce {
    profile_version: 0,
    active_keys_per_project: None,
    keys_per_organization: None,
};

pub(crate) fn limited(limit: i64) -> InForce {
    InForce {
        active_keys_per_project: Some(limit),
        ..OPEN
    }
}

pub(crate) fn at(secs: u32) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).plus(Span::from_secs(secs))
}

pub(crate) fn system() -> Call {
    Origin::system("req_1").into()
}

pub(crate) fn organization(id: &str) -> Organization {
    Organization {
        id: id.parse().unwrap(),
        name: format!("Name of {id}").parse().unwrap(),
        external_id: Some(format!("ext-{id}").parse().unwrap()),
        metadata: Metadata::empty(),
        state: OrganizationState::Active,
        created_at: at(0),
        version: 1,
    }
}

pub(crate) fn project(organization: &str, id: &str) -> Project {
    Project {
        organization: organization.parse().unwrap(),
        id: id.parse().unwrap(),
        name: "Project".parse().unwrap(),
        environment: None,
        created_at: at(0),
        version: 1,
    }
}

pub(crate) fn key(organization: &str, id: &str) -> Key {
    Key {
        id: id.parse().unwrap(),
        organization: organization.parse().unwrap(),
        project: None,
        environment: "live".to_owned(),
        name: format!("Key {id}").parse().unwrap(),
        description: None,
        owner: None,
        display_prefix: format!("kw_live_{id}"),
        suffix: id.chars().rev().take(4).collect(),
        digest: Digest::of(id),
        grants: Grants::none(),
        ip_rules: IpRules::default(),
        rate_limit: None,
        metadata: Metadata::empty(),
        managed_by: None,
        state: KeyState::Active,
        lifetime: Lifetime::Forever,
        successor: None,
        created_at: at(1),
        created_by: "system".to_owned(),
        version: 1,
    }
}

pub(crate) fn management_key(id: &str, is_root: bool) -> ManagementKey {
    ManagementKey {
        id: id.parse().unwrap(),
        name: "Operator".parse().unwrap(),
        preset: Preset::Admin,
        reach: Reach::All,
        digest: Digest::of(id),
        display_prefix: "kw_mgmt_abcd".to_owned(),
        suffix: "wxyz".to_owned(),
        is_root,
        state: ManagementKeyState::Active,
        expires_at: None,
        created_at: at(0),
        created_by: "system".to_owned(),
        version: 1,
    }
}

pub(crate) fn revocation(secs: u32) -> Revocation {
    Revocation {
        at: at(secs),
        by: "system".to_owned(),
        reason: Some("it leaked".parse().unwrap()),
        reason_code: Some("leaked".parse().unwrap()),
    }
}

pub(crate) fn rotation(id: &str, grace: &str, secs: u32) -> Rotation {
    Rotation {
        id: id.parse().unwrap(),
        digest: Digest::of(id),
        display_prefix: format!("kw_live_{id}"),
        suffix: "sffx".to_owned(),
        grace: grace.parse().unwrap(),
        by: "system".to_owned(),
        now: at(secs),
    }
}

pub(crate) fn own(organization: &str) -> Reach {
    Reach::One(organization_id(organization))
}

pub(crate) fn organization_id(id: &str) -> OrganizationId {
    id.parse().unwrap()
}

pub(crate) fn key_id(id: &str) -> KeyId {
    id.parse().unwrap()
}

pub(crate) fn bindings(role: &str) -> Bindings {
    Bindings {
        organization: role.parse().unwrap(),
        projects: BTreeMap::new(),
    }
}

/// A member of the id `mem_NAME`.
pub(crate) fn member(organization: &str, name: &str, email: &str) -> Member {
    Member {
        id: format!("mem_{name}").parse().unwrap(),
        organization: organization.parse().unwrap(),
        email: email.parse().unwrap(),
        name: format!("Name of {name}").parse().unwrap(),
        bindings: bindings("viewer"),
        state: MemberState::Active,
        created_at: at(1),
        created_by: "system".to_owned(),
        version: 1,
    }
}

/// `ann@example.com` of `acme`.
pub(crate) fn ann() -> Member {
    member("acme", "ann", "ann@example.com")
}

/// Open until the 1,000th second.
pub(crate) fn invitation(organization: &str, id: &str, email: &str) -> Invitation {
    Invitation {
        id: id.parse().unwrap(),
        organization: organization.parse().unwrap(),
        email: email.parse().unwrap(),
        bindings: bindings("developer"),
        state: InvitationState::Open,
        expires_at: at(1_000),
        created_at: at(1),
        created_by: "system".to_owned(),
        version: 1,
    }
}

/// For keys of owner `u_1` in any project; until the 1,000th second.
pub(crate) fn portal_session(organization: &str, id: &str) -> PortalSession {
    PortalSession {
        id: id.parse().unwrap(),
        organization: organization.parse().unwrap(),
        project: None,
        owner: Some("u_1".parse().unwrap()),
        permissions: vec!["keys.*".parse().unwrap(), "read".parse().unwrap()],
        return_url: None,
        state: PortalSessionState::Fresh,
        expires_at: at(1_000),
        created_at: at(1),
        created_by: "system".to_owned(),
        version: 1,
    }
}

/// A link with this text in it, until the 1,000th second.
pub(crate) fn link(secret: &str, kind: LinkKind, subject: &str) -> Link {
    Link {
        digest: Digest::of(secret),
        kind,
        subject: subject.to_owned(),
        expires_at: at(1_000),
        is_spent: false,
    }
}

pub(crate) fn sign_in_link(secret: &str, member: &Member) -> Link {
    link(secret, LinkKind::SignIn, member.id.as_str())
}

/// A session of a member's person, known by the cookie.
pub(crate) fn session(cookie: &str, member: &Member) -> Session {
    Session {
        digest: Digest::of(cookie),
        holder: Holder::Person {
            here: member.id.clone(),
            members: vec![member.id.clone()],
        },
        created_at: at(1),
        seen_at: at(1),
        expires_at: at(2_000),
    }
}

/// A session of several memberships, the first of which is where the person comes in.
pub(crate) fn session_of(cookie: &str, members: &[&Member]) -> Session {
    let holder = Holder::Person {
        here: members[0].id.clone(),
        members: members.iter().map(|it| it.id.clone()).collect(),
    };
    Session {
        holder,
        ..session(cookie, members[0])
    }
}

pub(crate) fn portal_cookie(cookie: &str, portal: &PortalSession) -> Session {
    Session {
        holder: Holder::Portal(portal.id.clone()),
        ..session(cookie, &ann())
    }
}

/// In a browser without a session.
pub(crate) fn opening(session: Session) -> Opening {
    Opening {
        session,
        earlier: Earlier::Nothing,
    }
}

/// Signs a member in by a proof of the address, in a browser without a session.
pub(crate) async fn sign_in(store: &Store, member: &Member, session: Session) {
    let begun = store
        .begin_session(&system(), member, Proof::Address, opening(session), at(2))
        .await;
    let _begun = begun.unwrap();
}

pub(crate) fn known(member: &Member, hash: Option<&str>) -> Password {
    Password {
        member: member.id.clone(),
        hash: hash.map(str::to_owned),
    }
}

/// A password for members that had none, set in a browser without a session.
pub(crate) fn first_password(members: &[&Member], hash: &str, cookie: &str) -> NewPassword {
    NewPassword {
        hash: hash.to_owned(),
        replaced: members.iter().map(|it| known(it, None)).collect(),
        opening: opening(session_of(cookie, members)),
    }
}

/// Sets the password of members that had none, and goes on in a session with the cookie.
pub(crate) async fn set_password(
    store: &Store,
    members: &[&Member],
    hash: &str,
    cookie: &str,
) -> Result<Committed<()>, ChangeError> {
    let set = first_password(members, hash, cookie);
    store.set_password(&system(), members[0], set, at(3)).await
}

/// A call of a member, as authorized in the version that is given.
pub(crate) fn by_member(member: &Member) -> Call {
    by(Actor::Member {
        id: member.id.clone(),
        version: member.version,
    })
}

pub(crate) fn by(actor: Actor) -> Call {
    Call::from(Origin {
        actor,
        ..system().origin
    })
}

/// Organization `acme` with project `alpha`, and in it Ann.
pub(crate) async fn with_ann(store: &Store) -> Member {
    with_acme(store).await;
    with_member(store, ann()).await
}

pub(crate) async fn with_member(store: &Store, member: Member) -> Member {
    let made = store.create_member(&system(), member, at(1)).await;
    made.unwrap().into_parts().0
}

pub(crate) async fn with_organization(store: &Store, id: &str) {
    let mut organization = organization(id);
    organization.external_id = None;
    let made = store
        .create_organization(&system(), organization, at(0))
        .await;
    let _made = made.unwrap();
}

/// Whether a cookie opens anything.
pub(crate) async fn opens(store: &Store, cookie: &str) -> bool {
    let found = store.find_session(&Digest::of(cookie)).await.unwrap();
    found.is_some()
}

pub(crate) async fn head_seq(store: &Store) -> i64 {
    store.read_head().await.unwrap().seq
}

/// The entries behind one, at most a hundred.
pub(crate) async fn entries_after(store: &Store, seq: i64) -> Vec<Entry> {
    let filter = EntryFilter::default();
    let listed = store
        .list_entries(&Reach::All, &filter, Walk::After(seq), 100)
        .await;
    listed.unwrap()
}

/// The whole page of a list of one thing, by id.
pub(crate) fn words<T>(rows: &[T], word: impl Fn(&T) -> &str) -> Vec<String> {
    rows.iter().map(|it| word(it).to_owned()).collect()
}

/// Organization `acme` with project `alpha`.
pub(crate) async fn with_acme(store: &Store) {
    let _made = store
        .create_organization(&system(), organization("acme"), at(0))
        .await
        .unwrap();
    let _made = store
        .create_project(&system(), project("acme", "alpha"), at(0))
        .await
        .unwrap();
}

/// What was refused, of an outcome that must be a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T, ChangeError>) -> Refusal {
    match outcome {
        Err(ChangeError::Refused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn at_key<'a>(reach: &'a Reach, id: &'a KeyId) -> KeyAt<'a> {
    KeyAt {
        reach,
        id,
        expected: None,
    }
}

pub(crate) fn full_key() -> Key {
    let grants = Grants::parse(vec![
        Grant {
            right: Right::Permissions(PermissionSet::of(vec!["read".parse().unwrap()])),
            resource: "project/alpha".parse().unwrap(),
        },
        Grant {
            right: Right::Role("editor".parse().unwrap()),
            resource: "*".parse().unwrap(),
        },
    ]);
    Key {
        project: Some("alpha".parse().unwrap()),
        name: "Ångström 'quoted' \"key\"".parse().unwrap(),
        description: Some("two\nlines".parse().unwrap()),
        owner: Some("u_1".parse().unwrap()),
        managed_by: Some("terraform".parse().unwrap()),
        grants: grants.unwrap(),
        ip_rules: IpRules::parse(&["203.0.113.0/24", "2001:db8::1"]).unwrap(),
        rate_limit: Some("100/1m".parse().unwrap()),
        metadata: "{\"a\":[1,\"é\"]}".parse().unwrap(),
        lifetime: Lifetime::Until(at(1_000)),
        ..key("acme", "k1")
    }
}
