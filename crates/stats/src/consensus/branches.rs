//! Where texts leave their common beginning together: what several of them say instead.

use std::collections::BTreeMap;

use super::prefix::Beside;

/// How many branches are kept.
const MOST: usize = 6;

/// Another continuation, which at least two samples have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixBranch {
    /// Before which place of the prefix it leaves; its length where it stands behind all of it.
    pub at: usize,
    /// How many tokens of it are in common.
    pub length: usize,
    /// Samples that have all of them, by their places, and where they begin in their tokens.
    pub samples: Vec<(usize, usize)>,
}

/// The branches of texts that go along up to a place and say something else there, up to where they are in phase again. `chosen` is what the
/// others go on with, which may reach one token beyond the end of what was taken. A branch goes on as long as at least half of those who began it, and
/// two, say the same, and it is at most `most` tokens long.
pub(super) fn find(texts: &[Beside<'_>], chosen: &[u32], end: usize, most: usize) -> Vec<PrefixBranch> {
    let mut branches = Vec::new();
    for at in 0..=end {
        let mut groups: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, text) in texts.iter().enumerate() {
            let before = match at.checked_sub(1) {
                None => Some(0),
                Some(place) => text.at[place].map(|token| token + 1),
            };
            let Some(from) = before else { continue };
            if let Some(token) = text.tokens.get(from).filter(|token| chosen.get(at) != Some(token)) {
                groups.entry(*token).or_default().push((number, from));
            }
        }
        branches.extend(groups.into_values().filter_map(|group| follow(texts, (at, end), group, most)));
    }
    branches.sort_by_key(|branch| (std::cmp::Reverse(branch.samples.len()), branch.at));
    branches.truncate(MOST);
    branches
}

/// What a group that begins with the same token has in common.
fn follow(
    texts: &[Beside<'_>],
    (at, end): (usize, usize),
    mut group: Vec<(usize, usize)>,
    most: usize,
) -> Option<PrefixBranch> {
    let least = group.len().div_ceil(2).max(2);
    let mut length = 0;
    while length < most {
        let mut next: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
        for &(number, from) in &group {
            let text = &texts[number];
            // In phase again: from here on it is what the others say.
            let is_back = text.at[..end].contains(&Some(from + length));
            if let Some(token) = text.tokens.get(from + length).filter(|_| !is_back) {
                next.entry(*token).or_default().push((number, from));
            }
        }
        let Some(largest) = next.into_values().rev().max_by_key(Vec::len) else { break };
        if largest.len() < least {
            break;
        }
        (group, length) = (largest, length + 1);
    }
    (length > 0 && group.len() >= 2).then_some(PrefixBranch { at, length, samples: group })
}
