//! What one grant allows, as a form asks for it: all that the creator may, chosen permissions, or a
//! role. Nobody hands on more than they hold (I6), so what is not held cannot be chosen and says why.

use keyway_core::grant::{Grant, Grants, Right, RoleName};
use keyway_core::id::ProjectId;
use keyway_core::permission::{Permission, PermissionPattern, PermissionSet};
use keyway_core::profile::Catalogue;
use keyway_core::profile::pages::Access;
use keyway_core::resource::{Resource, ResourcePath};

use super::super::visitor::VisitorKind;
use super::desk::Desk;
use super::sent::Sent;

/// Stands for keeping grants that no form can show.
const KEPT: &str = "kept";

/// What was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    pub way: String,
    pub permissions: Vec<String>,
    /// Permissions as text, where there is no list of them.
    pub words: String,
    pub role: String,
}

/// The field as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct AccessField {
    pub ways: Vec<Choice>,
    pub boxes: Vec<PermissionBox>,
    /// Whether permissions are written instead of chosen.
    pub is_open: bool,
    pub words: String,
    pub roles: Vec<RoleChoice>,
}

#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub word: String,
    pub title: String,
    pub is_chosen: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct PermissionBox {
    pub word: String,
    pub meaning: String,
    pub is_checked: bool,
    pub is_held: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct RoleChoice {
    pub name: String,
    pub title: String,
    pub description: String,
    pub is_chosen: bool,
    pub is_held: bool,
}

impl Filled {
    /// Of the line with this number.
    pub(crate) fn sent(sent: &Sent, number: usize) -> Self {
        let field = |name: &str| format!("{name}.{number}");
        Self {
            way: sent.one(&field("access")).to_owned(),
            permissions: sent.all(&field("permission")).map(str::to_owned).collect(),
            words: sent.one(&field("words")).to_owned(),
            role: sent.one(&field("role")).to_owned(),
        }
    }

    /// Keeps what is more than a form can say.
    pub(crate) fn kept() -> Self {
        Self {
            way: KEPT.to_owned(),
            ..Self::default()
        }
    }

    /// None where a form cannot say it. `inherits`: permissions that are chosen narrow what is inherited.
    pub(crate) fn of_right(right: &Right, inherits: bool) -> Option<Self> {
        match right {
            Right::Inherit(None) => Some(Self {
                way: word(Access::Inherit).to_owned(),
                ..Self::default()
            }),
            Right::Inherit(Some(set)) if inherits => Some(Self::of_permissions(set)),
            Right::Inherit(Some(_)) => None,
            Right::Role(role) => Some(Self {
                way: word(Access::Role).to_owned(),
                role: role.as_str().to_owned(),
                ..Self::default()
            }),
            Right::Permissions(set) => Some(Self::of_permissions(set)),
        }
    }

    fn of_permissions(set: &PermissionSet) -> Self {
        let permissions: Vec<String> = match set {
            PermissionSet::All => vec!["*".to_owned()],
            PermissionSet::Words(words) => words.iter().map(ToString::to_string).collect(),
        };
        Self {
            way: word(Access::Permissions).to_owned(),
            words: permissions.join(" "),
            permissions,
            role: String::new(),
        }
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.way == KEPT
    }
}

fn word(way: Access) -> &'static str {
    match way {
        Access::Inherit => "inherit",
        Access::Permissions => "permissions",
        Access::Role => "role",
    }
}

/// The ways that this visitor can choose, the first one to begin with.
pub(crate) fn offered(desk: &Desk) -> Vec<Access> {
    let profile = desk.profile();
    if !profile.grants.is_choosable {
        return Vec::new();
    }
    let is_member = desk.member().is_some();
    let is_open = |way: &Access| match way {
        Access::Inherit => is_member,
        Access::Permissions => true,
        Access::Role => is_member && profile.roles.iter().next().is_some(),
    };
    profile
        .pages
        .access
        .iter()
        .copied()
        .filter(is_open)
        .collect()
}

impl AccessField {
    pub(crate) fn of(desk: &Desk, filled: &Filled, project: Option<&ProjectId>) -> Self {
        let offered = offered(desk);
        let mut ways: Vec<Choice> = Vec::new();
        if filled.is_kept() {
            ways.push(choice(KEPT, "As it is", true));
        }
        for way in &offered {
            let title = match way {
                Access::Inherit => "All of my role",
                Access::Permissions => "Permissions",
                Access::Role => "A role",
            };
            ways.push(choice(word(*way), title, filled.way == word(*way)));
        }
        if !ways.iter().any(|it| it.is_chosen)
            && let Some(first) = ways.first_mut()
        {
            first.is_chosen = true;
        }
        let listed = listed(desk);
        Self {
            is_open: listed.is_none(),
            boxes: boxes(desk, filled, project, &listed.unwrap_or_default()),
            words: filled.words.clone(),
            roles: roles(desk, filled, project),
            ways,
        }
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.ways.iter().any(|it| it.word == word)
    }
}

fn choice(word: &str, title: &str, is_chosen: bool) -> Choice {
    Choice {
        word: word.to_owned(),
        title: title.to_owned(),
        is_chosen,
    }
}

