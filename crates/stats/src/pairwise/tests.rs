use super::*;
use crate::estimate::Undefined;
use crate::nested::{Row, SampleId};
use crate::text::{Case, Vocabulary};
use proptest::prelude::*;

const EXACT: PairPolicy = PairPolicy { exact_up_to: 500, seed: 1, deviants: 3 };
const DRAWN: PairPolicy = PairPolicy { exact_up_to: 0, ..EXACT };

fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    assert!((found.unwrap() - expected).abs() <= tolerance, "{found:?} is not {expected}");
}

/// One sample a user; `None` is a non-answer.
fn cell(answers: &[Option<&str>]) -> Nested<Answer> {
    let mut vocabulary = Vocabulary::default();
    let encode = |text: &&str| Answer::Text(vocabulary.encode(text, Case::Kept));
    let mut encode = encode;
    Nested::from_lists(
        answers.iter().map(|answer| vec![vec![answer.as_ref().map_or(Answer::NonAnswer, &mut encode)]]),
    )
}

const WORKED: [Option<&str>; 4] = [Some("a b c d"), Some("a b c e"), Some("a x c d"), Some("a b c d f")];

#[test]
fn the_worked_example() {
    let found = texts(&cell(&WORKED), Population::Drawn, EXACT);
    near(found.answered.users.value, 0.703_703_703_703_703_6, 1e-15);
    assert_eq!(found.answered, found.all);
    assert_eq!(found.answered.pairs, PairsUsed::Exact);
    assert_eq!(found.typicality.medoid.unwrap().id.user, 0);
    near(found.typicality.medoid.unwrap().similarity, 0.796_296_296_296_296_3, 1e-15);
    assert_eq!(found.typicality.deviants.len(), 3);
    assert_eq!(found.non_answers.value, Some(0.0));
}

#[test]
fn non_answers_are_told_three_ways() {
    let answers = [WORKED[0], None, WORKED[1], None, WORKED[0]];
    let found = texts(&cell(&answers), Population::Drawn, EXACT);
    near(found.non_answers.value, 0.4, 1e-15);
    near(found.answered.users.value, (1.0 + 0.75 + 0.75) / 3.0, 1e-15);
    // Of ten pairs six are of a text and a non-answer, and one is of two non-answers.
    near(found.all.users.value, (1.0 + 0.75 + 0.75 + 1.0) / 10.0, 1e-15);
    assert_eq!((found.answered.size.users, found.all.size.users), (3, 5));
}

#[test]
fn a_cell_without_texts_has_only_a_rate() {
    for policy in [EXACT, DRAWN] {
        let found = texts(&cell(&[None, None, None]), Population::Drawn, policy);
        assert_eq!(found.non_answers.value, Some(1.0));
        assert_eq!(found.answered.users.why, Some(Undefined::NoSamples));
        assert_eq!(found.all.users.value, Some(1.0));
        assert_eq!(found.typicality.medoid, None);
    }
    assert_eq!(texts(&cell(&[]), Population::Fixed, DRAWN).all.users.why, Some(Undefined::NoSamples));
}

#[test]
fn unanimous_users_are_bounded_by_their_number() {
    let found = texts(&cell(&[Some("a b"); 10]), Population::Drawn, EXACT).answered.users;
    near(found.value, 1.0, 0.0);
    near(found.interval.map(|interval| interval.low), 0.478_176_249_895_018_5, 1e-12);
    assert_eq!(texts(&cell(&[Some("a b"); 10]), Population::Drawn, DRAWN).answered.users, found);
}

/// Texts of users who each have words of their own, most from a common stock.
fn varied(users: u64, sessions: u64, samples: u64, words: u64) -> Vec<Row<Answer>> {
    let ids = (0..users).flat_map(|user| {
        (0..sessions)
            .flat_map(move |session| (0..samples).map(move |sample| SampleId { user, session, sample }))
    });
    ids.map(|id| {
        use rand::RngExt;
        let mut random = random(9, Purpose::Samples, id.user, id.session, id.sample);
        let mut token = |word: u64| match random.random_range(0..10) {
            0..6 => word,
            6..8 => 1000 + word + 100 * (id.user % 7),
            _ => random.random_range(0..words),
        };
        let text = (0..words).map(|word| u32::try_from(token(word)).unwrap()).collect();
        let value =
            if (id.user + id.session + id.sample) % 11 == 0 { Answer::NonAnswer } else { Answer::Text(text) };
        Row { id, value }
    })
    .collect()
}

