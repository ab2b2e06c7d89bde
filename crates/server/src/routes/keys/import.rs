//! `POST /v1/keys/import`: keys that exist elsewhere, by their digests, a line each.
//!
//! Lines are gathered into chunks of one organization, and a chunk is one ledger entry. Reading goes
//! on while chunks are written, but only as far as the index keeps up. What is wrong with a line stops
//! no other; after the last one the answer tells of every refused line.

mod line;
mod lines;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use keyway_api::NDJSON;
use keyway_api::change::WaitQuery;
use keyway_api::code::Code;
use keyway_api::import::{ImportLine, ImportRefusal, ImportResult, ImportTotals};
use keyway_core::id::OrganizationId;
use keyway_core::key::Key;
use keyway_store::call::Call;
use keyway_store::error::Refusal;
use keyway_store::keys::import::IMPORT_KEYS_MAX;
use tokio::task::JoinSet;

use self::line::read_line;
use self::lines::{Line, Lines};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::KeysImport;
use crate::cluster::Patience;
use crate::profile_in_force::ProfileInForce;
use crate::request::query::Query;

/// Chunks that are written at once.
const CHUNKS_AT_ONCE: usize = 4;
/// Refused lines of one import; one more ends it.
const REFUSALS_MAX: usize = 100_000;

/// Stores keys that exist elsewhere. The answer has a line per refused line, then the totals.
#[utoipa::path(post, path = "/v1/keys/import", tag = "keys", params(WaitQuery),
    request_body(content = ImportLine, content_type = "application/x-ndjson"),
    responses((status = 200, content_type = "application/x-ndjson", body = ImportResult)))]
pub(crate) async fn import(
    State(app): State<AppState>,
    permit: Permit<KeysImport>,
    Query(query): Query<WaitQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    if !is_ndjson(&headers) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    let mut import = Import {
        in_force: app.profile_in_force()?,
        app: Arc::clone(&app),
        by: permit.call(),
        permit,
        patience,
        is_everywhere: true,
        gathered: HashMap::new(),
        writing: JoinSet::new(),
        imported: 0,
        refusals: Vec::new(),
    };
    let mut lines = Lines::of(body);
    while let Some((number, line)) = lines.next().await? {
        import.take(number, line).await?;
    }
    import.end().await
}

fn is_ndjson(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(NDJSON)
}

/// Lines of one organization that are not written yet, with their numbers.
#[derive(Debug, Default)]
struct Chunk {
    keys: Vec<Key>,
    numbers: Vec<u64>,
}

/// What became of a chunk.
struct Written {
    numbers: Vec<u64>,
    is_everywhere: bool,
    outcome: Result<Vec<(usize, Refusal)>, Problem>,
}

struct Import {
    app: Arc<App>,
    permit: Permit<KeysImport>,
    by: Call,
    in_force: Arc<ProfileInForce>,
    patience: Patience,
    /// Whether everything written so far is in force everywhere.
    is_everywhere: bool,
    gathered: HashMap<OrganizationId, Chunk>,
    writing: JoinSet<Written>,
    imported: u64,
    refusals: Vec<ImportRefusal>,
}

impl Import {
    async fn take(&mut self, number: u64, line: Line) -> Result<(), Problem> {
        let read = match line {
            Line::Whole(bytes) => read_line(&self.app, &self.permit, &self.in_force, &bytes),
            Line::TooLong => Err(Problem::new(Code::BodyTooLarge).detail("the line is too long")),
        };
        let key = match read {
            Ok(key) => key,
            Err(problem) => return self.refuse(number, &problem),
        };
        let organization = key.organization.clone();
        let chunk = self.gathered.entry(organization.clone()).or_default();
        chunk.keys.push(key);
        chunk.numbers.push(number);
        if chunk.keys.len() == IMPORT_KEYS_MAX {
            self.write(organization).await?;
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, problem: &Problem) -> Result<(), Problem> {
        if self.refusals.len() == REFUSALS_MAX {
            return Err(Problem::new(Code::InvalidRequest).detail(format!(
                "more than {REFUSALS_MAX} lines were refused; line {line} ended it"
            )));
        }
        let detail = problem
            .as_detail()
            .unwrap_or_else(|| problem.code().title());
        self.refusals.push(ImportRefusal {
            line,
            code: problem.code().name().to_owned(),
            detail: detail.to_owned(),
            errors: problem.errors().to_vec(),
        });
        Ok(())
    }

    /// Hands a chunk to the store, and waits for an earlier one when enough are on their way.
    async fn write(&mut self, organization: OrganizationId) -> Result<(), Problem> {
        let Some(chunk) = self.gathered.remove(&organization) else {
            return Ok(());
        };
        if self.writing.len() >= CHUNKS_AT_ONCE {
            self.collect_one().await?;
        }
        let (app, by, in_force) = (
            Arc::clone(&self.app),
            self.by.clone(),
            self.in_force.token(),
        );
        let patience = self.patience;
        self.writing.spawn(async move {
            let (keys, now) = (chunk.keys, app.clock.now());
            let done = app
                .store
                .import_keys(&by, &organization, keys, in_force, now)
                .await;
            // The index sets the pace.
            let (is_everywhere, outcome) = match app.settle(done, patience).await {
                Ok(settled) => (settled.is_everywhere, Ok(settled.value.refused)),
                Err(problem) => (true, Err(problem)),
            };
            Written {
                numbers: chunk.numbers,
                is_everywhere,
                outcome,
            }
        });
        Ok(())
    }

    async fn collect_one(&mut self) -> Result<(), Problem> {
        let Some(joined) = self.writing.join_next().await else {
            return Ok(());
        };
        let written = joined.map_err(|error| Problem::internal(&error))?;
        self.is_everywhere &= written.is_everywhere;
        match written.outcome {
            Ok(refused) => {
                self.imported += (written.numbers.len() - refused.len()) as u64;
                for (position, refusal) in refused {
                    let number = written.numbers.get(position).copied().unwrap_or_default();
                    self.refuse(number, &refusal.into())?;
                }
            }
            Err(problem) => {
                for number in written.numbers {
                    self.refuse(number, &problem)?;
                }
            }
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Response, Problem> {
        let rest: Vec<OrganizationId> = self.gathered.keys().cloned().collect();
        for organization in rest {
            self.write(organization).await?;
        }
        while !self.writing.is_empty() {
            self.collect_one().await?;
        }
        self.refusals.sort_by_key(|refusal| refusal.line);
        let totals = ImportTotals {
            imported: self.imported,
            refused: self.refusals.len() as u64,
        };
        let mut text = Vec::new();
        for refusal in self.refusals {
            push_line(&mut text, &ImportResult::Refused(refusal));
        }
        push_line(&mut text, &ImportResult::Totals(totals));
        let status = if self.is_everywhere {
            StatusCode::OK
        } else {
            StatusCode::ACCEPTED
        };
        Ok((status, [(header::CONTENT_TYPE, NDJSON)], Bytes::from(text)).into_response())
    }
}

fn push_line(text: &mut Vec<u8>, result: &ImportResult) {
    // Plain structs of text and numbers are always JSON.
    text.extend(serde_json::to_vec(result).unwrap_or_default());
    text.push(b'\n');
}
