//! A retry round: samples that failed are asked again, in new jobs; what is there is never changed.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::{
    OBJECT_FORMAT, Redo, RetrySession, Round, RoundKind, RunId, Sample, SessionKey, TargetId, keys,
};
use antiphon_store::Store;

use crate::open_run::stored_manifest;
use crate::{CoordinatorError, Opened};

/// Adds a round for all samples of the run that failed or were not reached. Gives the number of samples; with 0 no round is added.
///
/// # Errors
/// If there is no such run.
pub async fn open_retry(store: &Store, run: &RunId) -> Result<(Opened, u64), CoordinatorError> {
    let manifest = stored_manifest(store, run).await?;
    let mut rounds = store.rounds(run).await?;
    let mut sessions = Vec::new();
    let mut blocks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (target, block, job) in store.result_keys(run).await? {
        blocks.entry((target, block)).or_default().push(job);
    }
    for ((target, block), mut jobs) in blocks {
        // Jobs sort as rounds do, so that the first outcome that stands is met first.
        jobs.sort();
        let mut answers = Answers::new();
        for job in jobs {
            let key = format!("{}{job}.mpk.zst", keys::block(run, &target, &block));
            for sample in store.get_result(&key).await?.samples {
                keep_first_standing(&mut answers, sample);
            }
        }
        sessions.extend(to_retry(&target, &answers));
    }
    let count = sessions.iter().map(|session| session.redo.len() as u64).sum();
    if count > 0 {
        let number = u32::try_from(rounds.len()).expect("a run has few rounds");
        let round = Round { format: OBJECT_FORMAT, number, kind: RoundKind::Retry(sessions) };
        store.put_round(run, &round).await?;
        rounds = store.rounds(run).await?;
    }
    Ok((Opened { manifest, rounds, resumed: true }, count))
}

/// (probe, user, session) → (turn, repeat) → sample.
type Answers = BTreeMap<(String, String, u32), BTreeMap<(u32, u32), Sample>>;

fn keep_first_standing(answers: &mut Answers, sample: Sample) {
    let session = (sample.probe.to_string(), sample.user.to_string(), sample.session);
    let kept = answers.entry(session).or_default();
    let place = (sample.turn, sample.repeat);
    if kept.get(&place).is_none_or(|standing| standing.outcome.wants_retry()) {
        kept.insert(place, sample);
    }
}

fn to_retry(target: &TargetId, answers: &Answers) -> Vec<RetrySession> {
    let mut sessions = Vec::new();
    for samples in answers.values() {
        let redo: BTreeSet<Redo> = samples
            .iter()
            .filter(|(_, sample)| sample.outcome.wants_retry())
            .map(|((turn, repeat), _)| Redo { turn: *turn, repeat: *repeat })
            .collect();
        let Some((_, first)) = samples.first_key_value().filter(|_| !redo.is_empty()) else { continue };
        let history = (0..)
            .map_while(|turn| samples.get(&(turn, 0)).filter(|sample| sample.carries_on()))
            .map(|sample| sample.text.clone())
            .collect();
        sessions.push(RetrySession {
            key: SessionKey {
                target: target.clone(),
                probe: first.probe.clone(),
                user: first.user.clone(),
                session: first.session,
            },
            history,
            redo: redo.into_iter().collect(),
        });
    }
    sessions
}
