//! An S3 server for tests and for the local stack.
