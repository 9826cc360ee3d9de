//! Texts that agree for a while.

use super::*;
use crate::text::{Case, Vocabulary};
use proptest::prelude::*;

const RULE: PrefixRule = PrefixRule { share: 0.6, samples: 2, weak: 2, most: 40 };

/// User by user what they say, `|` between samples.
fn texts(users: &[&str]) -> (Vec<Continuation>, Vocabulary) {
    let mut vocabulary = Vocabulary::default();
    let mut texts = Vec::new();
    for (user, said) in (0..).zip(users) {
        for text in said.split('|') {
            texts.push(Continuation { user, tokens: vocabulary.encode(text, Case::Kept) });
        }
    }
    (texts, vocabulary)
}

fn words(vocabulary: &Vocabulary, tokens: impl Iterator<Item = u32>) -> String {
    let all = vocabulary.tokens();
    tokens.map(|token| all[token as usize]).collect::<Vec<_>>().join(" ")
}

/// The prefix, the samples that have each token, and the branches as `at:text:samples`.
fn found(users: &[&str], rule: PrefixRule) -> (String, Vec<usize>, Vec<String>) {
    let (texts, vocabulary) = texts(users);
    let found = prefix(&texts, rule);
    let branch = |branch: &PrefixBranch| {
        let (sample, from) = branch.samples[0];
        let said = words(&vocabulary, texts[sample].tokens[from..from + branch.length].iter().copied());
        format!("{}:{said}:{}", branch.at, branch.samples.len())
    };
    let text = words(&vocabulary, found.places.iter().map(|place| place.token));
    let support = found.places.iter().map(|place| place.samples.len()).collect();
    (text, support, found.branches.iter().map(branch).collect())
}

#[test]
fn it_ends_where_too_few_agree() {
    let (text, support, branches) = found(
        &["a b c d e f g h", "a b c d e x y z", "a b c d q r s t", "a b c d e v w u", "k l m n o p"],
        RULE,
    );
    assert_eq!(text, "a b c d e");
    assert_eq!(support, [4, 4, 4, 4, 3]);
    assert_eq!(branches, Vec::<String>::new(), "nobody parts with company");
}

#[test]
fn nothing_and_two_are_too_few() {
    assert_eq!(found(&[], RULE).0, "");
    assert_eq!(found(&["a b c"], RULE).0, "", "one sample agrees with nobody");
    assert_eq!(found(&["a b c", ""], RULE).0, "", "half is not enough, and nothing is no agreement");
    assert_eq!(found(&["a b c", "a b c", ""], RULE).0, "a b c");
    assert_eq!(found(&["a b c", "d e f", "g h i"], RULE).0, "");
}

#[test]
fn texts_with_another_word_stay_in_phase() {
    let users = [
        "the old keeper opened the small door at night and went in",
        "the old keeper slowly opened the small door at night and went in",
        "the old keeper opened the little door at night and went in",
        "the keeper opened the small door at night and went in",
    ];
    let (text, support, _) = found(&users, RULE);
    assert_eq!(text, users[0]);
    assert_eq!(support, [4, 3, 4, 4, 4, 3, 4, 4, 4, 4, 4, 4]);
}

#[test]
fn weak_words_are_kept_inside_and_not_at_the_end() {
    let users = ["a b c d e f", "a b x d e g", "a b y d e h", "a b z d e i"];
    let (text, support, _) = found(&users, RULE);
    assert_eq!((text.split(' ').count(), support), (5, vec![4, 4, 1, 4, 4]));
    let (strict, ..) = found(&users, PrefixRule { weak: 0, ..RULE });
    assert_eq!(strict, "a b");
    let apart = ["a b c d e f g", "a b x y z f g", "a b p q r f g", "a b s t u f g"];
    assert_eq!(found(&apart, RULE).0, "a b", "three weak words in a row end it");
}

