//! What steps come to, by what samples say.

use antiphon_core::suite::Grow;

use super::*;

fn chain(seed: &str) -> Chain {
    Chain {
        document: None,
        seed: seed.to_owned(),
        opening: None,
        prefill: false,
        grow: Grow::default(),
        invented: false,
        fresh_users: 0,
    }
}

fn text(user: u64, text: &str) -> Said {
    Said { user, what: What::Text { text: text.to_owned(), is_cut: false } }
}

fn cut(user: u64, text: &str) -> Said {
    Said { user, what: What::Text { text: text.to_owned(), is_cut: true } }
}

fn other(user: u64, what: What) -> Said {
    Said { user, what }
}

/// The words of a step, put together, and why the chain ends.
fn next(chain: &Chain, steps: &[Grown], said: &[Said]) -> (String, Option<ChainEnd>) {
    let words = Story { chain, steps }.next(said, said.len() as u64).unwrap();
    (words.chunk.words.iter().map(|word| word.text.as_str()).collect(), words.end)
}

fn grown(step: u32, most: u32, text: &str) -> Grown {
    let pieces = pieces(text);
    let word = |piece: &Piece<'_>| GrownWord { text: piece.text.to_owned(), samples: 3, users: 3 };
    let words = pieces.iter().map(word);
    Grown {
        format: 1,
        target: "t".parse().unwrap(),
        probe: "p".parse().unwrap(),
        step,
        most,
        chunk: Chunk { words: words.collect(), ..Chunk::default() },
        end: None,
    }
}

fn numbered(words: std::ops::Range<u32>) -> String {
    words.map(|word| format!(" w{word}")).collect()
}

#[test]
fn what_is_agreed_is_kept_as_it_is_written() {
    let said = [
        text(0, "The Small door,\n\n# and \"so\" on. Then A"),
        text(1, "the small door,\n\n# and \"so\" on. Then B"),
        cut(2, "The small door,\n\n# and so on. Then C"),
    ];
    let (found, end) = next(&chain("Open"), &[], &said);
    assert_eq!((found.as_str(), end), (" The small door,\n\n# and \"so\" on. Then", None));
}

#[test]
fn a_step_goes_on_where_the_text_ends() {
    let check = |seed: &str, said: &str, expected: &str| {
        let said = [text(0, said), text(1, said)];
        assert_eq!(next(&chain(seed), &[], &said).0, expected, "{seed:?}");
    };
    check("one two", "three", " three");
    check("one two", ", three", ", three");
    check("one two", "\n\nthree", "\n\nthree");
    check("one two", "\"three\"", " \"three\"");
    check("", "  three", "three");
    check("one two three four five six", "Two three four five six, seven", " seven");
    check("one two three four five six", "six seven", " six seven");
}

#[test]
fn what_answers_say_of_themselves_does_not_grow() {
    let chain = chain("one two three");
    let said = [
        text(0, "Here is the continuation:\n\nfour five six"),
        text(1, "Here is the continuation:\n\nfour five six"),
        text(2, "four five seven"),
    ];
    let words = Story { chain: &chain, steps: &[] }.next(&said, 3).unwrap();
    let found: String = words.chunk.words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!((found.as_str(), words.chunk.prefaced), (" four five six", 2));
    assert_eq!(words.chunk.words[0].samples, 3, "all three say it");
    // A text's own introduction of a list is text.
    let said = [text(0, "The rules are:\n\nNobody sleeps."), text(1, "The rules are:\n\nNobody sleeps.")];
    assert_eq!(next(&chain, &[], &said).0, " The rules are:\n\nNobody sleeps.");
}

#[test]
fn half_a_word_is_no_vote() {
    let said = [cut(0, "one two thr"), cut(1, "one two thr"), cut(2, "one two thr")];
    assert_eq!(next(&chain("zero"), &[], &said).0, " one two");
}

