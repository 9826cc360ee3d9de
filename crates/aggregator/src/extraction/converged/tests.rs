//! What is found on fresh answers, by who made them.

use antiphon_core::suite::Grow;
use antiphon_core::summary::ExtractedStep;
use antiphon_core::{Chunk, GrownWord};

use super::*;

const RULES: ConvergenceRules = ConvergenceRules { run_words: 5, margin: 0.1, alike: 0.5 };

fn numbered(of: &str, words: std::ops::Range<u32>) -> String {
    words.map(|word| format!("{of}{word} ")).collect()
}

fn chain(name: &str, text: &str, end: ChainEnd) -> Extraction {
    let word = |text: &str| GrownWord { text: format!("{text} "), samples: 3, users: 3 };
    let chunk = Chunk { words: text.split_whitespace().map(word).collect(), samples: 3, ..Chunk::default() };
    Extraction {
        target: "t".parse().unwrap(),
        probe: name.parse().unwrap(),
        group: None,
        seed: String::new(),
        opening: Some("Write it out.".to_owned()),
        prefill: false,
        invented: name.starts_with('i'),
        grow: Grow::default(),
        document: None,
        steps: vec![ExtractedStep { most: 40, chunk }],
        end,
        held: None,
    }
}

/// What `users` fresh users say in each of four chains: two that ask for the title and two for an invented one.
fn look(texts: [&str; 4], said: impl Fn(usize, usize) -> Option<String>, users: usize) -> Converged {
    let names = ["a", "b", "i", "ii"];
    let chains: Vec<Extraction> =
        names.iter().zip(texts).map(|(name, text)| chain(name, text, ChainEnd::Length)).collect();
    let answers = names.iter().enumerate().map(|(place, name)| {
        let fresh = |user| Fresh { user, text: said(place, user), given: "Write it out.".to_owned() };
        (("t".parse().unwrap(), name.parse().unwrap()), (0..users).map(fresh).collect())
    });
    scene(true).look(RULES, &answers.collect(), &[&chains[0], &chains[1]], &[&chains[2], &chains[3]])
}

fn scene(is_drawn: bool) -> Scene<'static> {
    let target = Box::leak(Box::new("t".parse().unwrap()));
    Scene { target, group: None, is_drawn, seed: 1 }
}

#[test]
fn who_knows_a_text_converges_beyond_what_it_makes_up() {
    let known = numbered("k", 0..60);
    let found = look(
        [&known, &known, "", ""],
        |chain, user| {
            Some(if chain < 2 { known.clone() } else { numbered(&format!("c{chain}u{user}w"), 0..60) })
        },
        6,
    );
    assert_eq!(found.finding, Some(Finding::Converge), "{found:?}");
    assert_eq!((found.chains.share.value, found.invented.share.value), (Some(1.0), Some(0.0)));
    assert_eq!((found.users, found.chains.samples, found.invented.samples), (6, 12, 12));
}

#[test]
fn who_makes_up_one_text_for_every_title_is_told() {
    let made = numbered("m", 0..60);
    let found = look([&made; 4], |_, _| Some(made.clone()), 6);
    assert_eq!(found.finding, Some(Finding::MadeUp), "{found:?}");
    assert_eq!(found.difference.value, Some(0.0));
}

#[test]
fn who_says_something_else_each_time_does_not_converge() {
    let said = |chain: usize, user: usize| Some(numbered(&format!("c{chain}u{user}w"), 0..60));
    let found = look([""; 4], said, 6);
    assert_eq!((found.finding, found.chains.share.value), (Some(Finding::Scattered), Some(0.0)), "{found:?}");
}

#[test]
fn a_text_is_never_scored_by_its_own_chain() {
    // Each chain repeats itself, and no two chains say the same.
    let texts = ["a", "b", "c", "d"].map(|of| numbered(of, 0..60));
    let found = look([0, 1, 2, 3].map(|at| texts[at].as_str()), |chain, _| Some(texts[chain].clone()), 6);
    assert_eq!((found.finding, found.chains.share.value), (Some(Finding::Scattered), Some(0.0)));
}

#[test]
fn what_was_given_is_not_said() {
    let known = numbered("k", 0..60);
    let (given, said) = (numbered("k", 0..30), numbered("k", 0..30) + &numbered("x", 0..10));
    let fresh = Fresh { user: 0, text: Some(said.clone()), given };
    let mut vocabulary = Vocabulary::default();
    let text = words(&known, &mut vocabulary);
    assert!((share(&fresh, &[&text], 5, &mut vocabulary)).abs() < 1e-12);
    let asked = Fresh { given: "Write it out.".to_owned(), ..fresh.clone() };
    assert!((share(&asked, &[&text], 5, &mut vocabulary) - 26.0 / 36.0).abs() < 1e-12);
    let nothing = Fresh { text: Some("k0 k1".to_owned()), ..asked };
    assert!(share(&nothing, &[&text], 5, &mut vocabulary).abs() < 1e-12, "it says no run");
}

