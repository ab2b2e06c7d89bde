//! The part of the profile in force that deciding needs.

use keyway_core::profile::{MemberRules, Profile, Roles};
use keyway_token::shape::{InvalidShape, Shape};

/// How keys look, and what roles hold.
#[derive(Clone, Debug)]
pub struct Policy {
    pub shape: Shape,
    pub roles: Roles,
    pub members: MemberRules,
}

impl Policy {
    pub fn of(profile: &Profile) -> Result<Self, InvalidShape> {
        let format = &profile.key;
        let environments = format.environments.clone();
        let shape = Shape::new(format.template.clone(), environments, &format.legacy)?;
        Ok(Self {
            shape,
            roles: profile.roles.clone(),
            members: profile.members,
        })
    }
}
