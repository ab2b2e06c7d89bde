//! Gathers what is wrong with the fields of a request, so that a caller learns all of it at once.

use std::fmt::Display;

use keyway_api::problem::FieldProblem;

use crate::answer::problem::Problem;

/// Faults found so far. A reader asks for each field and gets a value or nothing; [`Faults::done`]
/// then says whether all of them were there.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FieldProblem>);

impl Faults {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldProblem {
            pointer: pointer.into(),
            detail: detail.into(),
        });
    }

    /// The value, or a fault at `pointer`.
    pub(crate) fn take<T, E: Display>(
        &mut self,
        pointer: impl Into<String>,
        value: Result<T, E>,
    ) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(fault) => {
                self.add(pointer, fault.to_string());
                None
            }
        }
    }

    /// Parses a text that may be absent.
    pub(crate) fn parse<T>(&mut self, pointer: &str, text: Option<&str>) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: Display,
    {
        text.and_then(|text| self.take(pointer, text.parse()))
    }

    /// `value` when nothing was wrong.
    pub(crate) fn done<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(Problem::fields(self.0)),
        }
    }
}