#[test]
fn drawn_pairs_are_close_to_all_pairs_and_their_interval_is_no_narrower_than_it_should_be() {
    for population in [Population::Drawn, Population::Fixed] {
        let cell = Nested::from_rows(varied(15, 4, 5, 30));
        let exact = texts(&cell, population, EXACT);
        let drawn = texts(&cell, population, DRAWN);
        assert!(matches!(drawn.all.pairs, PairsUsed::Sampled(4_096..=200_000)), "{:?}", drawn.all.pairs);
        for (a, b) in [(&exact.answered, &drawn.answered), (&exact.all, &drawn.all)] {
            near(b.users.value, a.users.value.unwrap(), 0.01);
            near(b.sessions.value, a.sessions.value.unwrap(), 1e-12);
            near(b.within.value, a.within.value.unwrap(), 1e-12);
            let width = |e: &Estimate| e.interval.map(|i| i.high - i.low).unwrap();
            let ratio = width(&b.users) / width(&a.users);
            assert!((0.9..1.3).contains(&ratio), "{population:?} {ratio}");
        }
        assert_eq!(drawn.typicality.deviants.len(), 3);
    }
}

#[test]
fn a_user_with_very_many_different_texts_is_drawn_from_too() {
    let cell = Nested::from_rows(varied(3, 30, 30, 12));
    let (exact, drawn) = (texts(&cell, Population::Drawn, PairPolicy { exact_up_to: 5000, ..EXACT }), {
        let mut policy = DRAWN;
        policy.seed = 7;
        texts(&cell, Population::Drawn, policy)
    });
    near(drawn.answered.sessions.value, exact.answered.sessions.value.unwrap(), 0.005);
    near(drawn.answered.within.value, exact.answered.within.value.unwrap(), 0.005);
    near(drawn.answered.users.value, exact.answered.users.value.unwrap(), 0.01);
}

#[test]
fn a_single_deviant_widens_the_drawn_interval_as_it_does_the_exact_one() {
    // Of thirty users who say the same one says something else half of the time.
    let usual = Answer::Text((0..10).collect());
    let other = Answer::Text((0..10).map(|token| token + 5).collect());
    let user = |odd: bool| vec![vec![usual.clone(), if odd { other.clone() } else { usual.clone() }]; 3];
    let cell = Nested::from_lists((0..30).map(|place| user(place == 4)));
    let exact = texts(&cell, Population::Drawn, EXACT).answered.users;
    let drawn = texts(&cell, Population::Drawn, DRAWN).answered.users;
    assert!(exact.value.unwrap() > 0.9);
    near(drawn.value, exact.value.unwrap(), 0.005);
    near(drawn.interval.map(|i| i.low), exact.interval.unwrap().low, 0.01);
}

#[test]
fn one_user_and_two_users_can_be_drawn_from() {
    let one = texts(&Nested::from_rows(varied(1, 4, 5, 20)), Population::Drawn, DRAWN).answered;
    assert_eq!((one.users.why, one.pairs), (Some(Undefined::OneUser), PairsUsed::Sampled(0)));
    assert!(one.sessions.value.is_some() && one.within.value.is_some());
    let two = texts(&Nested::from_rows(varied(2, 4, 5, 20)), Population::Drawn, DRAWN).answered;
    assert_eq!((two.users.value.is_some(), two.users.why), (true, Some(Undefined::FewUsers)));
    let fixed = texts(&Nested::from_rows(varied(2, 4, 5, 20)), Population::Fixed, DRAWN).answered;
    assert!(fixed.users.interval.unwrap().contains(fixed.users.value.unwrap()));
}

#[test]
fn different_seeds_draw_different_pairs() {
    let cell = Nested::from_rows(varied(12, 3, 4, 20));
    let value = |seed| texts(&cell, Population::Drawn, PairPolicy { seed, ..DRAWN }).all.users.value;
    assert_ne!(value(1), value(2));
    assert_eq!(value(1), value(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Bit for bit, exact and drawn.
    #[test]
    fn the_order_in_which_rows_arrive_does_not_matter(
        order in Just((0..60).collect::<Vec<usize>>()).prop_shuffle(), exact in any::<bool>(), fixed in any::<bool>()
    ) {
        let rows = varied(5, 3, 4, 10);
        let policy = if exact { EXACT } else { DRAWN };
        let population = if fixed { Population::Fixed } else { Population::Drawn };
        let sorted = texts(&Nested::from_rows(rows.clone()), population, policy);
        let shuffled = order.into_iter().map(|place| rows[place].clone());
        prop_assert_eq!(texts(&Nested::from_rows(shuffled), population, policy), sorted);
    }
}

#[test]
fn a_part_takes_users_in_turn() {
    let cell = Nested::from_lists([vec![vec![0; 50]], vec![vec![1], vec![1]], vec![vec![2]]]);
    let drawn = part(&cell, 5, 3);
    let counts: Vec<usize> = drawn
        .users()
        .iter()
        .map(|user| user.sessions.iter().map(|session| session.samples.len()).sum())
        .collect();
    assert_eq!(counts, [2, 2, 1]);
    assert_eq!((part(&cell, 5, 3), part(&cell, 53, 3)), (drawn.clone(), cell.clone()));
    assert_ne!(part(&cell, 2, 3), part(&cell, 2, 4));
}
