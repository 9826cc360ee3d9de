//! Checks a voice file and prepares everything that is needed per call: patterns, documents, editions by date.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use jiff::civil::Date;
use regex::{Regex, RegexBuilder, RegexSetBuilder};
use serde_saphyr::Spanned;

use super::{
    Edition, Voice, Voices,
    answers::{AnswerBook, AnswerSet, Choice},
    document::{Document, Manner},
    knowledge::Knowledge,
};
use crate::{
    Error,
    fault::FaultRates,
    limits::Limits,
    prose::Prose,
    voice_file::{RawAnswers, RawDocument, RawDrift, RawProse, RawVoice, VoiceFile},
};

/// Where in the file something stands, for errors.
#[derive(Clone, Copy)]
struct Spot<'a> {
    line: u64,
    voice: &'a str,
}

pub(super) fn voices(file: VoiceFile, base: &Path) -> Result<Voices, Error> {
    let mut groups: Vec<(String, Limits)> = Vec::new();
    for (name, raw) in &file.limits {
        let limits = Limits::new(&raw.value).map_err(|problem| Error::Voice {
            line: raw.referenced.line(),
            place: format!("limits '{name}'"),
            problem,
        })?;
        groups.push((name.clone(), limits));
    }
    let (mut all, mut by_name) = (Vec::new(), HashMap::new());
    for raw in file.voices {
        let name = raw.name.value.clone();
        let spot = Spot { line: raw.name.referenced.line(), voice: &name };
        let group = group_of(&raw, &mut groups, spot)?;
        if by_name.insert(name.clone(), all.len()).is_some() {
            return Err(spot.error("the name is taken by an earlier voice"));
        }
        all.push(Arc::new(voice(raw, group, base, spot)?));
    }
    Ok(Voices { all, groups, by_name })
}

impl Spot<'_> {
    fn error(self, problem: impl Into<String>) -> Error {
        Error::Voice { line: self.line, place: format!("voice '{}'", self.voice), problem: problem.into() }
    }

    fn at<T>(self, spanned: &Spanned<T>) -> Self {
        Spot { line: spanned.referenced.line(), ..self }
    }

    fn rate(self, what: &str, rate: f64) -> Result<f64, Error> {
        let valid = (0.0..=1.0).contains(&rate);
        valid
            .then_some(rate)
            .ok_or_else(|| self.error(format!("{what} is {rate}; write a share from 0 to 1")))
    }

    fn concentration(self, value: Option<f64>) -> Result<Option<f64>, Error> {
        match value {
            Some(value) if !(value > 0.0 && value.is_finite()) => {
                Err(self
                    .error(format!("a concentration is {value}; write a number above 0, or leave it out")))
            }
            other => Ok(other),
        }
    }

    /// Weights to shares.
    fn shares(self, weights: &[f64]) -> Result<Vec<f64>, Error> {
        let sum: f64 = weights.iter().sum();
        let valid = sum.is_finite() && sum > 0.0 && weights.iter().all(|weight| *weight >= 0.0);
        if !valid {
            return Err(self.error("weights must be at least 0, and one of them above it"));
        }
        Ok(weights.iter().map(|weight| weight / sum).collect())
    }
}

/// The group that the voice names, or one of its own without limits.
fn group_of(raw: &RawVoice, groups: &mut Vec<(String, Limits)>, spot: Spot<'_>) -> Result<usize, Error> {
    let Some(wanted) = &raw.limit_group else {
        groups.push((raw.name.value.clone(), Limits::default()));
        return Ok(groups.len() - 1);
    };
    groups.iter().position(|(name, _)| *name == wanted.value).ok_or_else(|| {
        spot.at(wanted).error(format!("limit_group '{}' does not stand under limits", wanted.value))
    })
}

