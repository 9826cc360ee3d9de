//! The plan covers every session exactly once, whatever the rounds.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::suite::Suite;
use crate::{Assets, Card, CatalogueTarget, Growth, Provider, TargetCatalogue, resolve};

fn manifest(targets: usize, probes: usize, users: u32, sessions: u32) -> Manifest {
    let mut yaml = format!(
        "version: 1\nname: t\nsampling: {{sessions: {sessions}}}\nusers: {{draw: {users}}}\ntargets:\n"
    );
    let mut catalogue = TargetCatalogue::default();
    for target in 0..targets {
        yaml += &format!("  - alias: t{target}\n");
        catalogue.targets.insert(
            format!("t{target}"),
            CatalogueTarget {
                provider: Provider::Openai,
                provider_name: "house".into(),
                dialect: None,
                model: "m".into(),
                card: Card::default(),
                price: None,
                pool: "p".parse().unwrap(),
            },
        );
    }
    yaml += "probes:\n";
    for probe in 0..probes {
        yaml += &format!("  - {{id: q{probe}, prompt: hi}}\n");
    }
    let suite = Suite::parse(&yaml).unwrap();
    resolve(&yaml, &suite, &catalogue, &Assets::default(), None).unwrap().manifest
}

fn base(manifest: &Manifest, users: u32, sessions: u32) -> Selection {
    Selection {
        targets: manifest.targets.iter().map(|t| t.id.clone()).collect(),
        probes: None,
        users,
        sessions,
    }
}

fn round(number: u32, kind: RoundKind) -> Round {
    Round { format: OBJECT_FORMAT, number, kind }
}

/// How often each (target, probe, user, session) stands in the jobs of all rounds.
fn asked(plan: &Plan<'_>) -> BTreeMap<(String, String, String, u32), u32> {
    let mut asked = BTreeMap::new();
    for round in plan.rounds {
        for job in plan.jobs(round) {
            let sessions = plan.sessions(&job);
            // About 50: even parts of a block, or all of one that has few.
            assert!(!sessions.is_empty() && sessions.len() < 75, "{}", sessions.len());
            for planned in sessions {
                let key = (
                    job.target.to_string(),
                    planned.probe.id.to_string(),
                    planned.user.id.to_string(),
                    planned.session,
                );
                *asked.entry(key).or_default() += 1;
            }
        }
    }
    asked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Rounds that add users or sessions to single probes leave every job of earlier rounds as it was.
    #[test]
    fn probes_that_grow_one_by_one_are_planned_exactly_once(
        users in 1..9u32, sessions in 1..5u32,
        steps in prop::collection::vec((0..2usize, 0..3usize, 0..9u32, 0..5u32), 0..12),
    ) {
        let manifest = manifest(2, 3, 40, 20);
        let mut rounds = vec![round(0, RoundKind::Base(base(&manifest, users, sessions)))];
        let mut before: Vec<Job> = Vec::new();
        for chunk in steps.chunks(3) {
            let mut growths: BTreeMap<_, Growth> = BTreeMap::new();
            for &(target, probe, more_users, more_sessions) in chunk {
                let (target, probe) = (manifest.targets[target].id.clone(), manifest.probes[probe].id.clone());
                let to = Reach { users: users + more_users, sessions: sessions + more_sessions };
                growths.insert((target.clone(), probe.clone()), Growth { target, probe, to, look: 1, seen: None });
            }
            let number = u32::try_from(rounds.len()).unwrap();
            rounds.push(round(number, RoundKind::Adaptive(growths.into_values().collect())));
            let plan = Plan::new(&manifest, &rounds);
            let jobs: Vec<Job> = rounds.iter().flat_map(|round| plan.jobs(round)).collect();
            prop_assert_eq!(&jobs[..before.len()], &before[..]);
            before = jobs;
        }
        let plan = Plan::new(&manifest, &rounds);
        let asked = asked(&plan);
        prop_assert!(asked.values().all(|times| *times == 1));
        prop_assert_eq!(asked.len() as u64, plan.samples());
        prop_assert_eq!(plan.sizes().samples(), plan.samples());
        for growth in rounds.iter().filter_map(|round| match &round.kind {
            RoundKind::Adaptive(growths) => Some(growths),
            _ => None,
        }).flatten() {
            let probe = manifest.probes.iter().position(|probe| probe.id == growth.probe).unwrap();
            prop_assert!(plan.covers(&growth.target, probe, growth.to));
            prop_assert!(plan.most_users() >= growth.to.users && plan.most_sessions() >= growth.to.sessions);
        }
    }

    #[test]
    fn every_session_is_planned_exactly_once(
        targets in 1..3usize, probes in 1..9usize, users in 1..40u32, sessions in 1..9u32,
        few_users in 1..40u32, few_sessions in 1..9u32, some in 0..9usize,
    ) {
        let manifest = manifest(targets, probes, users, sessions);
        // A cheap first look at one target and some probes, then the whole, then more sessions.
        let mut look = base(&manifest, few_users.min(users), few_sessions);
        look.targets.truncate(1);
        look.probes = Some(manifest.probes.iter().skip(some.min(probes - 1)).map(|p| p.id.clone()).collect());
        let rounds = [
            round(0, RoundKind::Base(look)),
            round(1, RoundKind::Extension(base(&manifest, users, sessions))),
            round(2, RoundKind::Extension(base(&manifest, users, sessions + 2))),
        ];
        let plan = Plan::new(&manifest, &rounds);
        let asked = asked(&plan);
        prop_assert!(asked.values().all(|times| *times == 1));
        let most = (sessions + 2).max(few_sessions);
        let mut expected = 0;
        for target in &manifest.targets {
            for probe in 0..probes {
                expected += plan.planned_samples(&target.id, probe);
            }
        }
        prop_assert_eq!(asked.len() as u64, expected);
        prop_assert!(asked.len() as u64 >= u64::from(sessions + 2) * u64::from(users) * (targets * probes) as u64);
        prop_assert_eq!(plan.most_sessions(), most);
        prop_assert!(!plan.would_grow(&base(&manifest, users, sessions + 2)));
        prop_assert!(plan.would_grow(&base(&manifest, users, most + 1)));
    }
}

