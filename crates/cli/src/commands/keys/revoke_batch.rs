//! `keyway keys revoke-batch`

use clap::Args;
use keyway_api::revoke_batch::{RevokeBatch, RevokeFilter, RevokeResult, RevokedBatch};
use keyway_client::client::Client;
use keyway_token::secret::Secret;

use crate::connection::{Connection, read_stdin};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::terms::CreateOptions;

/// A body has 64 KiB; more leaked keys than that go in several calls.
const LEAKED_BYTES_MAX: u64 = 60 * 1_024;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Read leaked secrets from stdin, one per line
    #[arg(
        long,
        conflicts_with_all = ["organization", "project", "environment", "owner", "managed_by"]
    )]
    leaked: bool,
    /// Every key of this organization
    #[arg(long)]
    organization: Option<String>,
    /// Every key of this project
    #[arg(long)]
    project: Option<String>,
    /// Every key of this environment
    #[arg(long)]
    environment: Option<String>,
    /// Every key of this owner
    #[arg(long)]
    owner: Option<String>,
    /// Every key managed by this program
    #[arg(long)]
    managed_by: Option<String>,
    /// Why, for people
    #[arg(long)]
    reason: Option<String>,
    /// Why, in one word, such as leaked
    #[arg(long)]
    reason_code: Option<String>,
    #[command(flatten)]
    terms: CreateOptions,
}

pub(crate) async fn run(
    options: Options,
    connection: &Connection,
    client: &Client,
    output: Output,
) -> Result<(), Failure> {
    let filter = RevokeFilter {
        organization: options.organization,
        project: options.project,
        environment: options.environment,
        owner: options.owner,
        managed_by: options.managed_by,
    };
    let mut batch = RevokeBatch {
        reason: options.reason,
        reason_code: options.reason_code,
        ..RevokeBatch::default()
    };
    if options.leaked {
        connection.stdin_is_free()?;
        batch.secrets = Some(read_leaked()?);
    } else if filter == RevokeFilter::default() {
        return Err(Failure::usage(
            "say which keys: --owner and the like, or --leaked",
        ));
    } else {
        batch.filter = Some(filter);
    }
    let done = client.revoke_batch(&batch, &options.terms.terms()).await?;
    if done.has_more {
        output.say("note: there are more; run the same command again");
    }
    output.print(&done, in_words)?;
    let has_failed = |result| result == RevokeResult::Failed;
    if done.data.iter().any(|item| has_failed(item.result)) {
        Err(Failure::silent())
    } else {
        Ok(())
    }
}

fn read_leaked() -> Result<Vec<Secret>, Failure> {
    let text = read_stdin(LEAKED_BYTES_MAX)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(|line| Secret::new(line.to_owned())).collect())
}

fn in_words(done: &RevokedBatch) -> String {
    let rows = done.data.iter().map(|item| {
        let result = match item.result {
            RevokeResult::Revoked => "revoked",
            RevokeResult::AlreadyRevoked => "already revoked",
            RevokeResult::Unknown => "unknown",
            RevokeResult::Failed => "failed",
        };
        [
            item.id.clone().unwrap_or_else(|| "-".to_owned()),
            result.to_owned(),
            item.code.clone().unwrap_or_default(),
        ]
    });
    table(["KEY", "RESULT", "CODE"], rows)
}
