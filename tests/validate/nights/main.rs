//! Whether nights are judged as they should be: seasons without a change, one with a drift of known size and place, and nights on which
//! something else happens. Says what does not hold, and writes docs/nights.md. `make validate-nights`.

mod page;
mod played;
mod quiet;
mod suite;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use futures::{StreamExt, stream};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::page::{Bound, Page};
use crate::played::{DRIFT, Season};
use crate::quiet::Judged;

/// Seasons without a change.
const SERIES: u32 = 200;
/// Nights of each, after the baseline.
const NIGHTS: u32 = 30;
/// The share of seasons without a change that may ever block.
const MOST: f64 = 0.05;
/// Fewer seasons show nothing: of 59 without a block up to 5 % may (exact, 95 %).
const ENOUGH: usize = 59;
/// Nights within which the drift must be found.
const WITHIN: u32 = 3;
/// Seasons at a time.
const TOGETHER: usize = 2;

struct Options {
    series: u32,
    nights: u32,
    first: u64,
    plays: bool,
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    let mut log = std::io::stderr();
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(what) => {
            writeln!(
                log,
                "{what}; options: --series N, --nights N, --first SEED, --no-program, --write FILE"
            )?;
            return Ok(ExitCode::from(2));
        }
    };
    let begun = Instant::now();
    let said = |what: &str| {
        // Nobody is left to be told if standard error is gone.
        let _gone = writeln!(std::io::stderr(), "{:5.0} s  {what}", begun.elapsed().as_secs_f64());
    };
    let season = match options.plays {
        true => Some(Box::pin(Season::play(options.nights, &mut |what| said(what))).await),
        false => None,
    };
    let seeds = (0..u64::from(options.series)).map(|seed| options.first + seed);
    // Each on a thread of its own: what takes time is arithmetic.
    let judged = stream::iter(seeds).map(|seed| {
        let (runtime, nights) = (Handle::current(), options.nights);
        spawn_blocking(move || (seed, runtime.block_on(quiet::judge(seed, nights))))
    });
    let mut judged = judged.buffer_unordered(TOGETHER);
    let mut quiet: Vec<Judged> = Vec::new();
    while let Some(ended) = judged.next().await {
        let (seed, found) = ended.expect("a season that cannot be judged ends with what it says");
        quiet.push(found);
        said(&format!("season {seed} ({} of {}): {found:?}", quiet.len(), options.series));
    }
    let page = Page { bounds: bounds(season.as_ref(), &quiet), season, quiet, nights: options.nights };
    let text = page.text();
    match &options.write {
        Some(file) => std::fs::write(file, &text)?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    for bound in page.bounds.iter().filter(|bound| bound.holds == Some(false)) {
        writeln!(log, "DOES NOT HOLD: {}: {}", bound.what, bound.found)?;
    }
    Ok(ExitCode::from(u8::from(page.bounds.iter().any(|bound| bound.holds != Some(true)))))
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { series: SERIES, nights: NIGHTS, first: 1, plays: true, write: None };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse::<u32>().map_err(|_| format!("{text} is no number"));
        match argument.as_str() {
            "--series" => options.series = number(value()?)?,
            "--nights" => options.nights = number(value()?)?,
            "--first" => options.first = number(value()?)?.into(),
            "--no-program" => options.plays = false,
            "--write" => options.write = Some(value()?.into()),
            _ => return Err(format!("there is no {argument}")),
        }
    }
    Ok(options)
}

/// What has to hold, and whether it does.
fn bounds(season: Option<&Season>, quiet: &[Judged]) -> Vec<Bound> {
    let mut bounds = Vec::new();
    if !quiet.is_empty() {
        let blocked = quiet.iter().filter(|judged| judged.blocks()).count();
        let share = blocked as f64 / quiet.len() as f64;
        bounds.push(Bound {
            what: format!("seasons without a change that ever block, at most {:.0} %", 100.0 * MOST),
            found: format!("{blocked} of {} ({:.1} %)", quiet.len(), 100.0 * share),
            holds: (quiet.len() >= ENOUGH || share > MOST).then_some(share <= MOST),
        });
    }
    let mut bound =
        |what: String, found: String, holds: bool| bounds.push(Bound { what, found, holds: Some(holds) });
    let Some(season) = season else { return bounds };
    let (last, found) = (DRIFT + WITHIN - 1, season.found());
    bound(
        format!("the drift of night {DRIFT} blocks by night {last}, and nothing before"),
        found.map_or("never".to_owned(), |night| format!("night {night}")),
        found.is_some_and(|night| (DRIFT..=last).contains(&night)),
    );
    let misplaced = season.misplaced();
    bound(
        "nothing is called changed anywhere else".to_owned(),
        misplaced
            .first()
            .map_or("nothing".to_owned(), |first| format!("{} times, such as {first}", misplaced.len())),
        misplaced.is_empty(),
    );
    let named = season.is_named(last);
    bound(
        format!("agreement of the target, group and users of the drift is named by night {last}"),
        if named { "yes" } else { "no" }.to_owned(),
        named,
    );
    for special in &season.special {
        let verdict = special.night.comparison.verdict;
        bound(
            format!("{}: {}", special.what, special.expected.name()),
            verdict.name().to_owned(),
            verdict == special.expected,
        );
    }
    bounds
}
