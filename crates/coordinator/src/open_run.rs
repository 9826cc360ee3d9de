//! Opens a run: writes its manifest and the round that brings it to what is wanted, or finds that nothing is missing.

use antiphon_core::plan::Plan;
use antiphon_core::{
    MOST_SAMPLES, Manifest, OBJECT_FORMAT, ProbeId, Round, RoundKind, RunId, Selection, TargetId, instead,
};
use antiphon_store::{Put, Store};

use crate::CoordinatorError;

/// What the user wants to be asked; absent means all that the suite says.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only these probes or targets.
    pub only: Vec<String>,
    /// At most so many probes, from the first.
    pub limit: Option<u32>,
    /// So many sessions of each user.
    pub sessions: Option<u32>,
    /// At most so many users, from the first.
    pub users: Option<u32>,
}

impl Wanted {
    /// Whether this asks for a part of the suite on purpose.
    fn is_narrowed(&self) -> bool {
        !self.only.is_empty() || self.limit.is_some() || self.users.is_some()
    }
}

/// A run, ready to be worked on.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its manifest as it stands in the store.
    pub manifest: Manifest,
    /// Its rounds.
    pub rounds: Vec<Round>,
    /// Whether it was there before.
    pub resumed: bool,
}

/// Writes the manifest if the run is new, checks that it asks the same if it is not, and adds a round if more is wanted.
///
/// # Errors
/// If the run asks something else or is cancelled, or nothing is selected.
pub async fn open_run(
    store: &Store,
    suite_text: &str,
    manifest: Manifest,
    wanted: &Wanted,
) -> Result<Opened, CoordinatorError> {
    let selection = select(&manifest, wanted)?;
    let run = manifest.run.clone();
    refuse_cancelled(store, &run).await?;
    store.put_suite(&manifest.suite_hash, suite_text.to_owned()).await?;
    let resumed = store.put_manifest(&manifest).await? == Put::Exists;
    let manifest = if resumed {
        let stored = stored_manifest(store, &run).await?;
        refuse_imported(&stored)?;
        if stored.identity != manifest.identity {
            return Err(CoordinatorError::AnotherSuite { run });
        }
        // Budgets and limits may be changed between two starts; what is asked of whom may not.
        Manifest { budget_dollars: manifest.budget_dollars, limits: manifest.limits, ..stored }
    } else {
        manifest
    };
    let mut rounds = store.rounds(&run).await?;
    let plan = Plan::new(&manifest, &rounds);
    refuse_wider_chains(&plan, &selection)?;
    if wanted.is_narrowed() && !plan.would_grow(&selection) && plan.samples() > selection.samples(&manifest) {
        return Err(CoordinatorError::WiderAlready { run, planned: plan.samples() });
    }
    // Another round may be written first, by whoever works on the run or extends it as well; then this one comes after it.
    while Plan::new(&manifest, &rounds).would_grow(&selection) {
        let number = u32::try_from(rounds.len()).expect("a run has few rounds");
        let selection = selection.clone();
        let kind =
            if rounds.is_empty() { RoundKind::Base(selection) } else { RoundKind::Extension(selection) };
        store.put_round(&run, &Round { format: OBJECT_FORMAT, number, kind }).await?;
        rounds = store.rounds(&run).await?;
    }
    Ok(Opened { manifest, rounds, resumed })
}

/// Refuses to ask chains by more users or sessions than they began with: what they grew came from those.
fn refuse_wider_chains(plan: &Plan<'_>, selection: &Selection) -> Result<(), CoordinatorError> {
    let Selection { users, sessions, .. } = *selection;
    let each = plan.manifest().sampling.sessions;
    let chosen = plan.manifest().probes.iter().filter(|probe| {
        probe.chain().is_some() && selection.probes.as_ref().is_none_or(|probes| probes.contains(&probe.id))
    });
    for probe in chosen {
        let begun = selection.targets.iter().filter_map(|target| plan.begun(target, probe));
        let first = begun.map(|reach| reach.users).min().unwrap_or(users);
        if sessions != each || users > first {
            let probe = probe.id.clone();
            return Err(CoordinatorError::WiderChain { probe, users: first, sessions: each });
        }
    }
    Ok(())
}

