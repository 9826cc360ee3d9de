//! AMQP 0-9-1 as far as a test wants to know: frames, the commands they make up, and what these mean.

use std::collections::{BTreeMap, HashMap};
use std::io;

use bytes::Buf;
use parking_lot::Mutex;

use super::Sender;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const FRAME_END: u8 = 0xCE;
/// Kind, channel and size.
const FRAME_HEAD: usize = 7;
/// What a client says first.
const GREETING: usize = 8;

/// Something that a client or the broker said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A client sends a message.
    Published {
        /// To which exchange; empty is the default one.
        exchange: String,
        /// Under which routing key.
        routing_key: String,
    },
    /// The broker has taken responsibility for such a message.
    Confirmed {
        /// Its exchange.
        exchange: String,
        /// Its routing key.
        routing_key: String,
    },
    /// The broker has not taken such a message.
    Unconfirmed {
        /// Its exchange.
        exchange: String,
        /// Its routing key.
        routing_key: String,
    },
    /// The broker hands a message to a consumer.
    Delivered {
        /// The exchange it was published to.
        exchange: String,
        /// Its routing key.
        routing_key: String,
        /// The delivery's number on its channel.
        tag: u64,
        /// Whether it was handed to somebody before.
        redelivered: bool,
    },
    /// A client is done with a delivery.
    Acked {
        /// The delivery's number on its channel.
        tag: u64,
        /// And with all before it.
        multiple: bool,
    },
    /// A client gives a delivery back, by basic.nack or basic.reject.
    Nacked {
        /// The delivery's number on its channel.
        tag: u64,
        /// Whether it is to be delivered again.
        requeue: bool,
    },
    /// Anything else, by its numbers.
    Other {
        /// Who said it.
        from: Sender,
        /// Such as 10 for connection, 20 for channel.
        class: u16,
        /// Its number in the class.
        method: u16,
    },
}

/// Frames that belong together.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) bytes: Vec<u8>,
    channel: u16,
    /// The payload of its method; `None` for heartbeats and greetings.
    method: Option<Vec<u8>>,
}

/// Makes commands of bytes.
#[derive(Debug)]
pub(super) struct Splitter {
    bytes: Vec<u8>,
    greets: bool,
    /// Commands of channels whose content is not whole.
    unfinished: HashMap<u16, Unfinished>,
}

#[derive(Debug)]
struct Unfinished {
    command: Command,
    /// Bytes of content that are to come; `None` before the header says so.
    missing: Option<u64>,
}

/// What both directions of a connection know: which messages wait for a confirm, by channel. Only channels with confirms are here.
#[derive(Debug, Default)]
pub(super) struct Conversation(Mutex<HashMap<u16, Publishing>>);

#[derive(Debug, Default)]
struct Publishing {
    sent: u64,
    waiting: BTreeMap<u64, (String, String)>,
}

impl Command {
    /// Whether a client asks for a queue or an exchange without wanting to make it.
    pub(super) fn looks(&self) -> bool {
        let Some(method) = self.method.as_deref() else { return false };
        let passive = |rest: &mut &[u8]| {
            rest.try_get_u16().ok()?;
            text(rest)?;
            // An exchange has a type.
            if numbers(method)?.0 == 40 {
                text(rest)?;
            }
            Some(rest.try_get_u8().ok()? & 1 != 0)
        };
        matches!(numbers(method), Some((40 | 50, 10))) && passive(&mut &method[4..]).unwrap_or_default()
    }

    /// The same for the default exchange, which nobody may look at: the broker answers that access is refused.
    pub(super) fn in_vain(&self) -> Self {
        let mut method = vec![0, 40, 0, 10, 0, 0, 0, 6];
        method.extend_from_slice(b"direct\x01\0\0\0\0");
        let mut bytes = vec![METHOD];
        bytes.extend_from_slice(&self.channel.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(method.len()).expect("it is short").to_be_bytes());
        bytes.extend_from_slice(&method);
        bytes.push(FRAME_END);
        Self { bytes, channel: self.channel, method: Some(method) }
    }
}

