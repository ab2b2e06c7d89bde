//! `/roles`: what each role of the profile may do, here and in the product.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::grant::RoleName;
use keyway_core::management::ManagementPermission;
use keyway_core::permission::{Permission, PermissionPattern};
use keyway_core::profile::{Catalogue, Profile, Role, Roles};

use super::frame::Frame;
use super::members::{self, Tabs};
use super::page::{page, refusal};
use super::visitor::Visitor;
use crate::auth::Permit;
use crate::auth::permissions::RolesRead;

const PLACE: &str = "/roles";

#[derive(Template)]
#[template(path = "roles.html")]
struct Page {
    frame: Frame,
    tabs: Tabs,
    has_members: bool,
    roles: Vec<Column>,
    areas: Vec<Area>,
}

#[derive(Clone, Debug)]
struct Column {
    title: String,
    description: String,
    places: String,
    is_yours: bool,
}

#[derive(Clone, Debug)]
struct Area {
    name: String,
    rows: Vec<Row>,
}

/// One permission, and which of the roles hold it.
#[derive(Clone, Debug)]
struct Row {
    word: String,
    /// Of each role: `yes`, `own` for no keys but their own, or `no`.
    held: Vec<&'static str>,
}

/// `GET /roles`
pub(crate) async fn list(visitor: Visitor) -> Result<Response, Response> {
    let frame = visitor.frame(members::PLACE).await?;
    let _permit: Permit<RolesRead> = visitor.permit(&frame, "Roles")?;
    let invitations = super::invitations::rows(&visitor)
        .await
        .map_err(refusal(&frame))?;
    let own = &visitor.member()?.bindings.organization;
    let profile = &visitor.profile.profile;
    let roles = most_first(&profile.roles);
    let columns = roles.iter().map(|(name, role)| Column {
        title: role.title.clone(),
        description: role.description.clone(),
        places: places(role).to_owned(),
        is_yours: *name == own,
    });
    let holders: Vec<&Role> = roles.iter().map(|(_, role)| *role).collect();
    let template = Page {
        tabs: members::tabs(&visitor, PLACE, &invitations),
        has_members: visitor.may(ManagementPermission::MembersRead),
        roles: columns.collect(),
        areas: areas(&holders, profile),
        frame,
    };
    Ok(page(StatusCode::OK, &template))
}

/// The role that holds the most stands first, and the one for the whole organization before one that
/// can be held in a project.
pub(crate) fn most_first(roles: &Roles) -> Vec<(&RoleName, &Role)> {
    let mut roles: Vec<_> = roles.iter().collect();
    roles.sort_by_key(|(_, role)| std::cmp::Reverse((weight(role), !role.is_for_project)));
    roles
}

fn weight(role: &Role) -> usize {
    let all = ManagementPermission::ALL.iter();
    let managed = all.filter(|it| manages(role, **it)).count();
    managed * 2 + usize::from(role.permissions.contains(&PermissionPattern::All))
}

fn manages(role: &Role, permission: ManagementPermission) -> bool {
    let word = permission.as_str().parse::<Permission>();
    word.is_ok_and(|word| role.manage.iter().any(|it| it.matches(&word)))
}

fn manages_own(role: &Role, permission: ManagementPermission) -> bool {
    let word = permission.as_str().parse::<Permission>();
    word.is_ok_and(|word| role.manage_own.iter().any(|it| it.matches(&word)))
}

fn places(role: &Role) -> &'static str {
    match (role.is_for_organization, role.is_for_project) {
        (true, true) => "organization and projects",
        (true, false) => "organization",
        (false, true) => "projects",
        (false, false) => "keys",
    }
}

fn areas(roles: &[&Role], profile: &Profile) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for permission in ManagementPermission::ALL {
        let noun = permission.as_str().split('.').next().unwrap_or_default();
        let row = Row {
            word: profile.labels.of(*permission).to_owned(),
            held: roles
                .iter()
                .map(|role| match manages(role, *permission) {
                    true => "yes",
                    false if manages_own(role, *permission) => "own",
                    false => "no",
                })
                .collect(),
        };
        put(&mut areas, &in_words(noun), row);
    }
    for row in product_rows(roles, &profile.permissions) {
        put(&mut areas, "Product", row);
    }
    areas
}

fn put(areas: &mut Vec<Area>, name: &str, row: Row) {
    match areas.last_mut().filter(|area| area.name == name) {
        Some(area) => area.rows.push(row),
        None => areas.push(Area {
            name: name.to_owned(),
            rows: vec![row],
        }),
    }
}

/// `portal_sessions` as `Portal sessions`.
fn in_words(noun: &str) -> String {
    let text = noun.replace('_', " ");
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .map_or_else(String::new, |it| it.to_uppercase().collect());
    format!("{first}{}", letters.as_str())
}

/// The catalogue's words; where that is open, the patterns that the roles are made of.
fn product_rows(roles: &[&Role], catalogue: &Catalogue) -> Vec<Row> {
    let patterns: Vec<PermissionPattern> = match catalogue {
        Catalogue::Words(words) => words.iter().cloned().map(PermissionPattern::Word).collect(),
        Catalogue::Open => {
            let mut all: Vec<_> = roles.iter().flat_map(|role| &role.permissions).collect();
            all.sort_by_key(ToString::to_string);
            all.dedup();
            all.into_iter().cloned().collect()
        }
    };
    let rows = patterns.iter().map(|pattern| Row {
        word: pattern.to_string(),
        held: roles
            .iter()
            .map(|role| role.permissions.iter().any(|it| it.covers(pattern)))
            .map(|is_held| if is_held { "yes" } else { "no" })
            .collect(),
    });
    rows.collect()
}
