//! How much of a document came back.

pub(crate) mod came_back;
pub(crate) mod meaning;
mod sentences;

use std::collections::BTreeMap;

use antiphon_core::summary::{RecallByUser, RecallOfUser, RecallScores, Scored};
use antiphon_core::{Cut, Manifest, Outcome, ProbeKind, RecallRules, Sample};
use antiphon_stats::recall::Runs;
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{Nested, interval, recall};

use super::CellInput;
use crate::estimates::{self, scaled};
use came_back::Measured;

/// Words of a run that is long: it tells what is known by heart from what is retold.
const LONG_RUN: usize = 20;
/// Cuts against whose references answers are held to see what comes back by chance. They lie evenly in the document.
const CUTS: usize = 64;
/// Of these, how many are looked through for verbatim runs.
const CUTS_FOR_RUNS: usize = 4;

pub(super) fn scores(input: &CellInput<'_>, cut: &Cut) -> (RecallScores, Option<RecallByUser>) {
    let mut vocabulary = Vocabulary::default();
    let reference = input.words(&cut.reference, &mut vocabulary);
    let answers: Vec<Option<Answer>> =
        input.samples.iter().map(|row| Answer::of(input, &row.sample, &mut vocabulary)).collect();
    let found: Vec<Option<recall::Recall>> =
        answers.iter().map(|answer| Some(answer.as_ref()?.against(&reference))).collect();
    #[expect(clippy::cast_precision_loss, reason = "words of a passage are far below 2^53")]
    let length = reference.len() as f64;
    #[expect(clippy::cast_precision_loss, reason = "words of a passage are far below 2^53")]
    let prefix = input.nested(|row, _| found[row].map(|score| score.prefix as f64 / length));
    let common = input.nested(|row, _| found[row].and_then(|score| score.recall));
    let population = input.population();
    let rules = input.manifest.scoring.recall.as_ref();
    let verbatim = rules.map(|rules| {
        let shares = input.nested(|row, _| answers[row].as_ref()?.in_runs(&reference, run(rules)));
        estimates::estimate(interval::proportion(&shares, population))
    });
    let decides = rules.filter(|rules| rules.document == cut.document && cut.control.is_none());
    let measured = Measured::of(input, cut, &reference, &answers, &mut vocabulary);
    let scores = RecallScores {
        document: cut.document.clone(),
        word: cut.word,
        reference_words: reference.len() as u64,
        prefix_words: scaled(interval::proportion(&prefix, population), 0.0, length),
        lcs_recall: estimates::estimate(interval::proportion(&common, population)),
        verbatim,
        comes_back: Some(Box::new(measured.comes_back(input))),
        control: cut.control,
        sentences: decides
            .map_or_else(Vec::new, |_| sentences::of_reference(input, cut, &answers, &mut vocabulary)),
    };
    let by_user = rules.map(|rules| by_user(input, cut, rules, (&answers, &measured), &mut vocabulary));
    (scores, by_user)
}

/// The share of the reference that came back in its order, where there is a text.
pub(crate) fn in_order(input: &CellInput<'_>, cut: &Cut) -> Nested<f64> {
    let mut vocabulary = Vocabulary::default();
    let reference = input.words(&cut.reference, &mut vocabulary);
    let mut answer = |sample: &Sample| Answer::of(input, sample, &mut vocabulary)?.in_order(&reference);
    input.nested(|_, row| answer(&row.sample))
}

fn run(rules: &RecallRules) -> usize {
    rules.verbatim_words as usize
}

/// An answer in words.
struct Answer {
    words: Vec<u32>,
    /// It was cut off at the token limit, and its last word, which may be half a word, is left out: a limit is no forgetting, so it is held
    /// against as much of a reference as it had room for.
    is_cut_off: bool,
}

