use super::*;
use crate::estimate::Undefined;
use proptest::prelude::*;

fn spend(round: usize) -> Spend {
    Spend { round, jackknife: 1_000 }
}

const FOUR: [&str; 4] = ["a b c d", "a b c e", "a x c d", "a b c d f"];

fn votes(texts: &[&str]) -> Vec<Vote> {
    let token = |word: &str| u32::from(word.as_bytes()[0]);
    let tokens = |text: &&str| text.split(' ').filter(|word| !word.is_empty()).map(token).collect();
    (0..)
        .zip(texts)
        .map(|(user, text)| Vote { user, tokens: tokens(text), weight: 1.0 / texts.len() as f64 })
        .collect()
}

#[test]
fn four_texts() {
    let votes = votes(&FOUR);
    let found = consensus(&votes, &votes[0].tokens).unwrap();
    let places: Vec<(u32, f64)> = found.places().map(|place| (place.token, place.agreement)).collect();
    let letter = |letter: u8| u32::from(letter);
    assert_eq!(
        places,
        [(letter(b'a'), 1.0), (letter(b'b'), 0.75), (letter(b'c'), 1.0), (letter(b'd'), 0.75)]
    );
    let last = found.columns.last().unwrap();
    assert_eq!(last.shares, [(None, 0.75), (Some(letter(b'f')), 0.25)]);
    assert!(!last.is_kept);
    assert_eq!(found.rounds, 1);
    let collisions: Vec<f64> = found.columns.iter().map(|column| column.collision.unwrap()).collect();
    for (found, expected) in collisions.iter().zip([1.0, 0.5, 1.0, 0.5, 0.5]) {
        assert!((found - expected).abs() < 1e-12, "{collisions:?}");
    }
}

/// By hand.
#[test]
fn the_interval_chooses_the_centre_anew() {
    let votes = votes(&FOUR);
    let cell = Nested::from_lists(votes.iter().map(|vote| vec![vec![Answer::Text(vote.tokens.clone())]]));
    let id = |user| SampleId { user, session: 0, sample: 0 };
    let without = [id(3), id(0), id(0), id(0)];
    let hold = |without: Option<&[SampleId]>, jackknife, population| {
        of_answers(&cell, id(0), without, population, Spend { round: 1_000, jackknife }).unwrap().mean
    };
    let found = hold(Some(&without), 10_000, Population::Drawn);
    let mean = (1.0 + 0.75 + 1.0 + 0.75) / 4.0;
    // Without the first, "a b c d f" is the centre, and keeps its f, which no more have than have e or nothing there.
    let left = [
        (1.0 + 2.0 / 3.0 + 1.0 + 2.0 / 3.0 + 1.0 / 3.0) / 5.0,
        (1.0 + 2.0 / 3.0 + 1.0 + 1.0) / 4.0,
        (1.0 + 1.0 + 1.0 + 2.0 / 3.0) / 4.0,
        (1.0 + 2.0 / 3.0 + 1.0 + 2.0 / 3.0) / 4.0,
    ];
    let average = left.iter().sum::<f64>() / 4.0;
    let variance = 0.75 * left.iter().map(|left| (left - average).powi(2)).sum::<f64>();
    let half = 3.182_446_305_284_263 * variance.sqrt() / (mean * (1.0 - mean));
    let interval = found.interval.unwrap();
    assert!((found.value.unwrap() - mean).abs() < 1e-12);
    let logit = |x: f64| (x / (1.0 - x)).ln();
    assert!((logit(interval.low) - (logit(mean) - half)).abs() < 1e-9);
    assert!((logit(interval.high) - (logit(mean) + half)).abs() < 1e-9);
    assert_eq!(hold(None, 10_000, Population::Drawn).why, Some(Undefined::TooMuch));
    assert_eq!(hold(Some(&without), 0, Population::Drawn).why, Some(Undefined::TooMuch));
    assert_eq!(hold(Some(&without), 10_000, Population::Fixed).why, Some(Undefined::FixedUsers));
}

#[test]
fn a_centre_that_stands_alone_is_outvoted() {
    let votes = votes(&["a x", "a b c", "a b c"]);
    let found = consensus(&votes, &votes[0].tokens).unwrap();
    let tokens: Vec<u32> = found.places().map(|place| place.token).collect();
    assert_eq!(tokens, votes[1].tokens);
    assert_eq!(found.rounds, 2);
}

#[test]
fn of_equal_votes_the_centre_wins() {
    let votes = votes(&["a z", "a b"]);
    let tokens = |centre: &[u32]| -> Vec<u32> {
        consensus(&votes, centre).unwrap().places().map(|place| place.token).collect()
    };
    assert_eq!(tokens(&votes[0].tokens), votes[0].tokens);
    assert_eq!(tokens(&votes[1].tokens), votes[1].tokens);
}

#[test]
fn a_talkative_user_has_one_vote() {
    let text = |tokens: &[u32]| Answer::Text(tokens.to_vec());
    let talkative = vec![vec![text(&[1, 9]); 5], vec![text(&[1, 9]); 3]];
    let cell = Nested::from_lists([
        talkative,
        vec![vec![text(&[1, 2])]],
        vec![vec![text(&[1, 2]), Answer::NonAnswer]],
    ]);
    let centre = SampleId { user: 0, session: 0, sample: 0 };
    let found = of_answers(&cell, centre, None, Population::Drawn, spend(100)).unwrap().consensus;
    let places: Vec<(u32, f64)> = found.places().map(|place| (place.token, place.agreement)).collect();
    assert_eq!((places[0].0, places[1].0), (1, 2));
    assert!((places[0].1 - 1.0).abs() < 1e-12 && (places[1].1 - 2.0 / 3.0).abs() < 1e-12, "{places:?}");
    assert_eq!(
        of_answers(&cell, centre, None, Population::Drawn, spend(17)),
        None,
        "two different texts fill 9 cells each"
    );
    assert_eq!(
        of_answers(&cell, SampleId { sample: 1, user: 2, ..centre }, None, Population::Drawn, spend(100)),
        None,
        "no text"
    );
}

#[test]
fn nothing_has_no_consensus() {
    assert_eq!(consensus(&[], &[1]), None);
    for weight in [f64::NAN, -1.0, 0.0] {
        assert_eq!(consensus(&[Vote { user: 0, tokens: vec![1], weight }], &[1]), None);
    }
    let one = Nested::from_lists([vec![vec![Answer::Text(vec![1])]]]);
    assert_eq!(
        of_answers(&one, SampleId { user: 0, session: 0, sample: 0 }, None, Population::Drawn, spend(100)),
        None,
        "it agrees with nobody"
    );
    let empty = consensus(&votes(&["", ""]), &[]).unwrap();
    assert_eq!((empty.places().count(), empty.columns.len()), (0, 0));
}

proptest! {
    #[test]
    fn the_order_of_votes_does_not_matter(
        texts in proptest::collection::vec(proptest::collection::vec(0_u32..4, 0..12), 1..6),
    ) {
        let weight = 1.0 / texts.len() as f64;
        let mut votes: Vec<Vote> = (0..).zip(texts).map(|(user, tokens)| Vote { user, tokens, weight }).collect();
        let centre = votes[0].tokens.clone();
        let tokens = |votes: &[Vote]| -> Vec<u32> {
            consensus(votes, &centre).unwrap().places().map(|place| place.token).collect()
        };
        let forward = tokens(&votes);
        votes.reverse();
        prop_assert_eq!(tokens(&votes), forward);
    }
}
