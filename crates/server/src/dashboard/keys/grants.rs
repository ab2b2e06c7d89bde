//! What a key may do and where, as a form asks for it: a line for each grant. Lines are added and taken
//! away by sending the form as it is; what was typed comes back with it.

use keyway_core::grant::{Grant, Grants};
use keyway_core::id::ProjectId;
use keyway_core::key::Key;

use super::access::{self, AccessField, Filled};
use super::desk::Desk;
use super::scope::{Found, Picker, Scope, own};
use super::sent::Sent;
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::request::fields::Faults;
use crate::routes::keys::making;

/// The field that a fault belongs to.
pub(crate) const FIELD: &str = "grants";
/// Lines of one form; a key with more grants is changed over the API.
const LINES_MAX: usize = 8;
const MORE: &str = "more";
const LESS: &str = "less";

/// What was filled in: at least one line.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Vec<Line>);

#[derive(Clone, Debug, Default)]
struct Line {
    access: Filled,
    scope: Scope,
    access_fault: Option<String>,
    scope_fault: Option<String>,
}

/// The lines as they are shown.
#[derive(Clone, Debug)]
pub(crate) struct GrantsField {
    pub lines: Vec<LineField>,
    /// Whether another one may be added.
    pub can_add: bool,
    /// Where the lines are had anew.
    pub address: String,
}

#[derive(Clone, Debug)]
pub(crate) struct LineField {
    pub number: usize,
    pub access: AccessField,
    pub picker: Option<Picker>,
    pub access_fault: Option<String>,
    pub scope_fault: Option<String>,
}

impl Default for Lines {
    fn default() -> Self {
        Self(vec![Line::default()])
    }
}

impl Lines {
    /// With a line more or less, where that was asked for.
    pub(crate) fn sent(sent: &Sent) -> Self {
        let is_sent = |number: &usize| {
            let fields = ["access", "scope"];
            fields.iter().any(|it| sent.has(&format!("{it}.{number}")))
        };
        let count = (0..LINES_MAX).take_while(is_sent);
        let mut lines: Vec<Line> = count
            .map(|number| Line {
                access: Filled::sent(sent, number),
                scope: Scope::sent(sent, number),
                ..Line::default()
            })
            .collect();
        let gone = sent.one(LESS).parse().ok();
        if let Some(gone) = gone.filter(|it| *it < lines.len()) {
            lines.remove(gone);
        }
        if lines.is_empty() || sent.has(MORE) && lines.len() < LINES_MAX {
            lines.push(Line::default());
        }
        Self(lines)
    }

    /// Whether a form was sent to have its lines anew and for nothing else.
    pub(crate) fn is_asked_anew(sent: &Sent) -> bool {
        sent.has(MORE) || sent.has(LESS)
    }

    /// As a key has it; grants that are more than a form can say are kept.
    pub(crate) fn of_key(desk: &Desk, key: &Key) -> Self {
        let own = own(key.project.as_ref());
        let line = |grant: &Grant| {
            let line = Line {
                access: Filled::of_right(&grant.right, access::inherits(desk))?,
                scope: Scope::of(&grant.resource, &own),
                ..Line::default()
            };
            let is_asked = grant.resource == own || desk.asks_scope();
            is_asked.then_some(line)
        };
        let grants = key.grants.as_slice();
        let lines: Option<Vec<Line>> = grants.iter().map(line).collect();
        match lines {
            Some(lines) if lines.is_empty() => Self::default(),
            Some(lines) if lines.len() <= LINES_MAX => Self(lines),
            _ => Self(vec![Line {
                access: Filled::kept(),
                ..Line::default()
            }]),
        }
    }

    /// What each line lets choose from.
    pub(crate) async fn look_up<P>(
        &self,
        desk: &Desk,
        permit: &Permit<P>,
        project: Option<&ProjectId>,
    ) -> Result<Vec<Found>, Problem> {
        let mut found = Vec::with_capacity(self.0.len());
        for line in &self.0 {
            found.push(line.scope.look_up(desk, permit, project).await?);
        }
        Ok(found)
    }

