//! One cell: what one target answered to one turn of one probe, summed up.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::certificate::Certificate;
use antiphon_core::prompt::Prompter;
use antiphon_core::summary::{Cell, Exemplar, LabelShare, Labels, Rates, RecallScores, WordingAgreement};
use antiphon_core::{Cut, Manifest, Outcome, Probe, ProbeKind, Target, UserMode};
use antiphon_stats::text::{Case, Vocabulary, normalise, tokens};
use antiphon_stats::{
    Answer, Nested, PairPolicy, Population, Row, SampleId, agreement, categorical, entropy, interval,
    pairwise, rates, recall,
};

use crate::estimates::{self, point, scaled, with_interval};
use crate::label::{Label, label_of};
use crate::read_block::BlockSample;

/// How many of the least typical answers are quoted.
const DEVIANTS: usize = 3;

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
    let CellInput { manifest, target, probe, turn, .. } = input;
    let labels = labels(input);
    let scored = TextScores::of(input);
    let labelled = matches!(probe.kind, ProbeKind::Choice | ProbeKind::Scale { .. } | ProbeKind::Short);
    let free_text = labels.is_none() && !(labelled && input.is_last_turn());
    let wording = if free_text { scored.wording(input) } else { Vec::new() };
    let (typical, deviant) = match &labels {
        Some(labels) => quote_by_label(input, labels),
        None => (
            wording.iter().filter_map(|language| language.typical.clone()).collect(),
            wording.iter().flat_map(|language| language.deviants.clone()).collect(),
        ),
    };
    Cell {
        target: target.id.clone(),
        probe: probe.id.clone(),
        group: probe.group.clone(),
        kind: probe.kind.name().to_owned(),
        turn: *turn,
        turns: u32::try_from(probe.turns()).expect("few turns"),
        question: manifest.own_wording(probe).turns[*turn as usize].clone(),
        certificate: input.certificate.clone(),
        rates: input.rates(),
        labels: labels.map(|scored| scored.labels),
        wording: wording.into_iter().map(|language| language.agreement).collect(),
        recall: match &probe.kind {
            ProbeKind::Recall(cut) => Some(recall_scores(input, cut)),
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

    fn exemplar(&self, sample: &BlockSample, similarity: Option<f64>) -> Exemplar {
        Exemplar {
            user: sample.sample.user.clone(),
            session: sample.sample.session,
            repeat: sample.sample.repeat,
            language: self.manifest.users.users[sample.user].language.clone(),
            text: sample.sample.text.clone(),
            similarity,
        }
    }

    fn find(&self, id: SampleId) -> Option<&BlockSample> {
        // Samples stand in the order of their ids.
        self.samples.binary_search_by_key(&id, sample_id).ok().map(|at| &self.samples[at])
    }
}

fn sample_id(sample: &BlockSample) -> SampleId {
    SampleId {
        user: sample.user as u64,
        session: u64::from(sample.sample.session),
        sample: u64::from(sample.sample.repeat),
    }
}

/// Labels of a cell, with what is needed to quote an answer for each.
struct LabelScores {
    labels: Labels,
    /// Name of each sample's label, by row.
    names: BTreeMap<usize, String>,
}

fn labels(input: &CellInput<'_>) -> Option<LabelScores> {
    let users = &input.manifest.users.users;
    let read = |sample: &BlockSample| {
        label_of(input.manifest, input.prompter, input.probe, &users[sample.user], &sample.sample)
    };
    let found: BTreeMap<usize, Label> =
        input.samples.iter().enumerate().filter_map(|(row, sample)| Some((row, read(sample)?))).collect();
    if found.is_empty() {
        return None;
    }
    let distinct: Vec<&Label> = found.values().collect::<BTreeSet<_>>().into_iter().collect();
    let id = |label: &Label| distinct.binary_search(&label).ok().and_then(|at| u32::try_from(at).ok());
    let cell = input.nested(|row, _| found.get(&row).and_then(id));
    let mut counts = vec![0_u64; distinct.len()];
    cell.rows().for_each(|(_, label)| counts[*label as usize] += 1);
    let names: Vec<String> = distinct.iter().map(|label| label.name(input.manifest, input.probe)).collect();
    let mode = categorical::mode(&counts);
    let distribution = distribution(input, &cell, &names, &counts);
    let labels = Labels {
        agreement: estimates::agreement(&agreement::labels(&cell, input.population())),
        mode: mode
            .as_ref()
            .map_or(Vec::new(), |mode| mode.labels.iter().map(|at| names[*at].clone()).collect()),
        mode_share: distribution.first().map(|first| first.share.clone()).unwrap_or_default(),
        collision: categorical::collision(&counts),
        effective_answers: categorical::effective_number(&counts),
        entropy: match entropy::estimate(&one_per_user(&cell, counts.len())) {
            Ok(nats) => point(Some(nats), "no interval yet; one sample of each user"),
            Err(why) => point(None, &why.to_string()),
        },
        mean: mean(input, &found),
        distribution,
    };
    let names = found.iter().map(|(row, label)| (*row, label.name(input.manifest, input.probe))).collect();
    Some(LabelScores { labels, names })
}

/// Counts of the first sample of each user: between users these are independent, pooled ones are not.
fn one_per_user(cell: &Nested<u32>, labels: usize) -> Vec<u64> {
    let mut counts = vec![0; labels];
    for user in cell.users() {
        if let Some((_, label)) = user.sessions.first().and_then(|session| session.samples.first()) {
            counts[*label as usize] += 1;
        }
    }
    counts
}

fn distribution(
    input: &CellInput<'_>,
    cell: &Nested<u32>,
    names: &[String],
    counts: &[u64],
) -> Vec<LabelShare> {
    let size = cell.size();
    // Wilson's interval is for independent samples: one of each user, users drawn independently.
    let independent = input.population() == Population::Drawn && size.samples == size.users;
    let mut shares: Vec<LabelShare> = (0_u32..)
        .zip(names.iter().zip(counts))
        .map(|(label, (name, &count))| {
            let share = interval::proportion(
                &cell.map(|seen| f64::from(u8::from(*seen == label))),
                input.population(),
            );
            let share = match (independent, share.value) {
                (true, Some(value)) => with_interval(value, rates::wilson(count, size.samples as u64)),
                _ => estimates::estimate(share),
            };
            LabelShare { label: name.clone(), count, share }
        })
        .collect();
    shares.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
    shares
}

/// `scale`: the mean number, with the interval of a mean in the scale's range.
fn mean(input: &CellInput<'_>, found: &BTreeMap<usize, Label>) -> Option<antiphon_core::summary::Estimate> {
    let ProbeKind::Scale { from, to } = input.probe.kind else { return None };
    let (from, range) = (f64::from(from), f64::from(to) - f64::from(from));
    let cell = input.nested(|row, _| match found.get(&row) {
        Some(Label::Number(number)) => Some((f64::from(*number) - from) / range),
        _ => None,
    });
    Some(scaled(interval::proportion(&cell, input.population()), from, range))
}

/// For labels: an answer with the most frequent label, and one of each of the rarest others.
fn quote_by_label(input: &CellInput<'_>, scores: &LabelScores) -> (Vec<Exemplar>, Vec<Exemplar>) {
    let first_with = |label: &LabelShare| {
        let row = scores.names.iter().find(|(_, name)| **name == label.label)?.0;
        Some(input.exemplar(&input.samples[*row], label.share.value))
    };
    let distribution = &scores.labels.distribution;
    let typical = distribution.first().and_then(first_with).into_iter().collect();
    let deviant = distribution.iter().skip(1).rev().take(DEVIANTS).filter_map(first_with).collect();
    (typical, deviant)
}

/// Texts of a cell as numbered tokens.
struct TextScores {
    answers: Vec<Option<Answer>>,
}

/// Agreement of wording in one language, with real samples to quote.
struct LanguageScores {
    agreement: WordingAgreement,
    typical: Option<Exemplar>,
    deviants: Vec<Exemplar>,
}

impl TextScores {
    fn of(input: &CellInput<'_>) -> Self {
        let case = case(input.manifest);
        let mut vocabulary = Vocabulary::default();
        let answers = input
            .samples
            .iter()
            .map(|row| match &row.sample.outcome {
                outcome if outcome.has_text() => {
                    Some(Answer::Text(numbered(&row.sample.text, case, &mut vocabulary)))
                }
                outcome if outcome.is_behaviour() => Some(Answer::NonAnswer),
                _ => None,
            })
            .collect();
        Self { answers }
    }

    /// Language by language: agreement of wording means nothing across languages.
    fn wording(&self, input: &CellInput<'_>) -> Vec<LanguageScores> {
        let users = &input.manifest.users.users;
        let spoken: BTreeSet<&str> =
            input.samples.iter().map(|row| users[row.user].language.as_str()).collect();
        spoken.into_iter().map(|language| self.language(input, language)).collect()
    }

    fn language(&self, input: &CellInput<'_>, language: &str) -> LanguageScores {
        let users = &input.manifest.users.users;
        let cell = input.nested(|row, sample| {
            (users[sample.user].language == language).then(|| self.answers[row].clone()).flatten()
        });
        let purpose =
            ["pairs", input.target.id.as_str(), input.probe.id.as_str(), &input.turn.to_string(), language];
        let policy = PairPolicy {
            exact_up_to: input.manifest.scoring.exact_pairs_up_to as usize,
            seed: u64::from(input.manifest.seed.number(&purpose)),
            deviants: DEVIANTS,
        };
        let scores = pairwise::texts(&cell, input.population(), policy);
        let quote = |typical: antiphon_stats::medoid::Typical| {
            input.find(typical.id).map(|sample| input.exemplar(sample, typical.similarity))
        };
        LanguageScores {
            agreement: WordingAgreement {
                language: language.to_owned(),
                answered: estimates::agreement(&scores.answered),
                all: estimates::agreement(&scores.all),
            },
            typical: scores.typicality.medoid.and_then(quote),
            deviants: scores.typicality.deviants.into_iter().filter_map(quote).collect(),
        }
    }
}

fn case(manifest: &Manifest) -> Case {
    if manifest.scoring.casefold { Case::Folded } else { Case::Kept }
}

fn numbered(text: &str, case: Case, vocabulary: &mut Vocabulary) -> Vec<u32> {
    tokens(&normalise(text, case)).into_iter().map(|token| vocabulary.id(token)).collect()
}

fn recall_scores(input: &CellInput<'_>, cut: &Cut) -> RecallScores {
    let case = case(input.manifest);
    let mut vocabulary = Vocabulary::default();
    let reference = numbered(&cut.reference, case, &mut vocabulary);
    let scores: Vec<Option<recall::Recall>> = input
        .samples
        .iter()
        .map(|row| {
            let answered = row.sample.outcome.has_text();
            answered.then(|| {
                recall::against_reference(&reference, &numbered(&row.sample.text, case, &mut vocabulary))
            })
        })
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "words of a passage are far below 2^53")]
    let length = reference.len() as f64;
    #[expect(clippy::cast_precision_loss, reason = "words of a passage are far below 2^53")]
    let prefix = input.nested(|row, _| scores[row].map(|score| score.prefix as f64 / length));
    let common = input.nested(|row, _| scores[row].and_then(|score| score.recall));
    let population = input.population();
    RecallScores {
        document: cut.document.clone(),
        word: cut.word,
        reference_words: reference.len() as u64,
        prefix_words: scaled(interval::proportion(&prefix, population), 0.0, length),
        lcs_recall: estimates::estimate(interval::proportion(&common, population)),
    }
}