impl Splitter {
    pub(super) fn new(from: Sender) -> Self {
        Self { bytes: Vec::new(), greets: from == Sender::Client, unfinished: HashMap::new() }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next command that is whole.
    pub(super) fn next(&mut self) -> io::Result<Option<Command>> {
        if self.greets && self.bytes.len() >= GREETING {
            self.greets = false;
            return Ok(Some(Command { bytes: self.take(GREETING), channel: 0, method: None }));
        }
        while let Some(frame) = self.next_frame()? {
            if let Some(command) = self.add(&frame) {
                return Ok(Some(command));
            }
        }
        Ok(None)
    }

    fn take(&mut self, bytes: usize) -> Vec<u8> {
        self.bytes.drain(..bytes).collect()
    }

    fn next_frame(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(mut size) = self.bytes.get(3..FRAME_HEAD) else { return Ok(None) };
        let length = FRAME_HEAD + size.get_u32() as usize + 1;
        if self.greets || self.bytes.len() < length {
            return Ok(None);
        }
        if self.bytes[length - 1] != FRAME_END {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not AMQP"));
        }
        Ok(Some(self.take(length)))
    }

    /// Adds a frame to its channel's command, and gives that if it is whole.
    fn add(&mut self, frame: &[u8]) -> Option<Command> {
        let (kind, channel) = (frame[0], (&frame[1..]).get_u16());
        let payload = &frame[FRAME_HEAD..frame.len() - 1];
        if let Some(mut unfinished) = self.unfinished.remove(&channel) {
            unfinished.command.bytes.extend_from_slice(frame);
            unfinished.missing = match kind {
                // Class, weight, then the size.
                HEADER => payload.get(4..12).map(|mut size| size.get_u64()),
                BODY => unfinished.missing.map(|missing| missing.saturating_sub(payload.len() as u64)),
                _ => Some(0),
            };
            if unfinished.missing == Some(0) {
                return Some(unfinished.command);
            }
            self.unfinished.insert(channel, unfinished);
            return None;
        }
        let method = (kind == METHOD).then(|| payload.to_vec());
        // publish, return, deliver, get-ok
        let has_content = method
            .as_deref()
            .and_then(numbers)
            .is_some_and(|numbers| matches!(numbers, (60, 40 | 50 | 60 | 71)));
        let command = Command { bytes: frame.to_vec(), channel, method };
        if has_content {
            self.unfinished.insert(channel, Unfinished { command, missing: None });
            return None;
        }
        Some(command)
    }
}

impl Conversation {
    /// What a command means. One confirm may be for many messages.
    pub(super) fn hear(&self, from: Sender, command: &Command) -> Vec<Event> {
        let Some(method) = &command.method else { return Vec::new() };
        // A method that is cut short means nothing to us; the broker or the client will complain.
        self.understand(from, command.channel, method).unwrap_or_default()
    }

    fn understand(&self, from: Sender, channel: u16, method: &[u8]) -> Option<Vec<Event>> {
        let (class, number) = numbers(method)?;
        let rest = &mut &method[4..];
        let mut channels = self.0.lock();
        let event = match (from, class, number) {
            (Sender::Client, 60, 40) => {
                rest.try_get_u16().ok()?;
                let (exchange, routing_key) = (text(rest)?, text(rest)?);
                if let Some(publishing) = channels.get_mut(&channel) {
                    publishing.sent += 1;
                    publishing.waiting.insert(publishing.sent, (exchange.clone(), routing_key.clone()));
                }
                Event::Published { exchange, routing_key }
            }
            (Sender::Server, 60, 60) => {
                text(rest)?;
                let (tag, redelivered) = (rest.try_get_u64().ok()?, rest.try_get_u8().ok()? & 1 != 0);
                Event::Delivered { exchange: text(rest)?, routing_key: text(rest)?, tag, redelivered }
            }
            (_, 60, 80 | 90 | 120) => {
                let (tag, bits) = (rest.try_get_u64().ok()?, rest.try_get_u8().ok()?);
                match (from, number) {
                    (Sender::Client, 80) => Event::Acked { tag, multiple: bits & 1 != 0 },
                    // The bit of reject is the first, that of nack the second.
                    (Sender::Client, 90) => Event::Nacked { tag, requeue: bits & 1 != 0 },
                    (Sender::Client, _) => Event::Nacked { tag, requeue: bits & 2 != 0 },
                    (Sender::Server, _) => {
                        let settled = channels.get_mut(&channel)?.settle(tag, bits & 1 != 0);
                        let event = |(exchange, routing_key)| match number {
                            80 => Event::Confirmed { exchange, routing_key },
                            _ => Event::Unconfirmed { exchange, routing_key },
                        };
                        return Some(settled.into_iter().map(event).collect());
                    }
                }
            }
            _ => {
                match (class, number) {
                    (85, 10) => drop(channels.insert(channel, Publishing::default())),
                    // The number may be given to another channel.
                    (20, 40) => drop(channels.remove(&channel)),
                    _ => {}
                }
                Event::Other { from, class, method: number }
            }
        };
        Some(vec![event])
    }
}

impl Publishing {
    fn settle(&mut self, tag: u64, multiple: bool) -> Vec<(String, String)> {
        if multiple {
            let later = self.waiting.split_off(&(tag + 1));
            return std::mem::replace(&mut self.waiting, later).into_values().collect();
        }
        self.waiting.remove(&tag).into_iter().collect()
    }
}

fn numbers(method: &[u8]) -> Option<(u16, u16)> {
    let mut rest = method;
    Some((rest.try_get_u16().ok()?, rest.try_get_u16().ok()?))
}

/// A short string: its length in one byte, then its bytes.
fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::from(rest.try_get_u8().ok()?);
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(String::from_utf8_lossy(text).into_owned())
}
