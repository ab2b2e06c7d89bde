//! Options that every change has.

use clap::Args;
use keyway_client::change::Terms;

#[derive(Args, Clone, Debug)]
pub(crate) struct ChangeOptions {
    /// How long to wait until the change holds everywhere, such as 30s
    #[arg(long, value_name = "SPAN")]
    wait: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct CreateOptions {
    /// How long to wait until the change holds everywhere, such as 30s
    #[arg(long, value_name = "SPAN")]
    wait: Option<String>,

    /// Repeating a command with the same string does not make a second one
    #[arg(long, value_name = "STRING")]
    idempotency_key: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct EditOptions {
    /// How long to wait until the change holds everywhere, such as 30s
    #[arg(long, value_name = "SPAN")]
    wait: Option<String>,

    /// Only if it still has this version
    #[arg(long, value_name = "N")]
    if_version: Option<i64>,
}

impl ChangeOptions {
    pub(crate) fn terms(self) -> Terms {
        Terms {
            wait: self.wait,
            ..Terms::default()
        }
    }
}

impl CreateOptions {
    pub(crate) fn terms(self) -> Terms {
        Terms {
            wait: self.wait,
            idempotency_key: self.idempotency_key,
            version: None,
        }
    }
}

impl EditOptions {
    pub(crate) fn terms(self) -> Terms {
        Terms {
            wait: self.wait,
            idempotency_key: None,
            version: self.if_version,
        }
    }
}
