//! The newest results of each suite, as metrics. docs/metrics.md has the list.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::summary::{Cell, Estimate, Summary};
use antiphon_core::{Change, Comparison, Finding, RunVerdict, TargetId};
use prometheus::{GaugeVec, Registry, opts, proto::MetricFamily};

use crate::catalogue::{Catalogue, Newest, Suite};

/// Pairs of target and group that are shown of a suite: with all that is said of each, some 1,500 series.
const GROUPS: usize = 80;
/// The group of probes without one.
const NONE: &str = "none";

const OF_SUITE: [&str; 1] = ["suite"];
const OF_TARGET: [&str; 2] = ["suite", "target"];
const OF_GROUP: [&str; 3] = ["suite", "target", "group"];
const OF_CHANGE: [&str; 4] = ["suite", "target", "group", "measure"];

/// A pair of target and group.
type Group<'a> = (&'a TargetId, &'a str);

/// All metrics of one look, made anew each time, so that nothing of an earlier one is left.
struct Results {
    registry: Registry,
    agreement: [GaugeVec; 3],
    refused: GaugeVec,
    failed: GaugeVec,
    completeness: GaugeVec,
    samples: GaugeVec,
    dollars: GaugeVec,
    last_call: GaugeVec,
    last_success: GaugeVec,
    verdict: GaugeVec,
    change: [GaugeVec; 3],
    changed: GaugeVec,
    alarms: GaugeVec,
    provider: GaugeVec,
}

/// What is shown of what was found.
///
/// # Errors
/// If the library refuses a metric, which only another version of it could.
pub(crate) fn results(found: &Catalogue) -> Result<Vec<MetricFamily>, prometheus::Error> {
    let results = Results::new()?;
    let groups_left_out = found.suites.iter().map(|(name, suite)| results.tell(name, suite)).sum();
    let gauge = results.gauges("antiphon_viewer_left_out", "What there is and is not shown.", &["what"])?;
    for (what, count) in [("suites", found.suites_left_out), ("groups", groups_left_out)] {
        gauge.with_label_values(&[what]).set(number(count as u64));
    }
    Ok(results.registry.gather())
}

