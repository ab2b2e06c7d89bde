//! Role × permission × resource for every profile that ships, as a text that a reviewer reads:
//! `tests/roles.txt`. `KEYWAY_REWRITE=1` writes it anew; each difference changes who may do what.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::management::ManagementPermission;
use keyway_core::member::Bindings;
use keyway_core::permission::{Permission, PermissionSet};
use keyway_core::profile::{Catalogue, Profile};

const TABLE: &str = "tests/roles.txt";
const HEAD: &str = "\
# Who may do what where: the roles of every profile that ships. A role in a project is shown of
# somebody who has no other, in the project `alpha`.
#
# Above the line: what its members do here, `own` being with keys that they made. Only keys, projects and what lies in them can be a project's own; and what
# concerns every organization (making one, the profile, metrics) is the operator's, whatever a role
# says: see authorization.txt.
# Below it: which of the product's permissions they hold, and so may hand on to a key.
";
const RESOURCES: [&str; 4] = ["*", "project/alpha", "project/alpha/doc/1", "project/beta"];
/// Words for a product whose catalogue is open.
const SAMPLES: [&str; 3] = ["read", "orders.read", "orders.write"];

#[test]
fn every_role_may_do_what_the_table_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<_> = fs::read_dir(root.join("profiles"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut table = HEAD.to_owned();
    for file in files {
        let profile = Profile::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        write_profile(&mut table, &profile);
    }
    let path = root.join(TABLE);
    if is_rewriting() {
        fs::write(&path, &table).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, table, "KEYWAY_REWRITE=1 writes {TABLE} anew");
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether to rewrite is said from outside, to nobody but this test"
)]
fn is_rewriting() -> bool {
    std::env::var_os("KEYWAY_REWRITE").is_some()
}

fn write_profile(table: &mut String, profile: &Profile) {
    for (name, role) in profile.roles.iter() {
        let of = |organization: &str, projects| Bindings {
            organization: organization.parse().unwrap(),
            projects,
        };
        if role.is_for_organization {
            let member = of(name.as_str(), BTreeMap::new());
            write_role(
                table,
                profile,
                &format!("{} of the organization", name.as_str()),
                &member,
            );
        }
        if role.is_for_project {
            let projects = BTreeMap::from([("alpha".parse().unwrap(), name.clone())]);
            let member = of("nobody", projects);
            write_role(
                table,
                profile,
                &format!("{} of alpha", name.as_str()),
                &member,
            );
        }
    }
}

fn write_role(table: &mut String, profile: &Profile, who: &str, member: &Bindings) {
    let columns = RESOURCES.map(|it| format!("{it:<21}")).concat();
    let title = format!("{}: {who}", profile.name);
    write!(table, "\n{title:<42}{}\n", columns.trim_end()).unwrap();
    for permission in ManagementPermission::ALL {
        let may = RESOURCES.map(|resource| manages(member, profile, *permission, resource));
        write_marks(table, permission.as_str(), may);
    }
    table.push_str("    --\n");
    for permission in words(profile) {
        let may = RESOURCES.map(|resource| hands_on(member, profile, &permission, resource));
        write_row(table, permission.as_str(), may);
    }
}

fn write_row(table: &mut String, permission: &str, may: [bool; 4]) {
    write_marks(
        table,
        permission,
        may.map(|it| if it { "yes" } else { "-" }),
    );
}

fn write_marks(table: &mut String, permission: &str, marks: [&str; 4]) {
    let marks = marks.map(|it| format!("{it:<21}"));
    writeln!(table, "    {permission:<38}{}", marks.concat().trim_end()).unwrap();
}

fn words(profile: &Profile) -> Vec<Permission> {
    match &profile.permissions {
        Catalogue::Open => SAMPLES.map(|word| word.parse().unwrap()).to_vec(),
        Catalogue::Words(words) => words.clone(),
    }
}

fn manages(
    member: &Bindings,
    profile: &Profile,
    permission: ManagementPermission,
    resource: &str,
) -> &'static str {
    let roles = &profile.roles;
    let is_here = |project: &str| resource.split('/').nth(1) == Some(project);
    let is_in_projects = permission.is_about_keys()
        && member
            .projects_managing(permission, roles)
            .any(|project| is_here(project.as_str()));
    if member.manage(permission, roles) || is_in_projects {
        return "yes";
    }
    let mut bound = member.projects.iter();
    let is_own = roles.manage_own(&member.organization, permission)
        || bound
            .any(|(project, role)| is_here(project.as_str()) && roles.manage_own(role, permission));
    if is_own { "own" } else { "-" }
}

fn hands_on(member: &Bindings, profile: &Profile, permission: &Permission, resource: &str) -> bool {
    let grant = Grant {
        right: Right::Permissions(PermissionSet::of(vec![permission.clone()])),
        resource: resource.parse().unwrap(),
    };
    let Ok(grants) = Grants::parse(vec![grant]) else {
        panic!("{permission} at {resource} is no grant");
    };
    member.excess(&grants, None, &profile.roles).is_empty()
}
