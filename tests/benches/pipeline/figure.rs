//! Figures: shown as a table, written as JSON.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

/// One measured figure.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) compared_with: String,
    pub(crate) target: Target,
}

/// What the figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("<= {most}"),
            Self::AtLeast(least) => format!(">= {least}"),
        }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    value: f64,
    unit: &'a str,
    compared_with: &'a str,
    date: &'a str,
    machine: &'a str,
}

/// Prints the table.
pub(crate) fn show(figures: &[Figure]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<26} {:>8}  {:<8} {:<10} {:<4} compared with",
        "name", "value", "unit", "target", "ok?"
    )?;
    for Figure { name, value, unit, compared_with, target } in figures {
        let ok = if target.holds(*value) { "yes" } else { "NO" };
        writeln!(out, "{name:<26} {value:>8.3}  {unit:<8} {:<10} {ok:<4} {compared_with}", target.text())?;
    }
    Ok(())
}

/// Writes name → figure.
pub(crate) fn write_json(figures: &[Figure], to: &Path) -> anyhow::Result<()> {
    let (date, machine) = (jiff::Timestamp::now().to_string(), machine()?);
    let entry = |figure: &'static str, value, unit, compared_with| {
        (figure, Entry { value, unit, compared_with, date: &date, machine: &machine })
    };
    let entries: BTreeMap<&str, Entry<'_>> = figures
        .iter()
        .map(|figure| entry(figure.name, figure.value, figure.unit, &figure.compared_with))
        .collect();
    std::fs::write(to, serde_json::to_string_pretty(&entries)? + "\n")?;
    Ok(())
}

/// Processor, cores and kernel.
fn machine() -> anyhow::Result<String> {
    let processors = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let cores = std::thread::available_parallelism()?;
    Ok(format!("{cores} cores of {}, Linux {}", model.map_or("unknown", |(_, name)| name), kernel.trim()))
}