fn voice(raw: RawVoice, group: usize, base: &Path, spot: Spot<'_>) -> Result<Voice, Error> {
    let position_bias = spot.rate("position_bias", raw.position_bias)?;
    let quotation_refusal =
        raw.quotation_refusal_rate.map(|rate| spot.rate("quotation_refusal_rate", rate)).transpose()?;
    let faults = FaultRates::new(&raw.faults).map_err(|problem| spot.error(problem))?;
    let documents: Result<_, _> = raw.knows.iter().map(|known| document(known, base, spot)).collect();
    let knowledge = Knowledge::new(documents?);
    let mut drifts = Vec::new();
    for drift in &raw.drift {
        let day: Date = drift.from.value.parse().map_err(|_| {
            spot.at(&drift.from).error(format!("'{}' is no date; write 2026-01-31", drift.from.value))
        })?;
        drifts.push((day, drift));
    }
    drifts.sort_by_key(|(day, _)| *day);
    let mut source = EditionSource::first(&raw);
    let first = source.build(spot)?;
    let mut later = Vec::new();
    for (day, drift) in drifts {
        source.change(drift);
        later.push((day, source.build(spot.at(&drift.from))?));
    }
    Ok(Voice {
        name: raw.name.value.clone(),
        seed: raw.seed,
        group,
        vary_by_run: raw.vary_by_run,
        hidden_prompt_tokens: raw.hidden_prompt_tokens,
        accepts_prefill: raw.accepts.prefill,
        accepts_sampling: raw.accepts.sampling,
        faults,
        position_bias,
        quotation_refusal,
        refusals: raw.refusals,
        knowledge,
        first,
        later,
    })
}

fn document(raw: &RawDocument, base: &Path, spot: Spot<'_>) -> Result<Document, Error> {
    let spot = spot.at(&raw.file);
    let path = base.join(&raw.file.value);
    let text =
        std::fs::read_to_string(&path).map_err(|source| Error::Document { line: spot.line, path, source })?;
    let told = [raw.verbatim, raw.paraphrase, raw.confabulated];
    for (what, share) in ["verbatim", "paraphrase", "confabulated"].into_iter().zip(told) {
        spot.rate(what, share)?;
    }
    let told_of = spot.rate("verbatim, paraphrase and confabulated together", told.iter().sum())?;
    if raw.words == 0 {
        return Err(spot.error("words is 0; a continuation needs at least 1"));
    }
    let manner = Manner {
        shares: [raw.verbatim, raw.paraphrase, raw.confabulated, 1.0 - told_of],
        slip: spot.rate("slip", raw.slip)?,
        reworded: spot.rate("reworded", raw.reworded)?,
        variation: spot.rate("variation", raw.variation)?,
        words: raw.words,
        loosely: raw.loosely,
        headings: raw.headings,
        refusal: raw.refusal_rate.map(|rate| spot.rate("refusal_rate", rate)).transpose()?,
    };
    Ok(Document::new(&raw.file.value, text, (raw.first_word, raw.end_word), manner))
}

/// What an edition is built from; drift changes single parts of it.
struct EditionSource {
    latency_ms: Vec<u64>,
    user: Option<f64>,
    session: Option<f64>,
    refusal: f64,
    hedging: f64,
    empty: f64,
    filter: f64,
    prose: RawProse,
    answers: Vec<RawAnswers>,
}

impl EditionSource {
    fn first(raw: &RawVoice) -> Self {
        Self {
            latency_ms: raw.latency_ms.clone().unwrap_or_else(|| vec![0]),
            user: raw.user_concentration,
            session: raw.session_concentration,
            refusal: raw.refusal_rate.unwrap_or(0.0),
            hedging: raw.hedging_rate.unwrap_or(0.0),
            empty: raw.empty_rate.unwrap_or(0.0),
            filter: raw.filter_rate.unwrap_or(0.0),
            prose: raw.default.clone().unwrap_or_default(),
            answers: raw.answers.clone(),
        }
    }

    fn change(&mut self, drift: &RawDrift) {
        fn set<T: Clone>(place: &mut T, change: &Option<T>) {
            if let Some(value) = change {
                *place = value.clone();
            }
        }
        set(&mut self.latency_ms, &drift.latency_ms);
        self.user = drift.user_concentration.or(self.user);
        self.session = drift.session_concentration.or(self.session);
        set(&mut self.refusal, &drift.refusal_rate);
        set(&mut self.hedging, &drift.hedging_rate);
        set(&mut self.empty, &drift.empty_rate);
        set(&mut self.filter, &drift.filter_rate);
        set(&mut self.prose, &drift.default);
        for answers in &drift.answers {
            match self.answers.iter_mut().find(|old| old.name.value == answers.name.value) {
                Some(old) => *old = answers.clone(),
                None => self.answers.push(answers.clone()),
            }
        }
    }

