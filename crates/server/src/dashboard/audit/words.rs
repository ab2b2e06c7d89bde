//! What an entry says, in a person's words: a verb for each action, then what it was done to.

/// Each action of the ledger, its verb in a sentence, and its name in the filter.
pub(super) const ACTIONS: &[(&str, &str, &str)] = &[
    ("key.created", "Created", "Key created"),
    ("key.updated", "Changed", "Key changed"),
    ("key.rotated", "Rotated", "Key rotated"),
    ("key.deactivated", "Switched off", "Key switched off"),
    ("key.activated", "Switched on", "Key switched on"),
    ("key.revoked", "Revoked", "Key revoked"),
    ("key.deleted", "Deleted", "Key deleted"),
    ("keys.imported", "Imported keys into", "Keys imported"),
    ("project.created", "Created the project", "Project created"),
    (
        "resource.created",
        "Told of the resource",
        "Resource told of",
    ),
    (
        "resource.updated",
        "Renamed the resource",
        "Resource renamed",
    ),
    (
        "resource.deleted",
        "Took back the resource",
        "Resource taken back",
    ),
    ("member.created", "Added the member", "Member added"),
    ("member.updated", "Changed the member", "Member changed"),
    ("member.removed", "Removed the member", "Member removed"),
    ("member.signed_in", "Signed in", "Signed in"),
    (
        "member.signed_out",
        "Signed out everywhere",
        "Signed out everywhere",
    ),
    ("password.set", "Set a password", "Password set"),
    (
        "sign_in_link.created",
        "Made a sign-in link for",
        "Sign-in link made",
    ),
    ("invitation.created", "Invited", "Invitation made"),
    (
        "invitation.withdrawn",
        "Withdrew the invitation of",
        "Invitation withdrawn",
    ),
    (
        "invitation.accepted",
        "Accepted the invitation of",
        "Invitation accepted",
    ),
    (
        "portal_session.created",
        "Made a portal session for",
        "Portal session made",
    ),
    (
        "portal_session.opened",
        "Opened the portal session",
        "Portal session opened",
    ),
    (
        "portal_session.revoked",
        "Ended the portal session",
        "Portal session ended",
    ),
    (
        "management_key.created",
        "Created the management key",
        "Management key created",
    ),
    (
        "management_key.revoked",
        "Revoked the management key",
        "Management key revoked",
    ),
    (
        "organization.created",
        "Created the organization",
        "Organization created",
    ),
    (
        "organization.updated",
        "Changed the organization",
        "Organization changed",
    ),
    (
        "organization.suspended",
        "Suspended the organization",
        "Organization suspended",
    ),
    (
        "organization.resumed",
        "Resumed the organization",
        "Organization resumed",
    ),
];

/// The verb; for an action that this program does not know, its own word.
pub(super) fn verb(action: &str) -> &str {
    let found = ACTIONS.iter().find(|(known, _, _)| *known == action);
    found.map_or(action, |(_, verb, _)| verb)
}

/// What people do to themselves needs no object.
pub(super) fn has_object(action: &str) -> bool {
    !matches!(
        action,
        "member.signed_in" | "member.signed_out" | "password.set"
    )
}

/// What kind of thing an action is about.
pub(super) fn noun(action: &str) -> &'static str {
    match action.split('.').next().unwrap_or(action) {
        "key" => "Key",
        "keys" | "organization" => "Organization",
        "project" => "Project",
        "resource" => "Resource",
        "member" | "password" | "sign_in_link" => "Member",
        "invitation" => "Invitation",
        "portal_session" => "Portal session",
        "management_key" | "root_key" => "Management key",
        _ => "About",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_action_is_told_by_its_own_word() {
        assert_eq!(verb("key.revoked"), "Revoked");
        assert_eq!(verb("key.painted"), "key.painted");
        assert_eq!(noun("member.removed"), "Member");
    }
}
