//! `keyway members …` and `keyway sign-in-link`

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use keyway_api::invitation::{CreateInvitation, Invitation};
use keyway_api::list::List;
use keyway_api::member::{Member, OrganizationQuery};
use keyway_api::sign_in_link::CreateSignInLink;
use keyway_client::client::Client;

use crate::failure::{Exit, Failure};
use crate::fields::parse_project_role;
use crate::output::{Output, moment, more, sheet, table};
use crate::terms::ChangeOptions;

/// Rows of one page, where all pages are read.
const ROWS: u32 = 200;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List members, newest first
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
    /// Make a link by which a person becomes a member, and print it, this once
    Invite {
        /// Whom it is for
        email: String,
        /// A role of the profile, in the whole organization
        #[arg(long)]
        role: String,
        /// A role in one project beside it; may be given several times
        #[arg(long, value_name = "PROJECT=ROLE", value_parser = parse_project_role)]
        project_role: Vec<(String, String)>,
        /// May be left out where the management key sees exactly one
        #[arg(long)]
        organization: Option<String>,
        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Remove a member: signed out everywhere, and gone
    Remove {
        /// The member's id or e-mail address
        member: String,
        /// Where the address is looked for, if it is a member of several
        #[arg(long)]
        organization: Option<String>,
        #[command(flatten)]
        options: ChangeOptions,
    },
}

#[derive(Args, Debug)]
pub(crate) struct SignInLink {
    /// The member's id or e-mail address
    member: String,
    /// Where the address is looked for, if it is a member of several
    #[arg(long)]
    organization: Option<String>,
    #[command(flatten)]
    options: ChangeOptions,
}

pub(crate) async fn run(command: Command, client: &Client, output: Output) -> Result<(), Failure> {
    match command {
        Command::List {
            organization,
            limit,
            cursor,
        } => {
            let query = OrganizationQuery {
                organization,
                limit: Some(limit),
                cursor,
            };
            let page = client.list_members(&query).await?;
            output.print(&page, page_in_words)
        }
        Command::Invite {
            email,
            role,
            project_role,
            organization,
            options,
        } => {
            let invitation = CreateInvitation {
                organization,
                email,
                role,
                project_roles: BTreeMap::from_iter(project_role),
            };
            let issued = client
                .create_invitation(&invitation, &options.terms())
                .await?;
            output.say(&invitation_in_words(&issued.invitation));
            output.say("\nThe link is shown this once; it works once:");
            output.print(&issued, |issued| issued.url.clone())
        }
        Command::Remove {
            member,
            organization,
            options,
        } => {
            let found = find(client, &member, organization.as_deref()).await?;
            let mut terms = options.terms();
            terms.version = Some(found.version);
            let done = client.remove_member(&found.id, &terms).await?;
            output.say(&format!("{} is a member no more", found.email));
            output.print(&done, |_| found.id.clone())
        }
    }
}

/// A link by which a member signs in once. Whoever opens it is that person.
pub(crate) async fn sign_in_link(
    asked: SignInLink,
    client: &Client,
    output: Output,
) -> Result<(), Failure> {
    let found = find(client, &asked.member, asked.organization.as_deref()).await?;
    let link = CreateSignInLink {
        member: found.id.clone(),
    };
    let made = client
        .create_sign_in_link(&link, &asked.options.terms())
        .await?;
    output.say(&format!(
        "Signs {} in, once, until {}:",
        found.email,
        moment(made.expires_at)
    ));
    output.print(&made, |made| made.url.clone())
}

/// By id, or by the e-mail address in any case.
async fn find(
    client: &Client,
    member: &str,
    organization: Option<&str>,
) -> Result<Member, Failure> {
    if !member.contains('@') {
        return Ok(client.load_member(member).await?);
    }
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let query = OrganizationQuery {
            organization: organization.map(str::to_owned),
            limit: Some(ROWS),
            cursor,
        };
        let page = client.list_members(&query).await?;
        let is_it = |it: &Member| it.email.to_lowercase() == member.to_lowercase();
        found.extend(page.data.into_iter().filter(is_it));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Failure::new(
            Exit::NotFound,
            format!("no member has the address {member}"),
        )),
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "{member} is a member of several organizations: name one with --organization"
        ))),
    }
}

fn project_roles(roles: &BTreeMap<String, String>) -> String {
    let texts: Vec<String> = roles
        .iter()
        .map(|(project, role)| format!("{project}={role}"))
        .collect();
    texts.join(" ")
}

fn invitation_in_words(invitation: &Invitation) -> String {
    sheet([
        ("id", invitation.id.clone()),
        ("organization", invitation.organization.clone()),
        ("e-mail", invitation.email.clone()),
        ("role", invitation.role.clone()),
        ("in projects", project_roles(&invitation.project_roles)),
        ("works until", moment(invitation.expires_at)),
    ])
}

fn page_in_words(page: &List<Member>) -> String {
    table(
        [
            "ID",
            "ORGANIZATION",
            "E-MAIL",
            "NAME",
            "ROLE",
            "IN PROJECTS",
            "SINCE",
        ],
        page.data.iter().map(|it| {
            [
                it.id.clone(),
                it.organization.clone(),
                it.email.clone(),
                it.name.clone(),
                it.role.clone(),
                project_roles(&it.project_roles),
                moment(it.created_at),
            ]
        }),
    ) + &more(page.next_cursor.as_deref())
}
