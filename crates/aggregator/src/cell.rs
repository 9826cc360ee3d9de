//! One cell: what one target answered to one turn of one probe, summed up.

mod apart;
mod by_user;
pub(crate) mod clusters;
mod crossed;
mod labels;
mod mentions;
mod quotations;
mod recall;
mod support;
mod voted;
mod wording;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use antiphon_core::certificate::Certificate;
use antiphon_core::prompt::Prompter;
use antiphon_core::summary::{Cell, Estimate, Exemplar, Rates};
use antiphon_core::{Cue, Manifest, Outcome, Probe, ProbeKind, Target, UserMode};
use antiphon_stats::text::{Case, Vocabulary, normalise, tokens};
use antiphon_stats::{Nested, Population, Row, SampleId, interval};

use crate::error_bars::error_bars;
use crate::estimates;
use crate::groups::GroupShare;
use crate::read_block::BlockSample;
use crate::rules::{Classes, Hedging, Refusal};

pub(crate) use by_user::length;
pub(crate) use crossed::{Factors, rule};
pub(crate) use recall::{came_back, decides, in_order, meaning, references};

/// How many of the least typical answers are quoted.
const DEVIANTS: usize = 3;

/// What a cell is made from.
pub(crate) struct CellInput<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) prompter: &'a Prompter,
    pub(crate) target: &'a Target,
    pub(crate) probe: &'a Probe,
    /// The probe's place in the manifest.
    pub(crate) place: usize,
    pub(crate) turn: u32,
    /// In the order of the plan.
    pub(crate) samples: Vec<BlockSample>,
    pub(crate) certificate: Certificate,
    /// Vectors of its answers, where the suite compares by them, by the hash of the text.
    pub(crate) vectors: &'a HashMap<String, Vec<f32>>,
    /// How often the interval of the agreement between users may miss, where that is not 0.05.
    pub(crate) miss: Option<f64>,
}

/// Sums a cell up, and says what it brings to its group.
pub(crate) fn summarise(input: &CellInput<'_>) -> (Cell, Vec<GroupShare>) {
    let CellInput { target, probe, turn, .. } = input;
    let (labels, wording) = match input.comes_to_labels() {
        // Each step of a chain asks something else, so that its answers are never compared with those of another.
        _ if probe.chain().is_some() => (Vec::new(), Vec::new()),
        true => (labels::scores(input), Vec::new()),
        false => (Vec::new(), wording::scores(input)),
    };
    let shares = labels.iter().map(|scores| &scores.share);
    let shares = shares.chain(wording.iter().map(|scores| &scores.share)).flatten().cloned().collect();
    let by_user = by_user::values(input, &wording);
    let clusters = match probe.kind {
        ProbeKind::Short if input.is_last_turn() => clusters::of_short(input),
        _ => wording.iter().filter_map(|scores| scores.clusters.clone()).collect(),
    };
    let apart = labels
        .iter()
        .flat_map(|scores| &scores.apart)
        .chain(wording.iter().flat_map(|scores| &scores.apart))
        .cloned()
        .collect();
    let (recall, recall_by_user) = match &probe.kind {
        ProbeKind::Recall(cut) => {
            let (scores, by_user) = recall::scores(input, cut);
            (Some(scores), by_user)
        }
        _ => (None, None),
    };
    let quotations = wording.iter().filter_map(|scores| scores.quotations.clone()).collect();
    let quoted =
        || labels.iter().map(|scores| &scores.quotes).chain(wording.iter().map(|scores| &scores.quotes));
    let typical = quoted().filter_map(|quotes| quotes.typical.clone()).collect();
    let deviant = quoted().flat_map(|quotes| quotes.deviant.clone()).collect();
    let cell = Cell {
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
        recall,
        typical,
        deviant,
        clusters,
        apart,
        quotations,
        by_user,
        recall_by_user,
        asked: None,
        error_bars: if input.manifest.imported.is_some() { error_bars(input) } else { Vec::new() },
    };
    (cell, shares)
}

