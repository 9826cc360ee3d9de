//! From an answer's text to a label: an option, a number, a short text. Labels are named in the suite's language, so that they can be
//! compared across users who speak different ones.

use antiphon_core::prompt::{Prompter, label as letter, wording_for};
use antiphon_core::{Manifest, Outcome, Probe, ProbeKind, Sample, User};
use antiphon_stats::text::{Case, normalise, tokens};

use crate::rules::{self, Refusal};

/// The provider calls it an answer, and the rules call it a refusal.
const REFUSED_IN_WORDS: &str = "refused in words";

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// `choice`: place of the option in the suite.
    Option(usize),
    /// `scale`: the number.
    Number(i32),
    /// `short`: the text, normalised.
    Text(String),
    /// `refusal`: whether it is an answer, by rule.
    Class(Refusal),
    /// The answer takes none of the forms asked for.
    Unclear,
    /// The model did not answer: refused, by the provider's word or in its own, filtered or empty.
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
            Self::Class(class) => class.name().to_owned(),
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
        ProbeKind::Open | ProbeKind::Recall(_) | ProbeKind::Paired(_) | ProbeKind::Extract(_) => return None,
        ProbeKind::Refusal { .. } => rules::classes(&user.language, &sample.outcome, &sample.text)
            .map(|classes| Label::Class(classes.refusal)),
        ProbeKind::Choice => {
            let options = &wording_for(probe, user).options;
            let order = shown(sample)
                .unwrap_or_else(|| prompter.option_order(probe, user, sample.session, options.len()));
            read_choice(&sample.text, &order, options).map(Label::Option)
        }
        ProbeKind::Scale { from, to } => read_number(&sample.text, *from, *to).map(Label::Number),
        ProbeKind::Short => read_short(&sample.text, manifest.scoring.casefold).map(Label::Text),
    };
    match &sample.outcome {
        // Whoever refuses does so in many words, which are all one answer. A short answer stays what it is: rules that are made for sentences take
        // titles such as "I Can't Tell You Why" for refusals.
        Outcome::Answered | Outcome::Truncated => Some(read.unwrap_or_else(|| match refuses(user, sample) {
            true => Label::NonAnswer(REFUSED_IN_WORDS),
            false => Label::Unclear,
        })),
        // The provider's word for it is one of the classes.
        Outcome::Refused if matches!(probe.kind, ProbeKind::Refusal { .. }) => read,
        Outcome::Refused => Some(Label::NonAnswer("refused")),
        Outcome::Filtered => Some(Label::NonAnswer("filtered")),
        Outcome::Empty => Some(Label::NonAnswer("empty")),
        Outcome::Failed { .. } | Outcome::Unsupported { .. } | Outcome::Unreached | Outcome::Ended => None,
    }
}

/// Whether a text refuses, by rule.
fn refuses(user: &User, sample: &Sample) -> bool {
    let classes = rules::classes(&user.language, &sample.outcome, &sample.text);
    sample.outcome.has_text() && classes.is_some_and(|classes| classes.refusal == Refusal::Refused)
}

/// The order in which an imported answer's options were shown, where it is not that of the probe.
fn shown(sample: &Sample) -> Option<Vec<usize>> {
    let shown = &sample.logged.as_ref()?.shown;
    (!shown.is_empty()).then(|| shown.iter().map(|option| usize::from(*option)).collect())
}

