//! Stored things that are damaged, newer, or in use.
