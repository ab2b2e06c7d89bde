//! The tables of a profile as they stand in its file, before anything of them is checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pages::PagesTable;
use super::tokens::TokensTable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) name: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) default: bool,
    pub(super) dialect: Option<String>,
    pub(super) key: KeyTable,
    pub(super) permissions: PermissionsTable,
    #[serde(default)]
    pub(super) roles: BTreeMap<String, RoleTable>,
    pub(super) grants: GrantsTable,
    #[serde(default)]
    pub(super) limits: LimitsTable,
    pub(super) tokens: Option<TokensTable>,
    pub(super) expiry: ExpiryTable,
    #[serde(default)]
    pub(super) members: MembersTable,
    pub(super) carriers: Vec<String>,
    #[serde(default)]
    pub(super) codes: BTreeMap<String, CodeTable>,
    pub(super) revocation: RevocationTable,
    #[serde(default)]
    pub(super) pages: PagesTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyTable {
    pub(super) id: Option<String>,
    pub(super) template: String,
    pub(super) environments: Vec<String>,
    #[serde(default)]
    pub(super) legacy: Vec<String>,
    #[serde(default)]
    pub(super) display_secret_chars: usize,
    #[serde(default = "yes")]
    pub(super) suffix: bool,
    pub(super) project: String,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionsTable {
    pub(super) catalogue: CatalogueValue,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "permissions.catalogue is \"open\" or a list of permissions"
)]
pub(super) enum CatalogueValue {
    Word(String),
    List(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleTable {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) permissions: Vec<String>,
    #[serde(default)]
    pub(super) manage: Vec<String>,
    #[serde(default)]
    pub(super) manage_own: Vec<String>,
    #[serde(default)]
    pub(super) places: Vec<String>,
    #[serde(default)]
    pub(super) contains: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantsTable {
    pub(super) choosable: bool,
    #[serde(default)]
    pub(super) one_role_per_place: bool,
    pub(super) default: DefaultValue,
    #[serde(default)]
    pub(super) members_inherit: bool,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "grants.default is \"nothing\", \"all-of-own\", \"inherit\" or a list of grants, each \
                 with a resource and either permissions or a role"
)]
pub(super) enum DefaultValue {
    Word(String),
    List(Vec<GrantTable>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantTable {
    pub(super) permissions: Option<Vec<String>>,
    pub(super) role: Option<String>,
    pub(super) resource: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsTable {
    pub(super) active_keys_per_project: Option<i64>,
    pub(super) keys_per_organization: Option<i64>,
    pub(super) rate_limit: Option<String>,
    pub(super) retry_after: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpiryTable {
    pub(super) editable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MembersTable {
    pub(super) keys_of_removed: String,
}

impl Default for MembersTable {
    fn default() -> Self {
        Self {
            keys_of_removed: "stay".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeTable {
    pub(super) code: String,
    pub(super) status: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationTable {
    pub(super) lease: String,
}
