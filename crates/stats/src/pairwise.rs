//! x
/// x
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairsUsed { /// x
 Exact, /// x
 Sampled(u64) }
/// x
pub struct Answer; /// x
pub struct PairPolicy; /// x
pub struct TextAgreement;
