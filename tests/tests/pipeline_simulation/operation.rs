//! What may happen to a pipeline.

use antiphon_simulator::FaultKind;
use proptest::collection::vec;
use proptest::prelude::*;

/// One thing that happens. Numbers shrink towards the harmless.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    /// Coordinator and worker begin, if they do not work yet.
    Submit,
    /// The worker makes so many calls.
    StepWorker(u64),
    /// After so many turns of the scheduler everything is gone but the store.
    Crash(u8),
    /// After so many turns of the scheduler the worker is gone; its jobs are delivered to the next one.
    CrashWorker(u8),
    /// After so many turns of the scheduler the coordinator is gone; the next one finds its jobs still queued.
    CrashCoordinator(u8),
    /// The next deliveries are doubled.
    Redeliver(u32),
    /// The next acks get lost.
    DropAck(u32),
    /// The next hints reach nobody.
    LoseHint(u32),
    /// The next calls are answered with 429.
    Throttle(u64),
    /// The next calls fail.
    Fault(FaultKind, u64),
    /// Every user gets so many more sessions.
    ExtendSessions(u32),
    /// What failed so far is to be asked again.
    Retry,
    /// What is there is summed up.
    Aggregate,
}

pub(crate) fn ops() -> impl Strategy<Value = Vec<Op>> {
    vec(op(), 0..14)
}

fn op() -> impl Strategy<Value = Op> {
    let fault = prop::sample::select(vec![
        FaultKind::ServerError,
        FaultKind::Reset,
        FaultKind::Truncated,
        FaultKind::ErrorBody,
        FaultKind::Garbage,
        FaultKind::Trickle,
    ]);
    prop_oneof![
        2 => Just(Op::Submit),
        8 => (1_u64..30).prop_map(Op::StepWorker),
        3 => (0_u8..40).prop_map(Op::Crash),
        3 => (0_u8..40).prop_map(Op::CrashWorker),
        2 => (0_u8..40).prop_map(Op::CrashCoordinator),
        2 => (1_u32..4).prop_map(Op::Redeliver),
        2 => (1_u32..4).prop_map(Op::DropAck),
        2 => (1_u32..4).prop_map(Op::LoseHint),
        1 => (1_u64..4).prop_map(Op::Throttle),
        1 => (1_u64..3).prop_map(|calls| Op::Fault(FaultKind::Overloaded, calls)),
        // Long rows of faults make samples fail for good, so that there is something to ask again.
        3 => (fault, 1_u64..40).prop_map(|(kind, calls)| Op::Fault(kind, calls)),
        1 => (1_u32..3).prop_map(Op::ExtendSessions),
        1 => Just(Op::Retry),
        1 => Just(Op::Aggregate),
    ]
}
