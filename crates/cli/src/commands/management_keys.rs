//! `keyway management-keys …`

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use keyway_api::list::{List, PageQuery};
use keyway_api::management_key::{CreateManagementKey, ManagementKey, Preset};
use keyway_client::client::Client;

use crate::failure::Failure;
use crate::fields::parse_moment;
use crate::output::{Output, moment, more, perhaps, print_issued, sheet, table};
use crate::terms::{ChangeOptions, CreateOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a management key and print its secret, this once
    Create {
        /// What it is for, for people
        #[arg(long)]
        name: String,
        /// What it may do
        #[arg(long, value_parser = PossibleValuesParser::new(Preset::ALL.map(Preset::as_str)))]
        preset: String,
        /// Where: an id, or '*' for all; may be left out where you see exactly one
        #[arg(long)]
        organization: Option<String>,
        /// From then on it is refused, such as 2027-01-31T00:00:00Z
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        expires_at: Option<Timestamp>,
        #[command(flatten)]
        options: CreateOptions,
    },
    /// List management keys, newest first
    List {
        /// Rows of one page
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// The `next_cursor` of the page before
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one management key
    Show {
        /// The management key's id
        id: String,
    },
    /// End a management key for good
    Revoke {
        /// The management key's id
        id: String,
        #[command(flatten)]
        options: ChangeOptions,
    },
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create {
            name,
            preset,
            organization,
            expires_at,
            options,
        } => {
            let known = Preset::ALL
                .into_iter()
                .find(|known| known.as_str() == preset);
            let preset = known.ok_or_else(|| Failure::usage("there is no such preset"))?;
            let key = CreateManagementKey {
                name,
                preset,
                organization,
                expires_at,
            };
            let issued = client.create_management_key(&key, &options.terms()).await?;
            output.say(&in_words(&issued.key));
            print_issued(output, &issued, &issued.secret)
        }
        Command::List { limit, cursor } => {
            let query = PageQuery {
                limit: Some(limit),
                cursor,
            };
            let page = client.list_management_keys(&query).await?;
            output.print(&page, page_in_words)
        }
        Command::Show { id } => output.print(&client.load_management_key(&id).await?, in_words),
        Command::Revoke { id, options } => {
            let done = client.revoke_management_key(&id, &options.terms()).await?;
            output.print(&done, |done| in_words(&done.key))
        }
    }
}

fn hidden(key: &ManagementKey) -> String {
    format!("{}…{}", key.display_prefix, key.suffix)
}

fn in_words(key: &ManagementKey) -> String {
    sheet([
        ("id", key.id.clone()),
        ("name", key.name.clone()),
        ("preset", key.preset.as_str().to_owned()),
        ("organization", key.organization.clone()),
        ("status", key.status.as_str().to_owned()),
        ("secret", hidden(key)),
        (
            "root key",
            if key.is_root {
                "yes".to_owned()
            } else {
                String::new()
            },
        ),
        ("created at", moment(key.created_at)),
        ("created by", key.created_by.clone()),
        ("expires at", perhaps(key.expires_at)),
        ("revoked at", perhaps(key.revoked_at)),
        ("revoked by", key.revoked_by.clone().unwrap_or_default()),
    ])
}

fn page_in_words(page: &List<ManagementKey>) -> String {
    table(
        [
            "ID",
            "NAME",
            "PRESET",
            "ORGANIZATION",
            "STATUS",
            "SECRET",
            "CREATED",
        ],
        page.data.iter().map(|it| {
            [
                it.id.clone(),
                it.name.clone(),
                it.preset.as_str().to_owned(),
                it.organization.clone(),
                it.status.as_str().to_owned(),
                hidden(it),
                moment(it.created_at),
            ]
        }),
    ) + &more(page.next_cursor.as_deref())
}
