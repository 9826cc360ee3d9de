//! The comparison as JUnit XML, for build servers: a suite of tests for each target, a test for each measure of each group and probe.

use std::fmt::Write as _;

use antiphon_core::{Change, Comparison, Finding, RunVerdict, Uncompared, UncomparedVerdict};

use super::{difference, level, of, p};
use crate::visible::plain;

/// One document. A change that blocks is a failure; what could not be decided, or only warns, is skipped with the reason, since JUnit knows
/// nothing between. The first test is the verdict itself, so that an incomplete run does not look like a success.
#[must_use]
pub fn comparison_junit(comparison: &Comparison) -> String {
    let suites: Vec<Suite<'_>> = comparison
        .targets
        .iter()
        .map(|target| Suite {
            name: target.target.as_str(),
            tests: comparison
                .groups
                .iter()
                .chain(&comparison.probes)
                .filter(|change| change.target == target.target)
                .collect(),
        })
        .collect();
    let blocked = comparison.verdict == RunVerdict::Block;
    let open = comparison.verdict == RunVerdict::Inconclusive;
    let tests = 1 + suites.iter().map(|suite| suite.tests.len()).sum::<usize>();
    let failures = usize::from(blocked) + suites.iter().map(Suite::failures).sum::<usize>();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = attribute(&comparison.suite);
    let _ = writeln!(
        xml,
        "<testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\" time=\"0\">",
        u8::from(open)
    );
    let _ = writeln!(
        xml,
        "  <testsuite name=\"verdict\" tests=\"1\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"0\">",
        u8::from(blocked),
        u8::from(open)
    );
    let told = match comparison.verdict {
        RunVerdict::Block => Told::Failure,
        RunVerdict::Inconclusive => Told::Error,
        RunVerdict::Pass | RunVerdict::Warn => Told::Output,
    };
    let verdict = comparison.verdict.name();
    case(&mut xml, [&comparison.suite, "verdict"], Some((told, verdict, &comparison.reasons.join("; "))));
    xml.push_str("  </testsuite>\n");
    suites.iter().for_each(|suite| suite.write(&mut xml));
    xml.push_str("</testsuites>\n");
    xml
}

/// The document of a run that was compared with nothing: one test, which passes where the run is the baseline.
#[must_use]
pub fn uncompared_junit(uncompared: &Uncompared) -> String {
    let (name, told, errors) = match uncompared.verdict {
        UncomparedVerdict::Baseline => ("baseline", Told::Output, 0),
        UncomparedVerdict::Inconclusive => ("verdict", Told::Error, 1),
    };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"1\" failures=\"0\" errors=\"{errors}\" time=\"0\">\n  \
         <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"{errors}\" skipped=\"0\" time=\"0\">\n",
        attribute(&uncompared.suite)
    );
    let told = (told, uncompared.verdict.name(), uncompared.reason.as_str());
    case(&mut xml, [&uncompared.suite, name], Some(told));
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// How what is said of a test is to be taken.
#[derive(Clone, Copy)]
enum Told {
    Failure,
    Error,
    Skipped,
    Output,
}

/// Writes a test. What is said stands in the attribute and as text, since some readers show only the one and some only the other.
fn case(xml: &mut String, [class, name]: [&str; 2], said: Option<(Told, &str, &str)>) {
    let head =
        format!("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", attribute(class), attribute(name));
    let Some((told, kind, text)) = said else {
        let _ = writeln!(xml, "{head}/>");
        return;
    };
    let text = attribute(text);
    let inside = match told {
        Told::Failure => format!("<failure type=\"{kind}\" message=\"{text}\">{text}</failure>"),
        Told::Error => format!("<error type=\"{kind}\" message=\"{text}\">{text}</error>"),
        Told::Skipped => format!("<skipped message=\"{text}\">{text}</skipped>"),
        Told::Output => format!("<system-out>{kind}: {text}</system-out>"),
    };
    let _ = writeln!(xml, "{head}>\n      {inside}\n    </testcase>");
}

struct Suite<'a> {
    name: &'a str,
    tests: Vec<&'a Change>,
}

impl Suite<'_> {
    fn failures(&self) -> usize {
        self.tests.iter().filter(|change| outcome(change) == Outcome::Failed).count()
    }

    fn write(&self, xml: &mut String) {
        let skipped = self.tests.iter().filter(|change| outcome(change) == Outcome::Skipped).count();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\">",
            attribute(self.name),
            self.tests.len(),
            self.failures()
        );
        for change in &self.tests {
            let place = format!("{}.{}", self.name, change.group.as_deref().unwrap_or("ungrouped"));
            let name = format!("{}: {}", of(change), change.measure.name());
            let numbers = format!(
                "{}: {} to {}, difference {}, margin {:.3}, adjusted p {}",
                change.finding.name(),
                level(change, change.base),
                level(change, change.run),
                difference(&change.difference),
                change.margin,
                p(change.p_adjusted)
            );
            let said = match outcome(change) {
                Outcome::Passed => None,
                Outcome::Failed => Some((Told::Failure, "changed", numbers.as_str())),
                Outcome::Skipped => Some((Told::Skipped, "", numbers.as_str())),
            };
            case(xml, [&place, &name], said);
        }
        xml.push_str("  </testsuite>\n");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

fn outcome(change: &Change) -> Outcome {
    match change.finding {
        Finding::Changed if change.must_not_be() => Outcome::Failed,
        Finding::Changed | Finding::Undecided => Outcome::Skipped,
        Finding::Slight | Finding::Same => Outcome::Passed,
    }
}

/// Text that is safe inside of an attribute and of an element. Characters that XML 1.0 does not know at all are named by `plain`, or dropped.
pub(super) fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in plain(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