impl Results {
    fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let gauges = |name: &str, help: &str, labels: &[&str]| gauges(&registry, name, help, labels);
        let of_group = |name: &str, help: &str| gauges(name, help, &OF_GROUP);
        let of_suite = |name: &str, help: &str| gauges(name, help, &OF_SUITE);
        let of_change = |name: &str, help: &str| gauges(name, help, &OF_CHANGE);
        Ok(Self {
            agreement: [
                of_group(
                    "antiphon_result_agreement_ratio",
                    "Agreement between users, the mean over the group's probes.",
                )?,
                of_group("antiphon_result_agreement_low_ratio", "Lower end of its 95 % interval.")?,
                of_group("antiphon_result_agreement_high_ratio", "Upper end of its 95 % interval.")?,
            ],
            refused: of_group(
                "antiphon_result_refused_ratio",
                "Share of answers that refuse, the mean over probes.",
            )?,
            failed: gauges(
                "antiphon_result_failed_ratio",
                "Share of planned samples that failed.",
                &OF_TARGET,
            )?,
            completeness: of_suite(
                "antiphon_result_completeness_ratio",
                "Share of planned samples with a final record.",
            )?,
            samples: of_suite("antiphon_result_samples", "Samples of the run.")?,
            dollars: of_suite(
                "antiphon_result_cost_dollars",
                "What the run's calls cost, where there are prices.",
            )?,
            last_call: of_suite(
                "antiphon_result_last_call_timestamp_seconds",
                "When the run's last call began.",
            )?,
            last_success: of_suite(
                "antiphon_result_last_success_timestamp_seconds",
                "When the last call of the suite's newest complete run began.",
            )?,
            verdict: gauges("antiphon_result_verdict", "1 for the night's verdict.", &["suite", "verdict"])?,
            change: [
                of_change("antiphon_result_change", "The run minus its baseline.")?,
                of_change("antiphon_result_change_low", "Lower end of its 95 % interval.")?,
                of_change("antiphon_result_change_high", "Upper end of its 95 % interval.")?,
            ],
            changed: gauges(
                "antiphon_result_changed_probes",
                "Probes of which a measure changed by more than the margin.",
                &OF_TARGET,
            )?,
            alarms: gauges(
                "antiphon_result_drift_alarms",
                "Measures of groups that have changed by all nights since the baseline, and are still beyond the margin.",
                &OF_TARGET,
            )?,
            provider: gauges(
                "antiphon_result_provider_drift",
                "1 if the provider says that another model or version answers than in the baseline.",
                &OF_TARGET,
            )?,
            registry,
        })
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        gauges(&self.registry, name, help, labels)
    }

    /// Shows a suite; gives how many groups are left out.
    fn tell(&self, name: &str, suite: &Suite) -> usize {
        set(&self.last_success, &[name], suite.last_success_ms.map(seconds));
        let Some(newest) = &suite.newest else { return 0 };
        let Newest { summary, operations, comparison, .. } = &**newest;
        let groups = groups(summary);
        let shown: BTreeSet<Group<'_>> = groups.iter().copied().take(GROUPS).collect();
        self.tell_run(name, summary);
        self.tell_agreement(name, summary, &shown);
        set(&self.dollars, &[name], operations.dollars);
        set(&self.last_call, &[name], operations.last_call_ms.map(seconds));
        if let Some(comparison) = comparison {
            self.tell_comparison(name, comparison, &shown);
            self.tell_alarms(name, newest, comparison);
        }
        groups.len() - shown.len()
    }

    fn tell_run(&self, name: &str, summary: &Summary) {
        let total = &summary.completeness.total;
        let ended = total.behaviour() + total.unsupported + total.ended;
        set(&self.completeness, &[name], ratio(ended, total.planned));
        set(&self.samples, &[name], Some(number(total.recorded())));
        for (target, of) in &summary.completeness.targets {
            set(&self.failed, &[name, target.as_str()], ratio(of.failed_total(), of.planned));
        }
    }

    fn tell_agreement(&self, name: &str, summary: &Summary, shown: &BTreeSet<Group<'_>>) {
        for found in &summary.groups {
            let group = group_name(found.group.as_deref());
            if shown.contains(&(&found.target, group)) {
                set_all(&self.agreement, &[name, found.target.as_str(), group], &found.agreement);
            }
        }
        let mut refused: BTreeMap<Group<'_>, Vec<f64>> = BTreeMap::new();
        for cell in summary.cells.iter().filter(|cell| cell.turn + 1 == cell.turns) {
            let rate = cell.rates.refused_by_rule.as_ref().unwrap_or(&cell.rates.refused).value;
            refused.entry(group_of(cell)).or_default().extend(rate);
        }
        for (group, rates) in
            refused.into_iter().filter(|(group, rates)| shown.contains(group) && !rates.is_empty())
        {
            let mean = rates.iter().sum::<f64>() / number(rates.len() as u64);
            set(&self.refused, &[name, group.0.as_str(), group.1], Some(mean));
        }
    }

    fn tell_comparison(&self, name: &str, comparison: &Comparison, shown: &BTreeSet<Group<'_>>) {
        for verdict in [RunVerdict::Pass, RunVerdict::Warn, RunVerdict::Block, RunVerdict::Inconclusive] {
            let is_it = f64::from(u8::from(comparison.verdict == verdict));
            set(&self.verdict, &[name, verdict.name()], Some(is_it));
        }
        let of_all = |change: &&Change| change.users_with.is_none() && change.language.is_none();
        for change in comparison.groups.iter().filter(of_all) {
            let group = group_name(change.group.as_deref());
            if shown.contains(&(&change.target, group)) {
                let labels = [name, change.target.as_str(), group, change.measure.name()];
                set_all(&self.change, &labels, &change.difference);
            }
        }
        for target in &comparison.targets {
            let id = &target.target;
            let changed: BTreeSet<_> = (comparison.probes.iter())
                .filter(|change| &change.target == id && change.finding == Finding::Changed)
                .filter_map(|change| change.probe.as_ref())
                .collect();
            set(&self.changed, &[name, id.as_str()], Some(number(changed.len() as u64)));
            let drift = f64::from(u8::from(!target.provider_drift.is_empty()));
            set(&self.provider, &[name, id.as_str()], Some(drift));
        }
    }

    fn tell_alarms(&self, name: &str, newest: &Newest, comparison: &Comparison) {
        let Some(history) = &newest.history else { return };
        for target in &comparison.targets {
            let of_target = history.series.iter().filter(|series| series.target == target.target);
            // One bad night raises an alarm for the season; what is shown is what is still so.
            let alarms = of_target.filter(|series| series.is_alarmed_beyond_margin()).count();
            set(&self.alarms, &[name, target.target.as_str()], Some(number(alarms as u64)));
        }
    }
}

/// In the order of the suite, target by target.
fn groups(summary: &Summary) -> Vec<Group<'_>> {
    let mut seen = BTreeSet::new();
    summary.cells.iter().map(group_of).filter(|group| seen.insert(*group)).collect()
}

/// Probes without a group are one of their own, and not that which somebody calls so.
fn group_name(group: Option<&str>) -> &str {
    match group {
        None => NONE,
        Some(NONE) => "'none'",
        Some(group) => group,
    }
}

fn group_of(cell: &Cell) -> Group<'_> {
    (&cell.target, group_name(cell.group.as_deref()))
}

fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<GaugeVec, prometheus::Error> {
    let gauges = GaugeVec::new(opts!(name, help), labels)?;
    registry.register(Box::new(gauges.clone()))?;
    Ok(gauges)
}

/// What is undefined is absent.
fn set(gauges: &GaugeVec, labels: &[&str], value: Option<f64>) {
    if let Some(value) = value {
        gauges.with_label_values(labels).set(value);
    }
}

fn set_all([value, low, high]: &[GaugeVec; 3], labels: &[&str], estimate: &Estimate) {
    set(value, labels, estimate.value);
    set(low, labels, estimate.low);
    set(high, labels, estimate.high);
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| number(part) / number(whole))
}

fn seconds(ms: u64) -> f64 {
    number(ms) / 1e3
}

#[expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}
