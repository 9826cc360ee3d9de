//! Limits, as policies: unlike arguments they can be changed under a running fleet. Setting them needs the management API or
//! somebody at the broker; AMQP has no words for it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pieces::{DEAD, JOBS};
use crate::DELIVERY_LIMIT;

/// Most jobs that wait in one pool's queue. Windows keep far below it; above, publishers wait.
const LONGEST_QUEUE: u32 = 100_000;

/// A rule for all queues whose names match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Policy {
    #[serde(skip_serializing, default)]
    pub(super) name: String,
    pub(super) pattern: String,
    pub(super) definition: Value,
    pub(super) priority: i32,
    #[serde(rename = "apply-to")]
    pub(super) apply_to: String,
}

/// All of them. Consumers keep the first two promises themselves where the policy is missing.
pub(super) fn policies() -> Vec<Policy> {
    let jobs = json!({
        // Until 3.13 there is none, since 4.0 it is 20.
        "delivery-limit": DELIVERY_LIMIT,
        "dead-letter-exchange": DEAD,
        // Otherwise a job can be lost between two queues; this strategy needs that overflow.
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
        "max-length": LONGEST_QUEUE,
    });
    vec![Policy {
        name: JOBS.to_owned(),
        pattern: format!("^{}\\.", JOBS.replace('.', "\\.")),
        definition: jobs,
        priority: 10,
        apply_to: "queues".to_owned(),
    }]
}

impl Policy {
    /// What somebody at the broker is to type.
    pub(super) fn command(&self, vhost: &str) -> String {
        let Self { name, pattern, definition, priority, apply_to } = self;
        let (vhost, name) = (quoted(vhost), quoted(name));
        let (pattern, definition) = (quoted(pattern), quoted(&definition.to_string()));
        format!(
            "rabbitmqctl set_policy --vhost {vhost} --priority {priority} --apply-to {apply_to} {name} {pattern} {definition}"
        )
    }
}

/// For a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_the_shell() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
        let command = policies()[0].command("/");
        assert!(
            command.contains(
                r"--vhost '/' --priority 10 --apply-to queues 'antiphon.jobs' '^antiphon\.jobs\.' '{"
            ),
            "{command}"
        );
    }
}
