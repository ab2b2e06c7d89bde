//! The part of the profile in force that deciding needs.

use keyway_core::profile::{MemberRules, Profile, Roles};
use keyway_token::shape::{InvalidShape, Shape};

/// How keys look, and what roles hold.
#[derive(Clone, Debug)]
pub struct Policy {
    pub shape: Shape,
    /// Whether a key is two fields, so that no string alone is one.
    pub is_client: bool,
    /// Whether keys are exchanged for tokens, which name their key by its id.
    pub issues_tokens: bool,
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
            is_client: format.client_id_chars.is_some(),
            issues_tokens: profile.tokens.is_some(),
            roles: profile.roles.clone(),
            members: profile.members,
        })
    }
}