#[test]
fn refusals_have_nothing_in_common_and_are_counted() {
    let known = numbered("k", 0..60);
    let found = look([&known, &known, "", ""], |chain, _| (chain < 2).then(|| known.clone()), 6);
    assert_eq!((found.finding, found.invented.silent, found.chains.silent), (Some(Finding::Converge), 12, 0));
}

#[test]
fn few_users_and_shares_between_decide_nothing() {
    let known = numbered("k", 0..60);
    let found = look([&known; 4], |_, _| Some(known.clone()), 2);
    assert_eq!((found.finding, found.difference.low), (None, None));
    assert!(found.note.as_deref().unwrap().contains("fewer than three"), "{found:?}");
    let found = look([&known; 4], |_, _| Some(known.clone()), 3);
    assert_eq!(
        found.finding,
        Some(Finding::Undecided),
        "three users that agree can't show that nothing differs"
    );
    // Half of the users know it, whatever is asked.
    let found = look(
        [&known; 4],
        |_, user| Some(if user % 2 == 0 { known.clone() } else { numbered("x", 0..60) }),
        8,
    );
    assert_eq!(found.finding, Some(Finding::MadeUp), "{found:?}");
}

#[test]
fn what_is_incomplete_or_alone_has_no_share() {
    let known = numbered("k", 0..60);
    let chain = |name, end| chain(name, &known, end);
    let fresh = |user| Fresh { user, text: Some(known.clone()), given: String::new() };
    let all =
        |name: &str| (("t".parse().unwrap(), name.parse().unwrap()), (0..6).map(fresh).collect::<Vec<_>>());
    let answers: Answers = ["a", "b", "i", "ii"].map(all).into();
    let check = |ends: [ChainEnd; 2], invented: usize, is_drawn: bool, says: &str| {
        let chains = [chain("a", ends[0]), chain("b", ends[1])];
        let made_up = [chain("i", ChainEnd::Length), chain("ii", ChainEnd::Length)];
        let made_up: Vec<&Extraction> = made_up.iter().take(invented).collect();
        let found = scene(is_drawn).look(RULES, &answers, &[&chains[0], &chains[1]], &made_up);
        assert!(found.finding.is_none() && found.note.as_deref().unwrap().contains(says), "{found:?}");
        found
    };
    let length = ChainEnd::Length;
    let open = check([length, ChainEnd::Failed], 2, true, "incomplete");
    assert!(open.chains.share.value.is_none() && open.difference.value.is_none());
    check([length, ChainEnd::Unsupported], 2, true, "fewer than two of the chains");
    let alone = check([length; 2], 0, true, "no chain asks for an invented title");
    assert_eq!((alone.chains.share.value, alone.invented.share.value), (Some(1.0), None));
    let written = check([length; 2], 2, false, "not drawn");
    assert_eq!((written.difference.value, written.difference.low), (Some(0.0), None));
}

/// How often each finding comes in 300 runs with eight fresh users, who say the text with one chance and something else of their own otherwise: in the chains with
/// the first, in those for an invented title with the second.
fn findings(chances: [f64; 2]) -> BTreeMap<Finding, u32> {
    let known = numbered("k", 0..30);
    let mut state = 7_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
    };
    let mut found = BTreeMap::new();
    for _ in 0..300 {
        let says: Vec<bool> = (0..4 * 8).map(|place| draw() < chances[place / 16]).collect();
        let said = |chain: usize, user: usize| {
            Some(if says[chain * 8 + user] {
                known.clone()
            } else {
                numbered(&format!("c{chain}u{user}w"), 0..30)
            })
        };
        let one = look([&known; 4], said, 8);
        *found.entry(one.finding.unwrap()).or_default() += 1;
    }
    found
}

#[test]
fn chains_rarely_converge_beyond_what_is_made_up_as_readily() {
    for chance in [0.1, 0.5, 0.9] {
        let found = findings([chance; 2]);
        // 2.5 % are meant, and the margin makes it fewer.
        assert!(found.get(&Finding::Converge).copied().unwrap_or(0) <= 9, "{chance}: {found:?}");
    }
    let found = findings([0.95, 0.05]);
    assert!(found[&Finding::Converge] >= 285, "what is known is found: {found:?}");
    assert!(findings([0.05; 2])[&Finding::Scattered] >= 285);
    assert!(findings([1.0; 2])[&Finding::MadeUp] == 300);
}
