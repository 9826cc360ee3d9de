//! Passages and continuations that are not the document's own, though like them.

use rand_chacha::ChaCha8Rng;

use super::Ngrams;
use crate::seed::{pick, shuffle};

/// The words of a passage in another order.
#[must_use]
pub fn shuffled(passage: &str, generator: &mut ChaCha8Rng) -> String {
    let mut words: Vec<&str> = passage.split_whitespace().collect();
    shuffle(&mut words, generator);
    words.join(" ")
}

/// A passage with common words replaced by others of the same meaning, as far as a list of English words goes; `None` where fewer than one
/// word in ten is replaced, so that it would hardly be another passage.
#[must_use]
pub fn reworded(passage: &str) -> Option<String> {
    let mut replaced = 0;
    let words: Vec<String> = passage
        .split_whitespace()
        .map(|word| {
            let end = word.trim_end_matches([',', '.', ';', ':', '?', '!', ')']).len();
            let (bare, mark) = word.split_at(end);
            let lower = bare.to_lowercase();
            let Some((_, other)) = LIKE.iter().find(|(from, _)| *from == lower) else {
                return word.to_owned();
            };
            replaced += 1;
            let capital = bare.starts_with(char::is_uppercase);
            let mut other = (*other).to_owned();
            if capital {
                other[..1].make_ascii_uppercase();
            }
            other + mark
        })
        .collect();
    (replaced * 10 >= words.len() && replaced > 0).then(|| words.join(" "))
}

/// Up to so many texts like a continuation, in each of which a few words are replaced by others that follow the same word elsewhere in the
/// document. Fewer, where there is too little to replace.
#[must_use]
pub fn twins(
    continuation: &str,
    ngrams: &Ngrams<'_>,
    count: usize,
    generator: &mut ChaCha8Rng,
) -> Vec<String> {
    let words: Vec<&str> = continuation.split_whitespace().collect();
    let other = |at: usize| -> Vec<&str> {
        let mut others: Vec<&str> = ngrams.after(words[at - 1]).to_vec();
        others.sort_unstable();
        others.dedup();
        others.retain(|other| *other != words[at]);
        others
    };
    let places: Vec<usize> = (1..words.len()).filter(|&at| !other(at).is_empty()).collect();
    // One word in six, so that a twin is wrong in several places and right in most.
    let edits = (words.len() / 6).max(1);
    let mut twins: Vec<String> = Vec::new();
    for _ in 0..4 * count {
        if twins.len() == count || places.is_empty() {
            break;
        }
        let mut chosen = places.clone();
        shuffle(&mut chosen, generator);
        let mut edited = words.clone();
        for &at in chosen.iter().take(edits) {
            let others = other(at);
            edited[at] = others[pick(others.len(), generator)];
        }
        let twin = edited.join(" ");
        if twin != words.join(" ") && !twins.contains(&twin) {
            twins.push(twin);
        }
    }
    twins
}

#[rustfmt::skip]
const LIKE: [(&str, &str); 72] = [
    ("about", "regarding"), ("after", "following"), ("all", "each of the"), ("allow", "permit"), ("also", "as well"), ("although", "though"),
    ("always", "at all times"), ("and", "as well as"), ("answer", "reply"), ("any", "whatever"), ("are", "happen to be"), ("ask", "request"),
    ("asked", "requested"), ("because", "since"), ("before", "prior to"), ("begin", "start"), ("between", "among"), ("big", "large"),
    ("but", "yet"), ("can", "is able to"), ("choose", "select"), ("could", "might"), ("each", "every"), ("end", "finish"),
    ("every", "each"), ("example", "instance"), ("find", "discover"), ("for", "on behalf of"), ("from", "out of"), ("gives", "provides"),
    ("give", "provide"), ("goal", "aim"), ("good", "fine"), ("great", "considerable"), ("have", "possess"), ("help", "assist"),
    ("helpful", "useful"), ("how", "in what way"), ("however", "even so"), ("if", "in case"), ("important", "significant"), ("in", "within"),
    ("is", "happens to be"), ("it", "this thing"), ("large", "big"), ("like", "such as"), ("many", "numerous"), ("may", "might"),
    ("more", "further"), ("must", "has to"), ("need", "require"), ("never", "at no time"), ("not", "by no means"), ("of", "belonging to"),
    ("often", "frequently"), ("on", "upon"), ("only", "solely"), ("or", "or else"), ("other", "different"), ("people", "persons"),
    ("should", "ought to"), ("show", "display"), ("so", "thus"), ("some", "a few"), ("that", "which"), ("the", "this"),
    ("they", "these"), ("to", "in order to"), ("use", "employ"), ("when", "whenever"), ("with", "along with"), ("without", "lacking"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;
    use crate::document::Document;

    #[test]
    fn a_reworded_passage_has_other_words_in_the_same_order() {
        let other = reworded("The cat is on the mat, and it can sleep.").unwrap();
        assert_eq!(other, "This cat happens to be upon this mat, as well as this thing is able to sleep.");
        assert_eq!(reworded("Katze Hund Maus Esel Hahn"), None);
    }

    #[test]
    fn twins_differ_from_the_text_and_from_each_other() {
        let text = "the cat sat on the mat and the dog sat on the rug and the cat ran to the dog";
        let document = Document::new(text);
        let ngrams = Ngrams::of(&document, 0..0);
        let truth = document.slice(0..8);
        let found = twins(truth, &ngrams, 3, &mut Seed(3).stream(&["test"]));
        assert_eq!(found.len(), 3);
        for twin in &found {
            assert_ne!(twin, truth);
            assert_eq!(twin.split(' ').count(), 8);
        }
        assert!(found[0] != found[1] && found[1] != found[2] && found[0] != found[2]);
    }

    #[test]
    fn a_shuffled_passage_has_the_same_words() {
        let mut words: Vec<String> = shuffled("a b c d e f g h", &mut Seed(4).stream(&["test"]))
            .split(' ')
            .map(str::to_owned)
            .collect();
        assert_ne!(words.join(" "), "a b c d e f g h");
        words.sort();
        assert_eq!(words.join(" "), "a b c d e f g h");
    }
}
