//! Holding the vote: aligned texts, place by place, perhaps without one user.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::align::{Aligned, Aligner};
use super::{Column, Consensus, Vote};

/// Alignments to a consensus that itself changes, at most.
const ROUNDS: u32 = 5;

/// The different texts of a vote and who has them.
pub(super) struct Ballot {
    texts: Vec<Vec<u32>>,
    /// User by user: the texts with their weights.
    users: Vec<Vec<(usize, f64)>>,
    /// All texts aligned to each text that was ever a centre.
    aligned: HashMap<Vec<u32>, Rc<Vec<Aligned>>>,
    /// Cells of tables that one round may fill.
    most: usize,
    /// Steps taken so far: cells of tables filled, and votes counted.
    pub(super) steps: usize,
}

impl Ballot {
    /// `None` without any weight, or with one that is negative or no finite number.
    pub(super) fn new(votes: &[Vote], most: usize) -> Option<Self> {
        let is_weight = |vote: &Vote| vote.weight.is_finite() && vote.weight >= 0.0;
        if !votes.iter().all(is_weight) || votes.iter().all(|vote| vote.weight <= 0.0) {
            return None;
        }
        let mut numbers: BTreeMap<&[u32], usize> = BTreeMap::new();
        let voting = || votes.iter().filter(|vote| vote.weight > 0.0);
        voting().for_each(|vote| {
            numbers.insert(&vote.tokens, 0);
        });
        // In the order of the texts, whatever the order of votes.
        (0..).zip(numbers.values_mut()).for_each(|(number, place)| *place = number);
        let mut users: BTreeMap<u64, BTreeMap<usize, f64>> = BTreeMap::new();
        for vote in voting() {
            *users.entry(vote.user).or_default().entry(numbers[vote.tokens.as_slice()]).or_default() +=
                vote.weight;
        }
        Some(Self {
            texts: numbers.into_keys().map(<[u32]>::to_vec).collect(),
            users: users.into_values().map(|texts| texts.into_iter().collect()).collect(),
            aligned: HashMap::new(),
            most,
            steps: 0,
        })
    }

    /// Votes until the outcome stays. `without` is left out, by its place among the users. `None` where a round would fill too many cells.
    pub(super) fn hold(&mut self, centre: &[u32], without: Option<usize>) -> Option<Consensus> {
        let mut text = centre.to_vec();
        let mut rounds = 0;
        loop {
            rounds += 1;
            let aligned = self.align_to(&text)?;
            let mut found = Consensus { columns: self.columns(&text, &aligned, without), rounds };
            let next: Vec<u32> = found.places().map(|place| place.token).collect();
            if next == text || rounds == ROUNDS {
                let voters = self.voters(without);
                self.collide(&text, &aligned, &voters, &mut found.columns);
                return Some(found);
            }
            text = next;
        }
    }

    fn align_to(&mut self, text: &[u32]) -> Option<Rc<Vec<Aligned>>> {
        if let Some(known) = self.aligned.get(text) {
            return Some(Rc::clone(known));
        }
        let cells: usize = self.texts.iter().map(|other| (other.len() + 1) * (text.len() + 1)).sum();
        if cells > self.most {
            return None;
        }
        self.steps += cells;
        let mut aligner = Aligner::new(text);
        let aligned: Rc<Vec<Aligned>> =
            Rc::new(self.texts.iter().map(|other| aligner.align(other)).collect());
        self.aligned.insert(text.to_vec(), Rc::clone(&aligned));
        Some(aligned)
    }

    fn voters(&self, without: Option<usize>) -> Vec<&Vec<(usize, f64)>> {
        let stays = |at: &usize| Some(*at) != without;
        (0..self.users.len()).filter(stays).map(|user| &self.users[user]).collect()
    }