    pub(crate) fn are_kept(&self) -> bool {
        self.0.first().is_some_and(|it| it.access.is_kept())
    }

    /// Whether both say the same.
    pub(crate) fn are(&self, other: &Self) -> bool {
        let said = |it: &Self| -> Vec<(Filled, String, String)> {
            let lines = it.0.iter();
            lines
                .map(|it| {
                    (
                        it.access.clone(),
                        it.scope.place.clone(),
                        it.scope.below.clone(),
                    )
                })
                .collect()
        };
        said(self) == said(other)
    }

    /// The grants; None when a line has a fault, which it then says.
    pub(crate) fn read(&mut self, desk: &Desk, project: Option<&ProjectId>) -> Option<Grants> {
        if access::offered(desk).is_empty() && !desk.asks_scope() {
            return given(desk, project);
        }
        let read = self.0.iter_mut().map(|line| line.read(desk, project));
        let grants: Vec<Option<Grant>> = read.collect();
        let grants: Vec<Grant> = grants.into_iter().collect::<Option<_>>()?;
        let faults = desk.profile().misplaced(&grants);
        for (position, fault) in &faults {
            if let Some(line) = self.0.get_mut(*position) {
                line.scope_fault = Some(fault.in_words().to_owned());
            }
        }
        if faults.is_empty() {
            Grants::parse(grants).ok()
        } else {
            None
        }
    }
}

/// What the profile gives a key whose creator says nothing.
fn given(desk: &Desk, project: Option<&ProjectId>) -> Option<Grants> {
    let created_by = desk.visitor.caller.origin().actor.to_text();
    let (faults, profile) = (&mut Faults::default(), desk.profile());
    making::grants(faults, None, project, &created_by, profile)
}

impl Line {
    fn read(&mut self, desk: &Desk, project: Option<&ProjectId>) -> Option<Grant> {
        let own = own(project);
        let scope = if desk.asks_scope() {
            self.scope.read(&own)
        } else {
            Ok(own)
        };
        let right = if access::offered(desk).is_empty() {
            // Where it may do it is all that is asked.
            Ok(given(desk, project)?.as_slice().first()?.right.clone())
        } else {
            access::read(desk, &self.access)
        };
        let resource = scope.map_err(|fault| self.scope_fault = Some(fault)).ok();
        let right = right.map_err(|fault| self.access_fault = Some(fault)).ok();
        let (right, resource) = (right?, resource?);
        let excess = access::excess(desk, &right, resource.clone(), project);
        if let Some(first) = excess.first() {
            let sentence = format!("You do not hold {first} yourself, so you cannot give it.");
            self.access_fault = Some(sentence);
            return None;
        }
        Some(Grant { right, resource })
    }
}

impl GrantsField {
    pub(crate) fn of(
        desk: &Desk,
        lines: &Lines,
        found: &[Found],
        (project, name): (Option<&ProjectId>, Option<String>),
        address: String,
    ) -> Self {
        let has_access = !access::offered(desk).is_empty();
        let is_asked = has_access || desk.asks_scope() || lines.are_kept();
        let shown = lines.0.iter().zip(found).filter(|_| is_asked).enumerate();
        let fields = shown.map(|(number, (line, found))| LineField {
            number,
            access: AccessField::of(desk, &line.access, project),
            picker: Picker::of(desk, &line.scope, found, project, name.clone())
                .filter(|_| !line.access.is_kept()),
            access_fault: line.access_fault.clone(),
            scope_fault: line.scope_fault.clone(),
        });
        let fields: Vec<LineField> = fields.collect();
        let has_picker = fields.iter().any(|it| it.picker.is_some());
        Self {
            can_add: has_access && has_picker && fields.len() < LINES_MAX,
            lines: fields,
            address,
        }
    }
}