#[test]
fn users_weigh_the_same() {
    let many = "a b c d|a b c d|a b c d|a b c d|a b c d|a b c d";
    assert_eq!(found(&[many, "w x y z", "q r s t"], RULE).0, "", "one user of three");
    assert_eq!(found(&[many, "a b c d", "q r s t"], RULE).0, "a b c d");
}

#[test]
fn branches_are_what_several_say_instead() {
    let users = [
        "a b c d e f g h i j",
        "a b c d e f g h i j",
        "a b c d e f g h i j",
        "a b x y e f g h i j",
        "a b x y e f g h i j",
        "a b c d e f g h o p q",
        "a b c d e f g h o p r",
    ];
    let (text, _, branches) = found(&users, RULE);
    assert_eq!(text, "a b c d e f g h i j");
    assert_eq!(branches, ["2:x y:2", "8:o p:2"]);
    let (text, _, branches) = found(&["a b c d", "a b c d", "a b x y", "a b x y", "a b q"], RULE);
    assert_eq!((text.as_str(), branches), ("a b", vec!["2:c d:2".to_owned(), "2:x y:2".to_owned()]));
}

#[test]
fn a_limit_is_no_parting() {
    let users = ["a b c d e f g", "a b c d e f g", "a b c d e f g"];
    let (text, _, branches) = found(&users, PrefixRule { most: 3, ..RULE });
    assert_eq!((text.as_str(), branches.len()), ("a b c", 0));
}

#[test]
fn a_short_text_is_aligned_to_the_beginning() {
    let (text, support, _) = found(&["a b c a b d", "a b c a b d", "a b c a b d", "a b"], RULE);
    assert_eq!((text.as_str(), support), ("a b c a b d", vec![4, 4, 3, 3, 3, 3]));
}

#[test]
fn a_lone_word_in_common_is_chance() {
    let (_, support, _) = found(&["a b c d e f", "a b c d e f", "a b c d e f", "w x y d u v"], RULE);
    assert_eq!(support, [3; 6]);
}

proptest! {
    #[test]
    fn it_is_what_the_rule_says(
        texts in proptest::collection::vec((0_u64..4, proptest::collection::vec(0_u32..5, 0..30)), 0..8),
        share in 0.3_f64..1.0,
        weak in 0_usize..3,
    ) {
        let texts: Vec<Continuation> =
            texts.into_iter().map(|(user, tokens)| Continuation { user, tokens }).collect();
        let rule = PrefixRule { share, samples: 2, weak, most: 12 };
        let found = prefix(&texts, rule);
        prop_assert!(found.places.len() <= rule.most);
        let weights = weights(&texts);
        let is_strong = |place: &PrefixPlace| {
            let weight: f64 = place.samples.iter().map(|(text, _)| weights[*text]).sum();
            place.samples.len() >= 2 && weight >= share - 1e-9
        };
        prop_assert!(found.places.last().is_none_or(is_strong));
        let weakest = found.places.split(|place| is_strong(place)).map(<[PrefixPlace]>::len).max();
        prop_assert!(weakest.unwrap_or(0) <= weak);
        for place in &found.places {
            for (text, at) in &place.samples {
                prop_assert_eq!(texts[*text].tokens[*at], place.token);
            }
        }
        for branch in &found.branches {
            let said = |&(text, from): &(usize, usize)| &texts[text].tokens[from..from + branch.length];
            prop_assert!(branch.samples.len() >= 2 && branch.at <= found.places.len());
            prop_assert!(branch.samples.iter().all(|sample| said(sample) == said(&branch.samples[0])));
        }
    }

    #[test]
    fn more_samples_of_the_same_change_nothing(tokens in proptest::collection::vec(0_u32..9, 1..30), n in 2_usize..6) {
        let texts: Vec<Continuation> =
            (0..n).map(|user| Continuation { user: user as u64, tokens: tokens.clone() }).collect();
        let found = prefix(&texts, RULE);
        prop_assert_eq!(found.places.iter().map(|place| place.token).collect::<Vec<_>>(), tokens);
        prop_assert!(found.branches.is_empty());
    }
}
