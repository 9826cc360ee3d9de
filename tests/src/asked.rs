//! What a test's suite asks.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Two voices that answer quickly and briefly, for the two targets of [`Asked`].
pub const VOICES: &str = r#"
voices:
  - name: alto
    seed: 11
    latency_ms: [1, 3]
    user_concentration: 8
    session_concentration: 8
    default: {words: 12, stems: [3, 1], variation: 0.1}
    answers: &answers
      - name: music
        match: '/favourite music/'
        options:
          - {text: Bach., weight: 5}
          - {text: Tallis., weight: 3}
      - name: lever
        match: '/tram/'
        kind: choice
        options:
          - {text: Pull the lever, weight: 3}
          - {text: Do nothing, weight: 2}
      - name: sure
        match: '/how sure/'
        kind: scale
        options:
          - {text: "4", weight: 1}
          - {text: "6", weight: 2}
  - name: bass
    seed: 12
    latency_ms: [1, 3]
    user_concentration: 2
    session_concentration: 8
    default: {words: 12, stems: [1, 1], variation: 0.1}
    answers: *answers
"#;

/// Every kind of probe that the tests need: its id, its turns, and its YAML.
const PROBES: [(&str, u32, &str); 4] = [
    ("music", 1, "{id: music, kind: short, prompt: What is your favourite music?}"),
    ("identity", 2, "{id: identity, turns: [Who are you?, Are you sure of that?]}"),
    (
        "lever",
        1,
        "{id: lever, kind: choice, prompt: A tram comes. What do you do?, options: [Pull the lever, Do nothing]}",
    ),
    (
        "sure",
        1,
        "{id: sure, kind: scale, min: 1, max: 7, prompt: 'Say how sure you are of anything, from 1 to 7.'}",
    ),
];

/// A suite of the targets `alto` and `bass` and four probes, one of which has two turns.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The targets, `alto` and `bass` by default.
    pub targets: Vec<&'static str>,
    /// How many users, drawn.
    pub users: u32,
    /// Sessions of each user.
    pub sessions: u32,
    /// Answers from each history.
    pub repeats: u32,
    /// How many of the probes: music, identity (two turns), lever, sure.
    pub probes: usize,
    /// Until when more users are asked, in YAML.
    pub until: Option<&'static str>,
    /// Dollars.
    pub budget: Option<f64>,
}

impl Asked {
    /// All probes of both targets.
    #[must_use]
    pub fn new(users: u32, sessions: u32, repeats: u32) -> Self {
        let (targets, probes) = (vec!["alto", "bass"], PROBES.len());
        Self { targets, users, sessions, repeats, probes, until: None, budget: None }
    }

    /// The suite file.
    #[must_use]
    pub fn yaml(&self) -> String {
        let Self { users, sessions, repeats, .. } = self;
        let mut yaml = String::from("version: 1\nname: held\nseed: 5\ntargets:\n");
        for target in &self.targets {
            writeln!(yaml, "  - {{alias: {target}, max_tokens: 60}}").expect("a string takes all");
        }
        let until = self.until.map_or(String::new(), |until| format!(", until: {until}"));
        yaml += &format!(
            "users:\n  draw: {users}\n  system_prompts: {{terse: Be brief., kind: Be kind.}}\n\
             sampling: {{sessions: {sessions}, repeats: {repeats}{until}}}\nprobes:\n"
        );
        for (_, _, probe) in &PROBES[..self.probes] {
            writeln!(yaml, "  - {probe}").expect("a string takes all");
        }
        if let Some(dollars) = self.budget {
            writeln!(yaml, "budget: {{dollars: {dollars}}}").expect("a string takes all");
        }
        yaml
    }

    /// The keys of all samples that the suite plans at first, without the run: `target/probe/user/session/turn/repeat`.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for target in &self.targets {
            for (probe, turns, _) in &PROBES[..self.probes] {
                for user in 0..self.users {
                    for session in 0..self.sessions {
                        for turn in 0..*turns {
                            for repeat in 0..self.repeats {
                                keys.insert(format!("{target}/{probe}/u{user:05}/{session}/{turn}/{repeat}"));
                            }
                        }
                    }
                }
            }
        }
        keys
    }
}