    /// For each token of `text` a column, and around it as many as the longest insertion there has tokens.
    fn columns(&mut self, text: &[u32], aligned: &[Aligned], without: Option<usize>) -> Vec<Column> {
        let mut weights = vec![0.0; self.texts.len()];
        for &(number, weight) in self.voters(without).into_iter().flatten() {
            weights[number] += weight;
        }
        let total: f64 = weights.iter().sum();
        let voting: Vec<(&Aligned, f64)> =
            aligned.iter().zip(weights).filter(|(_, weight)| *weight > 0.0).collect();
        let mut columns = Vec::new();
        for (place, slot) in places(text.len(), voting.iter().map(|(one, _)| *one)) {
            let said = voting.iter().map(|(one, weight)| (one.said(place, slot), *weight));
            let own = if slot.is_none() { text.get(place).copied() } else { None };
            columns.push(column(said, own, total));
        }
        self.steps += columns.len() * voting.len();
        columns
    }

    /// Fills in how often two users have the same at each place.
    fn collide(
        &self,
        text: &[u32],
        aligned: &[Aligned],
        voters: &[&Vec<(usize, f64)>],
        columns: &mut [Column],
    ) {
        let m = voters.len() as f64;
        if m < 2.0 {
            return;
        }
        let texts = || voters.iter().flat_map(|user| user.iter().map(|(number, _)| &aligned[*number]));
        for ((place, slot), column) in places(text.len(), texts()).zip(columns) {
            let mut all: BTreeMap<Option<u32>, f64> = BTreeMap::new();
            let mut own = 0.0;
            for user in voters {
                let weight: f64 = user.iter().map(|(_, weight)| weight).sum();
                let mut shares: BTreeMap<Option<u32>, f64> = BTreeMap::new();
                for (number, part) in *user {
                    *shares.entry(aligned[*number].said(place, slot)).or_default() += part / weight;
                }
                own += shares.values().map(|share| share * share).sum::<f64>();
                shares.into_iter().for_each(|(said, share)| *all.entry(said).or_default() += share);
            }
            let same: f64 = all.values().map(|share| share * share).sum();
            column.collision = Some((same - own) / (m * (m - 1.0)));
        }
    }
}

impl Aligned {
    /// What stands at a place, or in a slot before it.
    fn said(&self, place: usize, slot: Option<usize>) -> Option<u32> {
        match slot {
            Some(slot) => self.before(place).get(slot).map(|(_, token)| *token),
            None => self.at[place],
        }
    }
}

/// The places of a text of `length` tokens, and the slots before them and behind the last.
fn places<'a>(
    length: usize,
    aligned: impl Iterator<Item = &'a Aligned>,
) -> impl Iterator<Item = (usize, Option<usize>)> {
    let mut widths = vec![0; length + 1];
    for one in aligned {
        for same in one.inserted.chunk_by(|(a, _), (b, _)| a == b) {
            let width: &mut usize = &mut widths[same[0].0];
            *width = same.len().max(*width);
        }
    }
    widths.into_iter().enumerate().flat_map(move |(place, width)| {
        let own = (place < length).then_some((place, None));
        (0..width).map(move |slot| (place, Some(slot))).chain(own)
    })
}

/// Of equal shares what the text has there wins, a token or nothing; else the lowest number, and nothing last.
fn column(said: impl Iterator<Item = (Option<u32>, f64)>, own: Option<u32>, total: f64) -> Column {
    let mut shares: Vec<(Option<u32>, f64)> = Vec::new();
    for (token, weight) in said {
        match shares.iter_mut().find(|(known, _)| *known == token) {
            Some((_, share)) => *share += weight / total,
            None => shares.push((token, weight / total)),
        }
    }
    let rank = |token: Option<u32>| (token != own, token.is_none(), token);
    shares.sort_by_key(|(token, _)| rank(*token));
    // Sums of the same weights in another order are equal up to rounding.
    let most = shares.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    if let Some(winner) = shares.iter().position(|(_, share)| *share >= most - 1e-12) {
        let winner = shares.remove(winner);
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(rank(a.0).cmp(&rank(b.0))));
        shares.insert(0, winner);
    }
    let is_kept = shares.first().is_some_and(|(token, _)| token.is_some());
    Column { shares, is_kept, collision: None }
}
