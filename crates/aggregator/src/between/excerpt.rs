//! What is kept of a cell to compare it with other targets': as much as serves, and no more than can be held for many targets at once.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::UserMode;
use antiphon_core::summary::Likeness;
use antiphon_stats::SampleId;
use serde::{Deserialize, Serialize};

use crate::cell::CellInput;
use crate::read_block::BlockSample;

/// Users whose labels are kept. The test's work grows with their square.
const USERS: usize = 128;
/// Labels that are kept of a cell, about.
const LABELS: usize = 8_192;
/// Texts that are kept of a cell and a language. Those of all targets are compared with each other.
const TEXTS: usize = 64;

/// What two cells must share to be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The probe's place in the manifest.
    pub(crate) probe: usize,
    pub(crate) turn: u32,
    pub(crate) language: Option<String>,
    pub(crate) likeness: Likeness,
}

/// Some answers of a cell.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Excerpt {
    pub(super) question: Question,
    pub(super) answers: Vec<Kept>,
    /// How many there are.
    pub(super) of: u64,
}

/// An answer: its label, or its text.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(super) user: u64,
    session: u64,
    sample: u64,
    pub(super) text: String,
}

impl Kept {
    pub(super) fn id(&self) -> SampleId {
        SampleId { user: self.user, session: self.session, sample: self.sample }
    }
}

/// Of a cell whose samples have these labels.
pub(crate) fn of_cell(input: &CellInput<'_>, labels: &[Option<String>]) -> Vec<Excerpt> {
    let by_label = input.comes_to_labels();
    let likeness = if by_label { Likeness::Labels } else { Likeness::Wording };
    let language = |row: &BlockSample| input.splits_by_language().then(|| input.language_of(row).to_owned());
    let mut answers: BTreeMap<Option<String>, Vec<(&BlockSample, &str)>> = BTreeMap::new();
    for (row, label) in input.samples.iter().zip(labels) {
        let text = match by_label {
            true => label.as_deref(),
            false => row.sample.outcome.has_text().then_some(row.sample.text.as_str()),
        };
        if let Some(text) = text {
            answers.entry(language(row)).or_default().push((row, text));
        }
    }
    let excerpt = |(language, answers): (Option<String>, Vec<(&BlockSample, &str)>)| Excerpt {
        of: answers.len() as u64,
        answers: if by_label { labels_of(input, &answers) } else { texts_of(input, &answers) },
        question: Question { probe: input.place, turn: input.turn, language, likeness },
    };
    answers.into_iter().map(excerpt).collect()
}

fn labels_of(input: &CellInput<'_>, answers: &[(&BlockSample, &str)]) -> Vec<Kept> {
    let users = users(input, answers, USERS);
    let repeats = input.manifest.sampling.repeats.max(1) as usize;
    let sessions = (LABELS / (users.len().max(1) * repeats)).max(1);
    let few = |row: &BlockSample| (row.sample.session as usize) < sessions;
    let wanted = answers.iter().filter(|(row, _)| users.contains(&row.user) && few(row));
    wanted.map(|(row, label)| kept(row, row.sample.repeat, label)).collect()
}

/// The first texts of the first sessions of each user: sessions differ by chance alone.
fn texts_of(input: &CellInput<'_>, answers: &[(&BlockSample, &str)]) -> Vec<Kept> {
    let users = users(input, answers, TEXTS);
    let sessions = TEXTS / users.len().max(1);
    let (mut texts, mut taken) = (Vec::new(), BTreeMap::<usize, BTreeSet<u32>>::new());
    // In the order of the plan: by user, session and repeat.
    for (row, text) in answers.iter().filter(|(row, _)| users.contains(&row.user)) {
        let taken = taken.entry(row.user).or_default();
        if taken.len() < sessions && taken.insert(row.sample.session) {
            // Whichever repeat it is: the session is what has a counterpart.
            texts.push(kept(row, 0, text));
        }
    }
    texts
}

/// Users with answers; if there are more than `most`, some. Of drawn users, who come in no order, the first ones, since all targets have these
/// however far each was asked; of others those whom the seed draws, since they come in the order of their levels.
fn users(input: &CellInput<'_>, answers: &[(&BlockSample, &str)], most: usize) -> BTreeSet<usize> {
    let all: BTreeSet<usize> = answers.iter().map(|(row, _)| row.user).collect();
    if all.len() <= most {
        return all;
    }
    let turn = input.turn.to_string();
    let drawn = |user: &usize| {
        let purpose = ["compared users", input.probe.id.as_str(), &turn, &user.to_string()];
        (input.manifest.seed.number(&purpose), *user)
    };
    let mut ranked: Vec<usize> = all.into_iter().collect();
    if input.manifest.users.mode != UserMode::Drawn {
        ranked.sort_by_cached_key(drawn);
    }
    ranked.into_iter().take(most).collect()
}

fn kept(row: &BlockSample, repeat: u32, text: &str) -> Kept {
    Kept {
        user: row.user as u64,
        session: u64::from(row.sample.session),
        sample: u64::from(repeat),
        text: text.to_owned(),
    }
}
