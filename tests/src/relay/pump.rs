//! Moves bytes of one connection.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::amqp::{Command, Conversation, Event, Splitter};
use super::trap::When;
use super::{Sender, State, Wire};

const CHUNK: usize = 16 * 1024;

/// One direction of a connection.
struct Pump<'a> {
    from: Sender,
    wire: &'a Wire,
    /// The cuts before this connection.
    cuts: u64,
    to: WriteHalf<'a>,
    /// Where AMQP is read: the part that came and is not whole, and what both directions know.
    reads: Option<(Splitter, Arc<Conversation>)>,
}

/// Forwards until both sides have ended.
///
/// # Errors
/// If the connection is broken or cut.
pub(super) async fn both_ways(
    client: &mut TcpStream,
    server: &mut TcpStream,
    wire: &Wire,
    cuts: u64,
) -> io::Result<()> {
    let (client_reads, client_writes) = client.split();
    let (server_reads, server_writes) = server.split();
    let conversation = Arc::new(Conversation::default());
    let pump = |from, to| {
        let reads = wire.reads_amqp.then(|| (Splitter::new(from), conversation.clone()));
        Pump { from, wire, cuts, to, reads }
    };
    let upstream = pump(Sender::Client, server_writes).run(client_reads);
    let downstream = pump(Sender::Server, client_writes).run(server_reads);
    tokio::try_join!(upstream, downstream).map(drop)
}

impl Pump<'_> {
    async fn run(mut self, mut source: ReadHalf<'_>) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = source.read(&mut buffer).await?;
            if read == 0 {
                self.alive().await?;
                return self.to.shutdown().await;
            }
            let bytes = &buffer[..read];
            match self.reads.take() {
                None => self.forward(bytes).await?,
                Some((mut splitter, conversation)) => {
                    splitter.feed(bytes);
                    while let Some(command) = splitter.next()? {
                        self.pass(&command, &conversation.hear(self.from, &command)).await?;
                    }
                    self.reads = Some((splitter, conversation));
                }
            }
        }
    }

    /// Forwards a command, unless it has to wait for a trap that it springs.
    async fn pass(&mut self, command: &Command, events: &[Event]) -> io::Result<()> {
        let (wire, from) = (self.wire, self.from);
        let stop = || wire.state.send_modify(|state| state.client_is_dead = true);
        if from == Sender::Client && command.looks() && wire.state.borrow().hides {
            self.forward(&command.in_vain().bytes).await?;
        } else if from == Sender::Client {
            wire.traps.spring(When::Before, events, stop);
            self.forward(&command.bytes).await?;
            wire.traps.spring(When::After, events, stop);
        } else if !wire.state.borrow().loses(events) {
            // First, because the client answers as soon as it hears.
            wire.traps.spring(When::After, events, stop);
            self.forward(&command.bytes).await?;
        }
        Ok(())
    }

    /// Waits until this direction lives.
    async fn alive(&self) -> io::Result<State> {
        let mut state = self.wire.state.subscribe();
        let state = state.wait_for(|state| !state.is_dead(self.from) || state.cuts > self.cuts).await;
        let state = state.expect("the wire outlives its connections").clone();
        // A wire that was cut before it lived again has lost what waited.
        if state.cuts > self.cuts { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(state) }
    }

    async fn forward(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let state = self.alive().await?;
            if !state.delay.is_zero() {
                tokio::time::sleep(state.delay).await;
                // It may have died meanwhile.
                self.alive().await?;
            }
            let (piece, rest) =
                bytes.split_at(state.piece.map_or(bytes.len(), |piece| piece.clamp(1, bytes.len())));
            self.to.write_all(piece).await?;
            self.wire.forwarded(self.from, piece.len());
            bytes = rest;
        }
        Ok(())
    }
}
