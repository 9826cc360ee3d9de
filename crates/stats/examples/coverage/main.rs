//! `make coverage`: how often the 95 % intervals hold the truth and the tests of this crate raise a false alarm, by
//! simulation, against the gates that are set beside each scenario. Ends with an error where one is missed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a table is what this program makes")]

#[path = "../../tests/grids/grid.rs"]
mod grid;
#[path = "../../tests/coverage/population.rs"]
mod population;
mod scenario;
mod scenarios;
mod simulate;
mod table;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Instant;

const USAGE: &str = "\
Simulates how often intervals hold the truth and tests raise a false alarm; writes a table (Markdown).

options:
  --repetitions N   of each scenario (6000)
  --only TEXT       scenarios whose family or name contains TEXT
  --threads N       (as many as there are processors); the table does not depend on it
  --write PATH      writes the table there instead of printing it
  --widths          prints the widths to keep in widths.tsv: the ceilings of later runs
  --list            names the scenarios";

/// A scenario that misses a gate is drawn again, so many times as often.
const AGAIN: u64 = 10;

struct Options {
    repetitions: u64,
    only: String,
    threads: usize,
    write: Option<PathBuf>,
    widths: bool,
    list: bool,
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        repetitions: 6_000,
        only: String::new(),
        threads: available_parallelism().map_or(1, NonZero::get),
        write: None,
        widths: false,
        list: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value\n\n{USAGE}"));
        match argument.as_str() {
            "--repetitions" => options.repetitions = number(&argument, &value()?)?,
            "--only" => options.only = value()?,
            "--threads" => options.threads = usize::try_from(number(&argument, &value()?)?).unwrap_or(1),
            "--write" => options.write = Some(value()?.into()),
            "--widths" => options.widths = true,
            "--list" => options.list = true,
            _ => return Err(format!("unknown option `{argument}`\n\n{USAGE}")),
        }
    }
    Ok(options)
}

fn number(argument: &str, text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or(format!("{argument} needs a positive number, not `{text}`"))
}

/// Whether all gates are held.
fn run(options: &Options) -> Result<bool, String> {
    let wanted: Vec<_> =
        scenarios::all().into_iter().filter(|scenario| scenario.matches(&options.only)).collect();
    if wanted.is_empty() {
        return Err(format!("no scenario's family or name contains `{}`; --list names them", options.only));
    }
    if options.list {
        wanted.iter().for_each(|scenario| println!("{}: {}", scenario.family, scenario.name));
        return Ok(true);
    }
    let start = Instant::now();
    let mut found = Vec::new();
    for (at, scenario) in wanted.iter().enumerate() {
        let mut tallies = simulate::run(scenario, options.repetitions, options.threads);
        let mut bad = table::misses(scenario, &tallies).len();
        if bad > 0 {
            // What lies next to a gate falls on either side of it by chance.
            tallies = simulate::run(scenario, AGAIN * options.repetitions, options.threads);
            bad = table::misses(scenario, &tallies).len();
        }
        let remark = if bad == 0 { String::new() } else { format!(", {bad} missed") };
        let (name, seconds) = (&scenario.name, start.elapsed().as_secs());
        eprintln!("[{:>3}/{} {seconds:>4} s] {}: {name}{remark}", at + 1, wanted.len(), scenario.family);
        found.push(tallies);
    }
    let results: Vec<_> = wanted.iter().zip(&found).collect();
    if options.widths {
        print!("{}", table::widths(&results));
        return Ok(true);
    }
    let text = table::markdown(&results, options.repetitions);
    match &options.write {
        Some(path) => {
            std::fs::write(path, text)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        }
        None => print!("{text}"),
    }
    let misses: Vec<String> =
        results.iter().flat_map(|(scenario, tallies)| table::misses(scenario, tallies)).collect();
    misses.iter().for_each(|miss| eprintln!("missed: {miss}"));
    Ok(misses.is_empty())
}
