//! `keyway projects …`

use clap::Subcommand;
use keyway_api::list::List;
use keyway_api::project::{CreateProject, Project, ProjectsQuery};
use keyway_client::client::Client;

use crate::failure::Failure;
use crate::output::{Output, moment, more, sheet, table};
use crate::terms::CreateOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a project
    Create {
        /// Its name, for people
        #[arg(long)]
        name: String,
        /// May be left out where the management key sees exactly one
        #[arg(long)]
        organization: Option<String>,
        /// Given by the server if absent
        #[arg(long)]
        id: Option<String>,
        /// For its keys, where they name none
        #[arg(long)]
        environment: Option<String>,
        #[command(flatten)]
        options: CreateOptions,
    },
    /// List projects, newest first
    List {
        /// Only of this organization
        #[arg(long)]
        organization: Option<String>,
        /// Rows of one page
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// The `next_cursor` of the page before
        #[arg(long)]
        cursor: Option<String>,
    },
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create {
            name,
            organization,
            id,
            environment,
            options,
        } => {
            let project = CreateProject {
                organization,
                id,
                name,
                environment,
            };
            let made = client.create_project(&project, &options.terms()).await?;
            output.print(&made, |made| in_words(&made.object))
        }
        Command::List {
            organization,
            limit,
            cursor,
        } => {
            let query = ProjectsQuery {
                organization,
                limit: Some(limit),
                cursor,
            };
            let page = client.list_projects(&query).await?;
            output.print(&page, page_in_words)
        }
    }
}

fn in_words(project: &Project) -> String {
    sheet([
        ("id", project.id.clone()),
        ("organization", project.organization.clone()),
        ("name", project.name.clone()),
        (
            "environment",
            project.environment.clone().unwrap_or_default(),
        ),
        ("created at", moment(project.created_at)),
    ])
}

fn page_in_words(page: &List<Project>) -> String {
    table(
        ["ID", "ORGANIZATION", "NAME", "ENVIRONMENT", "CREATED"],
        page.data.iter().map(|it| {
            [
                it.id.clone(),
                it.organization.clone(),
                it.name.clone(),
                it.environment.clone().unwrap_or_default(),
                moment(it.created_at),
            ]
        }),
    ) + &more(page.next_cursor.as_deref())
}
