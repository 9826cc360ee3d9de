//! Adaptive rounds: probes whose intervals are not narrow enough are asked on, up to the next look.
//!
//! What the next round asks is a pure function of the manifest, the rounds and the results of their jobs, and a round is written once. So
//! it does not matter who leads, how often that changes, and whether two do at once: the first round that is written stands.

use std::fmt;

use antiphon_core::plan::Plan;
use antiphon_core::{Growth, OBJECT_FORMAT, Outcome, ProbeId, Round, RoundKind, Seen, TargetId, Until};
use antiphon_store::Store;
use futures::future::BoxFuture;

use crate::{CoordinatorError, Opened};

/// What a gauge failed by.
pub type GaugeError = Box<dyn std::error::Error + Send + Sync>;

/// Whoever says how wide intervals are, and what is a refusal. Answers become numbers elsewhere; who puts the roles together brings the two together.
pub trait Gauge: fmt::Debug + Send + Sync {
    /// The widest interval of agreement between users of each of these probes of a target, over its turns and languages, from all that is
    /// stored. Left out are probes of which nothing was answered that could be compared.
    fn widest<'a>(
        &'a self,
        opened: &'a Opened,
        target: &'a TargetId,
        probes: &'a [ProbeId],
    ) -> BoxFuture<'a, Result<Vec<(ProbeId, Seen)>, GaugeError>>;

    /// Whether a text with that outcome refuses, as far as can be told, in answer to somebody who asks in `language`.
    fn refuses(&self, language: &str, outcome: &Outcome, text: &str) -> bool;
}

/// Writes the round that comes next, if any probe is not narrow enough and may be asked on, and gives all rounds there are then. To be called when
/// every job of the rounds so far has ended.
pub(crate) async fn next_round(
    store: &Store,
    gauge: &dyn Gauge,
    opened: &Opened,
) -> Result<Option<Vec<Round>>, CoordinatorError> {
    let growths = wanted(gauge, opened).await?;
    if growths.is_empty() {
        return Ok(None);
    }
    let number = u32::try_from(opened.rounds.len()).expect("a run has few rounds");
    tracing::info!(run = %opened.manifest.run, round = number, probes = growths.len(), "asking on");
    // If another was written first, that one is worked on, whatever it is.
    let round = Round { format: OBJECT_FORMAT, number, kind: RoundKind::Adaptive(growths) };
    store.put_round(&opened.manifest.run, &round).await?;
    Ok(Some(store.rounds(&opened.manifest.run).await?))
}

/// Whether a run of which every job has ended would be asked on.
pub(crate) async fn goes_on(gauge: &dyn Gauge, opened: &Opened) -> Result<bool, CoordinatorError> {
    Ok(!wanted(gauge, opened).await?.is_empty())
}

async fn wanted(gauge: &dyn Gauge, opened: &Opened) -> Result<Vec<Growth>, CoordinatorError> {
    let Some(until) = &opened.manifest.until else { return Ok(Vec::new()) };
    let plan = Plan::new(&opened.manifest, &opened.rounds);
    let mut growths = Vec::new();
    for target in &opened.manifest.targets {
        for block in 0..plan.blocks() {
            let open: Vec<(ProbeId, u32)> = plan
                .block_probes(block)
                .filter(|(_, probe)| is_undecided(&opened.rounds, &target.id, &probe.id))
                .filter_map(|(place, probe)| {
                    Some((probe.id.clone(), next_look(&plan, until, &target.id, place)?))
                })
                .collect();
            if open.is_empty() {
                continue;
            }
            let probes: Vec<ProbeId> = open.iter().map(|(probe, _)| probe.clone()).collect();
            let measured =
                gauge.widest(opened, &target.id, &probes).await.map_err(CoordinatorError::Gauge)?;
            for (probe, look) in open {
                let Some((_, seen)) = measured.iter().find(|(of, _)| *of == probe) else { continue };
                if !seen.half_width().is_some_and(|half| half <= until.half_width) {
                    let (target, seen, to) =
                        (target.id.clone(), Some(seen.clone()), until.looks[look as usize]);
                    growths.push(Growth { target, probe, to, look, seen });
                }
            }
        }
    }
    growths.sort_by(|a, b| (&a.target, &a.probe).cmp(&(&b.target, &b.probe)));
    Ok(growths)
}

/// Whether it may have changed since the last adaptive round if a probe is narrow enough: that round asked on all that were not.
fn is_undecided(rounds: &[Round], target: &TargetId, probe: &ProbeId) -> bool {
    match rounds.last().map(|round| &round.kind) {
        Some(kind @ RoundKind::Adaptive(_)) => kind.reach(target, probe).is_some(),
        _ => true,
    }
}

/// The look after the last one that a probe has come to; `None` if that was the last, or if somebody wants less of it than the first.
fn next_look(plan: &Plan<'_>, until: &Until, target: &TargetId, probe: usize) -> Option<u32> {
    let reached = until.reached(|look| plan.covers(target, probe, look))?;
    (reached + 1 < until.looks.len()).then(|| u32::try_from(reached + 1).expect("few looks"))
}
