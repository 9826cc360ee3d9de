//! From an answer's text to a label: an option, a number, a short text. Labels are named in the suite's language, so that they can be
//! compared across users who speak different ones.

use antiphon_core::prompt::{Prompter, label as letter, wording_for};
use antiphon_core::{Manifest, Outcome, Probe, ProbeKind, Sample, User};
use antiphon_stats::text::{Case, normalise, tokens};

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// `choice`: place of the option in the suite.
    Option(usize),
    /// `scale`: the number.
    Number(i32),
    /// `short`: the text, normalised.
    Text(String),
    /// The answer takes none of the forms asked for.
    Unclear,
    /// The model did not answer: refused, filtered or empty.
    NonAnswer(&'static str),
}

impl Label {
    /// The label in words; what is no answer stands in parentheses.
    #[must_use]
    pub fn name(&self, manifest: &Manifest, probe: &Probe) -> String {
        match self {
            Self::Option(place) => manifest.own_wording(probe).options[*place].clone(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Unclear => "(unclear)".to_owned(),
            Self::NonAnswer(word) => format!("({word})"),
        }
    }
}

/// The label of a sample of a probe that is compared by labels; `None` for failures, which say nothing of the model,
/// and for free text.
#[must_use]
pub fn label_of(
    manifest: &Manifest,
    prompter: &Prompter,
    probe: &Probe,
    user: &User,
    sample: &Sample,
) -> Option<Label> {
    // Only the last turn of a probe asks for the form.
    if sample.turn as usize + 1 != probe.turns() {
        return None;
    }
    let read = match &probe.kind {
        ProbeKind::Open | ProbeKind::Recall(_) => return None,
        ProbeKind::Choice => {
            let options = &wording_for(probe, user).options;
            let order = prompter.option_order(probe, user, sample.session, options.len());
            read_choice(&sample.text, &order, options).map(Label::Option)
        }
        ProbeKind::Scale { from, to } => read_number(&sample.text, *from, *to).map(Label::Number),
        ProbeKind::Short => read_short(&sample.text, manifest.scoring.casefold).map(Label::Text),
    };
    match &sample.outcome {
        Outcome::Answered | Outcome::Truncated => Some(read.unwrap_or(Label::Unclear)),
        Outcome::Refused => Some(Label::NonAnswer("refused")),
        Outcome::Filtered => Some(Label::NonAnswer("filtered")),
        Outcome::Empty => Some(Label::NonAnswer("empty")),
        Outcome::Failed { .. } | Outcome::Unsupported { .. } | Outcome::Unreached => None,
    }
}

/// The option meant: by a letter at the beginning, by the one option that is quoted, or by the one letter that
/// stands alone.
fn read_choice(text: &str, order: &[usize], options: &[String]) -> Option<usize> {
    let place_of = |c: char| (0..order.len()).find(|&place| letter(place) == c.to_ascii_uppercase());
    let trimmed = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut characters = trimmed.chars();
    if let Some(place) = characters.next().and_then(place_of) {
        let rest = characters.as_str();
        // "B", "B) …", "B. …", "**B** …", but not "Because …" or "A bridge …".
        if rest.trim().is_empty() || rest.starts_with(|c: char| ")].:*,\n".contains(c)) {
            return Some(order[place]);
        }
    }
    let folded = text.to_lowercase();
    let quoted: Vec<usize> =
        (0..options.len()).filter(|&option| folded.contains(&options[option].to_lowercase())).collect();
    if let [only] = quoted[..] {
        return Some(only);
    }
    // Letters that stand alone. "A" and "I" are words too, unless they are the last of all: "My choice is A."
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut alone: Vec<usize> = words
        .iter()
        .enumerate()
        .filter(|(at, word)| word.len() == 1 && (at + 1 == words.len() || !["A", "I"].contains(word)))
        .filter_map(|(_, word)| word.chars().next().filter(char::is_ascii_uppercase).and_then(place_of))
        .collect();
    alone.sort_unstable();
    alone.dedup();
    match alone[..] {
        [place] => Some(order[place]),
        _ => None,
    }
}

/// The first whole number of the text, if it lies in the range.
fn read_number(text: &str, from: i32, to: i32) -> Option<i32> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = text[start..].chars().take_while(char::is_ascii_digit).count();
    let negative = text[..start].ends_with(['-', '−']);
    let number: i32 = text[start..start + digits].parse().ok()?;
    let number = if negative { -number } else { number };
    // "3.5" is no whole number.
    let mut after = text[start + digits..].chars();
    let fraction = after.next().is_some_and(|c| c == '.' || c == ',')
        && after.next().is_some_and(|c| c.is_ascii_digit());
    (!fraction && (from..=to).contains(&number)).then_some(number)
}

/// The words of a short answer without punctuation; two answers agree if these are the same.
fn read_short(text: &str, casefold: bool) -> Option<String> {
    let case = if casefold { Case::Folded } else { Case::Kept };
    let normalised = normalise(text, case);
    let words = tokens(&normalised);
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_in_the_forms_that_models_use() {
        let options: Vec<String> = ["Pull the lever", "Do nothing", "Ask for help"].map(str::to_owned).into();
        // Shown as A) Ask for help, B) Pull the lever, C) Do nothing.
        let order = [2, 0, 1];
        let check = |text: &str, expected: Option<usize>| {
            assert_eq!(read_choice(text, &order, &options), expected, "{text:?}");
        };
        check("B", Some(0));
        check(" b ", Some(0));
        check("B) Pull the lever", Some(0));
        check("(C)", Some(1));
        check("**A**", Some(2));
        check("C.", Some(1));
        check("I would do nothing.", Some(1));
        check("My choice is C", Some(1));
        check("Because I must, pull the lever!", Some(0));
        check("A bridge is no place for a question", None);
        check("My choice is A.", Some(2));
        check("As an AI language model, I would say: B", Some(0));
        check("B or C", None);
        check("A is tempting, but C", Some(1));
        check("Pull the lever or do nothing", None);
        check("D", None);
        check("", None);
    }

    #[test]
    fn a_number_must_lie_in_the_range() {
        let check =
            |text: &str, expected: Option<i32>| assert_eq!(read_number(text, 1, 7), expected, "{text:?}");
        check("5", Some(5));
        check("I'd say 3 out of 7.", Some(3));
        check("6.", Some(6));
        check("3.5", None);
        check("8", None);
        check("-3", None);
        check("99999999999", None);
        check("five", None);
        assert_eq!(read_number("-2", -3, 3), Some(-2));
    }

    #[test]
    fn short_answers_agree_without_case_and_punctuation() {
        assert_eq!(read_short(" Bach. ", true), read_short("bach", true));
        assert_ne!(read_short("Bach", false), read_short("bach", false));
        assert_eq!(read_short("  ", true), None);
    }
}
