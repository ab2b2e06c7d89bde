//! The commands, one file per group.

pub(crate) mod audit;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod management_keys;
pub(crate) mod members;
pub(crate) mod organizations;
pub(crate) mod profile;
pub(crate) mod projects;
pub(crate) mod resources;
pub(crate) mod serve;
pub(crate) mod signing_keys;
pub(crate) mod verify;