impl CellInput<'_> {
    fn population(&self) -> Population {
        population(self.manifest)
    }

    /// Whether answers are compared by what they come to, and not by their wording.
    pub(crate) fn comes_to_labels(&self) -> bool {
        let asks_for_label = matches!(
            self.probe.kind,
            ProbeKind::Choice | ProbeKind::Scale { .. } | ProbeKind::Short | ProbeKind::Refusal { .. }
        );
        asks_for_label && self.is_last_turn()
    }

    /// Whether only answers in one language can be compared: options and numbers mean the same in all.
    pub(crate) fn splits_by_language(&self) -> bool {
        !self.comes_to_labels() || self.probe.kind == ProbeKind::Short
    }

    fn is_last_turn(&self) -> bool {
        self.turn as usize + 1 == self.probe.turns()
    }

    /// The question as a reader needs it: of a passage, where it ends.
    fn question(&self) -> String {
        let turn = &self.manifest.own_wording(self.probe).turns[self.turn as usize];
        match &self.probe.kind {
            ProbeKind::Recall(cut) => {
                let (name, given) = match &cut.cue {
                    None => {
                        ("passage", format!("[the passage before word {} of {}]", cut.word, cut.document))
                    }
                    Some(Cue::Heading(heading)) => ("heading", heading.clone()),
                    Some(Cue::Topic(topic)) => ("topic", topic.clone()),
                };
                let places = [format!("{{{{ {name} }}}}"), format!("{{{{{name}}}}}")];
                let placed = places.iter().fold(turn.clone(), |text, place| text.replace(place, &given));
                if cut.prefill { format!("{placed} {given}") } else { placed }
            }
            ProbeKind::Extract(chain) => {
                let passage = "[the end of the text so far]";
                let places = ["{{ passage }}", "{{passage}}"];
                let placed = places.iter().fold(turn.clone(), |text, place| text.replace(place, passage));
                let opening = chain.opening.iter().map(|question| format!("{question}\n\nThen: "));
                let end = if chain.prefill { format!(" {passage}") } else { String::new() };
                opening.chain([placed, end]).collect()
            }
            _ => turn.clone(),
        }
    }

    /// The samples for which `value` gives one, as users → sessions → samples.
    pub(crate) fn nested<T>(&self, mut value: impl FnMut(usize, &BlockSample) -> Option<T>) -> Nested<T> {
        Nested::from_rows(
            self.samples
                .iter()
                .enumerate()
                .filter_map(|(row, sample)| Some(Row { id: sample_id(sample), value: value(row, sample)? })),
        )
    }

    fn rates(&self) -> Rates {
        if self.probe.chain().is_some() {
            let note = "the steps of a chain ask different things; they are counted step by step";
            let undefined = || Estimate { note: Some(note.to_owned()), ..Estimate::default() };
            return Rates {
                refused: undefined(),
                non_answer: undefined(),
                truncated: undefined(),
                ..Rates::default()
            };
        }
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
            refused_by_rule: self.by_rule(|classes| Some(classes.refusal == Refusal::Refused)),
            refusal_undecided: self.by_rule(|classes| Some(classes.refusal == Refusal::Undecided)),
            mentioned: mentions::rate(self),
            hedged: self.by_rule(|classes| Some(classes.hedging? == Hedging::Hedged)),
            hedging_undecided: self.by_rule(|classes| Some(classes.hedging? == Hedging::Undecided)),
        }
    }

    /// The share of answers of a class, among those for which it is asked; `None` where the rules are not asked at all.
    fn by_rule(&self, wanted: fn(Classes) -> Option<bool>) -> Option<Estimate> {
        if matches!(self.probe.kind, ProbeKind::Recall(_)) {
            return None;
        }
        let cell = self.nested(|_, row| {
            let classes = row.classes(self.manifest, self.probe)?;
            wanted(classes).map(|yes| f64::from(u8::from(yes)))
        });
        Some(estimates::estimate(interval::proportion(&cell, self.population())))
    }

    pub(crate) fn language_of(&self, row: &BlockSample) -> &str {
        &self.manifest.users.users[row.user].language
    }

    /// The languages that are spoken in the cell.
    pub(crate) fn languages(&self) -> BTreeSet<&str> {
        self.samples.iter().map(|row| self.language_of(row)).collect()
    }

    /// The words of a text, numbered.
    pub(crate) fn words(&self, text: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
        words(self.manifest, text, vocabulary)
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
            levels: self.levels_of(sample.user),
            sentences: Vec::new(),
        }
    }

    /// Factor → level of a user.
    fn levels_of(&self, user: usize) -> BTreeMap<String, String> {
        let levels = self.manifest.users.users[user].levels();
        levels.into_iter().map(|(factor, level)| (factor.to_owned(), level.to_owned())).collect()
    }

    /// A seed of its own for each purpose, cell, turn and language.
    fn seed(&self, purpose: &str, language: &str) -> u64 {
        let turn = self.turn.to_string();
        let stream = [purpose, self.target.id.as_str(), self.probe.id.as_str(), &turn, language];
        u64::from(self.manifest.seed.number(&stream))
    }

    fn find(&self, id: SampleId) -> Option<&BlockSample> {
        // Samples stand in the order of their ids.
        self.samples.binary_search_by_key(&id, sample_id).ok().map(|at| &self.samples[at])
    }
}

/// Of whom intervals speak.
pub(crate) fn population(manifest: &Manifest) -> Population {
    match manifest.users.mode {
        UserMode::Drawn => Population::Drawn,
        UserMode::Grid | UserMode::Listed => Population::Fixed,
    }
}

/// The words of a text, numbered.
pub(crate) fn words(manifest: &Manifest, text: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
    let case = if manifest.scoring.casefold { Case::Folded } else { Case::Kept };
    tokens(&normalise(text, case)).into_iter().map(|token| vocabulary.id(token)).collect()
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
