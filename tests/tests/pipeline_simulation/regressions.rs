//! Lists that failed once, or that look where chance seldom does.

use antiphon_simulator::FaultKind;

use crate::operation::Op;
use crate::play;
use crate::world::Place;

fn everywhere(ops: &[Op]) {
    play(Place::Memory, ops);
    play(Place::Directory, ops);
}

#[test]
fn nothing_happens() {
    everywhere(&[]);
}

/// Both deliveries of a job are in work at once, and the later one finds an object.
#[test]
fn the_later_of_two_results_does_not_replace_the_first() {
    everywhere(&[Op::Redeliver(3), Op::Submit, Op::StepWorker(200)]);
}

/// Jobs that are acked before their result is stored are lost with their worker, since queue and coordinator live on.
#[test]
fn workers_die_at_every_turn() {
    for turns in 0..8 {
        let mut ops = vec![Op::Submit];
        for more in 0..8 {
            ops.extend([Op::StepWorker(3), Op::CrashWorker(turns * 5 + more)]);
        }
        everywhere(&ops);
    }
}

/// Lost acks would mend lost hints, since jobs that come again are hinted at again.
#[test]
fn no_hint_arrives() {
    everywhere(&[Op::LoseHint(1_000), Op::Submit, Op::StepWorker(200)]);
}

#[test]
fn hints_and_acks_are_lost_together() {
    everywhere(&[
        Op::LoseHint(3),
        Op::DropAck(3),
        Op::Submit,
        Op::StepWorker(10),
        Op::LoseHint(3),
        Op::DropAck(3),
    ]);
}

/// Samples fail for good, and a retry is asked for again and again while its round is under way.
#[test]
fn retries_of_retries() {
    everywhere(&[
        Op::Fault(FaultKind::ServerError, 150),
        Op::Submit,
        Op::StepWorker(200),
        Op::Retry,
        Op::Retry,
        Op::Submit,
        Op::StepWorker(4),
        Op::Crash(3),
        Op::Retry,
    ]);
}
