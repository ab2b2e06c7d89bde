//! The environment of the process. Everything that depends on it takes it from here.

use std::ffi::OsString;

#[expect(
    clippy::disallowed_methods,
    reason = "start-up code: the one place that reads the environment"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
