//! medoid
