//! `keyway verify`

use clap::Args;
use keyway_api::verify::{VerifyAnswer, VerifyKey};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{Output, perhaps, sheet};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// A permission that is needed; several times for several
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// On what; the key's own project or organization if absent
    #[arg(long)]
    resource: Option<String>,
    /// An id or external id
    #[arg(long)]
    organization: Option<String>,
    /// Which environment it is used in, such as live
    #[arg(long)]
    environment: Option<String>,
    /// Where the key was used from
    #[arg(long)]
    ip: Option<String>,
}

pub(crate) async fn run(
    options: Options,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    let secret = connection.secret()?;
    let ask = VerifyKey {
        secret,
        permissions: options.permissions,
        resource: options.resource,
        organization: options.organization,
        environment: options.environment,
        ip: options.ip,
    };
    let answer = connection.client()?.verify_key(&ask).await?;
    output.print(&answer, in_words)?;
    if answer.valid {
        Ok(())
    } else {
        Err(Failure::silent())
    }
}

fn in_words(answer: &VerifyAnswer) -> String {
    let verdict = if answer.valid {
        "let through".to_owned()
    } else {
        format!("refused: {} (HTTP {})", answer.code, answer.http_status)
    };
    let Some(key) = &answer.key else {
        return sheet([
            ("verdict", verdict),
            ("missing", answer.missing_permissions.join(", ")),
        ]);
    };
    sheet([
        ("verdict", verdict),
        ("missing", answer.missing_permissions.join(", ")),
        ("key", key.id.clone()),
        ("name", key.name.clone()),
        ("organization", key.organization.clone()),
        (
            "external id",
            key.organization_external_id.clone().unwrap_or_default(),
        ),
        ("project", key.project.clone().unwrap_or_default()),
        ("environment", key.environment.clone()),
        ("owner", key.owner.clone().unwrap_or_default()),
        ("permissions", key.permissions.join(", ")),
        ("expires at", perhaps(key.expires_at)),
    ])
}
