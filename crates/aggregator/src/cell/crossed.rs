//! What the factors of users have to do with a cell's agreement: from the users of the manifest to a design, and from numbers of
//! `stats` to numbers of the summary.

use std::collections::{BTreeMap, HashMap};

use antiphon_core::summary::{
    Crossed, Estimate, FactorLevels, FactorPart, Form, InGeneral, IntervalRule, LevelAgreement, Units,
};
use antiphon_core::{Level, Manifest, User, UserMode};
use antiphon_stats::crossed::{self as stats, Design};
use antiphon_stats::{Answer, Nested, Population, interval};

use super::CellInput;
use crate::estimates::{estimate, scaled};

/// The level of users who have none.
const NONE: &str = "(none)";

/// What tells a user's level of a factor from others, and its name.
type LevelOf<'a> = &'a dyn Fn(&User) -> (String, String);

/// The factors of a manifest's users.
pub(crate) struct Factors {
    /// Who stands where, by place in the manifest.
    pub(crate) design: Design,
    names: Vec<&'static str>,
    /// Factor → user → level.
    numbers: Vec<Vec<u32>>,
    /// Factor → level → name.
    levels: Vec<Vec<String>>,
}

impl Factors {
    /// Language, system prompt, persona and wording. Levels written out for single users are told apart by their text, since each has
    /// a name of its own.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let listed = manifest.users.mode == UserMode::Listed;
        let of_level = |level: Option<&Level>| match level {
            None => (String::new(), NONE.to_owned()),
            Some(level) if listed => (format!("={}", level.text), level.id.clone()),
            Some(level) => (format!("={}", level.id), level.id.clone()),
        };
        let language = |user: &User| (user.language.clone(), user.language.clone());
        let factors: [(&str, LevelOf<'_>); 4] = [
            ("system prompt", &|user| of_level(user.system.as_ref())),
            ("persona", &|user| of_level(user.persona.as_ref())),
            ("wording", &|user| of_level(user.wording.as_ref())),
            ("language", &language),
        ];
        let mut numbers: Vec<Vec<u32>> = Vec::new();
        let mut levels = Vec::new();
        for (_, level_of) in factors {
            let mut known: HashMap<String, u32> = HashMap::new();
            let mut names = Vec::new();
            let number = |user: &User| {
                let (level, name) = level_of(user);
                let next = u32::try_from(known.len()).expect("fewer levels than users");
                *known.entry(level).or_insert_with(|| {
                    names.push(name);
                    next
                })
            };
            numbers.push(manifest.users.users.iter().map(number).collect());
            levels.push(names);
        }
        let names = factors.map(|(name, _)| name).to_vec();
        Self { design: Design::new(numbers.clone()), names, numbers, levels }
    }

    /// Factor → level → users; without factors that no user has.
    pub(crate) fn counts(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let count = |factor: usize| {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            for &level in &self.numbers[factor] {
                *counts.entry(self.levels[factor][level as usize].clone()).or_default() += 1;
            }
            counts
        };
        let given = |factor: &usize| self.levels[*factor].iter().any(|level| level != NONE);
        (0..self.names.len())
            .filter(given)
            .map(|factor| (self.names[factor].to_owned(), count(factor)))
            .collect()
    }

    /// What factors have to do with wording.
    pub(super) fn of_wording(&self, cell: &Nested<Answer>, from: stats::Crossed) -> Option<Crossed> {
        let non_answer = cell.map(|answer| f64::from(u8::from(*answer == Answer::NonAnswer)));
        self.crossed(from, &Numbers { non_answer: Some(&non_answer), ..Numbers::default() })
    }

