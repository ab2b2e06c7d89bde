//! `keyway keys create`

use clap::Args;
use jiff::Timestamp;
use keyway_api::Metadata;
use keyway_api::grant::Grant;
use keyway_api::key::CreateKey;
use keyway_api::object::Object;
use keyway_api::rate_limit::RateLimit;
use keyway_client::client::Client;

use super::print_issued;
use crate::failure::Failure;
use crate::fields::{
    clearable, parse_grant, parse_metadata, parse_moment, parse_rate_limit, parse_role,
};
use crate::output::Output;
use crate::terms::CreateOptions;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// What it is for, for people
    #[arg(long)]
    name: String,
    /// May be left out where the management key sees exactly one
    #[arg(long)]
    organization: Option<String>,
    /// A ceiling over the grants
    #[arg(long)]
    project: Option<String>,
    /// The profile's first if absent
    #[arg(long)]
    environment: Option<String>,
    /// More about it, for people
    #[arg(long)]
    description: Option<String>,
    /// Who answers for it, in the product's own words
    #[arg(long)]
    owner: Option<String>,
    /// From then on it is refused, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    expires_at: Option<Timestamp>,
    /// What it may do and where, such as read,write@project/alpha or '*@*'; several times for several
    #[arg(long = "grant", value_name = "PERMISSIONS@RESOURCE", value_parser = parse_grant)]
    grants: Vec<Grant>,
    /// A role and where; several times for several
    #[arg(long = "role", value_name = "ROLE@RESOURCE", value_parser = parse_role)]
    roles: Vec<Grant>,
    /// An address or network it may be used from; several times for several
    #[arg(long = "ip", value_name = "CIDR")]
    ip_rules: Vec<String>,
    /// How often it may be used, such as 100/1m; what the profile says if absent
    #[arg(long, value_name = "LIMIT/WINDOW", value_parser = parse_rate_limit)]
    rate_limit: Option<RateLimit>,
    /// It may be used as often as its user likes, whatever the profile says
    #[arg(long, conflicts_with = "rate_limit")]
    no_rate_limit: bool,
    /// The product's own notes, a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse_metadata)]
    metadata: Option<Metadata>,
    /// The program that manages it
    #[arg(long)]
    managed_by: Option<String>,
    #[command(flatten)]
    terms: CreateOptions,
}

pub(crate) async fn run(options: Options, client: &Client, output: Output) -> Result<(), Failure> {
    let grants: Vec<Grant> = options.grants.into_iter().chain(options.roles).collect();
    let key = CreateKey {
        organization: options.organization,
        project: options.project,
        environment: options.environment,
        name: options.name,
        description: options.description,
        owner: options.owner,
        expires_at: options.expires_at,
        grants: (!grants.is_empty()).then_some(grants),
        ip_rules: options.ip_rules,
        rate_limit: clearable(options.rate_limit.map(Object), options.no_rate_limit),
        metadata: options.metadata.unwrap_or_default(),
        managed_by: options.managed_by,
    };
    let issued = client.create_key(&key, &options.terms.terms()).await?;
    if issued.key.grants.is_empty() {
        output
            .say("note: the key has no grants, so it may do nothing yet; see `keys edit --grant`");
    }
    print_issued(&issued, output)
}
