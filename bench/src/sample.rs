//! The keys of the bench. Key number n is the same in every run and in every process, so that a
//! secret need not be kept to be asked about.

use anyhow::Result;
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::OrganizationId;
use keyway_core::key::{Key, KeyState, Lifetime};
use keyway_core::network::IpRules;
use keyway_core::organization::{Organization, OrganizationState};
use keyway_core::permission::PermissionSet;
use keyway_core::profile::Profile;
use keyway_core::text::Metadata;
use keyway_core::time::Timestamp;
use keyway_token::entropy::Entropy;
use keyway_token::secret::Secret;
use keyway_token::template::Template;

/// The profile that ships as the default.
pub(crate) const PROFILE: &str = include_str!("../../profiles/keyway.toml");

pub(crate) const KEYS_PER_ORGANIZATION: u64 = 10_000;
pub(crate) const KEYS_PER_PROJECT: u64 = 100;
/// The bench's beginning of time.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_780_000_000_000_000);

const ENVIRONMENT: &str = "live";
const METADATA: &str = r#"{"team":"payments"}"#;

/// Makes keys by their numbers.
pub(crate) struct Samples {
    template: Template,
    grants: Grants,
    metadata: Metadata,
}

impl Samples {
    pub(crate) fn of(profile: &Profile) -> Result<Self> {
        let words = vec!["orders.read".parse()?, "orders.write".parse()?];
        let grant = Grant {
            right: Right::Permissions(PermissionSet::of(words)),
            resource: "*".parse()?,
        };
        Ok(Self {
            template: profile.key.template.clone(),
            grants: Grants::parse(vec![grant])?,
            metadata: METADATA.parse()?,
        })
    }

    pub(crate) fn secret(&self, number: u64) -> Secret {
        let mut entropy = Numbered(number);
        self.template.mint(ENVIRONMENT, None, &mut entropy).secret
    }

    /// A key of the number's own organization and project.
    pub(crate) fn key(&self, number: u64) -> Result<Key> {
        let mut entropy = Numbered(number);
        let minted = self.template.mint(ENVIRONMENT, None, &mut entropy);
        let secret = minted.secret.expose();
        let id = minted.id.unwrap_or_else(|| format!("k{number}"));
        Ok(Key {
            display_prefix: format!("kw_{ENVIRONMENT}_{id}"),
            id: id.parse()?,
            organization: organization_of(number)?,
            project: Some(project_id(number).parse()?),
            environment: ENVIRONMENT.to_owned(),
            name: format!("Deploy bot {number}").parse()?,
            description: None,
            owner: None,
            suffix: secret
                .get(secret.len() - 4..)
                .unwrap_or_default()
                .to_owned(),
            digest: minted.secret.digest(),
            grants: self.grants.clone(),
            ip_rules: IpRules::default(),
            rate_limit: None,
            metadata: self.metadata.clone(),
            managed_by: None,
            state: KeyState::Active,
            lifetime: Lifetime::Forever,
            successor: None,
            created_at: NOW,
            created_by: "system".to_owned(),
            version: 1,
        })
    }
}

pub(crate) fn organization_of(number: u64) -> Result<OrganizationId> {
    Ok(format!("org_{}", number / KEYS_PER_ORGANIZATION).parse()?)
}

pub(crate) fn organization(id: OrganizationId) -> Result<Organization> {
    Ok(Organization {
        name: id.as_str().parse()?,
        external_id: None,
        id,
        metadata: Metadata::empty(),
        state: OrganizationState::Active,
        created_at: NOW,
        version: 1,
    })
}

pub(crate) fn project_id(number: u64) -> String {
    format!("prj_{}", number / KEYS_PER_PROJECT)
}

/// Numbers that look random and are the same in every run: splitmix64.
#[derive(Clone, Debug)]
pub(crate) struct Numbered(pub(crate) u64);

impl Numbered {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

impl Entropy for Numbered {
    fn fill(&mut self, bytes: &mut [u8]) {
        // A key's numbers must not be the next key's, one step on.
        let mut stream = Self(self.next());
        for chunk in bytes.chunks_mut(8) {
            for (byte, drawn) in chunk.iter_mut().zip(stream.next().to_le_bytes()) {
                *byte = drawn;
            }
        }
    }
}
