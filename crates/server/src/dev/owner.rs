//! The demo's owner: somebody to look around as, and the link that lets them in.

use keyway_core::grant::RoleName;
use keyway_core::id::{MemberId, OrganizationId};
use keyway_core::management::Reach;
use keyway_core::member::{Bindings, Member, MemberState};
use keyway_core::permission::PermissionPattern;
use keyway_core::profile::Roles;
use keyway_core::time::Timestamp;
use keyway_store::call::Call;
use keyway_store::links::LinkKind;
use keyway_store::members::{MemberAt, MemberEdit};

use super::{DemoError, refused};
use crate::app::App;
use crate::one_time_link::{Fresh, SIGN_IN_SPAN};
use crate::routes::members::draw_member_id;

const EMAIL: &str = "demo@keyway.example";
const NAME: &str = "Demo Owner";

/// The address that signs the demo's owner in, once; None where the profile has no role for one.
pub(super) async fn sign_in_link(
    app: &App,
    by: &Call,
    organization: &OrganizationId,
    now: Timestamp,
) -> Result<Option<String>, DemoError> {
    let in_force = app.profile_in_force().map_err(|it| refused(&it))?;
    let Some(role) = role_of_owner(&in_force.profile.roles) else {
        return Ok(None);
    };
    let bindings = Bindings {
        organization: role.clone(),
        projects: std::collections::BTreeMap::new(),
    };
    let owner = put(app, by, organization, bindings, now).await?;
    let expires_at = now.plus(SIGN_IN_SPAN);
    let fresh = Fresh::draw(app, LinkKind::SignIn, owner.id.as_str(), expires_at);
    let done = app
        .store
        .create_sign_in_link(by, &owner, fresh.link, now)
        .await?;
    app.cluster.reach(done.head()).await;
    Ok(Some(fresh.url))
}

/// The role that manages everything; rather one that is for the whole organization alone.
fn role_of_owner(roles: &Roles) -> Option<&RoleName> {
    let manages_all = roles.iter().filter(|(_, role)| {
        role.is_for_organization && role.manage.contains(&PermissionPattern::All)
    });
    manages_all
        .min_by_key(|(_, role)| role.is_for_project)
        .map(|(name, _)| name)
}

/// The owner of the last start, with a role that this profile knows, or a new one.
async fn put(
    app: &App,
    by: &Call,
    organization: &OrganizationId,
    bindings: Bindings,
    now: Timestamp,
) -> Result<Member, DemoError> {
    let known = app.index.members_of(EMAIL);
    if let Some(found) = known.iter().find(|it| it.organization == *organization) {
        let at = MemberAt {
            reach: &Reach::All,
            id: &found.id,
            expected: None,
            kept: None,
        };
        let edit = MemberEdit {
            name: None,
            bindings: Some(bindings),
        };
        let done = app.store.update_member(by, at, &edit, now).await?;
        app.cluster.reach(done.head()).await;
        return Ok(done.value().clone());
    }
    let id: MemberId = draw_member_id(app).parse()?;
    let owner = Member {
        id,
        organization: organization.clone(),
        email: EMAIL.parse()?,
        name: NAME.parse()?,
        bindings,
        state: MemberState::Active,
        created_at: now,
        created_by: by.origin.actor.to_text(),
        version: 1,
    };
    let done = app.store.create_member(by, owner, now).await?;
    app.cluster.reach(done.head()).await;
    Ok(done.value().clone())
}

#[cfg(test)]
mod tests {
    use keyway_core::profile::Role;

    use super::*;

    #[test]
    fn the_owner_has_the_role_that_manages_everything() {
        let role = |manage: &str, is_for_project| Role {
            manage: vec![manage.parse().unwrap()],
            is_for_organization: true,
            is_for_project,
            ..Role::default()
        };
        let name = |name: &str| name.parse::<RoleName>().unwrap();
        let mut roles = std::collections::BTreeMap::from([
            (name("a"), role("keys.*", false)),
            (name("b"), role("*", true)),
        ]);
        assert_eq!(role_of_owner(&Roles::of(roles.clone())), Some(&name("b")));
        roles.insert(name("c"), role("*", false));
        assert_eq!(role_of_owner(&Roles::of(roles)), Some(&name("c")));
        assert_eq!(role_of_owner(&Roles::default()), None);
    }
}
