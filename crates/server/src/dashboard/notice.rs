//! A refusal in the place where the form stood: what was not done, and why.

use http::StatusCode;
use keyway_api::code::Code;

use crate::answer::problem::{Problem, status};

/// A banner above a list or a form.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub bold: String,
    pub rest: String,
    pub status: StatusCode,
}

impl Notice {
    /// `whom` is who or what was to be changed.
    pub(crate) fn not_saved(problem: &Problem, whom: &str) -> Self {
        let code = problem.code();
        let rest = match code {
            Code::PreconditionFailed => {
                format!("Someone changed {whom} while you were editing. This is how it is now.")
            }
            _ => sentence(problem),
        };
        Self {
            bold: "Not saved.".to_owned(),
            rest,
            status: status(code.status()),
        }
    }
}

/// What happened, in a sentence that ends.
pub(crate) fn sentence(problem: &Problem) -> String {
    let mut faults = problem.errors().iter();
    let text = match (faults.next(), problem.as_detail()) {
        (Some(fault), _) => fault.detail.as_str(),
        (None, Some(detail)) => detail,
        (None, None) => problem.code().title(),
    };
    sentence_of(text)
}

/// With a capital at its beginning and a full stop at its end.
pub(crate) fn sentence_of(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default();
    let end = if text.ends_with(['.', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// What is wrong with a field of a form, if anything.
pub(crate) fn fault_at(problem: &Problem, pointer: &str) -> Option<String> {
    let found = problem.errors().iter().find(|it| it.pointer == pointer)?;
    Some(sentence_of(&found.detail))
}
