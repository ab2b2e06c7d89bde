//! Projects and registered resources by what people call them: what a form offers, and what a page says.

use std::collections::HashMap;

use keyway_core::id::OrganizationId;
use keyway_core::management::Reach;
use keyway_core::resource::ResourcePath;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::StoreError;
use crate::projects::named;
use crate::statement::{Fields, padded, places, statement};

/// Both kinds of places, each with its path; `$1` is the organization.
const PLACES: &str = "SELECT 'project/' || id AS path, id AS project, name, 'project' AS kind FROM projects \
     WHERE organization = $1 \
     UNION ALL SELECT path, project, name, 'resource' AS kind FROM resources \
     WHERE organization = $1 AND removed_at IS NULL";

/// A project or a resource, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPlace {
    pub path: ResourcePath,
    pub name: String,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct PlaceSearch<'a> {
    pub organization: &'a OrganizationId,
    /// In a name or a path; empty finds everything.
    pub text: &'a str,
    /// What lies below this path alone.
    pub within: Option<&'a ResourcePath>,
    /// Whether projects are places too.
    pub has_projects: bool,
}

fn read(row: &AnyRow) -> Result<NamedPlace, StoreError> {
    let fields = Fields {
        row,
        table: "places",
        columns: &["path", "name"],
    };
    Ok(NamedPlace {
        path: fields.parse(0)?,
        name: fields.text(1)?.to_owned(),
    })
}

/// A pattern that has the text in it as it is.
fn pattern(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

impl Store {
    /// By name, as many as are asked for; of those in the projects that `reach` covers.
    pub async fn search_places(
        &self,
        reach: &Reach,
        wanted: PlaceSearch<'_>,
        limit: i64,
    ) -> Result<Vec<NamedPlace>, StoreError> {
        let within = named(reach);
        let among = match &within {
            _ if !reach.covers(wanted.organization) => return Ok(Vec::new()),
            Some(ids) if ids.is_empty() => return Ok(Vec::new()),
            Some(ids) => format!("AND project IN ({})", places(7, ids.len())),
            None => String::new(),
        };
        // What lies below a path begins with it and a slash; `0` is the character after the slash.
        let sql = format!(
            "SELECT path, name FROM ({PLACES}) AS all_places WHERE (kind = 'resource' OR $2 = 1) \
             AND ($3 IS NULL OR (path > $3 || '/' AND path < $3 || '0')) \
             AND (lower(name) LIKE $4 ESCAPE '!' OR name LIKE $5 ESCAPE '!' \
             OR path LIKE $5 ESCAPE '!') {among} ORDER BY lower(name), path LIMIT $6"
        );
        let mut query = statement(&sql)
            .bind(wanted.organization.as_str())
            .bind(i64::from(wanted.has_projects))
            .bind(wanted.within.map(ResourcePath::as_str))
            .bind(pattern(&wanted.text.to_lowercase()))
            .bind(pattern(wanted.text))
            .bind(limit);
        for id in padded(within.as_deref().unwrap_or_default()) {
            query = query.bind(*id);
        }
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(read).collect()
    }

    /// The names of paths, as far as they have one.
    pub async fn name_places(
        &self,
        organization: &OrganizationId,
        paths: &[&str],
    ) -> Result<HashMap<String, String>, StoreError> {
        if paths.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT path, name FROM ({PLACES}) AS all_places WHERE path IN ({})",
            places(2, paths.len())
        );
        let mut query = statement(&sql).bind(organization.as_str());
        for path in padded(paths) {
            query = query.bind(*path);
        }
        let rows = query.fetch_all(&mut *self.reader().await?).await?;
        let pairs = rows.iter().map(|row| {
            let place = read(row)?;
            Ok((place.path.to_string(), place.name))
        });
        pairs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_looked_for_as_it_is() {
        assert_eq!(pattern("50%_!"), "%50!%!_!!%");
        assert_eq!(pattern(""), "%%");
    }
}
