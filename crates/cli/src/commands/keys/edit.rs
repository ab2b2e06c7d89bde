//! `keyway keys edit`

use clap::Args;
use jiff::Timestamp;
use keyway_api::Metadata;
use keyway_api::grant::Grant;
use keyway_api::key::EditKey;
use keyway_api::object::Object;
use keyway_api::rate_limit::RateLimit;
use keyway_client::client::Client;

use super::words;
use crate::failure::Failure;
use crate::fields::{
    clearable, parse_grant, parse_metadata, parse_moment, parse_rate_limit, parse_role,
};
use crate::output::Output;
use crate::terms::EditOptions;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The key's id
    id: String,
    /// What it is for, for people
    #[arg(long)]
    name: Option<String>,
    /// More about it, for people
    #[arg(long)]
    description: Option<String>,
    /// Take the description away
    #[arg(long, conflicts_with = "description")]
    no_description: bool,
    /// Who answers for it, in the product's own words
    #[arg(long)]
    owner: Option<String>,
    /// Take the owner away
    #[arg(long, conflicts_with = "owner")]
    no_owner: bool,
    /// From then on it is refused, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    expires_at: Option<Timestamp>,
    /// It does not expire any more
    #[arg(long, conflicts_with = "expires_at")]
    no_expiry: bool,
    /// Replaces all grants; several times for several
    #[arg(long = "grant", value_name = "PERMISSIONS@RESOURCE", value_parser = parse_grant)]
    grants: Vec<Grant>,
    /// A role among the grants that replace all
    #[arg(long = "role", value_name = "ROLE@RESOURCE", value_parser = parse_role)]
    roles: Vec<Grant>,
    /// Take every grant away
    #[arg(long, conflicts_with_all = ["grants", "roles"])]
    no_grants: bool,
    /// Replaces all address rules; several times for several
    #[arg(long = "ip", value_name = "CIDR")]
    ip_rules: Vec<String>,
    /// Let it be used from everywhere
    #[arg(long, conflicts_with = "ip_rules")]
    no_ip: bool,
    /// How often it may be used, such as 100/1m
    #[arg(long, value_name = "LIMIT/WINDOW", value_parser = parse_rate_limit)]
    rate_limit: Option<RateLimit>,
    /// Let it be used as often as its user likes
    #[arg(long, conflicts_with = "rate_limit")]
    no_rate_limit: bool,
    /// Replaces the whole object
    #[arg(long, value_name = "JSON", value_parser = parse_metadata)]
    metadata: Option<Metadata>,
    /// The program that manages it
    #[arg(long)]
    managed_by: Option<String>,
    /// Nobody manages it any more
    #[arg(long, conflicts_with = "managed_by")]
    no_managed_by: bool,
    #[command(flatten)]
    terms: EditOptions,
}

pub(crate) async fn run(options: Options, client: &Client, output: Output) -> Result<(), Failure> {
    let grants: Vec<Grant> = options.grants.into_iter().chain(options.roles).collect();
    let edit = EditKey {
        name: options.name,
        description: clearable(options.description, options.no_description),
        owner: clearable(options.owner, options.no_owner),
        expires_at: clearable(options.expires_at, options.no_expiry),
        grants: all(grants, options.no_grants),
        ip_rules: all(options.ip_rules, options.no_ip),
        rate_limit: clearable(options.rate_limit.map(Object), options.no_rate_limit),
        metadata: options.metadata,
        managed_by: clearable(options.managed_by, options.no_managed_by),
    };
    if edit == EditKey::default() {
        return Err(
            Failure::usage("nothing to change was named").hint("see `keyway keys edit --help`")
        );
    }
    let edited = client
        .edit_key(&options.id, &edit, &options.terms.terms())
        .await?;
    output.print(&edited, words::changed)
}

fn all<T>(values: Vec<T>, is_cleared: bool) -> Option<Vec<T>> {
    (is_cleared || !values.is_empty()).then_some(values)
}