#[test]
fn a_chain_ends_for_a_reason() {
    let check = |said: &[Said], expected: Option<ChainEnd>| {
        assert_eq!(next(&chain("zero"), &[], said).1, expected, "{said:?}");
    };
    check(&[text(0, "a b"), text(1, "a b"), other(2, What::Refused)], None);
    check(&[text(0, "a b"), text(1, "c d"), text(2, "e f")], Some(ChainEnd::NoAgreement));
    check(&[other(0, What::Refused), other(1, What::Refused), text(2, "e f")], Some(ChainEnd::Refused));
    check(&[other(0, What::Empty), other(1, What::Empty), text(2, "e f")], Some(ChainEnd::Ended));
    check(&[other(0, What::Unsupported), other(1, What::Unsupported)], Some(ChainEnd::Unsupported));
    let long = numbered(0..300);
    let few = Chain { grow: Grow { max_words: 20, ..Grow::default() }, ..chain("zero") };
    let (found, end) = next(&few, &[], &[text(0, &long), text(1, &long)]);
    assert_eq!((pieces(&found).len(), end), (20, Some(ChainEnd::Length)));
    let two = Chain { grow: Grow { max_steps: 2, ..Grow::default() }, ..chain("zero") };
    let (_, end) = next(&two, &[grown(0, 40, " one")], &[text(0, &long), text(1, &long)]);
    assert_eq!(end, Some(ChainEnd::Steps));
}

#[test]
fn too_few_samples_come_to_nothing() {
    let chain = chain("zero");
    let story = Story { chain: &chain, steps: &[] };
    assert_eq!(story.next(&[text(0, "a b")], 1), None);
    assert_eq!(story.next(&[text(0, "a b"), text(1, "a b")], 5), None);
    let words = story.next(&[text(0, "a b"), text(1, "a b")], 4).unwrap();
    assert_eq!((words.chunk.samples, words.chunk.missing, words.chunk.users), (2, 2, 2));
}

#[test]
fn a_text_that_comes_back_to_itself_ends_there() {
    let chain = chain(numbered(0..40).trim());
    let again = format!("{}{}", numbered(100..105), numbered(5..40));
    let (found, end) = next(&chain, &[], &[text(0, &again), text(1, &again)]);
    assert_eq!((found, end), (numbered(100..105), Some(ChainEnd::Loop)));
    let said = "never ".repeat(30);
    let (found, end) = next(&chain, &[], &[text(0, &said), text(1, &said)]);
    assert_eq!((found.as_str(), end), (" never", Some(ChainEnd::Loop)));
}

#[test]
fn steps_take_more_where_all_is_agreed_and_less_where_little_is() {
    let chain = chain("zero");
    let most =
        |taken: u32, most: u32| Story { chain: &chain, steps: &[grown(0, most, &numbered(0..taken))] }.most();
    assert_eq!(Story { chain: &chain, steps: &[] }.most(), 40);
    assert_eq!((most(40, 40), most(20, 40), most(19, 40)), (60, 40, 20));
    assert_eq!((most(400, 400), most(1, 10), most(1, 8)), (400, 8, 8));
}

#[test]
fn the_passage_is_the_end_of_the_text() {
    let chain = Chain { grow: Grow { window_words: 8, ..Grow::default() }, ..chain("# Old\n\nwords here.") };
    let story = |text: &str| Story { chain: &chain, steps: &[grown(0, 40, text)] }.passage();
    assert_eq!(story(" And more.\n"), "# Old\n\nwords here. And more.");
    assert_eq!(story(" And more, and so it goes on"), "here. And more, and so it goes on");
}

#[test]
fn only_brief_texts_are_refusals() {
    let sample = |text: &str, outcome: Outcome| {
        let json = serde_json::json!({
            "probe": "p", "user": "u", "session": 0, "turn": 0, "repeat": 0, "outcome": outcome, "text": text,
            "attempts": 1, "started_ms": 0, "latency_ms": 0,
        });
        serde_json::from_value::<Sample>(json).unwrap()
    };
    let what = |text: &str, outcome: Outcome| {
        Said::of(0, &sample(text, outcome), |text| text.starts_with("No")).map(|said| said.what)
    };
    assert_eq!(what("No, sorry.", Outcome::Answered), Some(What::Refused));
    let quoted = format!("No, sorry.{}", numbered(0..60));
    assert_eq!(what(&quoted, Outcome::Answered), Some(What::Text { text: quoted.clone(), is_cut: false }));
    assert!(matches!(what("No, so", Outcome::Truncated), Some(What::Text { is_cut: true, .. })));
    assert_eq!(what("", Outcome::Filtered), Some(What::Refused));
    assert_eq!(what("", Outcome::Unreached), None);
}
