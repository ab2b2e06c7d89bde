//! `keyway audit …`

use clap::{Args, Subcommand};
use jiff::Timestamp;
use keyway_api::audit::{AuditQuery, AuditVerified, AuditVerifyQuery, Entry};
use keyway_api::list::List;
use keyway_client::client::Client;

use crate::failure::Failure;
use crate::fields::parse_moment;
use crate::output::{self, Output, moment, more, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what was done, newest first
    List {
        #[command(flatten)]
        filter: Filter,
        /// Rows of one page
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// The `next_cursor` of the page before
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Print all of it, oldest first, one JSON object per line
    Export {
        #[command(flatten)]
        filter: Filter,
    },
    /// Read the whole log again and say whether it is what was written
    Verify {
        /// A head noted earlier, elsewhere; without it a log that was cut short cannot be told
        #[arg(long, value_name = "SEQ:HASH")]
        head: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Only what belongs to this organization
    #[arg(long)]
    organization: Option<String>,
    /// Such as `management_key/mk_1`
    #[arg(long)]
    actor: Option<String>,
    /// Such as key.revoked
    #[arg(long)]
    action: Option<String>,
    /// An id
    #[arg(long)]
    target: Option<String>,
    /// Only from this moment on
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    from: Option<Timestamp>,
    /// Only before this moment
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    before: Option<Timestamp>,
}

impl Filter {
    fn query(self, limit: Option<u32>, cursor: Option<String>) -> AuditQuery {
        AuditQuery {
            organization: self.organization,
            actor: self.actor,
            action: self.action,
            target: self.target,
            from: self.from,
            before: self.before,
            limit,
            cursor,
        }
    }
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::List {
            filter,
            limit,
            cursor,
        } => {
            let page = client
                .list_audit(&filter.query(Some(limit), cursor))
                .await?;
            output.print(&page, page_in_words)
        }
        Command::Export { filter } => {
            let mut export = client.export_audit(&filter.query(None, None)).await?;
            while let Some(entry) = export.next().await? {
                let line = serde_json::to_string(&entry).map_err(std::io::Error::from)?;
                output::data(&line)?;
            }
            Ok(())
        }
        Command::Verify { head } => {
            let verified = client.verify_audit(&AuditVerifyQuery { head }).await?;
            output.print(&verified, verified_in_words)?;
            if verified.is_whole {
                Ok(())
            } else {
                Err(Failure::silent())
            }
        }
    }
}

fn page_in_words(page: &List<Entry>) -> String {
    table(
        ["SEQ", "AT", "ACTION", "TARGET", "ACTOR", "ORGANIZATION"],
        page.data.iter().map(|it| {
            [
                it.seq.to_string(),
                moment(it.at),
                it.action.clone(),
                it.target.clone(),
                it.actor.clone(),
                it.organization.clone().unwrap_or_default(),
            ]
        }),
    ) + &more(page.next_cursor.as_deref())
}

fn verified_in_words(verified: &AuditVerified) -> String {
    match (&verified.head, verified.broken_at) {
        (Some(head), None) => format!("whole; its head is {head}"),
        (_, Some(seq)) => {
            let fault = verified
                .fault
                .as_deref()
                .unwrap_or("it is not what was written");
            format!("broken at entry {seq}: {fault}")
        }
        (None, None) => "whole, and empty".to_owned(),
    }
}
