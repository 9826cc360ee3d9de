//! The subcommands, one file each.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod decode;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod farewell;
pub(crate) mod finish;
pub(crate) mod foresee;
pub(crate) mod init;
pub(crate) mod open_store;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod retry;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod sim;
