//! What the broker is to have: exchanges, queues, and which leads to which.
//!
//! Arguments are part of a queue's identity: a queue that exists with others is refused for ever. So they hold only what makes the
//! queue what it is; limits come by policy (see `policies`), which can be changed at any time. Unknown arguments are accepted
//! silently by every version, so what a broker can do is never found out by declaring.

use std::time::Duration;

use antiphon_core::PoolId;

pub(super) const JOBS: &str = "antiphon.jobs";
pub(super) const DEAD: &str = "antiphon.dead";
pub(super) const EVENTS: &str = "antiphon.events";
pub(super) const CHOIR: &str = "antiphon.choir";
pub(super) const CALLS: &str = "antiphon.calls";
pub(super) const UNREADABLE: &str = "antiphon.unreadable";

/// How long a call waits for somebody to lead.
const CALLS_WAIT: Duration = Duration::from_secs(60);

/// How long a queue that was there and is not any more stays away. A broker that has not told all its consumers when the queue is
/// declared again makes them consumers of the new one, and never delivers to them what it counts as delivered (seen in 3.10.8).
pub(super) const GONE: Duration = Duration::from_secs(1);

/// One waits in the shortest that is long enough. Fixed, since a queue whose messages have times of their own is held up by
/// the one at its head.
pub(super) const DELAYS: [(&str, Duration); 6] = [
    ("antiphon.retry.1s", Duration::from_secs(1)),
    ("antiphon.retry.5s", Duration::from_secs(5)),
    ("antiphon.retry.30s", Duration::from_secs(30)),
    ("antiphon.retry.2m", Duration::from_secs(120)),
    ("antiphon.retry.10m", Duration::from_secs(600)),
    ("antiphon.retry.1h", Duration::from_secs(3600)),
];

/// One thing of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Exchange { name: String, kind: Kind },
    Queue { name: String, arguments: Vec<(&'static str, Argument)> },
    Binding { exchange: String, queue: String, key: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Direct,
    Fanout,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    Text(&'static str),
    Milliseconds(Duration),
    Yes,
}

/// The queue of a pool's jobs.
pub(super) fn jobs_of(pool: &PoolId) -> String {
    format!("{JOBS}.{pool}")
}

/// What there is whatever pools there are.
pub(super) fn fixed() -> Vec<Piece> {
    let mut pieces = vec![
        exchange(JOBS, Kind::Direct),
        exchange(DEAD, Kind::Fanout),
        exchange(EVENTS, Kind::Fanout),
        exchange(CHOIR, Kind::Direct),
        exchange(CALLS, Kind::Fanout),
        exchange(UNREADABLE, Kind::Fanout),
        quorum(DEAD, vec![]),
        quorum(UNREADABLE, vec![]),
        quorum(
            CALLS,
            vec![
                ("x-single-active-consumer", Argument::Yes),
                ("x-message-ttl", Argument::Milliseconds(CALLS_WAIT)),
            ],
        ),
    ];
    pieces.extend([DEAD, UNREADABLE, CALLS].map(|name| binding(name, name, "")));
    for (name, delay) in DELAYS {
        let back = vec![
            ("x-message-ttl", Argument::Milliseconds(delay)),
            ("x-dead-letter-exchange", Argument::Text(JOBS)),
            // A job must not be lost on its way back; this strategy needs that overflow.
            ("x-dead-letter-strategy", Argument::Text("at-least-once")),
            ("x-overflow", Argument::Text("reject-publish")),
        ];
        pieces.extend([exchange(name, Kind::Fanout), quorum(name, back), binding(name, name, "")]);
    }
    pieces
}

/// What of that hints and calls need.
pub(super) fn talk() -> Vec<Piece> {
    let of_talk = |piece: &Piece| {
        let (Piece::Exchange { name, .. } | Piece::Queue { name, .. } | Piece::Binding { queue: name, .. }) =
            piece;
        [EVENTS, CHOIR, CALLS].contains(&name.as_str())
    };
    fixed().into_iter().filter(of_talk).collect()
}

/// What a pool needs besides.
pub(super) fn of_pool(pool: &PoolId) -> Vec<Piece> {
    let queue = jobs_of(pool);
    vec![quorum(&queue, vec![]), binding(JOBS, &queue, pool.as_str())]
}

fn exchange(name: &str, kind: Kind) -> Piece {
    Piece::Exchange { name: name.to_owned(), kind }
}

fn quorum(name: &str, more: Vec<(&'static str, Argument)>) -> Piece {
    let mut arguments = vec![("x-queue-type", Argument::Text("quorum"))];
    arguments.extend(more);
    Piece::Queue { name: name.to_owned(), arguments }
}

fn binding(exchange: &str, queue: &str, key: &str) -> Piece {
    Piece::Binding { exchange: exchange.to_owned(), queue: queue.to_owned(), key: key.to_owned() }
}
