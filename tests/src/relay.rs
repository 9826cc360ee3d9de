//! A wire between two parts that can be cut, slowed and held, and that reads AMQP if asked to.

mod amqp;
mod pump;
#[cfg(test)]
mod tests;
mod trap;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use self::amqp::Event;
pub use self::trap::Trap;
use self::trap::{Traps, When};

/// Listens, and connects each client with the same server. Dropping it resets all connections.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    wire: Arc<Wire>,
    _tasks: JoinSet<()>,
}

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Whoever connected to the relay.
    Client,
    /// Whom the relay connected to.
    Server,
}

/// What went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Connections that were accepted, refused ones too.
    pub accepted: u64,
    /// Connections that are open.
    pub open: u64,
    /// Bytes that were forwarded to the server.
    pub from_client: u64,
    /// Bytes that were forwarded to the client.
    pub from_server: u64,
}

/// What all connections of a relay share.
#[derive(Debug)]
struct Wire {
    to: SocketAddr,
    reads_amqp: bool,
    state: watch::Sender<State>,
    traps: Traps,
    accepted: AtomicU64,
    open: AtomicU64,
    from_client: AtomicU64,
    from_server: AtomicU64,
}

/// What the wire is like now.
#[derive(Debug, Clone, Default)]
struct State {
    /// How many new connections are still reset.
    refuses: u64,
    hides: bool,
    /// Under which routing key messages are not confirmed.
    withholds: Option<String>,
    client_is_dead: bool,
    server_is_dead: bool,
    delay: Duration,
    /// At most so many bytes at once.
    piece: Option<usize>,
    cuts: u64,
}

impl Relay {
    /// A relay that forwards bytes.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start(to: SocketAddr) -> Self {
        Self::with(to, false).await
    }

    /// A relay that reads AMQP 0-9-1 as it passes, and forwards whole commands: a message's frames together. TLS cannot be read.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn amqp(to: SocketAddr) -> Self {
        Self::with(to, true).await
    }

    async fn with(to: SocketAddr, reads_amqp: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a free port");
        let address = listener.local_addr().expect("the listener has an address");
        let count = || AtomicU64::new(0);
        let wire = Arc::new(Wire {
            to,
            reads_amqp,
            state: watch::Sender::default(),
            traps: Traps::default(),
            accepted: count(),
            open: count(),
            from_client: count(),
            from_server: count(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, wire.clone()));
        Self { address, wire, _tasks: tasks }
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets all connections, on both sides.
    pub fn cut(&self) {
        self.wire.state.send_modify(|state| state.cuts += 1);
    }

    /// Whether new connections are reset at once. Open ones stay.
    pub fn refuse(&self, on: bool) {
        self.refuse_next(if on { u64::MAX } else { 0 });
    }

    /// Resets so many new connections at once, and lets later ones through.
    pub fn refuse_next(&self, connections: u64) {
        self.wire.state.send_modify(|state| state.refuses = connections);
    }

    /// Whether nothing is forwarded, while connections are accepted and kept. What waits is forwarded when this ends.
    pub fn blackhole(&self, on: bool) {
        self.half_open(Sender::Client, on);
        self.half_open(Sender::Server, on);
    }

    /// Whether what one side sends is not forwarded. What waits is forwarded when this ends.
    pub fn half_open(&self, from: Sender, on: bool) {
        self.wire.state.send_modify(|state| *state.is_dead_mut(from) = on);
    }

    /// How long each piece of bytes waits before it is forwarded.
    pub fn delay(&self, time: Duration) {
        self.wire.state.send_modify(|state| state.delay = time);
    }

    /// How many bytes are forwarded at once; `None` is all that came. With AMQP, commands come whole and leave in pieces.
    pub fn dribble(&self, bytes: Option<usize>) {
        self.wire.state.send_modify(|state| state.piece = bytes);
    }

    /// Whether the broker refuses to let clients look at queues and exchanges, as newer ones do.
    pub fn hide(&self, on: bool) {
        assert!(self.wire.reads_amqp, "a relay that was started with `amqp` sees who looks");
        self.wire.state.send_modify(|state| state.hides = on);
    }

    /// Whether confirmations of messages with one routing key are lost, as those of a queue without a majority are never given.
    pub fn withhold(&self, routing_key: Option<&str>) {
        assert!(self.wire.reads_amqp, "a relay that was started with `amqp` sees confirmations");
        self.wire.state.send_modify(|state| state.withholds = routing_key.map(str::to_owned));
    }

    /// Forwards nothing more from any client once that has been forwarded, which is true for the first event that fits.
    /// What the broker sends goes on. [`Relay::half_open`] ends it.
    pub fn stop_after(&self, fits: impl FnMut(&Event) -> bool + Send + 'static) -> Trap {
        assert!(self.wire.reads_amqp, "a relay that was started with `amqp` sees events");
        self.wire.traps.set(When::After, fits)
    }

    /// Forwards neither the first command of a client that fits, nor anything more from any client. [`Relay::half_open`] ends it.
    pub fn stop_before(&self, fits: impl FnMut(&Event) -> bool + Send + 'static) -> Trap {
        assert!(self.wire.reads_amqp, "a relay that was started with `amqp` sees events");
        self.wire.traps.set(When::Before, fits)
    }

    /// What went through until now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        Counts {
            accepted: count(&self.wire.accepted),
            open: count(&self.wire.open),
            from_client: count(&self.wire.from_client),
            from_server: count(&self.wire.from_server),
        }
    }
}

