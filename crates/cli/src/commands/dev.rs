//! `keyway dev`

use clap::Args;
use keyway_server::config::Config;
use keyway_server::config::key::Key;
use keyway_server::config::layer::{self, Layer};
use keyway_server::dev;

use super::config::gather;
use crate::failure::Failure;
use crate::output;

/// What stands at the end of `keyway dev --help`.
pub(crate) const NOTES: &str = "\
It makes a demo organization with a project and an owner, and at each start a management key, a demo
key and a link that signs the owner in, which it prints together with commands to paste; the keys of
the start before are revoked. Data stays for the next start. It applies the profile without being asked to. For anything but a try on your
own machine there is `keyway serve`.";

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// A shipped profile or a file; if absent the one in force, at first the default
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,

    /// Where to listen: an IP address and a port
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Directory of the embedded database
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
}

impl Options {
    fn layer(self) -> layer::Options {
        let values = Layer::default()
            .text(Key::Profile, self.profile)
            .text(Key::Listen, self.listen)
            .text(Key::DataDir, self.data_dir);
        layer::Options { values, file: None }
    }
}

pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let config = Config::parse_for_dev(gather(options.layer())?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // A tour that nobody reads any more is no reason to stop.
    let print = |line: &str| drop(output::data(line));
    Ok(runtime.block_on(dev::dev(config, print))?)
}
