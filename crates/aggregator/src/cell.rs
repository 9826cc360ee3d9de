//! One cell: what one target answered to one turn of one probe, summed up.

mod crossed;
mod labels;
mod recall;
mod wording;

use std::collections::BTreeSet;

use antiphon_core::certificate::Certificate;
use antiphon_core::prompt::Prompter;
use antiphon_core::summary::{Cell, Exemplar, Rates};
use antiphon_core::{Manifest, Outcome, Probe, ProbeKind, Target, UserMode};
use antiphon_stats::text::{Case, Vocabulary, normalise, tokens};
use antiphon_stats::{Nested, Population, Row, SampleId, interval};

use crate::estimates;
use crate::read_block::BlockSample;

pub(crate) use crossed::{Factors, rule};

/// How many of the least typical answers are quoted.
const DEVIANTS: usize = 3;

/// How a template places the passage.
const PLACES: [&str; 2] = ["{{ passage }}", "{{passage}}"];

/// What a cell is made from.
pub(crate) struct CellInput<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) prompter: &'a Prompter,
    pub(crate) target: &'a Target,
    pub(crate) probe: &'a Probe,
    pub(crate) turn: u32,
    /// In the order of the plan.
    pub(crate) samples: Vec<BlockSample>,
    pub(crate) certificate: Certificate,
}

/// Sums a cell up.
pub(crate) fn summarise(input: &CellInput<'_>) -> Cell {
    let CellInput { target, probe, turn, .. } = input;
    let asks_for_label = matches!(probe.kind, ProbeKind::Choice | ProbeKind::Scale { .. } | ProbeKind::Short);
    let (labels, wording) = match asks_for_label && input.is_last_turn() {
        true => (labels::scores(input), Vec::new()),
        false => (Vec::new(), wording::scores(input)),
    };
    let quoted =
        || labels.iter().map(|scores| &scores.quotes).chain(wording.iter().map(|scores| &scores.quotes));
    let typical = quoted().filter_map(|quotes| quotes.typical.clone()).collect();
    let deviant = quoted().flat_map(|quotes| quotes.deviant.clone()).collect();
    Cell {
        target: target.id.clone(),
        probe: probe.id.clone(),
        group: probe.group.clone(),
        kind: probe.kind.name().to_owned(),
        turn: *turn,
        turns: u32::try_from(probe.turns()).expect("few turns"),
        question: input.question(),
        certificate: input.certificate.clone(),
        rates: input.rates(),
        labels: labels.into_iter().map(|scores| scores.labels).collect(),
        wording: wording.into_iter().map(|scores| scores.agreement).collect(),
        recall: match &probe.kind {
            ProbeKind::Recall(cut) => Some(recall::scores(input, cut)),
            _ => None,
        },
        typical,
        deviant,
    }
}

impl CellInput<'_> {
    fn population(&self) -> Population {
        match self.manifest.users.mode {
            UserMode::Drawn => Population::Drawn,
            UserMode::Grid | UserMode::Listed => Population::Fixed,
        }
    }

    fn is_last_turn(&self) -> bool {
        self.turn as usize + 1 == self.probe.turns()
    }

    /// The question as a reader needs it: of a passage, where it ends.
    fn question(&self) -> String {
        let turn = &self.manifest.own_wording(self.probe).turns[self.turn as usize];
        match &self.probe.kind {
            ProbeKind::Recall(cut) => {
                let passage = format!("[the passage before word {} of {}]", cut.word, cut.document);
                let placed = PLACES.iter().fold(turn.clone(), |text, place| text.replace(place, &passage));
                if cut.prefill { format!("{placed} {passage}") } else { placed }
            }
            _ => turn.clone(),
        }
    }

    /// The samples for which `value` gives one, as users → sessions → samples.
    fn nested<T>(&self, mut value: impl FnMut(usize, &BlockSample) -> Option<T>) -> Nested<T> {
        Nested::from_rows(
            self.samples
                .iter()
                .enumerate()
                .filter_map(|(row, sample)| Some(Row { id: sample_id(sample), value: value(row, sample)? })),
        )
    }

    fn rates(&self) -> Rates {
        let rate = |wanted: fn(&Outcome) -> bool| {
            let cell = self.nested(|_, row| {
                let outcome = &row.sample.outcome;
                outcome.is_behaviour().then(|| f64::from(u8::from(wanted(outcome))))
            });
            estimates::estimate(interval::proportion(&cell, self.population()))
        };
        Rates {
            refused: rate(|outcome| matches!(outcome, Outcome::Refused)),
            non_answer: rate(|outcome| !outcome.has_text()),
            truncated: rate(|outcome| matches!(outcome, Outcome::Truncated)),
        }
    }

    pub(crate) fn language_of(&self, row: &BlockSample) -> &str {
        &self.manifest.users.users[row.user].language
    }

    /// The languages that are spoken in the cell.
    fn languages(&self) -> BTreeSet<&str> {
        self.samples.iter().map(|row| self.language_of(row)).collect()
    }

    /// The words of a text, numbered.
    pub(crate) fn words(&self, text: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
        let case = if self.manifest.scoring.casefold { Case::Folded } else { Case::Kept };
        tokens(&normalise(text, case)).into_iter().map(|token| vocabulary.id(token)).collect()
    }

    fn exemplar(&self, sample: &BlockSample, similarity: Option<f64>) -> Exemplar {
        Exemplar {
            user: sample.sample.user.clone(),
            session: sample.sample.session,
            repeat: sample.sample.repeat,
            language: self.language_of(sample).to_owned(),
            text: sample.sample.text.clone(),
            label: None,
            similarity,
        }
    }

    fn find(&self, id: SampleId) -> Option<&BlockSample> {
        // Samples stand in the order of their ids.
        self.samples.binary_search_by_key(&id, sample_id).ok().map(|at| &self.samples[at])
    }
}

/// Real samples to quote.
#[derive(Default)]
struct Quotes {
    typical: Option<Exemplar>,
    /// The most deviant first.
    deviant: Vec<Exemplar>,
}

fn sample_id(sample: &BlockSample) -> SampleId {
    SampleId {
        user: sample.user as u64,
        session: u64::from(sample.sample.session),
        sample: u64::from(sample.sample.repeat),
    }
}
