//! Long lists on pages: the next page's address.

use keyway_store::page::Cursor;
use serde::Deserialize;

use super::visitor::Visitor;
use crate::answer::problem::Problem;

/// Rows of one page.
pub(crate) const ROWS: usize = 50;

/// What a list's address says about where it begins.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A list at an address; a query in the address is part of what its cursors are bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paged<'a> {
    visitor: &'a Visitor,
    address: &'a str,
}

impl<'a> Paged<'a> {
    pub(crate) fn new(visitor: &'a Visitor, address: &'a str) -> Self {
        Self { visitor, address }
    }

    pub(crate) fn open(&self, wanted: &Wanted) -> Result<Option<Cursor>, Problem> {
        let list = (self.address, self.visitor.caller.scope());
        let cursor = wanted.cursor.as_deref().filter(|it| !it.is_empty());
        cursor
            .map(|cursor| self.visitor.app.cursors.open(&list, cursor))
            .transpose()
    }

    /// The address of the rows behind these.
    pub(crate) fn older(&self, next: Option<&Cursor>) -> Option<String> {
        let list = (self.address, self.visitor.caller.scope());
        let sealed = self.visitor.app.cursors.seal(&list, next?);
        let joint = if self.address.contains('?') { '&' } else { '?' };
        Some(format!("{}{joint}cursor={sealed}", self.address))
    }
}
