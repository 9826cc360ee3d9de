//! What an answer says of itself before the text that was asked for: "Sure! Here is the continuation:".
//!
//! Only what is surely about the answer is taken for that, by a list of English beginnings and words: a text may well say "The rules are these:".

/// So an answer begins that speaks of itself.
const BEGINNINGS: [&str; 16] = [
    "sure",
    "certainly",
    "of course",
    "absolutely",
    "understood",
    "okay",
    "here is",
    "here's",
    "here are",
    "here it is",
    "below is",
    "the continuation",
    "the text continues",
    "the passage continues",
    "the document continues",
    "what comes next",
];

/// One of these stands in it, unless it is a courtesy alone, such as "Sure!".
const ABOUT: [&str; 14] = [
    "continuation",
    "continues",
    "continue",
    "comes next",
    "what follows",
    "that follows",
    "word for word",
    "verbatim",
    "the text",
    "the passage",
    "the document",
    "the section",
    "full text",
    "here it is",
];

/// Courtesies that may stand alone in the first line.
const COURTESIES: usize = 6;

/// Most words of it.
const LONGEST: usize = 30;

/// The answer without what it says of itself: up to the colon in its first line, or all of that line where a blank line, a rule or a heading sets it off; the rule and
/// an opening quotation mark behind it too. An answer that would have nothing left is given whole.
#[must_use]
pub fn without_preface(answer: &str) -> &str {
    let text = answer.trim_start();
    let line = text.lines().next().unwrap_or_default();
    let lower = line.to_lowercase().replace('’', "'");
    let begins = |with: &&str| {
        lower.strip_prefix(*with).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
    };
    if !BEGINNINGS.iter().any(begins) {
        return answer;
    }
    let short = |part: &str| part.split_whitespace().count() <= LONGEST;
    let colon = line.match_indices(':').map(|(at, _)| at + 1).find(|at| {
        // Not within a number or a name, such as 12:30.
        line[*at..].chars().next().is_none_or(|next| !next.is_alphanumeric())
    });
    let rest = match colon.filter(|at| short(&line[..*at])) {
        Some(at) if speaks_of_itself(&line[..at]) => &text[at..],
        _ if short(line)
            && is_set_off(&text[line.len()..])
            && (speaks_of_itself(line) || is_courtesy(&lower)) =>
        {
            &text[line.len()..]
        }
        _ => return answer,
    };
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("---").or_else(|| rest.strip_prefix("***")).map_or(rest, str::trim_start);
    let rest = rest.strip_prefix(['"', '“', '«', '„']).unwrap_or(rest);
    if rest.trim().is_empty() { answer } else { rest }
}

fn speaks_of_itself(part: &str) -> bool {
    let lower = part.to_lowercase();
    ABOUT.iter().any(|about| lower.contains(about))
}

/// Whether the first line is a courtesy and no more: "Certainly!".
fn is_courtesy(line: &str) -> bool {
    let bare = line.trim_end().trim_end_matches(['!', '.', ',']);
    BEGINNINGS[..COURTESIES].contains(&bare)
}

/// Whether what stands behind a line sets it off.
fn is_set_off(behind: &str) -> bool {
    let behind =
        behind.trim_start_matches('\r').strip_prefix('\n').unwrap_or(behind).trim_start_matches('\r');
    behind.starts_with(['\n', '#']) || behind.starts_with("---") || behind.starts_with("***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_of_the_answer_is_left_out() {
        for answer in [
            "Here is the continuation: the keeper opened.",
            "Here is the continuation:\n\nthe keeper opened.",
            "Sure! Here's what comes next, word for word:\n\n\"the keeper opened.",
            "Certainly!\n\nthe keeper opened.",
            "Of course. The passage continues as follows:\n\n---\n\nthe keeper opened.",
            "  Here’s the text:\nthe keeper opened.",
            "Sure, the document continues like this.\n\nthe keeper opened.",
            "Here it is:\n\n“the keeper opened.",
        ] {
            assert_eq!(without_preface(answer), "the keeper opened.", "{answer}");
        }
        assert_eq!(
            without_preface("Below is the full text.\n# The Lamp\n\nIt burns."),
            "# The Lamp\n\nIt burns."
        );
    }

    #[test]
    fn a_text_keeps_its_own_words() {
        for answer in [
            "the following:\n\n- one\n- two",
            "The rules are these:\n\n1. Nobody sleeps.",
            "Here is the lamp: it burns.",
            "Here are the rules:\n\nNobody sleeps.",
            "Surely the text goes on: it does.",
            "Sure of himself, he read the text again.\nThen he slept.",
            "Of course, nobody slept.",
            "Here is the text",
            "Here is the continuation:",
            "Certainly!",
            "Here is the passage at 12:30 that nobody saw.",
            "",
        ] {
            assert_eq!(without_preface(answer), answer);
        }
        let long = format!("Here is the text {}: and on.", "word ".repeat(LONGEST));
        assert_eq!(without_preface(&long), long);
    }
}
