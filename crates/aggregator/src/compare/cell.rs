//! One cell on both sides: what each user's answers come to, measure by measure.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::suite::Measured;
use antiphon_core::{Outcome, ProbeKind};
use antiphon_stats::between::{self, Between};
use antiphon_stats::text::Vocabulary;
use antiphon_stats::versus::{FEWEST, pseudo_values};
use antiphon_stats::{Answer, Nested, Population, Row, SampleId, SimilarityMatrix, agreement, pairwise};

use crate::cell::{CellInput, in_order, length};
use crate::label::{Label, label_of};
use crate::read_block::BlockSample;
use crate::rules::Refusal;

/// Texts of a cell and a night that are compared with each other, about.
const TEXTS: usize = 256;
/// Users between whom the distribution is compared. The work grows with their square.
const USERS: usize = 128;

/// Factor and level.
pub(crate) type Level = (String, String);

/// One measure of one cell.
pub(crate) struct Found {
    pub(crate) measure: Measured,
    pub(crate) language: Option<String>,
    /// Only users of this level were looked at.
    pub(crate) level: Option<Level>,
    /// User → value in the base and in the run. Of lengths their logarithm.
    pub(crate) values: BTreeMap<u64, [f64; 2]>,
    /// Of a distribution, which has no values.
    pub(crate) shift: Option<Between>,
}

impl Found {
    /// Of nothing yet.
    pub(crate) fn blank(measure: Measured, level: Option<Level>) -> Self {
        Self { measure, language: None, level, values: BTreeMap::new(), shift: None }
    }
}

/// All measures of a cell. Both inputs are read with the places of one manifest.
pub(crate) fn measures(base: &CellInput<'_>, run: &CellInput<'_>, seed: u64) -> Vec<Found> {
    let mut found = Vec::new();
    let refusal = |input: &CellInput<'_>| user_means(&input.nested(|_, row| refused(input, row)));
    found.extend(plain(Measured::Refusal, &refusal(base), &refusal(run)));
    if let ProbeKind::Recall(cut) = &run.probe.kind {
        let recall = |input: &CellInput<'_>| user_means(&in_order(input, cut));
        found.extend(plain(Measured::Recall, &recall(base), &recall(run)));
    }
    let is_prose = !run.comes_to_labels() || matches!(run.probe.kind, ProbeKind::Refusal { .. });
    if is_prose && !matches!(run.probe.kind, ProbeKind::Recall(_)) {
        let words = |input: &CellInput<'_>| -> BTreeMap<u64, f64> {
            let lengths =
                input.nested(|_, row| row.sample.outcome.has_text().then(|| length(&row.sample.text)));
            let means = user_means(&lengths).into_iter().filter(|(_, words)| *words > 0.0);
            means.map(|(user, words)| (user, words.ln())).collect()
        };
        found.extend(plain(Measured::Length, &words(base), &words(run)));
    }
    let languages: Vec<Option<String>> = match run.splits_by_language() {
        true => run.languages().into_iter().map(|language| Some(language.to_owned())).collect(),
        false => vec![None],
    };
    for language in languages {
        let night = if run.comes_to_labels() { labels } else { texts };
        let answers = night(base, run, language.as_deref());
        found.extend(answers.compared(run, language.as_ref(), seed));
    }
    found
}

fn refused(input: &CellInput<'_>, row: &BlockSample) -> Option<f64> {
    let outcome = &row.sample.outcome;
    let yes = match row.classes(input.manifest, input.probe) {
        Some(classes) => classes.refusal == Refusal::Refused,
        None if outcome.is_behaviour() => matches!(outcome, Outcome::Refused),
        None => return None,
    };
    Some(f64::from(u8::from(yes)))
}

fn plain(measure: Measured, base: &BTreeMap<u64, f64>, run: &BTreeMap<u64, f64>) -> Option<Found> {
    let both = base.iter().filter_map(|(user, base)| Some((*user, [*base, *run.get(user)?])));
    let values: BTreeMap<u64, [f64; 2]> = both.collect();
    (!values.is_empty()).then_some(Found { measure, language: None, level: None, values, shift: None })
}

/// The mean over sessions of the mean over a session's samples.
fn user_means(cell: &Nested<f64>) -> BTreeMap<u64, f64> {
    let mean = |values: &mut dyn ExactSizeIterator<Item = f64>| {
        #[expect(clippy::cast_precision_loss, reason = "samples of a user are far below 2^53")]
        let count = values.len() as f64;
        values.sum::<f64>() / count
    };
    let of_user = |user: &antiphon_stats::User<f64>| {
        let sessions = user.sessions.iter();
        mean(&mut sessions.map(|session| mean(&mut session.samples.iter().map(|sample| sample.1))))
    };
    cell.users().iter().map(|user| (user.id, of_user(user))).collect()
}

/// The answers of two nights as numbers, equal ones alike.
struct Nights {
    base: Nested<u32>,
    run: Nested<u32>,
    /// How alike they are, where they are texts.
    alike: Option<SimilarityMatrix>,
}

fn speaks(input: &CellInput<'_>, row: &BlockSample, language: Option<&str>) -> bool {
    language.is_none_or(|language| input.language_of(row) == language)
}

