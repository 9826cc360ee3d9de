//! Bad input, as tables of cases: one clear message, the right exit code, and nothing lost or half-written.

mod calls;
mod configuration;
mod datasets;
mod fleet;
mod lines;
mod stored;
mod suites;

use crate::desk::{Desk, Done};

/// One mistake: what is done to a right folder, what is run, and what must be said.
struct Case {
    name: &'static str,
    /// Makes the mistake.
    spoil: Box<dyn Fn(&mut Desk)>,
    /// The command, or several with `;` between them that must all say it.
    lines: &'static str,
    code: i32,
    /// What standard error must hold.
    says: &'static [&'static str],
}

/// Every command that reads a suite.
const READERS: &str = "check suite.yaml; plan suite.yaml; run suite.yaml";

/// Something is done to the folder, and a command stumbles over it with that exit code.
fn case(
    name: &'static str,
    spoil: impl Fn(&mut Desk) + 'static,
    lines: &'static str,
    code: i32,
    says: &'static [&'static str],
) -> Case {
    Case { name, spoil: Box::new(spoil), lines, code, says }
}

/// In the suite stands `to` for `from`, which every command that reads suites refuses.
fn suite(name: &'static str, from: &'static str, to: &'static str, says: &'static [&'static str]) -> Case {
    case(name, move |desk| desk.edit("suite.yaml", from, to), READERS, 2, says)
}

/// The same in the configuration.
fn configuration(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    says: &'static [&'static str],
) -> Case {
    case(name, move |desk| desk.edit("antiphon.toml", from, to), READERS, 2, says)
}

/// Runs all cases and reports all that failed.
fn check(cases: &[Case]) {
    let failures: Vec<String> = cases.iter().flat_map(failures).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn failures(case: &Case) -> Vec<String> {
    let mut desk = Desk::new();
    (case.spoil)(&mut desk);
    let before = desk.listing(".");
    let mut found = Vec::new();
    for line in case.lines.split(';') {
        let done = desk.run(line);
        let wrong = what_is_wrong(case, &done);
        let changed = desk.listing(".") != before;
        if !wrong.is_empty() || changed {
            let changed = if changed { "the folder changed; " } else { "" };
            found.push(format!(
                "{}\n  antiphon {line} → {}: {changed}{}\n  {}",
                case.name,
                done.code,
                wrong.join("; "),
                done.err.trim_end().replace('\n', "\n  ")
            ));
        }
    }
    found
}

fn what_is_wrong(case: &Case, done: &Done) -> Vec<String> {
    let mut wrong = Vec::new();
    if done.code != case.code {
        wrong.push(format!("expected exit code {}", case.code));
    }
    for fragment in case.says {
        if !done.err.contains(fragment) {
            wrong.push(format!("does not say {fragment:?}"));
        }
    }
    let errors = done.err.lines().filter(|line| line.starts_with("error:")).count();
    if errors != 1 {
        wrong.push(format!("{errors} lines begin with `error:`"));
    }
    if done.err.contains("panicked") {
        wrong.push("it panicked".to_owned());
    }
    wrong
}