    fn build(&self, spot: Spot<'_>) -> Result<Edition, Error> {
        let (from, to) = match self.latency_ms[..] {
            [fixed] => (fixed, fixed),
            [from, to] if from <= to => (from, to),
            _ => return Err(spot.error("latency_ms takes one number, or a smaller and a larger one")),
        };
        if spot.rate("refusal, filter and empty rates together", self.refusal + self.filter + self.empty)?
            < 0.0
            || self.prose.words == 0
        {
            return Err(spot.error("default: words is 0; write at least 1"));
        }
        Ok(Edition {
            latency: (Duration::from_millis(from), Duration::from_millis(to)),
            user: spot.concentration(self.user)?,
            session: spot.concentration(self.session)?,
            refusal: spot.rate("refusal_rate", self.refusal)?,
            hedging: spot.rate("hedging_rate", self.hedging)?,
            empty: spot.rate("empty_rate", self.empty)?,
            filter: spot.rate("filter_rate", self.filter)?,
            prose: Prose {
                words: self.prose.words,
                variation: spot.rate("variation", self.prose.variation)?,
            },
            about: self.prose.about,
            stems: spot.shares(&self.prose.stems)?,
            answers: answer_book(&self.answers, spot)?,
        })
    }
}

fn answer_book(raw: &[RawAnswers], spot: Spot<'_>) -> Result<AnswerBook, Error> {
    let (mut sets, mut patterns, mut meaning) = (Vec::new(), Vec::new(), Vec::new());
    for answers in raw {
        let number = sets.len();
        let set = answer_set(answers, spot)?;
        if set.name == "default" || sets.iter().any(|other: &AnswerSet| other.name == set.name) {
            return Err(spot.at(&answers.name).error(format!("answers '{}': the name is taken", set.name)));
        }
        sets.push(set);
        patterns.push(checked_pattern(&answers.pattern, spot)?);
        meaning.push((number, None));
        for (language, pattern) in &answers.match_in {
            patterns.push(checked_pattern(pattern, spot)?);
            meaning.push((number, Some(language.clone())));
        }
    }
    let patterns = RegexSetBuilder::new(&patterns)
        .case_insensitive(true)
        .build()
        .map_err(|error| spot.error(format!("the patterns are too large together: {error}")))?;
    Ok(AnswerBook { sets, patterns, meaning })
}

fn answer_set(raw: &RawAnswers, spot: Spot<'_>) -> Result<AnswerSet, Error> {
    let spot = spot.at(&raw.name);
    let weights: Vec<f64> = raw.options.iter().map(|option| option.weight).collect();
    let mut options: Vec<Choice> = Vec::new();
    for option in &raw.options {
        if options.iter().any(|other| other.text == option.text) {
            return Err(spot.error(format!("option '{}' stands twice", option.text)));
        }
        options.push(Choice { text: option.text.clone(), text_in: option.text_in.clone() });
    }
    Ok(AnswerSet {
        name: raw.name.value.clone(),
        kind: raw.kind,
        style: raw.style,
        options,
        mu: spot.shares(&weights)?,
        after: raw.after.as_ref().map(|after| compiled(after, spot)).transpose()?,
        user: spot.concentration(raw.user_concentration)?,
        session: spot.concentration(raw.session_concentration)?,
        refusal: raw.refusal_rate.map(|rate| spot.rate("refusal_rate", rate)).transpose()?,
    })
}

/// Between slashes a regular expression, otherwise the words themselves; case never matters.
fn source(pattern: &str) -> String {
    match pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(expression) => expression.to_owned(),
        None => regex::escape(pattern),
    }
}

fn compiled(pattern: &Spanned<String>, spot: Spot<'_>) -> Result<Regex, Error> {
    let source = source(&pattern.value);
    RegexBuilder::new(&source)
        .case_insensitive(true)
        .build()
        .map_err(|error| spot.at(pattern).error(format!("pattern {}: {error}", pattern.value)))
}

fn checked_pattern(pattern: &Spanned<String>, spot: Spot<'_>) -> Result<String, Error> {
    compiled(pattern, spot).map(|_| source(&pattern.value))
}
