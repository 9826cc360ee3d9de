//! The queue in a real RabbitMQ: what every queue promises, and what only a broker can do to it.

mod conformance;
mod encrypted;
mod frugal;
mod outages;
mod refusals;
mod strange_messages;
mod topology;
mod work;
