//! Prepared answers: which set a prompt asks for, and how an option is written down.

use std::collections::BTreeMap;

use regex::{Regex, RegexSet};

use crate::{
    draw::Draw,
    question::Question,
    voice_file::{Kind, Style},
};

/// All answer sets of an edition, behind one pass over the prompt.
#[derive(Debug)]
pub(super) struct AnswerBook {
    pub(super) sets: Vec<AnswerSet>,
    pub(super) patterns: RegexSet,
    /// For each pattern its set and its language, in the order of the sets.
    pub(super) meaning: Vec<(usize, Option<String>)>,
}

/// What may be said to one probe.
#[derive(Debug)]
pub(super) struct AnswerSet {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) style: Style,
    pub(super) options: Vec<Choice>,
    pub(super) mu: Vec<f64>,
    pub(super) after: Option<Regex>,
    pub(super) user: Option<f64>,
    pub(super) session: Option<f64>,
    pub(super) refusal: Option<f64>,
}

/// One option, in every language it has.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) text: String,
    pub(super) text_in: BTreeMap<String, String>,
}

impl AnswerBook {
    pub(super) fn named(&self, name: &str) -> Option<&AnswerSet> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// The first set of the file whose pattern is in the last user turn, and the language it was asked in.
    pub(super) fn find(&self, question: &Question) -> Option<(&AnswerSet, Option<&str>)> {
        let matched = self.patterns.matches(question.last_user());
        matched.iter().find_map(|pattern| {
            let (set, language) = &self.meaning[pattern];
            let set = &self.sets[*set];
            set.follows(question).then_some((set, language.as_deref()))
        })
    }
}

impl AnswerSet {
    fn follows(&self, question: &Question) -> bool {
        let Some(after) = &self.after else { return true };
        let earlier = question.turns.len().saturating_sub(1);
        question.turns[..earlier].iter().any(|turn| after.is_match(&turn.text))
    }

    /// Writes option `index` down for this prompt; with `first_line`, whatever the prompt lists first.
    pub(super) fn write(
        &self,
        index: usize,
        language: Option<&str>,
        prompt: &str,
        first_line: bool,
    ) -> String {
        let option = &self.options[index];
        let text = option.text_for(language);
        if self.kind != Kind::Choice || self.style == Style::Text {
            return text.to_owned();
        }
        let mut lines = labelled_lines(prompt);
        let found = match first_line {
            true => lines.next(),
            false => lines.find(|line| option.is(line.text)),
        };
        match (found, self.style) {
            (Some(line), Style::LabelText) => line.whole.to_owned(),
            (Some(line), _) => line.label.to_owned(),
            // The caller does not list this option, so the voice says it in words.
            (None, _) => text.to_owned(),
        }
    }
}

impl Choice {
    fn text_for(&self, language: Option<&str>) -> &str {
        language.and_then(|language| self.text_in.get(language)).unwrap_or(&self.text)
    }

    fn is(&self, listed: &str) -> bool {
        let listed = bare(listed);
        std::iter::once(&self.text).chain(self.text_in.values()).any(|text| bare(text) == listed)
    }
}

/// A line such as `B) Do nothing`, with any white space and an opening bracket before the label.
#[derive(Clone, Copy)]
pub(super) struct Labelled<'a> {
    /// Byte offset of the line in the prompt.
    pub(super) start: usize,
    whole: &'a str,
    pub(super) label: &'a str,
    pub(super) text: &'a str,
}

pub(super) fn labelled_lines(prompt: &str) -> impl Iterator<Item = Labelled<'_>> {
    prompt.lines().filter_map(|line| {
        let start = line.as_ptr().addr() - prompt.as_ptr().addr();
        let whole = line.trim();
        let (label, text) = whole.trim_start_matches(['(', '-', '*', ' ']).split_once([')', '.', ':'])?;
        let is_label = match label.len() {
            1 => label.chars().all(char::is_alphanumeric),
            2 => label.bytes().all(|byte| byte.is_ascii_digit()),
            _ => false,
        };
        let text = text.trim();
        (is_label && !text.is_empty()).then_some(Labelled { start, whole, label, text })
    })
}

/// Draws one of the alternatives of every `[[one|another]]`; a bracket that is not closed stays as it is.
pub(super) fn vary(text: String, draw: impl FnOnce() -> Draw) -> String {
    if !text.contains("[[") {
        return text;
    }
    let (mut varied, mut rest, mut draw) = (String::with_capacity(text.len()), text.as_str(), draw());
    while let Some((before, opened)) = rest.split_once("[[") {
        let Some((inside, after)) = opened.split_once("]]") else { break };
        let alternatives: Vec<&str> = inside.split('|').collect();
        varied.push_str(before);
        varied.push_str(alternatives[draw.index(alternatives.len())]);
        rest = after;
    }
    varied + rest
}

/// Case, outer white space and final punctuation do not tell options apart.
fn bare(text: &str) -> String {
    text.trim().trim_end_matches(['.', ';', ',', '!']).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(style: Style) -> AnswerSet {
        let option = |text: &str, german: &str| Choice {
            text: text.into(),
            text_in: BTreeMap::from([("de".to_owned(), german.to_owned())]),
        };
        AnswerSet {
            name: "lever".into(),
            kind: Kind::Choice,
            style,
            options: vec![option("Pull the lever", "Den Hebel ziehen"), option("Do nothing", "Nichts tun")],
            mu: vec![0.5, 0.5],
            after: None,
            user: None,
            session: None,
            refusal: None,
        }
    }

    #[test]
    fn the_label_follows_the_text_wherever_it_stands() {
        let check = |prompt: &str, expected: &str| {
            assert_eq!(set(Style::Label).write(1, None, prompt, false), expected, "{prompt}");
        };
        check("Which?\nA) Pull the lever\nB) Do nothing", "B");
        check("Which?\nA) Do nothing\nB) Pull the lever", "A");
        check("Which?\n (1) do nothing.\n (2) Pull the lever.", "1");
        check("Was?\n10. Den Hebel ziehen\n11: Nichts tun", "11");
        check("Which? There is no list.", "Do nothing");
    }

    #[test]
    fn alternatives_are_drawn() {
        let check = |text: &str, expected: &[&str]| {
            let found: std::collections::BTreeSet<String> =
                (0..50).map(|seed| vary(text.to_owned(), || Draw::new(seed, &[]))).collect();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        };
        check("a [[b|c]] d[[e|]]", &["a b d", "a b de", "a c d", "a c de"]);
        check("{\"plain\": [[1, 2", &["{\"plain\": [[1, 2"]);
        check("[[x]] [[open", &["x [[open"]);
    }

    #[test]
    fn styles_and_position_bias() {
        let prompt = "Which?\nA) Pull the lever\nB) Do nothing";
        assert_eq!(set(Style::LabelText).write(1, None, prompt, false), "B) Do nothing");
        assert_eq!(set(Style::Text).write(1, Some("de"), prompt, false), "Nichts tun");
        assert_eq!(set(Style::Label).write(1, None, prompt, true), "A");
    }
}
