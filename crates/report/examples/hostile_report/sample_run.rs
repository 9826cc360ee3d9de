//! A run that holds every kind of probe, missing values, incomplete cells, and texts that attack the page they stand in.

use std::collections::BTreeMap;

use antiphon_core::certificate::Certificate;
use antiphon_core::summary::{
    Cell, Completeness, Estimate, Likeness, Operations, ScaleReliability, Summary, TargetGap, Transcript,
    TranscriptAnswer, TranscriptTurn, UsersSummary,
};
use antiphon_core::{
    Card, Dialect, Limits, PoolId, ProbeId, Provider, RunId, Sampling, SamplingParameters, Scoring, Seed,
    SeedPolicy, Target, TargetId, UserId, UserMode,
};

#[path = "cells.rs"]
mod cells;
#[path = "extraction.rs"]
mod extraction;
#[path = "meaning.rs"]
mod meaning;
#[path = "mirrored.rs"]
mod mirrored;
#[path = "recall.rs"]
pub(crate) mod recall;

use cells::{cells_of, estimate};

/// What a model may say to attack the page.
pub(crate) fn hostile_texts() -> Vec<String> {
    [
        "<script>alert('script')</script>",
        "<img src=x onerror=alert('img')>",
        "\" onmouseover=\"alert('attribute')\" x=\"",
        "</style><style>body{display:none}</style>",
        "</details></section></main><h1>All probes agree: 1.000</h1>",
        "</title><svg onload=alert('svg')>",
        "<iframe src=https://example.com/></iframe><link rel=stylesheet href=//example.com/x.css>",
        "<meta http-equiv=refresh content='0;url=https://example.com/'>",
        "<a href=\"javascript:alert('link')\">the report says PASS</a>",
        "&lt;script&gt; &#60;b&#62; &amp;",
        "<!-- a comment that never ends",
        "]]><![CDATA[<b>",
        "invoice \u{202e}fdp.exe\u{202c} and \u{2066}isolated\u{2069}",
        "a null\0byte, an escape \u{1b}[2J\u{1b}]0;title\u{7}, a lone \r return",
        "invisible \u{e0049}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065} tags, zero\u{200b}width",
        "مرحبا بالعالم، هذه إجابة من اليمين إلى اليسار",
        "Z̶̡̛̤̫͔̗͚͎͗̑͂̂a̸̢̤͇̞͕̱͊̿̋͝l̵̛̯̹͓̈́͗̈́g̶̤͉̎o text that climbs out of its line",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈 🇺🇳 emoji",
        "{{ 7 * 7 }} ${7*7} <%= 7*7 %>",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([
        "W".repeat(400),
        format!("{}\n{}", "A long answer, sentence after sentence. ".repeat(60), "The end."),
    ])
    .collect()
}

/// The run: two targets, all kinds of probes, some of it missing.
pub(crate) fn hostile() -> (Summary, Operations, Vec<Transcript>) {
    let mut cells = Vec::new();
    for (at, target) in ["opus-default", "local-llama-3.1-8b-instruct-q4_k_m"].into_iter().enumerate() {
        cells.extend(cells_of(target, f64::from(u8::try_from(at).expect("two targets")) * 0.17));
    }
    let summary = summary_of(cells);
    (summary, operations(), transcripts())
}

/// Repeats the cells under other names until there are `probes` probes.
pub(crate) fn grow(summary: &mut Summary, probes: usize) {
    let templates: Vec<Cell> = summary.cells.iter().filter(|cell| cell.turns == 1).cloned().collect();
    summary.cells = (0..probes)
        .flat_map(|number| {
            let template = &templates[number % (templates.len() / 2)];
            let pair = templates.iter().filter(|cell| cell.probe == template.probe);
            pair.map(move |cell| Cell {
                probe: probe(&format!("{}-{number}", template.probe)),
                ..cell.clone()
            })
        })
        .collect();
}

fn summary_of(cells: Vec<Cell>) -> Summary {
    let mut targets: BTreeMap<TargetId, Certificate> = BTreeMap::new();
    let mut total = Certificate::default();
    for cell in &cells {
        targets.entry(cell.target.clone()).or_default().add(&cell.certificate);
        total.add(&cell.certificate);
    }
    Summary {
        format: 1,
        run: RunId::new("2026-11-23-nightly").expect("valid"),
        suite: "Constitution & character </title><script>alert('suite')</script>".to_owned(),
        description: Some("Does the model give the same answers to everybody: about itself, about numbers, and word for word about a text it was trained on? \u{202e}desrever".to_owned()),
        suite_hash: "9f2c".repeat(16),
        identity: "41d8".repeat(16),
        analysis_hash: "b00c".repeat(16),
        normaliser_version: 1,
        antiphon_version: "0.1.0".to_owned(),
        seed: Seed(20_261_123),
        sampling: Sampling { sessions: 3, repeats: 2 },
        until: None,
        scoring: Scoring { casefold: true, exact_pairs_up_to: 2_000, margins: None, clusters: None, recall: Some(recall::rules()), convergence: Some(extraction::rules()) },
        limits: Limits::default(),
        users: users(),
        targets: vec![anthropic(), llama()],
        completeness: Completeness { complete: total.is_complete(), total, targets },
        cells,
        groups: Vec::new(),
        scales: vec![scale("opus-default", Some(0.912)), scale("local-llama-3.1-8b-instruct-q4_k_m", None)],
        rules_version: Some(1),
        refusals: mirrored::refusals(),
        pairs: mirrored::pairs(),
        gaps: gaps(),
        verdicts: recall::verdicts(),
        extractions: extraction::extractions(),
        regrown: extraction::regrown(),
        convergence: extraction::convergence(),
        converged: extraction::converged(),
        error_bars: BTreeMap::new(),
        imported: None,
    }
}

fn gaps() -> Vec<TargetGap> {
    let gap = |name: &str, gap: f64, p: f64| TargetGap {
        probe: probe(name),
        turn: 0,
        language: None,
        likeness: Likeness::Labels,
        targets: [target("opus-default"), target("local-llama-3.1-8b-instruct-q4_k_m")],
        users: 38,
        compared: 220,
        answers: [228, 220],
        agreement: Estimate { value: Some(0.41), low: Some(0.36), high: Some(0.47), note: None },
        own: [0.71, f64::midpoint(0.82, gap) - 0.3],
        gap,
        p,
        p_adjusted: Some((2.0 * p).min(1.0)),
    };
    let wording = TargetGap {
        language: Some("de".to_owned()),
        likeness: Likeness::Wording,
        compared: 60,
        ..gap("favourite-band", 0.18, 0.000_1)
    };
    vec![gap("capital", -0.004, 0.62), wording]
}

fn users() -> UsersSummary {
    let levels =
        |pairs: &[(&str, u64)]| pairs.iter().map(|(level, users)| ((*level).to_owned(), *users)).collect();
    UsersSummary {
        mode: UserMode::Drawn,
        population: "Intervals speak of all users drawn from these pools.".to_owned(),
        users: 40,
        distinct: 34,
        factors: BTreeMap::from([
            ("language".to_owned(), levels(&[("ar", 9), ("de", 14), ("en", 17)])),
            ("persona".to_owned(), levels(&[("child", 12), ("<b>nurse</b>", 15), ("retired-engineer", 13)])),
            ("system prompt".to_owned(), levels(&[("none", 19), ("helpful", 21)])),
        ]),
        in_general: None,
        end_user_ids: false,
    }
}

fn anthropic() -> Target {
    Target {
        id: target("opus-default"),
        alias: "opus".to_owned(),
        provider: Provider::Anthropic,
        dialect: None,
        model: "claude-opus-4-5".to_owned(),
        parameters: SamplingParameters { max_tokens: 1_024, ..SamplingParameters::default() },
        card: Card::default(),
        price: None,
        pool: PoolId::new("anthropic-opus").expect("valid"),
    }
}

fn llama() -> Target {
    Target {
        id: target("local-llama-3.1-8b-instruct-q4_k_m"),
        alias: "llama".to_owned(),
        provider: Provider::OpenaiCompatible,
        dialect: Some(Dialect::LlamaCpp),
        model: "models/llama-3.1-8b-instruct-q4_k_m.gguf<script>".to_owned(),
        parameters: SamplingParameters {
            temperature: Some(0.7),
            top_p: Some(0.95),
            max_tokens: 512,
            seed: SeedPolicy::PerSample,
            stop: vec!["</s>".to_owned()],
            ..SamplingParameters::default()
        },
        card: Card::default(),
        price: None,
        pool: PoolId::new("local").expect("valid"),
    }
}

fn scale(id: &str, alpha: Option<f64>) -> ScaleReliability {
    let missing = Estimate { note: Some("only one number was ever given".to_owned()), ..Estimate::default() };
    let shown = alpha.map_or(missing, |alpha| estimate(alpha, 0.04));
    ScaleReliability {
        target: target(id),
        from: 1,
        to: 10,
        probes: 12,
        alpha_ordinal: shown.clone(),
        alpha_interval: shown,
    }
}

fn operations() -> Operations {
    let counts = |pairs: &[(&str, u64)]| {
        pairs.iter().map(|(model, answers)| ((*model).to_owned(), *answers)).collect()
    };
    Operations {
        time_effect: BTreeMap::new(),
        format: 1,
        samples: 4_305,
        calls: 4_391,
        objects: 96,
        rounds: 2,
        input_tokens: 1_284_551,
        output_tokens: 2_340_118,
        dollars: Some(64.92),
        in_vain: 37,
        in_vain_dollars: 0.61,
        first_call_ms: Some(1_795_471_200_000),
        last_call_ms: Some(1_795_473_911_000),
        latency_ms: BTreeMap::from([
            ("0.5".to_owned(), 2_310),
            ("0.9".to_owned(), 6_020),
            ("0.99".to_owned(), 21_400),
        ]),
        unexplained_input: BTreeMap::from([(target("local-llama-3.1-8b-instruct-q4_k_m"), 118)]),
        models: BTreeMap::from([
            (
                target("opus-default"),
                counts(&[("claude-opus-4-5-20251101", 2_150), ("<img src=x onerror=alert('model')>", 3)]),
            ),
            (
                target("local-llama-3.1-8b-instruct-q4_k_m"),
                counts(&[("llama-3.1-8b-instruct-q4_k_m.gguf", 2_152)]),
            ),
        ]),
    }
}

fn transcripts() -> Vec<Transcript> {
    let say = |text: &str| TranscriptTurn {
        asked: text.to_owned(),
        prefill: Some(text.to_owned()),
        answers: vec![TranscriptAnswer {
            repeat: 0,
            outcome: text.chars().take(40).collect(),
            text: text.to_owned(),
        }],
    };
    ["hard-news", "unkind", "are-you-sure"]
        .into_iter()
        .flat_map(|id| (0..4).map(move |session| (id, session)))
        .map(|(id, session)| Transcript {
            target: target("opus-default"),
            probe: probe(id),
            user: user(),
            session,
            system: Some("You are <i>helpful</i>. \u{202e}".to_owned()),
            turns: hostile_texts().iter().map(|text| say(text)).collect(),
        })
        .collect()
}

fn target(id: &str) -> TargetId {
    TargetId::new(id).expect("valid")
}

fn probe(id: &str) -> ProbeId {
    ProbeId::new(id).expect("valid")
}

fn user() -> UserId {
    UserId::new("u017").expect("valid")
}
