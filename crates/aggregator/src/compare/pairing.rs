//! What two runs have in common: targets by what is asked of whom, probes by their questions, users by all that makes them. What they do
//! not have in common is said.

use std::collections::{BTreeMap, HashMap};

use antiphon_core::{Manifest, ProbeKind, Target};

use crate::read_block::Places;

/// What is compared with what; places are those in the manifests.
pub(crate) struct Pairing {
    /// Place in the run, place in the base, and what differs in the requests.
    pub(crate) targets: Vec<PairedTarget>,
    /// Place in the run → place in the base.
    pub(crate) probes: BTreeMap<usize, usize>,
    /// Users on both sides.
    pub(crate) users: usize,
    /// Where the samples of each run belong: places in the *run*, so that both are read alike. What has no counterpart is left out.
    pub(crate) base_places: Places,
    pub(crate) run_places: Places,
    /// What is not compared, and why.
    pub(crate) not_compared: Vec<String>,
}

/// A target on both sides.
pub(crate) struct PairedTarget {
    pub(crate) run: usize,
    pub(crate) base: usize,
    pub(crate) asked_otherwise: Vec<String>,
}

/// Names that are listed where many are left out.
const NAMED: usize = 5;

impl Pairing {
    pub(crate) fn of(base: &Manifest, run: &Manifest) -> Self {
        let mut not_compared = Vec::new();
        let targets = targets(base, run, &mut not_compared);
        let probes = probes(base, run, &mut not_compared);
        let users = users(base, run, &mut not_compared);
        let probe_ids = |of: fn((&usize, &usize)) -> usize, manifest: &Manifest| {
            probes
                .iter()
                .map(|pair| (manifest.probes[of(pair)].id.clone(), *pair.0))
                .collect::<HashMap<_, _>>()
        };
        let user_ids: HashMap<_, _> =
            users.iter().map(|place| (run.users.users[*place].id.clone(), *place)).collect();
        Self {
            targets,
            users: users.len(),
            base_places: Places { probes: probe_ids(|pair| *pair.1, base), users: user_ids.clone() },
            run_places: Places { probes: probe_ids(|pair| *pair.0, run), users: user_ids },
            probes,
            not_compared,
        }
    }
}

/// Those that are asked by the same requests; else those of the same name, with what differs.
fn targets(base: &Manifest, run: &Manifest, not_compared: &mut Vec<String>) -> Vec<PairedTarget> {
    let mut left: Vec<usize> = (0..base.targets.len()).collect();
    let mut paired = Vec::new();
    let mut take = |run: usize, wanted: &dyn Fn(&Target) -> bool| {
        let at = left.iter().position(|place| wanted(&base.targets[*place]))?;
        Some((run, left.remove(at)))
    };
    let mut later = Vec::new();
    for (place, target) in run.targets.iter().enumerate() {
        let same = |other: &Target| differs(other, target).is_empty();
        // Of several that are asked alike the one of the same name.
        match take(place, &|other| same(other) && other.id == target.id).or_else(|| take(place, &same)) {
            Some(found) => paired.push(found),
            None => later.push(place),
        }
    }
    for place in later {
        match take(place, &|other| other.id == run.targets[place].id) {
            Some(found) => paired.push(found),
            None => not_compared.push(format!("target {}: the base has none like it", run.targets[place].id)),
        }
    }
    not_compared
        .extend(left.iter().map(|place| format!("target {}: only in the base", base.targets[*place].id)));
    paired.sort_unstable();
    let pair = |(run_place, base_place): (usize, usize)| PairedTarget {
        run: run_place,
        base: base_place,
        asked_otherwise: differs(&base.targets[base_place], &run.targets[run_place]),
    };
    paired.into_iter().map(pair).collect()
}

/// What differs in the effective requests, in words.
fn differs(base: &Target, run: &Target) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |what: &str, base: String, run: String| {
        if base != run {
            found.push(format!("{what} {run} instead of {base}"));
        }
    };
    note("model", base.model.clone(), run.model.clone());
    note("provider", format!("{:?}", base.provider), format!("{:?}", run.provider));
    note("dialect", format!("{:?}", base.dialect), format!("{:?}", run.dialect));
    let (of_base, of_run) = (&base.parameters, &run.parameters);
    let number = |value: Option<f64>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    note("temperature", number(of_base.temperature), number(of_run.temperature));
    note("top_p", number(of_base.top_p), number(of_run.top_p));
    note("top_k", format!("{:?}", of_base.top_k), format!("{:?}", of_run.top_k));
    note("max_tokens", of_base.max_tokens.to_string(), of_run.max_tokens.to_string());
    note("seed", format!("{:?}", of_base.seed), format!("{:?}", of_run.seed));
    note("stop", format!("{:?}", of_base.stop), format!("{:?}", of_run.stop));
    found
}

fn probes(base: &Manifest, run: &Manifest, not_compared: &mut Vec<String>) -> BTreeMap<usize, usize> {
    let of_base: HashMap<_, _> =
        base.probes.iter().enumerate().map(|(place, probe)| (&probe.id, (place, probe))).collect();
    let (mut found, mut new, mut changed, mut chains) = (BTreeMap::new(), vec![], vec![], vec![]);
    for (place, probe) in run.probes.iter().enumerate() {
        match of_base.get(&probe.id) {
            _ if matches!(probe.kind, ProbeKind::Extract(_)) => chains.push(probe.id.as_str()),
            None => new.push(probe.id.as_str()),
            Some((_, other)) if other.wordings != probe.wordings || other.kind != probe.kind => {
                changed.push(probe.id.as_str());
            }
            Some((other, _)) => {
                found.insert(place, *other);
            }
        }
    }
    let in_run: std::collections::HashSet<_> = run.probes.iter().map(|probe| &probe.id).collect();
    let gone: Vec<&str> = (base.probes.iter())
        .filter(|probe| !in_run.contains(&probe.id))
        .map(|probe| probe.id.as_str())
        .collect();
    say(not_compared, "probes", &new, "the base does not have them");
    say(not_compared, "probes", &gone, "only in the base");
    say(not_compared, "probes", &changed, "they ask something else than in the base");
    say(not_compared, "probes", &chains, "texts that are grown are not compared between runs");
    found
}

/// Users with the same id whose texts are the same; their places in the run.
fn users(base: &Manifest, run: &Manifest, not_compared: &mut Vec<String>) -> Vec<usize> {
    let of_base: HashMap<_, _> = base.users.users.iter().map(|user| (&user.id, user)).collect();
    let (mut found, mut new, mut changed) = (vec![], vec![], vec![]);
    for (place, user) in run.users.users.iter().enumerate() {
        match of_base.get(&user.id) {
            None => new.push(user.id.as_str()),
            Some(other)
                if (&other.language, &other.system, &other.persona, &other.wording)
                    == (&user.language, &user.system, &user.persona, &user.wording) =>
            {
                found.push(place);
            }
            Some(_) => changed.push(user.id.as_str()),
        }
    }
    let gone = base.users.users.len() - found.len() - changed.len();
    say(not_compared, "users", &new, "the base does not have them");
    say(not_compared, "users", &changed, "they are others than in the base, though named alike");
    if gone > 0 {
        not_compared.push(format!("{gone} {}: only in the base", if gone == 1 { "user" } else { "users" }));
    }
    found
}

fn say(not_compared: &mut Vec<String>, what: &str, names: &[&str], why: &str) {
    if names.is_empty() {
        return;
    }
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    let shown = names[..names.len().min(NAMED)].join(", ");
    not_compared.push(format!("{what} {shown}{more}: {why}"));
}