fn labels(base: &CellInput<'_>, run: &CellInput<'_>, language: Option<&str>) -> Nights {
    let mut known: BTreeMap<Label, u32> = BTreeMap::new();
    let mut night = |input: &CellInput<'_>| {
        input.nested(|_, row| {
            let user = &input.manifest.users.users[row.user];
            let label = label_of(input.manifest, input.prompter, input.probe, user, &row.sample)
                .filter(|_| speaks(input, row, language))?;
            let next = u32::try_from(known.len()).expect("fewer labels than answers");
            Some(*known.entry(label).or_insert(next))
        })
    };
    let (base, run) = (night(base), night(run));
    Nights { base, run, alike: None }
}

fn texts(base: &CellInput<'_>, run: &CellInput<'_>, language: Option<&str>) -> Nights {
    let mut vocabulary = Vocabulary::default();
    let mut both = Vec::new();
    let users = run.manifest.users.users.len() as u64;
    for (night, input) in [base, run].into_iter().enumerate() {
        let spoken =
            input.samples.iter().filter(|row| row.sample.outcome.has_text() && speaks(input, row, language));
        let kept = few(spoken.collect());
        both.extend(kept.into_iter().map(|row| Row {
            // One cell of both nights, in which a user of each is another one.
            id: SampleId {
                user: night as u64 * users + row.user as u64,
                session: u64::from(row.sample.session),
                sample: u64::from(row.sample.repeat),
            },
            value: Answer::Text(input.words(&row.sample.text, &mut vocabulary)),
        }));
    }
    let (all, alike) = pairwise::compared(&Nested::from_rows(both));
    let of = |night: u64| {
        let own = all.rows().filter(|(id, _)| id.user / users == night);
        Nested::from_rows(
            own.map(|(id, value)| Row { id: SampleId { user: id.user % users, ..id }, value: *value }),
        )
    };
    Nights { base: of(0), run: of(1), alike: Some(alike) }
}

/// At most about [`TEXTS`], the first sessions of each user, since sessions differ by chance alone.
fn few(rows: Vec<&BlockSample>) -> Vec<&BlockSample> {
    if rows.len() <= TEXTS {
        return rows;
    }
    let users: BTreeSet<usize> = rows.iter().map(|row| row.user).collect();
    let each = (TEXTS / users.len()).max(1);
    let most: BTreeSet<usize> = users.into_iter().take(TEXTS).collect();
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    // They stand in the order of user, session and repeat.
    let wanted = rows.into_iter().filter(|row| {
        let taken = taken.entry(row.user).or_default();
        *taken += 1;
        *taken <= each && most.contains(&row.user)
    });
    wanted.collect()
}

impl Nights {
    fn compared(&self, input: &CellInput<'_>, language: Option<&String>, seed: u64) -> Vec<Found> {
        let of = |cell: &Nested<u32>| -> BTreeSet<u64> { cell.users().iter().map(|user| user.id).collect() };
        let both: BTreeSet<u64> = of(&self.base).intersection(&of(&self.run)).copied().collect();
        let mut found = Vec::new();
        let found_in = |level: Option<Level>, users: &BTreeSet<u64>| {
            let values = self.agreements(users)?;
            Some(Found {
                measure: Measured::Agreement,
                language: language.cloned(),
                level,
                values,
                shift: None,
            })
        };
        found.extend(found_in(None, &both));
        for (level, users) in levels(input, &both) {
            found.extend(found_in(Some(level), &users));
        }
        let some: BTreeSet<u64> = both.into_iter().take(USERS).collect();
        let (base, run) = (only(&self.base, &some), only(&self.run, &some));
        let shift = match &self.alike {
            None => between::labels(&base, &run, Population::Drawn, seed),
            Some(alike) => between::similarities(&base, &run, alike, Population::Drawn, seed),
        };
        found.extend(shift.map(|shift| Found {
            measure: Measured::Distribution,
            language: language.cloned(),
            level: None,
            values: BTreeMap::new(),
            shift: Some(shift),
        }));
        found
    }

    /// What each of these users adds to the agreement among them, on both nights; `None` below three.
    fn agreements(&self, users: &BTreeSet<u64>) -> Option<BTreeMap<u64, [f64; 2]>> {
        let pseudo = |cell: &Nested<u32>| {
            let cell = only(cell, users);
            let found = match &self.alike {
                None => agreement::labels(&cell, Population::Drawn),
                Some(alike) => agreement::similarities(&cell, alike, Population::Drawn),
            };
            let values = pseudo_values(found.users.value?, &found.without);
            (values.len() == users.len()).then_some(values)
        };
        let (base, run) = (pseudo(&self.base)?, pseudo(&self.run)?);
        Some(users.iter().copied().zip(base.into_iter().zip(run).map(|(base, run)| [base, run])).collect())
    }
}

/// The users of each level that is enough to be looked at, and not all there are.
fn levels(input: &CellInput<'_>, users: &BTreeSet<u64>) -> BTreeMap<Level, BTreeSet<u64>> {
    let mut found: BTreeMap<Level, BTreeSet<u64>> = BTreeMap::new();
    for user in users {
        let place = usize::try_from(*user).expect("it is a place in the manifest");
        for (factor, level) in input.manifest.users.users[place].levels() {
            found.entry((factor.to_owned(), level.to_owned())).or_default().insert(*user);
        }
    }
    found.retain(|_, of| of.len() >= FEWEST && of.len() < users.len());
    found
}

fn only(cell: &Nested<u32>, users: &BTreeSet<u64>) -> Nested<u32> {
    let rows = cell.rows().filter(|(id, _)| users.contains(&id.user));
    Nested::from_rows(rows.map(|(id, value)| Row { id, value: *value }))
}