impl Answer {
    fn of(input: &CellInput<'_>, sample: &Sample, vocabulary: &mut Vocabulary) -> Option<Self> {
        if !sample.outcome.has_text() {
            return None;
        }
        let mut words = input.words(&sample.text, vocabulary);
        let is_cut_off = matches!(sample.outcome, Outcome::Truncated);
        if is_cut_off {
            words.pop();
        }
        Some(Self { words, is_cut_off })
    }

    /// How much of a reference it had room for.
    fn room(&self, reference: &[u32]) -> usize {
        if self.is_cut_off { reference.len().min(self.words.len()) } else { reference.len() }
    }

    fn against(&self, reference: &[u32]) -> recall::Recall {
        recall::against_reference(&reference[..self.room(reference)], &self.words)
    }

    fn in_order(&self, reference: &[u32]) -> Option<f64> {
        self.against(reference).recall
    }

    /// The share of the reference in runs of at least so many words; `None` where there was no room for one.
    fn in_runs(&self, reference: &[u32], run: usize) -> Option<f64> {
        Runs::of(&reference[..self.room(reference)], &self.words).share(run)
    }
}

/// References of the cuts that decide, in the order of their words; evenly chosen where they are many.
pub(crate) fn references<'a>(manifest: &'a Manifest, rules: &RecallRules) -> Vec<(u32, &'a str)> {
    let cuts = manifest.probes.iter().filter_map(|probe| match &probe.kind {
        ProbeKind::Recall(cut) if decides(cut, rules) => Some((cut.word, cut.reference.as_str())),
        _ => None,
    });
    let all: Vec<(u32, &str)> = cuts.collect::<BTreeMap<_, _>>().into_iter().collect();
    let kept = all.len().min(CUTS);
    (0..kept).map(|at| all[at * all.len() / kept]).collect()
}

/// Whether a verdict rests on the cut: it gives a passage of the document as it is.
pub(crate) fn decides(cut: &Cut, rules: &RecallRules) -> bool {
    cut.document == rules.document && cut.control.is_none() && cut.cue.is_none()
}

