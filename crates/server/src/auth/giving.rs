//! What a caller may give to a key: no more than they hold (I6), and only the kind of right that the profile
//! lets them give. At creation, import, rotation and edit alike.

use keyway_api::problem::FieldProblem;
use keyway_core::grant::Grants;
use keyway_core::id::{MemberId, ProjectId};
use keyway_core::key::Key;
use keyway_core::profile::ProjectRule;

use super::Permit;
use super::caller::Who;
use crate::answer::problem::Problem;
use crate::app::App;
use crate::routes::keys::making::KeyDraft;

pub(crate) const NAME_A_PROJECT: &str = "a key belongs to exactly one project: name it";

impl<P> Permit<P> {
    /// A new key must lie where the caller may make keys, and hold no more than the caller holds.
    pub(crate) fn may_make(&self, app: &App, draft: &KeyDraft) -> Result<(), Problem> {
        self.may_place(app, draft)?;
        self.may_give(app, &draft.grants, &draft.created_by)?;
        self.may_hand_on(app, &draft.grants, draft.project.as_ref())
    }

    fn may_place(&self, app: &App, draft: &KeyDraft) -> Result<(), Problem> {
        let (project, owner) = (draft.project.as_ref(), draft.owner.as_ref());
        let rule = app.profile_in_force()?.profile.key.project;
        if project.is_none() && rule == ProjectRule::RequiredOfPeople && !self.is_program() {
            return Err(Problem::field("/project", NAME_A_PROJECT));
        }
        let organization = &draft.organization;
        if self
            .reach
            .covers_key(organization, project, owner, &draft.created_by)
        {
            return Ok(());
        }
        Err(self
            .caller
            .denied(app, "not in this project, or for this owner"))
    }

    /// Whoever rotates sees the new secret, and makes a key: it is one that they may make.
    pub(crate) fn may_rotate(&self, app: &App, key: &Key) -> Result<(), Problem> {
        let by = self.caller.origin().actor.to_text();
        self.may_give(app, &key.grants, &key.creator_of_successor(&by))?;
        self.may_hand_on(app, &key.grants, key.project.as_ref())
    }

    /// Other grants for a key that is there. Whoever edits it may have its secret.
    pub(crate) fn may_regrant(&self, app: &App, key: &Key, grants: &Grants) -> Result<(), Problem> {
        self.may_give(app, grants, &key.created_by)?;
        let project = key.project.as_ref();
        if self.caller.origin().actor.to_text() == key.created_by {
            self.may_hand_on(app, grants, project)
        } else {
            self.may_hand_on(app, &grants.handed_on_by_another(&key.grants), project)
        }
    }

    fn is_program(&self) -> bool {
        matches!(self.caller.who, Who::ManagementKey(_))
    }

    /// The kind of right that the profile lets a caller give: where keys follow their creators' roles,
    /// a member gives nothing else. And only a member has roles that `creator`'s key could follow.
    fn may_give(&self, app: &App, grants: &Grants, creator: &str) -> Result<(), Problem> {
        let is_member = MemberId::of_actor(creator).is_some();
        if grants.has_inherit() && !is_member {
            let rule = "nobody's roles can be inherited: the key's creator is no member";
            return Err(Problem::field("/grants", rule));
        }
        let rules = &app.profile_in_force()?.profile.grants;
        let is_person = matches!(self.caller.who, Who::Member { .. });
        if rules.members_inherit && is_person && !grants.all_inherit() {
            let rule = "keys of members inherit their creator's role: `inherit`, with or without \
                        `permissions` to narrow it";
            return Err(Problem::field("/grants", rule));
        }
        Ok(())
    }

    /// What a key holds must be what the caller holds too (I6): at creation, edit and rotation.
    fn may_hand_on(
        &self,
        app: &App,
        grants: &Grants,
        project: Option<&ProjectId>,
    ) -> Result<(), Problem> {
        let profile = app.profile_in_force()?;
        let excess = self.caller.excess(&profile.profile.roles, grants, project);
        if excess.is_empty() {
            return Ok(());
        }
        let detail = format!(
            "you do not hold {} yourself, so you cannot give it",
            excess.join(", ")
        );
        let fields = vec![FieldProblem {
            pointer: "/grants".to_owned(),
            detail: detail.clone(),
        }];
        Err(self.caller.denied(app, detail).errors_of(fields))
    }
}