#[test]
fn jobs_mix_targets_probes_and_users_at_all_times() {
    let manifest = manifest(2, 4, 20, 50);
    let rounds = [round(0, RoundKind::Base(base(&manifest, 20, 50)))];
    let plan = Plan::new(&manifest, &rounds);
    let jobs = plan.jobs(&rounds[0]);
    assert_eq!(jobs.len(), 2 * 4 * 20);
    for quarter in jobs.chunks(jobs.len() / 4) {
        let blocks: BTreeSet<_> = quarter.iter().map(|job| (&job.target, &job.block)).collect();
        assert_eq!(blocks.len(), 8, "every target and probe in every quarter of the run");
    }
    for job in &jobs {
        let users: BTreeSet<_> = plan.sessions(job).iter().map(|planned| planned.user.id.clone()).collect();
        assert_eq!(users.len(), 20, "every job asks as all users");
    }
}

#[test]
fn small_probes_share_a_block() {
    let manifest = manifest(1, 120, 5, 2);
    assert_eq!(manifest.probes_per_block, 5);
    let rounds = [round(0, RoundKind::Base(base(&manifest, 5, 2)))];
    let plan = Plan::new(&manifest, &rounds);
    assert_eq!(plan.jobs(&rounds[0]).len(), 24);
    assert_eq!(plan.blocks(), 24);
}

#[test]
fn a_job_of_another_plan_has_no_sessions() {
    let manifest = manifest(1, 1, 1, 1);
    let rounds = [round(0, RoundKind::Base(base(&manifest, 1, 1)))];
    let plan = Plan::new(&manifest, &rounds);
    let mut job = plan.jobs(&rounds[0]).remove(0);
    assert_eq!(plan.sessions(&job).len(), 1);
    job.chunk = 7;
    assert!(plan.sessions(&job).is_empty());
    job.round = 3;
    assert!(plan.sessions(&job).is_empty());
}