    /// `None` where nothing varies. `numbers` adds what is known of the users at one level, or of users in general.
    fn crossed(&self, from: stats::Crossed, numbers: &Numbers<'_>) -> Option<Crossed> {
        if from.factors.is_empty() {
            return None;
        }
        let names: Vec<String> = from
            .factors
            .iter()
            .map(|factor| factor.names.iter().map(|&name| self.names[name]).collect::<Vec<_>>().join(" + "))
            .collect();
        let part = |part: stats::Part| FactorPart {
            factors: part.factors.iter().map(|&factor| names[factor].clone()).collect(),
            part: part.part,
            component: part.component,
        };
        let level = |factor: usize, level: stats::LevelAgreement| {
            let at = |user: u64| self.design.level(factor, user) == level.level;
            LevelAgreement {
                level: self.levels[factor][level.level as usize].clone(),
                users: level.users as u64,
                between_users: estimate(level.within),
                others: level.others,
                mode_share: numbers.mode_share.and_then(|cell| numbers.of_some(cell, &at)).map(estimate),
                mean: numbers
                    .scale
                    .and_then(|scale| Some(scale.estimate(numbers.of_some(&scale.cell, &at)?))),
            }
        };
        let in_general = from.general.map(|general| InGeneral {
            between_users: estimate(general),
            rule: rule(&general, Units::Levels),
            mode_share: numbers.mode_share.and_then(|cell| self.in_general(cell)).map(estimate),
            mean: numbers.scale.and_then(|scale| Some(scale.estimate(self.in_general(&scale.cell)?))),
            non_answer: numbers.non_answer.and_then(|cell| self.in_general(cell)).map(estimate),
        });
        Some(Crossed {
            parts: from.parts.into_iter().map(part).collect(),
            rest: from.rest,
            factors: from
                .factors
                .into_iter()
                .zip(&names)
                .map(|(factor, name)| {
                    let first = factor.names[0];
                    FactorLevels {
                        factor: name.clone(),
                        levels: factor.levels as u64,
                        side_by_side: factor.side_by_side.into_iter().map(|of| level(first, of)).collect(),
                    }
                })
                .collect(),
            in_general,
        })
    }

    fn in_general(&self, cell: &Nested<f64>) -> Option<antiphon_stats::Estimate> {
        stats::mean_in_general(cell, &self.design)
    }
}

/// What factors have to do with labels. `mode` is the place of the most frequent one.
pub(super) fn of_labels(
    input: &CellInput<'_>,
    cell: &Nested<u32>,
    agreement: &antiphon_stats::Agreement,
    (mode, scale): (Option<usize>, Option<&Scale>),
) -> Option<Crossed> {
    let factors = Factors::of(input.manifest);
    let from = stats::labels(cell, &factors.design, input.population(), agreement);
    let is_mode = cell.map(|&label| f64::from(u8::from(mode == Some(label as usize))));
    let mode_share = scale.is_none().then_some(&is_mode);
    factors
        .crossed(from, &Numbers { population: Some(input.population()), mode_share, scale, non_answer: None })
}

/// Numbers of a scale as shares of its range.
pub(super) struct Scale {
    pub(super) cell: Nested<f64>,
    pub(super) from: f64,
    pub(super) range: f64,
}

impl Scale {
    /// A share of the range as a number of the scale.
    pub(super) fn estimate(&self, share: antiphon_stats::Estimate) -> Estimate {
        scaled(share, self.from, self.range)
    }
}

/// Means that go beside the agreements.
#[derive(Default)]
struct Numbers<'a> {
    /// Of whom means of one level speak; only needed where there are some.
    population: Option<Population>,
    /// Whether a sample is the cell's most frequent answer.
    mode_share: Option<&'a Nested<f64>>,
    scale: Option<&'a Scale>,
    /// Whether a sample is a non-answer.
    non_answer: Option<&'a Nested<f64>>,
}

impl Numbers<'_> {
    /// The mean over the users for whom `keep` holds.
    fn of_some(&self, cell: &Nested<f64>, keep: &impl Fn(u64) -> bool) -> Option<antiphon_stats::Estimate> {
        Some(interval::proportion(&cell.of_users(|place| keep(cell.users()[place].id)), self.population?))
    }
}

/// The rule of an estimate's interval; `None` where there is no interval.
pub(crate) fn rule(of: &antiphon_stats::Estimate, units: Units) -> Option<IntervalRule> {
    let form = match of.form? {
        antiphon_stats::Form::LogitT => Form::LogitT,
        antiphon_stats::Form::FewDeviants => Form::FewDeviants,
        antiphon_stats::Form::Unanimous => Form::Unanimous,
    };
    Some(IntervalRule { units, form })
}
