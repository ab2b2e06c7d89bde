//! `keyway resources …`

use clap::{Args, Subcommand};
use keyway_api::list::List;
use keyway_api::resource::{PutResource, Resource, ResourceQuery, ResourcesQuery};
use keyway_client::client::Client;

use crate::failure::Failure;
use crate::output::{Output, moment, more, sheet, table};
use crate::terms::EditOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell of a resource that keys may reach, or give it another name
    Put {
        #[command(flatten)]
        which: Which,
        /// Its name, for people
        #[arg(long)]
        name: String,
        #[command(flatten)]
        options: EditOptions,
    },
    /// List resources, newest first
    List {
        /// Only of this organization
        #[arg(long)]
        organization: Option<String>,
        /// Only this path and what lies below it
        #[arg(long, value_name = "PATH")]
        prefix: Option<String>,
        /// Rows of one page
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// The `next_cursor` of the page before
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Take a resource back; keys that reach its path reach it still
    Delete {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        options: EditOptions,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Which {
    /// Such as `project/alpha/workflow/wf_9`
    path: String,
    /// May be left out where the management key sees exactly one
    #[arg(long)]
    organization: Option<String>,
}

impl Which {
    fn query(&self) -> ResourceQuery {
        ResourceQuery {
            organization: self.organization.clone(),
        }
    }
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::Put {
            which,
            name,
            options,
        } => {
            let (resource, terms) = (PutResource { name }, options.terms());
            let told = client
                .put_resource(&which.path, &which.query(), &resource, &terms)
                .await?;
            output.print(&told, |told| in_words(&told.object))
        }
        Command::List {
            organization,
            prefix,
            limit,
            cursor,
        } => {
            let query = ResourcesQuery {
                organization,
                prefix,
                limit: Some(limit),
                cursor,
            };
            let page = client.list_resources(&query).await?;
            output.print(&page, page_in_words)
        }
        Command::Delete { which, options } => {
            let done = client
                .remove_resource(&which.path, &which.query(), &options.terms())
                .await?;
            output.print(&done, |_| format!("deleted {}\n", which.path))
        }
    }
}

fn in_words(resource: &Resource) -> String {
    sheet([
        ("path", resource.path.clone()),
        ("organization", resource.organization.clone()),
        ("name", resource.name.clone()),
        ("created at", moment(resource.created_at)),
    ])
}

fn page_in_words(page: &List<Resource>) -> String {
    table(
        ["PATH", "ORGANIZATION", "NAME", "CREATED"],
        page.data.iter().map(|it| {
            [
                it.path.clone(),
                it.organization.clone(),
                it.name.clone(),
                moment(it.created_at),
            ]
        }),
    ) + &more(page.next_cursor.as_deref())
}
