use antiphon_core::PoolId;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

mod broker;
mod ledger;
mod singer;
mod steady;
mod storm;
mod world;

fn pool() -> PoolId {
    "provider.account.family".parse().expect("a pool's name")
}
