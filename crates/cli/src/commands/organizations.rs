//! `keyway organizations …`

use clap::Subcommand;
use keyway_api::Metadata;
use keyway_api::list::{List, PageQuery};
use keyway_api::organization::{CreateOrganization, EditOrganization};
use keyway_api::organization::{Organization, OrganizationStatus};
use keyway_client::client::Client;

use crate::failure::Failure;
use crate::fields::{metadata_text, parse_metadata};
use crate::output::{Output, moment, perhaps, sheet, table};
use crate::terms::{ChangeOptions, CreateOptions, EditOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an organization
    Create {
        /// Its name, for people
        #[arg(long)]
        name: String,
        /// The product's own id for it
        #[arg(long)]
        external_id: Option<String>,
        /// The product's own notes, a JSON object
        #[arg(long, value_name = "JSON", value_parser = parse_metadata)]
        metadata: Option<Metadata>,
        #[command(flatten)]
        options: CreateOptions,
    },
    /// List organizations, newest first
    List {
        /// Rows of one page
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// The `next_cursor` of the page before
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one organization
    Show {
        /// The organization's id
        id: String,
    },
    /// Change an organization
    Edit {
        /// The organization's id
        id: String,
        /// Its name, for people
        #[arg(long)]
        name: Option<String>,
        /// The product's own id for it
        #[arg(long)]
        external_id: Option<String>,
        /// Take the external id away
        #[arg(long, conflicts_with = "external_id")]
        no_external_id: bool,
        /// Replaces the whole object
        #[arg(long, value_name = "JSON", value_parser = parse_metadata)]
        metadata: Option<Metadata>,
        #[command(flatten)]
        options: EditOptions,
    },
    /// Stop all keys of an organization at once
    Suspend {
        /// The organization's id
        id: String,
        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Let the keys of an organization work again
    Resume {
        /// The organization's id
        id: String,
        #[command(flatten)]
        options: ChangeOptions,
    },
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create {
            name,
            external_id,
            metadata,
            options,
        } => {
            let metadata = metadata.unwrap_or_default();
            let organization = CreateOrganization {
                name,
                external_id,
                metadata,
            };
            let made = client
                .create_organization(&organization, &options.terms())
                .await?;
            output.print(&made, |made| in_words(&made.object))
        }
        Command::List { limit, cursor } => {
            let query = PageQuery {
                limit: Some(limit),
                cursor,
            };
            let page = client.list_organizations(&query).await?;
            output.print(&page, page_in_words)
        }
        Command::Show { id } => {
            let organization = client.load_organization(&id).await?;
            output.print(&organization, in_words)
        }
        Command::Edit {
            id,
            name,
            external_id,
            no_external_id,
            metadata,
            options,
        } => {
            let external_id = if no_external_id {
                Some(None)
            } else {
                external_id.map(Some)
            };
            let edit = EditOrganization {
                name,
                external_id,
                metadata,
            };
            let edited = client
                .edit_organization(&id, &edit, &options.terms())
                .await?;
            output.print(&edited, |edited| in_words(&edited.object))
        }
        Command::Suspend { id, options } => {
            let done = client.suspend_organization(&id, &options.terms()).await?;
            output.say("Suspended: none of its keys works any more.");
            output.print(&done, |done| in_words(&done.object))
        }
        Command::Resume { id, options } => {
            let done = client.resume_organization(&id, &options.terms()).await?;
            output.say("Resumed: its keys work again.");
            output.print(&done, |done| in_words(&done.object))
        }
    }
}

fn status(organization: &Organization) -> String {
    match organization.status {
        OrganizationStatus::Active => "active".to_owned(),
        OrganizationStatus::Suspended => "suspended".to_owned(),
    }
}

fn in_words(organization: &Organization) -> String {
    sheet([
        ("id", organization.id.clone()),
        ("name", organization.name.clone()),
        (
            "external id",
            organization.external_id.clone().unwrap_or_default(),
        ),
        ("status", status(organization)),
        ("suspended at", perhaps(organization.suspended_at)),
        ("metadata", metadata_text(&organization.metadata)),
        ("created at", moment(organization.created_at)),
        ("version", organization.version.to_string()),
    ])
}

fn page_in_words(page: &List<Organization>) -> String {
    table(
        ["ID", "NAME", "EXTERNAL ID", "STATUS", "CREATED"],
        page.data.iter().map(|it| {
            [
                it.id.clone(),
                it.name.clone(),
                it.external_id.clone().unwrap_or_default(),
                status(it),
                moment(it.created_at),
            ]
        }),
    ) + &crate::output::more(page.next_cursor.as_deref())
}
