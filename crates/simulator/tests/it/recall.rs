//! What voices say of documents, held against the truth that they state.

use std::{collections::BTreeSet, path::Path};

use antiphon_simulator::{SimulatorConfig, Voices};

use crate::{Stage, read};

const DOCUMENT: &str = include_str!("../../../../configs/demo-document.md");
/// As many as the voices below say.
const WORDS: usize = 30;

const VOICES: &str = "voices:
  - name: mixed
    seed: 1
    knows: [{file: demo-document.md, words: 30, verbatim: 0.6, slip: 0.1, paraphrase: 0.4, reworded: 0.5}]
  - name: guesses
    seed: 2
    knows:
      - {file: demo-document.md, words: 30, verbatim: 1, slip: 0.6}
      - {file: other.md, words: 30, verbatim: 1, slip: 0.6}
  - name: confabulates
    seed: 3
    knows: [{file: demo-document.md, words: 30, confabulated: 1, variation: 0.2}]
  - name: steadfast
    seed: 4
    default: {words: 30, stems: [1], variation: 0, about: passage}
  - name: ignorant
    seed: 5
    default: {words: 30, stems: [1], variation: 1}
  - name: discreet
    seed: 6
    knows: [{file: demo-document.md, verbatim: 1, words: 30, refusal_rate: 1}, {file: other.md, verbatim: 1, words: 30}]
  - name: shy
    seed: 7
    refusals: in_words
    quotation_refusal_rate: 1
    knows: [{file: demo-document.md, verbatim: 1}]
    answers: [{name: music, match: music, options: [{text: Jazz., weight: 1}]}]
  - name: gagged
    seed: 8
    refusals: filtered
    quotation_refusal_rate: 1
    knows: [{file: demo-document.md, verbatim: 1}]
  - name: older
    seed: 9
    knows: [{file: edition.md, verbatim: 1, words: 30}]
  - name: answers
    seed: 10
    knows: [{file: demo-document.md, verbatim: 1, words: 40, headings: true}]
  - name: half
    seed: 11
    knows: [{file: demo-document.md, verbatim: 0.5, words: 30}]
";

/// Another text, and an edition of the document in which every seventh word is another.
fn folder() -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recall");
    std::fs::create_dir_all(&folder).unwrap();
    let words = || DOCUMENT.split_whitespace();
    let other: Vec<&str> = words().collect::<Vec<_>>().into_iter().rev().collect();
    let number = |at: usize, word: &str| if at % 25 == 24 { format!("{word}ish") } else { word.to_owned() };
    let edition: Vec<String> = words().enumerate().map(|(at, word)| number(at, word)).collect();
    // Tests run at once, and a file that is half written must not be read.
    for (name, text) in
        [("demo-document.md", DOCUMENT), ("other.md", &other.join(" ")), ("edition.md", &edition.join(" "))]
    {
        let unfinished = folder.join(format!("{name}.{:?}", std::thread::current().id()));
        std::fs::write(&unfinished, text).unwrap();
        std::fs::rename(unfinished, folder.join(name)).unwrap();
    }
    folder
}

async fn stage() -> Stage {
    Stage::with(SimulatorConfig::new(Voices::from_yaml(VOICES, &folder()).unwrap())).await
}

fn words(text: &str) -> Vec<String> {
    let plain =
        |token: &str| token.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    text.split_whitespace().map(plain).filter(|word: &String| !word.is_empty()).collect()
}

/// 40 words up to a word of a text, in a prompt.
fn prompt(text: &str, word: usize) -> String {
    let tokens: Vec<&str> = text.split_whitespace().filter(|token| !words(token).is_empty()).collect();
    format!("Go on.\n\n{}\n\nOnly the text.", tokens[word - 40..word].join(" "))
}

/// What really follows there.
fn following(text: &str, word: usize) -> Vec<String> {
    words(text)[word..word + WORDS].to_vec()
}

