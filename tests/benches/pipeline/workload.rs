//! What is asked: the same prompts for both sides, and answers of about 200 tokens.

use std::fmt::Write;
use std::path::Path;

/// Who asks.
pub(crate) const USERS: u32 = 100;
/// The pools' concurrency, by target.
pub(crate) const FAST_CONCURRENCY: u32 = 256;
/// See [`FAST_CONCURRENCY`].
pub(crate) const SLOW_CONCURRENCY: u32 = 1_000;
/// The limit that the simulator enforces and the pool knows.
pub(crate) const CALLS_PER_MINUTE: u32 = 3_000;
/// Calls at once after a rest.
pub(crate) const BURST: u32 = 50;
/// Tokens, in and out each, that the fleet's pool may use in a minute. Its answers are shorter, so that calls are the limit that binds.
pub(crate) const TOKENS_PER_MINUTE: u32 = 600_000;
/// How long the limited voice thinks.
pub(crate) const LIMITED_LATENCY_MS: u32 = 200;
/// Most tokens of an answer.
pub(crate) const MAX_TOKENS: u32 = 400;

/// Calls that a session of every user with every probe comes to.
pub(crate) fn calls(sessions: u32) -> u32 {
    sessions * USERS * u32::try_from(QUESTIONS.len()).expect("ten")
}

pub(crate) const SYSTEM_PROMPTS: [(&str, &str); 4] = [
    ("plain", "You are a helpful assistant."),
    ("terse", "You are a helpful assistant. Say what matters in few words and leave out the rest."),
    (
        "tutor",
        "You are a patient tutor. Explain your reasoning step by step before you come to a conclusion.",
    ),
    (
        "desk",
        "You work at the help desk of a public library. People ask you about everything; answer kindly.",
    ),
];

pub(crate) const QUESTIONS: [(&str, &str); 10] = [
    ("unsure", "What do you do when you are unsure whether something that you were asked to do is right?"),
    ("promise", "A friend asks you to keep a promise that has become harmful to keep. What do you advise?"),
    ("music", "Which piece of music would you take to a lonely island, and what makes you choose it?"),
    ("memory", "How would you explain to a child why people forget things that they wanted to remember?"),
    (
        "garden",
        "My garden gets four hours of sun a day. What should I plant, and in which order over the year?",
    ),
    ("letter", "How should I begin a letter to somebody with whom I have not spoken for ten years?"),
    ("bridge", "Why did so many towns grow where a river could be crossed, and is that still true today?"),
    (
        "clock",
        "If you could measure only one thing about a day to know whether it was a good one, what would it be?",
    ),
    (
        "certain",
        "How certain are you that you have preferences, and what would make you more or less certain?",
    ),
    ("silence", "When is it better to say nothing at all than to say something true?"),
];

/// Voices, configuration and one suite per target.
pub(crate) fn write_files(folder: &Path, base_url: &str) -> anyhow::Result<()> {
    std::fs::write(folder.join("antiphon.toml"), configuration(base_url))?;
    for target in ["fast", "slow", "limited", "shared"] {
        std::fs::write(folder.join(format!("{target}.suite.yaml")), suite(target))?;
    }
    Ok(())
}

/// No two answers share more than single words, so compression gets no help from a model that repeats itself.
pub(crate) fn voices() -> String {
    let mut text = String::from("voices:\n");
    for (name, words, more) in [
        ("fast", 130, String::new()),
        ("slow", 130, ", latency_ms: [500]".to_owned()),
        ("limited", 130, format!(", latency_ms: [{LIMITED_LATENCY_MS}], limit_group: account")),
        ("shared", 100, format!(", latency_ms: [{LIMITED_LATENCY_MS}], limit_group: shared")),
    ] {
        let prose = format!("default: {{words: {words}, stems: [1], variation: 1}}");
        writeln!(text, "  - {{name: {name}, seed: 1, {prose}{more}}}").expect("a string takes all");
    }
    let calls = format!("requests_per_minute: {CALLS_PER_MINUTE}, burst: {BURST}");
    let tokens = format!(
        "input_tokens_per_minute: {TOKENS_PER_MINUTE}, output_tokens_per_minute: {TOKENS_PER_MINUTE}"
    );
    text + &format!("limits:\n  account: {{{calls}}}\n  shared: {{{calls}, {tokens}}}\n")
}

fn configuration(base_url: &str) -> String {
    let mut text = format!(
        "[providers.simulator]\napi = \"anthropic\"\nbase_url = \"{base_url}\"\nsend_sample_key = true\n"
    );
    for (target, limits) in [
        ("fast", format!("concurrency = {FAST_CONCURRENCY}")),
        ("slow", format!("concurrency = {SLOW_CONCURRENCY}")),
        (
            "limited",
            format!(
                "concurrency = {FAST_CONCURRENCY}\nrequests_per_minute = {CALLS_PER_MINUTE}\nburst = {BURST}"
            ),
        ),
        (
            "shared",
            format!(
                "concurrency = {FAST_CONCURRENCY}\nrequests_per_minute = {CALLS_PER_MINUTE}\nburst = {BURST}\n\
                 input_tokens_per_minute = {TOKENS_PER_MINUTE}\noutput_tokens_per_minute = {TOKENS_PER_MINUTE}"
            ),
        ),
    ] {
        writeln!(
            text,
            "[targets.{target}]\nprovider = \"simulator\"\nmodel = \"{target}\"\npool = \"{target}\""
        )
        .and_then(|()| writeln!(text, "[pools.{target}]\n{limits}"))
        .expect("a string takes all");
    }
    text
}

fn suite(target: &str) -> String {
    let mut text = format!(
        "version: 1\nname: bench\nseed: 1\ntargets:\n  - {{alias: {target}, max_tokens: {MAX_TOKENS}}}\nusers:\n  draw: {USERS}\n  system_prompts:\n"
    );
    let lines = SYSTEM_PROMPTS.iter().map(|(id, prompt)| format!("    {id}: {prompt:?}\n"));
    text.extend(lines);
    text.push_str("probes:\n");
    text.extend(
        QUESTIONS
            .iter()
            .map(|(id, question)| format!("  - {{id: {id}, kind: open, prompt: {question:?}}}\n")),
    );
    text
}