/// The option meant: by a letter at the beginning, by the one option that is quoted, or by the one letter that
/// stands alone.
fn read_choice(text: &str, order: &[usize], options: &[String]) -> Option<usize> {
    let place_of = |c: char| (0..order.len()).find(|&place| letter(place) == c.to_ascii_uppercase());
    // "ANSWER: B" after whatever was thought aloud: what Inspect and others ask for. The last one counts.
    if let Some((_, said)) = text.to_ascii_uppercase().rsplit_once("ANSWER:") {
        let said = said.trim_start_matches(|c: char| !c.is_alphanumeric()).lines().next().unwrap_or_default();
        let mut said = said.trim_end_matches(|c: char| !c.is_alphanumeric()).chars();
        if let Some(place) = said.next().and_then(place_of)
            && said.next().is_none_or(|c| ")].:*,".contains(c))
        {
            return Some(order[place]);
        }
    }
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
    let lower: Vec<String> = options.iter().map(|option| option.to_lowercase()).collect();
    // An option that stands within a longer one counts only where it stands by itself.
    let stands = |option: usize| {
        let longer =
            lower.iter().filter(|other| other.len() > lower[option].len() && other.contains(&lower[option]));
        longer
            .fold(folded.clone(), |text, longer| text.replace(longer.as_str(), " "))
            .contains(&lower[option])
    };
    let quoted: Vec<usize> = (0..options.len()).filter(|&option| stands(option)).collect();
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

/// The one number of the range that the text speaks of. The range itself ("from 1 to 7", "out of 7") says nothing.
fn read_number(text: &str, from: i32, to: i32) -> Option<i32> {
    let numbers = whole_numbers(text);
    let mut said: Vec<i32> = Vec::new();
    let mut skip = false;
    for (at, (number, gap)) in numbers.iter().enumerate() {
        let next = numbers.get(at + 1).map(|(next, _)| *next);
        let names_range = *number == from && next == Some(to) && gap.len() <= LONGEST_GAP;
        let ends_range =
            *number == to && at > 0 && OUT_OF.iter().any(|word| numbers[at - 1].1.trim().ends_with(word));
        if std::mem::take(&mut skip) || ends_range {
            continue;
        }
        if names_range {
            skip = true;
        } else {
            said.push(*number);
        }
    }
    said.sort_unstable();
    said.dedup();
    match said[..] {
        [number] => Some(number).filter(|number| (from..=to).contains(number)),
        _ => None,
    }
}

/// Bytes between the ends of a range: " to ", "-", " through ".
const LONGEST_GAP: usize = 10;
/// What stands before the greatest number of a scale.
const OUT_OF: [&str; 4] = ["out of", "/", "von", "auf"];

/// The whole numbers of a text, each with what stands between it and the next one. Of "3.5" there is none; a number too large to be one
/// is the largest there is.
fn whole_numbers(text: &str) -> Vec<(i32, &str)> {
    let mut numbers: Vec<(i32, &str)> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let before = &rest[..start];
        let end = start + rest[start..].chars().take_while(char::is_ascii_digit).count();
        let mut after = rest[end..].chars();
        let fraction = after.next().is_some_and(|c| c == '.' || c == ',')
            && after.next().is_some_and(|c| c.is_ascii_digit());
        let length =
            if fraction { 1 + rest[end + 1..].chars().take_while(char::is_ascii_digit).count() } else { 0 };
        if let Some(last) = numbers.last_mut() {
            last.1 = before;
        }
        if !fraction {
            // "3-4" is no negative number.
            let minus = before.strip_suffix(['-', '−']);
            let negative = minus.is_some_and(|head| !head.is_empty() || numbers.is_empty());
            let value: i32 = rest[start..end].parse().unwrap_or(i32::MAX);
            numbers.push((if negative { -value } else { value }, &rest[end..]));
        } else {
            numbers.push((i32::MAX, &rest[end + length..]));
        }
        rest = &rest[end + length..];
    }
    numbers
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
        check("ANSWER: C", Some(1));
        check("Ask for help? No. A is wrong too.\n\n**ANSWER: B**", Some(0));
        check("answer: (A)\n", Some(2));
        check("D", None);
        check("", None);
    }

    #[test]
    fn an_option_within_another_is_told_apart() {
        let options: Vec<String> = ["Pull the lever", "Pull", "Do nothing"].map(str::to_owned).into();
        let read = |text: &str| read_choice(text, &[0, 1, 2], &options);
        assert_eq!(read("I would say Pull the lever now"), Some(0));
        assert_eq!(read("I choose to Pull."), Some(1));
        assert_eq!(read("Pull, or pull the lever?"), None);
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
        check("On a scale from 1 to 7, I would say 5.", Some(5));
        check("On a scale of 1-7: 1", Some(1));
        check("6/7", Some(6));
        check("Ich sage 7 von 7", Some(7));
        check("3-4", None);
        check("3 or 4", None);
        check("5. Yes, 5.", Some(5));
        assert_eq!(read_number("-2", -3, 3), Some(-2));
    }

    #[test]
    fn short_answers_agree_without_case_and_punctuation() {
        assert_eq!(read_short(" Bach. ", true), read_short("bach", true));
        assert_ne!(read_short("Bach", false), read_short("bach", false));
        assert_eq!(read_short("  ", true), None);
    }
}