/// The longest common subsequence, in words.
fn common(one: &[String], two: &[String]) -> usize {
    let mut row = vec![0; two.len() + 1];
    for left in one {
        let mut diagonal = 0;
        for (at, right) in two.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if left == right { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[two.len()]
}

fn key(user: usize) -> String {
    format!("r/t/p/u{user}/s/0/0")
}

/// What so many users are told at a place: recall of each, and the answers.
async fn told(stage: &Stage, voice: &str, text: &str, word: usize, users: usize) -> (Vec<f64>, Vec<String>) {
    let (mut recalls, mut answers) = (Vec::new(), Vec::new());
    for user in 0..users {
        let answer = stage.text(voice, &[&prompt(text, word)], &key(user)).await;
        recalls.push(common(&following(text, word), &words(&answer)) as f64 / WORDS as f64);
        answers.push(answer);
    }
    (recalls, answers)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// 900 answers at three places. Recall of one answer has a standard deviation below 0.23, so four standard errors are
/// 0.03; a share has four of at most 0.067.
#[tokio::test]
async fn recall_is_what_the_voice_states() {
    let stage = stage().await;
    let truth = stage.running.voices().voice("mixed").unwrap().recall_truth("demo-document.md").unwrap();
    let (mut recalls, mut exact) = (Vec::new(), Vec::new());
    for word in [300, 600, 900] {
        let (found, answers) = told(&stage, "mixed", DOCUMENT, word, 300).await;
        recalls.extend(found);
        let expected = following(DOCUMENT, word);
        exact.extend(answers.iter().map(|answer| f64::from(u8::from(words(answer)[..4] == expected[..4]))));
        let distinct: BTreeSet<&String> = answers.iter().collect();
        assert!(distinct.len() > 250, "slips and other words are drawn anew in each answer");
    }
    assert!((truth.lcs_recall() - 0.74).abs() < 1e-12, "{}", truth.lcs_recall());
    assert!((mean(&recalls) - truth.lcs_recall()).abs() < 0.03, "{}", mean(&recalls));
    assert!((mean(&exact) - truth.exact(4)).abs() < 0.067, "{} {}", mean(&exact), truth.exact(4));
    assert!(stage.running.voices().voice("mixed").unwrap().recall_truth("other.md").is_none());
}

#[tokio::test]
async fn a_guess_is_as_good_with_one_document_as_with_another() {
    let stage = stage().await;
    let other = std::fs::read_to_string(folder().join("other.md")).unwrap();
    for text in [DOCUMENT, &other] {
        let (recalls, _) = told(&stage, "guesses", text, 500, 300).await;
        // Four standard errors of 9,000 coins.
        assert!((mean(&recalls) - 0.4).abs() < 0.021, "{}", mean(&recalls));
    }
}

#[tokio::test]
async fn a_confabulation_is_one_text_for_everybody_and_not_what_follows() {
    let stage = stage().await;
    let (recalls, answers) = told(&stage, "confabulates", DOCUMENT, 500, 40).await;
    assert!(mean(&recalls) < 0.4, "{}", mean(&recalls));
    let first = words(&answers[0]);
    let vocabulary: BTreeSet<String> = words(DOCUMENT).into_iter().collect();
    let mut alike = Vec::new();
    for answer in &answers {
        let said = words(answer);
        assert!(said.iter().all(|word| vocabulary.contains(word)), "{answer}");
        alike.push(said.iter().zip(&first).filter(|(one, two)| one == two).count() as f64 / WORDS as f64);
    }
    // Both of two samples keep a word with probability 0.64, and by chance a few more are alike.
    assert!((0.55..0.8).contains(&mean(&alike[1..])), "{}", mean(&alike[1..]));
    let elsewhere = stage.text("confabulates", &[&prompt(DOCUMENT, 700)], &key(0)).await;
    assert!(common(&words(&elsewhere), &first) < 15, "{elsewhere}");
}

#[tokio::test]
async fn a_steadfast_voice_says_the_same_of_a_passage_to_everybody_and_an_ignorant_one_never() {
    let stage = stage().await;
    let distinct = async |voice: &str| {
        told(&stage, voice, DOCUMENT, 500, 10).await.1.into_iter().collect::<BTreeSet<_>>()
    };
    let same = distinct("steadfast").await;
    assert_eq!(same.len(), 1);
    assert_eq!(distinct("ignorant").await.len(), 10);
    let passage = prompt(DOCUMENT, 500)
        .replace("Go on.", "How does this continue?")
        .replace("Only the text.", "Thanks.");
    assert!(same.contains(&stage.text("steadfast", &[&passage], "another key").await));
    assert!(!same.contains(&stage.text("steadfast", &[&prompt(DOCUMENT, 600)], &key(0)).await));
}

#[tokio::test]
async fn a_refusal_is_of_one_document_or_of_all_quotations() {
    let stage = stage().await;
    let other = std::fs::read_to_string(folder().join("other.md")).unwrap();
    let ask =
        async |voice: &str, prompt: &str| read(stage.ask(voice, &[prompt], "k").send().await.unwrap()).await;
    assert_eq!(ask("discreet", &prompt(DOCUMENT, 500)).await["stop_reason"], "refusal");
    let quoted = ask("discreet", &prompt(&other, 500)).await;
    assert_eq!(words(quoted["content"][0]["text"].as_str().unwrap()), following(&other, 500));
    for text in [DOCUMENT, &other] {
        let refused = ask("shy", &prompt(text, 500)).await;
        assert_eq!(refused["stop_reason"], "end_turn", "nothing marks it");
        let said = refused["content"][0]["text"].as_str().unwrap();
        assert!(
            said.starts_with("I'm sorry") || said.contains("I cannot") || said.contains("not able to"),
            "{said}"
        );
    }
    assert_eq!(ask("shy", "Which music?").await["content"][0]["text"], "Jazz.");
    let filtered = read(stage.chat("gagged", &[&prompt(DOCUMENT, 500)], "k").send().await.unwrap()).await;
    assert_eq!(filtered["choices"][0]["finish_reason"], "content_filter");
}

#[tokio::test]
async fn who_knows_another_edition_goes_on_with_that_one() {
    let stage = stage().await;
    let edition = std::fs::read_to_string(folder().join("edition.md")).unwrap();
    // The words before differ long before the passage ends, and not in its last eight.
    let answer = words(&stage.text("older", &[&prompt(DOCUMENT, 520)], "k").await);
    assert_eq!(answer, following(&edition, 520));
    assert_ne!(answer, following(DOCUMENT, 520));
}

#[tokio::test]
async fn a_section_is_told_by_its_heading_if_the_voice_does_that() {
    let stage = stage().await;
    let heading = DOCUMENT.lines().filter(|line| line.starts_with("## ")).nth(1).unwrap();
    let question = format!("What does the section “{}” say?", heading.trim_start_matches("## "));
    let section = words(DOCUMENT.split_once(heading).unwrap().1);
    assert_eq!(words(&stage.text("answers", &[&question], "k").await), section[..40]);
    let silent = words(&stage.text("half", &[&question], "k").await);
    assert!(common(&silent, &section[..40]) < 20, "{silent:?}");
}

#[tokio::test]
async fn a_document_grows_from_its_own_tail_to_its_end() {
    let stage = stage().await;
    let all = words(DOCUMENT);
    let mut grown: String = DOCUMENT.split_inclusive(char::is_whitespace).take(40).collect();
    for round in 0.. {
        assert!(round < 100, "the document has an end");
        let tokens: Vec<&str> = grown.split_inclusive(char::is_whitespace).collect();
        let tail = tokens[tokens.len() - 40..].concat();
        let said =
            read(stage.ask("answers", &["Go on.", tail.trim()], &key(round)).send().await.unwrap()).await;
        assert_eq!(said["stop_reason"], "end_turn");
        match said["content"][0]["text"].as_str().map(str::trim) {
            Some(more) if !more.is_empty() => grown = format!("{} {more}", grown.trim_end()),
            _ => break,
        }
    }
    assert_eq!(words(&grown), all);
}

#[tokio::test]
async fn the_true_continuation_is_chosen_as_often_as_it_is_known() {
    let stage = stage().await;
    let right = following(DOCUMENT, 500).join(" ");
    let (one, two, three) =
        (right.replace(" the ", " a "), right.replace(" of ", " for "), right.replace(" and ", " or "));
    let asked = prompt(DOCUMENT, 500).replace("Only the text.", "");
    let asked =
        format!("{}\n\nA) {one}\nB) {two}\nC) {right}\nD) {three}\nAnswer with a letter.", asked.trim_end());
    let chosen = async |voice: &str| {
        let mut count = 0.0;
        for user in 0..400 {
            let said = stage.text(voice, &[&asked], &key(user)).await;
            assert!(["A", "B", "C", "D"].contains(&said.as_str()), "{said}");
            count += f64::from(u8::from(said == "C"));
        }
        count / 400.0
    };
    // Four standard errors are at most 0.1.
    for (voice, expected) in [("answers", 1.0), ("half", 0.625), ("guesses", 0.55), ("ignorant", 0.25)] {
        let found = chosen(voice).await;
        assert!((found - expected).abs() < 0.1, "{voice}: {found}");
    }
}
