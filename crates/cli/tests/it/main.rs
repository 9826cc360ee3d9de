//! The program from outside: command lines, files and environment in; text, exit codes and a store out.

mod bad_input;
mod desk;
