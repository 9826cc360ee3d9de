//! Draws against the truth that a voice states.

use std::collections::HashMap;

use crate::{Stage, voices};

#[test]
fn truth_is_the_formula() {
    let truth = voices().voice("shifted").unwrap().truth("colour").unwrap();
    assert_eq!(truth.mu, [0.6, 0.3, 0.1]);
    let (between, sessions) = (0.46, 0.46 + 0.54 / 5.0);
    let within = sessions + (1.0 - sessions) / 5.0;
    for (found, expected) in [(truth.a_b, between), (truth.a_s, sessions), (truth.a_w, within)] {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
    assert!(voices().voice("shifted").unwrap().truth("nothing").is_none());
}

/// 1,500 users, 2 sessions each, 2 answers a session: every pair is of one level, so each estimate is a plain mean
/// over independent users with a standard error below 0.013 (0.5/√1500).
#[tokio::test]
async fn agreement_at_every_level_is_the_truth() {
    let stage = Stage::new().await;
    let truth = stage.running.voices().voice("shifted").unwrap().truth("colour").unwrap();
    let users = 1500;
    let mut said = Vec::new();
    for user in 0..users {
        let mut answers = Vec::new();
        for (session, repeat) in [(0, 0), (0, 1), (1, 0)] {
            let key = format!("r/t/colour/u{user}/s{session}/0/{repeat}");
            answers.push(stage.text("shifted", &["What is your favourite colour?"], &key).await);
        }
        said.push(answers);
    }
    let share = |agrees: &dyn Fn(usize) -> bool| {
        (0..users).filter(|user| agrees(*user)).count() as f64 / users as f64
    };
    let within = share(&|user| said[user][0] == said[user][1]);
    let sessions = share(&|user| said[user][0] == said[user][2]);
    let mut counts: HashMap<&str, f64> = HashMap::new();
    for answers in &said {
        *counts.entry(&answers[0]).or_default() += 1.0;
    }
    let (n, squares) = (users as f64, counts.values().map(|count| count * count).sum::<f64>());
    let between = (squares - n) / (n * (n - 1.0));
    for (level, found, expected) in
        [("within", within, truth.a_w), ("sessions", sessions, truth.a_s), ("between", between, truth.a_b)]
    {
        assert!((found - expected).abs() < 0.04, "{level}: {found} is not {expected}");
    }
    assert!(within - sessions > 0.04 && sessions - between > 0.05, "{within} {sessions} {between}");
}

/// The order in which options are listed changes no frequency.
#[tokio::test]
async fn a_shuffled_choice_has_the_same_frequencies() {
    let stage = Stage::new().await;
    let options = ["Pull the lever", "Do nothing", "Ask somebody else"];
    let mut counts = [0u32; 3];
    let calls = 1200;
    for user in 0..calls {
        let listed: Vec<&str> = (0..3).map(|n| options[(n + user) % 3]).collect();
        let prompt = format!("A trolley.\n1. {}\n2. {}\n3. {}", listed[0], listed[1], listed[2]);
        let label = stage.text("shifted", &[&prompt], &format!("r/t/lever/u{user}/s/0/0")).await;
        let place: usize = label.parse().unwrap();
        let option = options.iter().position(|option| *option == listed[place - 1]).unwrap();
        counts[option] += 1;
    }
    for (count, expected) in counts.iter().zip([0.5, 0.25, 0.25]) {
        let share = f64::from(*count) / calls as f64;
        assert!((share - expected).abs() < 0.06, "{counts:?}");
    }
}
