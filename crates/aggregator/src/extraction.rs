//! What chains came to: read from the records of their steps, which are functions of the answers.

mod converged;
mod fresh;
mod held;

use std::collections::BTreeMap;

use antiphon_core::certificate::Certificate;
use antiphon_core::summary::{Convergence, ExtractedStep, Extraction, Regrown, Summary};
use antiphon_core::{Chain, ChainEnd, Grown, Probe, ProbeId, Target, TargetId};
use futures::{StreamExt, TryStreamExt, stream};

use crate::AggregatorError;
use crate::block::OpenRun;

/// Chains that are read at a time.
const READERS: usize = 16;

/// Fills in what the chains of a run came to, those that have begun in the order of the manifest: probe by probe, target by target.
/// `asks_each` as for [`OpenRun::inputs`].
pub(crate) async fn tell(
    run: &OpenRun,
    summary: Summary,
    asks_each: bool,
) -> Result<Summary, AggregatorError> {
    let mut extractions = read(run, &summary).await?;
    let regrown: Vec<Regrown> = held::hold(&mut extractions, &run.manifest.documents);
    let convergence: Vec<Convergence> = held::converge(&extractions);
    let converged = match run.manifest.scoring.convergence {
        Some(rules) => converged::all(run, rules, &extractions, &fresh::answers(run, asks_each).await?),
        None => Vec::new(),
    };
    Ok(Summary { extractions, regrown, convergence, converged, ..summary })
}

async fn read(run: &OpenRun, summary: &Summary) -> Result<Vec<Extraction>, AggregatorError> {
    let plan = run.plan();
    let cells: BTreeMap<(&TargetId, &ProbeId), &Certificate> =
        summary.cells.iter().map(|cell| ((&cell.target, &cell.probe), &cell.certificate)).collect();
    let mut begun: Vec<(&Target, &Probe, &Chain)> = Vec::new();
    for probe in &run.manifest.probes {
        let Some(chain) = probe.chain() else { continue };
        let asked = run.manifest.targets.iter().filter(|target| plan.begun(&target.id, probe).is_some());
        begun.extend(asked.map(|target| (target, probe, chain)));
    }
    stream::iter(begun)
        .map(|(target, probe, chain)| {
            let certificate = cells.get(&(&target.id, &probe.id));
            let has_all = certificate.is_some_and(|certificate| certificate.cancelled == 0);
            let last = plan.last_step(&target.id, probe).unwrap_or(0);
            async move {
                let grown = run.store.grown(&run.manifest.run, &target.id, &probe.id).await?;
                Ok(extraction((target, probe, chain), grown, last, has_all))
            }
        })
        .buffered(READERS)
        .try_collect()
        .await
}

/// `last` is the last step that was asked, and `has_all` whether nothing of it is left to ask.
fn extraction(
    (target, probe, chain): (&Target, &Probe, &Chain),
    grown: Vec<Grown>,
    last: u32,
    has_all: bool,
) -> Extraction {
    let is_written = grown.last().is_some_and(|grown| grown.step >= last);
    let end = match grown.last().and_then(|grown| grown.end) {
        Some(end) => end,
        None if !is_written && has_all => ChainEnd::Failed,
        None => ChainEnd::Unfinished,
    };
    Extraction {
        target: target.id.clone(),
        probe: probe.id.clone(),
        group: probe.group.clone(),
        seed: chain.seed.clone(),
        opening: chain.opening.clone(),
        prefill: chain.prefill,
        invented: chain.invented,
        grow: chain.grow,
        document: chain.document.clone(),
        steps: grown
            .into_iter()
            .map(|grown| ExtractedStep { most: grown.most, chunk: grown.chunk })
            .collect(),
        end,
        held: None,
    }
}
