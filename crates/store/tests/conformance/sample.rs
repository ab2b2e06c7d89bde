//! Things to put into a store.

use keyway_core::actor::Origin;
use keyway_core::grant::Grants;
use keyway_core::id::{KeyId, OrganizationId};
use keyway_core::key::{Key, KeyState, Lifetime, Revocation, Rotation};
use keyway_core::management::{ManagementKey, ManagementKeyState, Preset, Reach};
use keyway_core::network::IpRules;
use keyway_core::organization::{Organization, OrganizationState, Project};
use keyway_core::text::Metadata;
use keyway_core::time::{Span, Timestamp};
use keyway_store::Store;
use keyway_store::call::Call;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::profile::InForce;
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
