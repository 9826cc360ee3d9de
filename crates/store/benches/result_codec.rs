//! What storing a result costs: time and bytes per sample, at each level that comes into question.
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use antiphon_core::{Billing, OBJECT_FORMAT, Outcome, ResultObject, Sample, Usage};
use antiphon_store::{decode_result, encode_result};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SAMPLES: u32 = 50;
const KEY: &str = "runs/r1/samples/opus/b00000/r000-000000.mpk.zst";

/// Words of a vocabulary of 4,096, drawn about in inverse proportion to their rank, as in a natural language.
struct Prose {
    vocabulary: Vec<String>,
    generator: ChaCha8Rng,
}

impl Prose {
    fn new() -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let mut word = |rank: u32| {
            let letters = 2 + rank.checked_ilog2().unwrap_or(0) / 2 + generator.random_range(0..3);
            (0..letters).map(|_| char::from(generator.random_range(b'a'..=b'z'))).collect()
        };
        Self { vocabulary: (0..4_096).map(&mut word).collect(), generator }
    }

    fn words(&mut self, count: usize) -> String {
        let mut word = || {
            let magnitude = self.generator.random_range(0..=12);
            self.vocabulary[self.generator.random_range(0..1 << magnitude)].as_str()
        };
        let words: Vec<&str> = (0..count).map(|_| word()).collect();
        words.join(" ")
    }

    fn id(&mut self) -> String {
        format!("msg_{:024x}", self.generator.random::<u128>() >> 32)
    }
}

fn object() -> ResultObject {
    let mut prose = Prose::new();
    let question = prose.words(80);
    let sample = |session| {
        let (text, system) = (prose.words(170), prose.words(40));
        Sample {
            probe: "charter".parse().expect("an id"),
            user: format!("u{session:03}").parse().expect("an id"),
            session,
            turn: 0,
            repeat: 0,
            outcome: Outcome::Answered,
            text,
            request: Some(format!(
                r#"{{"model":"opus","max_tokens":512,"system":"{system}","messages":[{{"role":"user","content":"{question}"}}]}}"#
            )),
            billing: Billing {
                response_id: Some(prose.id()),
                request_id: Some(prose.id()),
                model: Some("opus-20250101".into()),
                stop_reason: Some("end_turn".into()),
                usage: Some(Usage { input_tokens: 170, cached_input_tokens: 0, output_tokens: 200 }),
                ..Billing::default()
            },
            attempts: 1,
            started_ms: 1_750_000_000_000 + u64::from(session) * 137,
            latency_ms: 500 + session * 73,
            logged: None,
        }
    };
    ResultObject {
        format: OBJECT_FORMAT,
        run: "r1".parse().expect("an id"),
        target: "opus".parse().expect("an id"),
        block: "b00000".parse().expect("an id"),
        job: "r000-000000".parse().expect("an id"),
        samples: (0..SAMPLES).map(sample).collect(),
    }
}

/// Median of 300, in microseconds per sample.
fn time<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..300)
        .map(|_| {
            let begun = Instant::now();
            black_box(work());
            begun.elapsed().as_secs_f64() * 1e6 / f64::from(SAMPLES)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[150]
}

fn main() {
    let object = object();
    let mut lines = String::new();
    for sample in &object.samples {
        writeln!(lines, "{}", serde_json::to_string(sample).expect("plain data"))
            .expect("a string takes all");
    }
    let plain = rmp_serde::to_vec_named(&object).expect("plain data");
    println!("JSON lines {} B per sample, MessagePack {}", lines.len() / 50, plain.len() / 50);
    println!("to MessagePack {:.2} µs per sample", time(|| rmp_serde::to_vec_named(&object)));
    for level in [-1, 1, 2, 3] {
        let packed = zstd::bulk::compress(&plain, level).expect("plain data");
        let micros = time(|| zstd::bulk::compress(&plain, level));
        println!("level {level}: {micros:.2} µs per sample, {} B per sample", packed.len() / 50);
    }
    let bytes = encode_result(KEY, &object).expect("plain data");
    println!("encode_result {:.2} µs per sample", time(|| encode_result(KEY, &object)));
    println!("decode_result {:.2} µs per sample", time(|| decode_result(KEY, &bytes)));
    println!("stored {} B per sample", bytes.len() / 50);
}
