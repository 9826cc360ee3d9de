//! A fleet of real processes on a real broker and an S3 server, undisturbed.

mod chains;
mod nightly;
mod one_path;