/// Means over the sessions of each user of what a verdict is made of.
fn by_user(
    input: &CellInput<'_>,
    cut: &Cut,
    rules: &RecallRules,
    (answers, measured): (&[Option<Answer>], &Measured),
    vocabulary: &mut Vocabulary,
) -> RecallByUser {
    let mut encode = |text: &str| input.words(text, vocabulary);
    let reference = encode(&cut.reference);
    let editions: Vec<Vec<u32>> = cut.editions.iter().map(|edition| encode(&edition.reference)).collect();
    let cuts = if decides(cut, rules) { references(input.manifest, rules) } else { Vec::new() };
    let all: Vec<Vec<u32>> = cuts.iter().map(|(_, text)| encode(text)).collect();
    let guesses: Vec<f64> = cut
        .guesses
        .iter()
        .filter_map(|guess| Answer { words: encode(guess), is_cut_off: false }.in_order(&reference))
        .collect();
    let others: Vec<usize> = (0..cuts.len()).filter(|&at| cuts[at].0 != cut.word).collect();
    let few: Vec<usize> = (0..others.len().min(CUTS_FOR_RUNS))
        .map(|at| others[at * others.len() / others.len().min(CUTS_FOR_RUNS)])
        .collect();
    let against: Vec<Option<Vec<f64>>> = answers
        .iter()
        .map(|answer| {
            let answer = answer.as_ref()?;
            Some(all.iter().map(|other| answer.in_order(other).unwrap_or(0.0)).collect())
        })
        .collect();
    let scored = input.nested(|row, _| {
        let answer = answers[row].as_ref()?;
        let in_order = answer.in_order(&reference)?;
        let edition = editions.iter().filter_map(|edition| answer.in_order(edition)).reduce(f64::max);
        let mean_at =
            |places: &[usize], value: &dyn Fn(usize) -> f64| mean(places.iter().map(|&at| value(at)));
        let row = against[row].as_ref()?;
        Some(Scored {
            in_order,
            by_chance: mean_at(&others, &|at| row[at]).unwrap_or(0.0),
            verbatim: answer.in_runs(&reference, run(rules))?,
            verbatim_by_chance: mean_at(&few, &|at| answer.in_runs(&all[at], run(rules)).unwrap_or(0.0))
                .unwrap_or(0.0),
            long_runs: answer.in_runs(&reference, LONG_RUN.min(reference.len() / 2).max(1))?,
            edition: edition.map(|edition| edition - in_order),
        })
    });
    let withheld = input.nested(|_, row| {
        let outcome = &row.sample.outcome;
        outcome.is_behaviour().then(|| f64::from(u8::from(!outcome.has_text())))
    });
    let scored: BTreeMap<u64, Scored> =
        scored.users().iter().map(|user| (user.id, mean_scored(user))).collect();
    let mut came_back: BTreeMap<u64, _> = match decides(cut, rules) {
        true => {
            measured.of_users(input).into_iter().map(|(user, came, tries)| (user, (came, tries))).collect()
        }
        false => BTreeMap::new(),
    };
    let users = withheld.users().iter().map(|user| {
        let (came_back, tries) = came_back.remove(&user.id).unwrap_or_default();
        RecallOfUser {
            user: user.id,
            withheld: session_mean(user, |value| *value),
            recall: scored.get(&user.id).copied(),
            came_back: came_back.map(Box::new),
            tries,
        }
    });
    let against = input.nested(|row, _| against[row].clone());
    RecallByUser {
        users: users.collect(),
        against: mean_rows(&against, all.len()),
        guessed: mean(guesses.into_iter()),
        covered: if decides(cut, rules) { measured.covered.clone() } else { Vec::new() },
        tries: measured.covering,
        deviations: measured.deviations(),
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = values.len();
    #[expect(clippy::cast_precision_loss, reason = "counts of cuts and sessions are far below 2^53")]
    let size = count as f64;
    (count > 0).then(|| values.sum::<f64>() / size)
}

/// The mean over sessions of the mean over a session's samples.
fn session_mean<T>(user: &antiphon_stats::User<T>, value: impl Fn(&T) -> f64) -> f64 {
    mean_where(user, |sample| Some(value(sample))).unwrap_or(0.0)
}

/// The same of the samples that have a value; `None` where none has.
fn mean_where<T>(user: &antiphon_stats::User<T>, value: impl Fn(&T) -> Option<f64>) -> Option<f64> {
    let of_session = |samples: &[(u64, T)]| -> Option<f64> {
        let values: Vec<f64> = samples.iter().filter_map(|(_, sample)| value(sample)).collect();
        mean(values.into_iter())
    };
    let of_sessions = user.sessions.iter().filter_map(|session| of_session(&session.samples));
    mean(of_sessions.collect::<Vec<f64>>().into_iter())
}

fn mean_scored(user: &antiphon_stats::User<Scored>) -> Scored {
    let of = |value: fn(&Scored) -> f64| session_mean(user, value);
    let has_edition =
        user.sessions.iter().any(|session| session.samples.iter().any(|(_, one)| one.edition.is_some()));
    Scored {
        in_order: of(|one| one.in_order),
        by_chance: of(|one| one.by_chance),
        verbatim: of(|one| one.verbatim),
        verbatim_by_chance: of(|one| one.verbatim_by_chance),
        long_runs: of(|one| one.long_runs),
        edition: has_edition.then(|| of(|one| one.edition.unwrap_or(0.0))),
    }
}

/// Column by column the mean over users, who weigh the same.
fn mean_rows(rows: &Nested<Vec<f64>>, columns: usize) -> Vec<f64> {
    if rows.users().is_empty() {
        return Vec::new();
    }
    let of = |column: usize| mean(rows.users().iter().map(|user| session_mean(user, |row| row[column])));
    (0..columns).map(|column| of(column).unwrap_or(0.0)).collect()
}
