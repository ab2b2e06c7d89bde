//! `keyway keys list`

use clap::Args;
use clap::builder::PossibleValuesParser;
use keyway_api::key::{Include, Key, KeyStatus, KeysQuery};
use keyway_api::list::List;
use keyway_client::client::Client;

use super::words::hidden;
use crate::failure::Failure;
use crate::output::{Output, moment, more, perhaps, table};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Only of this organization
    #[arg(long)]
    organization: Option<String>,
    /// Only of this project
    #[arg(long)]
    project: Option<String>,
    /// Only of this environment
    #[arg(long)]
    environment: Option<String>,
    /// Only of this status
    #[arg(long, value_parser = PossibleValuesParser::new(KeyStatus::ALL.map(KeyStatus::as_str)))]
    status: Option<String>,
    /// Only of this owner
    #[arg(long)]
    owner: Option<String>,
    /// Only managed by this program
    #[arg(long)]
    managed_by: Option<String>,
    /// An exact id, display prefix or suffix, or the beginning of the name
    #[arg(long, short)]
    query: Option<String>,
    /// Leave revoked keys out
    #[arg(long)]
    no_revoked: bool,
    /// When each was last used
    #[arg(long)]
    usage: bool,
    /// Rows of one page
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// The `next_cursor` of the page before
    #[arg(long)]
    cursor: Option<String>,
    /// Every page
    #[arg(long, conflicts_with = "cursor")]
    all: bool,
}

pub(crate) async fn run(options: Options, client: &Client, output: Output) -> Result<(), Failure> {
    let status = |word: String| {
        KeyStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
    };
    let mut query = KeysQuery {
        organization: options.organization,
        project: options.project,
        environment: options.environment,
        status: options.status.and_then(status),
        owner: options.owner,
        managed_by: options.managed_by,
        q: options.query,
        include_revoked: options.no_revoked.then_some(false),
        include: options.usage.then_some(Include::Usage),
        limit: Some(options.limit),
        cursor: options.cursor,
    };
    let mut page = client.list_keys(&query).await?;
    while options.all && page.next_cursor.is_some() {
        query.cursor = page.next_cursor.take();
        let next = client.list_keys(&query).await?;
        page.data.extend(next.data);
        page.next_cursor = next.next_cursor;
    }
    output.print(&page, |page| in_words(page, options.usage))
}

fn in_words(page: &List<Key>, has_usage: bool) -> String {
    let last = if has_usage { "LAST USED" } else { "CREATED" };
    let rows = page.data.iter().map(|key| {
        let used = key.usage.as_ref().and_then(|usage| usage.last_used_at);
        [
            key.id.clone(),
            key.name.clone(),
            key.status.as_str().to_owned(),
            key.organization.clone(),
            key.project.clone().unwrap_or_default(),
            key.environment.clone(),
            hidden(key),
            if has_usage {
                perhaps(used)
            } else {
                moment(key.created_at)
            },
        ]
    });
    let header = [
        "ID",
        "NAME",
        "STATUS",
        "ORGANIZATION",
        "PROJECT",
        "ENV",
        "SECRET",
        last,
    ];
    table(header, rows) + &more(page.next_cursor.as_deref())
}
