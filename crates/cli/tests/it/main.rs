//! The program from outside: command lines, files and environment in; text, exit codes and a store out.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod adaptive;
mod bad_input;
mod command_line;
mod demo;
mod desk;
mod doctor;
mod documents;
mod embed;
mod grid;
mod import;
mod money;
mod nightly;
mod nights;
mod recall;
mod samples;
mod secrets;
mod viewer;
