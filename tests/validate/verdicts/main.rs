//! Whether verdicts on documents are right: over a grid of simulated voices with known truth, and on voices that show no knowledge. Writes
//! the table of docs/validation.md, and says what does not hold. `make validate-verdicts`; takes about half an hour on two cores.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use antiphon_tests::{Case, Effort, KINDS, Kind, Tally};

/// Documents, in all styles and of several lengths.
const DOCUMENTS: usize = 30;
/// Voices of each kind for each document.
const EACH: usize = 10;
/// Voices that are asked together.
const TOGETHER: usize = 13;
/// What is asked for one verdict: 16 places, 8 users, one session each.
const EFFORT: Effort = Effort { cuts: 16, users: 8, passages: "60,20" };
/// Verdicts that there must be at least: over the grid, and on each kind that shows no knowledge.
const GRID: u32 = 400;
const EACH_NULL: u32 = 300;

#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    // A number of documents makes it smaller, for a look, and so does a part of a kind's name.
    let documents = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(DOCUMENTS);
    let only = std::env::args().nth(2).unwrap_or_default();
    let kinds: Vec<usize> = (0..KINDS.len()).filter(|kind| KINDS[*kind].name.contains(&only)).collect();
    let (begun, mut log) = (Instant::now(), std::io::stderr());
    let mut tally = Tally::default();
    for document in 0..documents {
        let all: Vec<(&Kind, usize)> = (0..EACH)
            .flat_map(|degree| kinds.iter().map(move |kind| (&KINDS[*kind], document + degree)))
            .collect();
        for (part, voices) in all.chunks(TOGETHER).enumerate() {
            let seed = (document * 100 + part) as u64;
            let case = Case { style: document, words: 2500 + 700 * (document % 7), seed, voices };
            for judged in case.judge(EFFORT).await {
                let kind = kinds[(part * TOGETHER + judged.voice) % kinds.len()];
                if KINDS[kind].right.is_some_and(|right| right != judged.verdict.knows) {
                    let (name, degree) = (KINDS[kind].name, voices[judged.voice].1 % KINDS[kind].degrees());
                    writeln!(
                        log,
                        "{} {seed}: {name} {degree} is called {:?}: {}",
                        case.style(),
                        judged.verdict.knows,
                        judged.verdict.because
                    )?;
                }
                tally.count(kind, &judged);
            }
        }
        writeln!(log, "{} of {documents} documents, {:.0} s", document + 1, begun.elapsed().as_secs_f64())?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}", tally.table(&KINDS))?;
    let missed = tally.missed(&KINDS, GRID, EACH_NULL);
    for claim in &missed {
        writeln!(out, "DOES NOT HOLD: {claim}")?;
    }
    writeln!(out, "{}", if missed.is_empty() { "all bars are held" } else { "some bars are missed" })?;
    Ok(ExitCode::from(u8::from(!missed.is_empty())))
}