impl State {
    fn refuses_one(&mut self) -> bool {
        let refuses = self.refuses > 0;
        self.refuses = self.refuses.saturating_sub(1);
        refuses
    }

    fn is_dead(&self, from: Sender) -> bool {
        match from {
            Sender::Client => self.client_is_dead,
            Sender::Server => self.server_is_dead,
        }
    }

    /// Whether these are confirmations that are withheld.
    fn loses(&self, events: &[Event]) -> bool {
        self.withholds.as_ref().is_some_and(|withheld| {
            events
                .iter()
                .any(|event| matches!(event, Event::Confirmed { routing_key, .. } if routing_key == withheld))
        })
    }

    fn is_dead_mut(&mut self, from: Sender) -> &mut bool {
        match from {
            Sender::Client => &mut self.client_is_dead,
            Sender::Server => &mut self.server_is_dead,
        }
    }
}

impl Wire {
    fn forwarded(&self, from: Sender, bytes: usize) {
        let counter = match from {
            Sender::Client => &self.from_client,
            Sender::Server => &self.from_server,
        };
        counter.fetch_add(bytes as u64, Ordering::AcqRel);
    }
}

async fn accept(listener: TcpListener, wire: Arc<Wire>) {
    let mut connections = JoinSet::new();
    loop {
        // Either may be dropped: no connection is taken before `accept` gives it, and an ended one stays in the set.
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                wire.accepted.fetch_add(1, Ordering::AcqRel);
                if wire.state.send_if_modified(State::refuses_one) {
                    reset(client);
                } else {
                    connections.spawn(connection(client, wire.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(mut client: TcpStream, wire: Arc<Wire>) {
    let cuts = wire.state.borrow().cuts;
    let Ok(mut server) = TcpStream::connect(wire.to).await else { return reset(client) };
    // Sockets that refuse the option are already broken, which reading says.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    wire.open.fetch_add(1, Ordering::AcqRel);
    let mut state = wire.state.subscribe();
    // What is lost by dropping the pumps is what a cut wire loses.
    let ended = tokio::select! {
        ended = pump::both_ways(&mut client, &mut server, &wire, cuts) => ended.is_ok(),
        _ = state.wait_for(|state| state.cuts > cuts) => false,
    };
    if !ended {
        reset(client);
        reset(server);
    }
    wire.open.fetch_sub(1, Ordering::AcqRel);
}

fn reset(stream: TcpStream) {
    // It fails only if the connection is broken anyway.
    let _ = stream.set_zero_linger();
}