/// Refuses to call anybody for a run whose answers were imported.
pub(crate) fn refuse_imported(manifest: &Manifest) -> Result<(), CoordinatorError> {
    match manifest.imported {
        None => Ok(()),
        Some(_) => Err(CoordinatorError::Imported { run: manifest.run.clone() }),
    }
}

/// Refuses to go on with a run that is cancelled.
pub(crate) async fn refuse_cancelled(store: &Store, run: &RunId) -> Result<(), CoordinatorError> {
    match store.get_cancelled(run).await? {
        None => Ok(()),
        Some(mark) => Err(CoordinatorError::Cancelled { run: run.clone(), reason: mark.reason }),
    }
}

/// The manifest of a run that must exist.
pub(crate) async fn stored_manifest(store: &Store, run: &RunId) -> Result<Manifest, CoordinatorError> {
    if let Some(manifest) = store.get_manifest(run).await? {
        return Ok(manifest);
    }
    let runs = store.runs().await?;
    let hint = format!("; {}", instead(run.as_str(), runs.iter().map(RunId::as_str)));
    Err(CoordinatorError::NoRun { run: run.clone(), hint })
}

/// The same, with budget and limits as they were submitted last, where it was.
pub(crate) async fn present_manifest(store: &Store, run: &RunId) -> Result<Manifest, CoordinatorError> {
    let manifest = stored_manifest(store, run).await?;
    Ok(match store.submissions(run).await?.last() {
        Some(newest) => newest.amend(manifest),
        None => manifest,
    })
}

fn select(manifest: &Manifest, wanted: &Wanted) -> Result<Selection, CoordinatorError> {
    let nothing = |message: String| Err(CoordinatorError::NothingSelected(message));
    if let Some((name, _)) =
        [("--limit", wanted.limit), ("--sessions", wanted.sessions), ("--users", wanted.users)]
            .into_iter()
            .find(|(_, value)| *value == Some(0))
    {
        return nothing(format!("{name} 0 asks nothing; use 1 or more"));
    }
    let mut targets: Vec<TargetId> = Vec::new();
    let mut probes: Vec<ProbeId> = Vec::new();
    for name in &wanted.only {
        let group = |probe: &antiphon_core::Probe| probe.group.as_deref() == Some(name);
        let chosen_targets = manifest.targets.iter().filter(|target| target.id.as_str() == name);
        let chosen_probes = manifest.probes.iter().filter(|probe| probe.id.as_str() == name || group(probe));
        let before = targets.len() + probes.len();
        targets.extend(chosen_targets.map(|target| target.id.clone()));
        probes.extend(chosen_probes.map(|probe| probe.id.clone()));
        if targets.len() + probes.len() == before {
            let known = manifest
                .targets
                .iter()
                .map(|target| target.id.as_str())
                .chain(manifest.probes.iter().map(|probe| probe.id.as_str()));
            let hint = instead(name, known);
            return nothing(format!("--only {name}: no target, probe or group has that name; {hint}"));
        }
    }
    let all = manifest.probes.iter().map(|probe| &probe.id);
    let limit = wanted.limit.unwrap_or(u32::MAX) as usize;
    let chosen: Vec<ProbeId> =
        all.filter(|id| probes.is_empty() || probes.contains(id)).take(limit).cloned().collect();
    if targets.is_empty() {
        targets = manifest.targets.iter().map(|target| target.id.clone()).collect();
    }
    let all = u32::try_from(manifest.users.users.len()).expect("at most a million users");
    let base = manifest.base();
    let selection = Selection {
        targets,
        probes: (chosen.len() < manifest.probes.len()).then_some(chosen),
        users: wanted.users.unwrap_or(base.users).min(all),
        sessions: wanted.sessions.unwrap_or(base.sessions),
    };
    match selection.samples(manifest) {
        samples if samples > MOST_SAMPLES => Err(CoordinatorError::TooMuch { samples }),
        _ => Ok(selection),
    }
}