/// The permissions to choose from; None where any word may be written.
fn listed(desk: &Desk) -> Option<Vec<Permission>> {
    if let Catalogue::Words(words) = &desk.profile().permissions {
        let roles = &desk.profile().roles;
        let is_of_people = |word: &&Permission| roles.iter().any(|(it, _)| roles.hold(it, word));
        return Some(match &desk.visitor.who {
            // What no role holds nobody can give here.
            VisitorKind::Member(_) => words.iter().filter(is_of_people).cloned().collect(),
            VisitorKind::Portal(_) => words.clone(),
        });
    }
    match &desk.visitor.who {
        VisitorKind::Member(_) => None,
        VisitorKind::Portal(portal) => portal
            .to_hand_on()
            .map(|pattern| match pattern {
                PermissionPattern::Word(word) => Some(word.clone()),
                _ => None,
            })
            .collect(),
    }
}

fn boxes(
    desk: &Desk,
    filled: &Filled,
    project: Option<&ProjectId>,
    listed: &[Permission],
) -> Vec<PermissionBox> {
    let boxes = listed.iter().map(|it| {
        let right = Right::Permissions(PermissionSet::of(vec![it.clone()]));
        let meaning = desk.pages().permissions.get(it);
        PermissionBox {
            word: it.to_string(),
            meaning: meaning.cloned().unwrap_or_default(),
            is_checked: filled.permissions.iter().any(|word| word == it.as_str()),
            is_held: is_held(desk, &right, project),
        }
    });
    boxes.collect()
}

fn roles(desk: &Desk, filled: &Filled, project: Option<&ProjectId>) -> Vec<RoleChoice> {
    let roles = desk.profile().roles.iter().map(|(name, role)| RoleChoice {
        name: name.as_str().to_owned(),
        title: role.title.clone(),
        description: role.description.clone(),
        is_chosen: filled.role == name.as_str(),
        is_held: is_held(desk, &Right::Role(name.clone()), project),
    });
    roles.collect()
}

/// Whether the visitor holds this somewhere that the key may reach; where exactly is looked at when
/// the form is sent.
fn is_held(desk: &Desk, right: &Right, project: Option<&ProjectId>) -> bool {
    let in_project = |it: &ProjectId| Resource::Path(ResourcePath::of_project(it));
    let own = project.map_or(Resource::All, in_project);
    let projects = desk.member().filter(|_| project.is_none());
    let projects = projects
        .into_iter()
        .flat_map(|it| it.bindings.projects.keys());
    let mut places = std::iter::once(own).chain(projects.map(in_project));
    places.any(|place| excess(desk, right, place, project).is_empty())
}

/// What a grant would give that the visitor does not hold.
pub(crate) fn excess(
    desk: &Desk,
    right: &Right,
    resource: Resource,
    project: Option<&ProjectId>,
) -> Vec<String> {
    let grant = Grant {
        right: right.clone(),
        resource,
    };
    let grants = Grants::parse(vec![grant]).unwrap_or_default();
    let caller = &desk.visitor.caller;
    caller.excess(&desk.profile().roles, &grants, project)
}

/// Whether the visitor's keys follow their role, so that chosen permissions are those of it that the
/// key has.
pub(crate) fn inherits(desk: &Desk) -> bool {
    desk.profile().grants.members_inherit && desk.member().is_some()
}

/// What was chosen, or the sentence that says what is wrong with it.
pub(crate) fn read(desk: &Desk, filled: &Filled) -> Result<Right, String> {
    let offered = offered(desk);
    let way = offered
        .iter()
        .find(|way| word(**way) == filled.way)
        .or_else(|| offered.first().filter(|_| filled.way.is_empty()));
    Ok(match way {
        None => return Err("Choose what the key may do.".to_owned()),
        Some(Access::Inherit) => Right::Inherit(None),
        Some(Access::Permissions) if inherits(desk) => {
            Right::Inherit(Some(permissions(desk, filled)?))
        }
        Some(Access::Permissions) => Right::Permissions(permissions(desk, filled)?),
        Some(Access::Role) => Right::Role(role(desk, &filled.role)?),
    })
}

fn permissions(desk: &Desk, filled: &Filled) -> Result<PermissionSet, String> {
    let written = filled
        .words
        .split(|letter: char| letter.is_whitespace() || letter == ',');
    let is_open = listed(desk).is_none();
    let words: Vec<&str> = if is_open {
        written.filter(|word| !word.is_empty()).collect()
    } else {
        filled.permissions.iter().map(String::as_str).collect()
    };
    if words.is_empty() {
        return Err(
            "Choose at least one permission. A key without any is refused everywhere.".to_owned(),
        );
    }
    if words == ["*"] {
        return Ok(PermissionSet::All);
    }
    let mut read = Vec::with_capacity(words.len());
    for word in words {
        let permission: Permission = word.parse().map_err(|_| {
            format!(
                "{word} is not a permission. One begins with a-z and goes on with a-z 0-9 _ . : -"
            )
        })?;
        if !desk.profile().permissions.contains(&permission) {
            return Err(format!("There is no permission {word}."));
        }
        read.push(permission);
    }
    Ok(PermissionSet::of(read))
}

fn role(desk: &Desk, name: &str) -> Result<RoleName, String> {
    let found = name.parse().ok();
    let found = found.filter(|role| desk.profile().roles.exists(role));
    found.ok_or_else(|| "Choose a role.".to_owned())
}
