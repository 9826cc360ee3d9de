//! A fleet of real processes on a real broker and an S3 server, undisturbed.

mod one_path;
