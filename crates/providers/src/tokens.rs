//! Input tokens: how many a call will probably have, and how many of those billed nobody here sent.
//!
//! Providers' tokenisers are not public, so tokens are counted by the byte.

use antiphon_core::Usage;

use crate::request::Ask;

/// Tokens of a byte before anything is learned: English prose has about 3.5 bytes a token.
const FIRST_RATIO: f64 = 1.0 / 3.5;

/// Tokens that role markers add to a message, and to a prompt.
const OVERHEAD: u64 = 8;

/// How much of the ratio the newest call decides.
const WEIGHT: f64 = 0.1;

/// No text has fewer or more tokens a byte than these, whatever one reply says.
const RATIOS: (f64, f64) = (0.05, 1.5);

/// Calls with less text say more about overhead than about text.
const LEAST_BYTES: usize = 64;

/// How many tokens a byte has at a target, learned from what it bills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenRatio {
    per_byte: f64,
}

impl Default for TokenRatio {
    fn default() -> Self {
        Self { per_byte: FIRST_RATIO }
    }
}

impl TokenRatio {
    /// The input tokens that `ask` will probably have, rounded up; for reservations.
    #[must_use]
    pub fn estimate(&self, ask: &Ask<'_>) -> u64 {
        let tokens = (ask.content_bytes() as f64 * self.per_byte).ceil();
        #[expect(clippy::cast_possible_truncation, reason = "a prompt is far smaller than 2^53 bytes")]
        let tokens = tokens as u64;
        tokens + overhead(ask)
    }

    /// Learns from what `ask` was billed.
    pub fn learn(&mut self, ask: &Ask<'_>, usage: Usage) {
        let bytes = ask.content_bytes();
        if bytes < LEAST_BYTES || usage.input_tokens == 0 {
            return;
        }
        let seen = usage.input_tokens.saturating_sub(overhead(ask)) as f64 / bytes as f64;
        let (least, most) = RATIOS;
        self.per_byte += WEIGHT * (seen.clamp(least, most) - self.per_byte);
    }
}

fn overhead(ask: &Ask<'_>) -> u64 {
    OVERHEAD * (ask.message_count() as u64 + 1)
}

/// Input tokens billed beyond what was sent can explain, if there are any: something else was in the prompt, such as a system
/// prompt of a gateway's own.
///
/// Explained are 0.75 tokens for every byte of text, 16 for every message and 64 for the prompt. That is generous: English has
/// about 0.29 tokens a byte, and scripts that tokenise badly stay below 0.75, so what is reported is not a matter of tokenisers.
/// What is hidden in fewer tokens than that goes unseen.
#[must_use]
pub fn unexplained_input_tokens(ask: &Ask<'_>, usage: Usage) -> Option<u64> {
    let explained = ask.content_bytes() as u64 * 3 / 4 + 16 * ask.message_count() as u64 + 64;
    usage.input_tokens.checked_sub(explained).filter(|tokens| *tokens > 0)
}

#[cfg(test)]
mod tests {
    use antiphon_core::prompt::{Message, Speaker};

    use super::*;
    use crate::request::tests::target;

    fn with_ask(text: &str, then: impl FnOnce(&Ask<'_>)) {
        let target = target();
        let messages = [Message { speaker: Speaker::User, text: text.to_owned() }];
        then(&Ask { target: &target, system: None, messages: &messages, seed: None, end_user_id: None });
    }

    fn billed(input_tokens: u64) -> Usage {
        Usage { input_tokens, ..Usage::default() }
    }

    #[test]
    fn an_estimate_begins_with_prose_and_follows_the_bill() {
        with_ask(&"word ".repeat(70), |ask| {
            let mut ratio = TokenRatio::default();
            assert_eq!(ratio.estimate(ask), 100 + 16);
            for _ in 0..100 {
                ratio.learn(ask, billed(200 + 16));
            }
            assert!((215..=217).contains(&ratio.estimate(ask)), "{}", ratio.estimate(ask));
        });
    }

    #[test]
    fn one_absurd_bill_does_not_spoil_the_ratio() {
        with_ask(&"word ".repeat(70), |ask| {
            let mut ratio = TokenRatio::default();
            ratio.learn(ask, billed(u64::MAX));
            assert!(ratio.estimate(ask) < 160, "{}", ratio.estimate(ask));
            ratio.learn(ask, billed(0));
            assert!(ratio.estimate(ask) > 100, "{}", ratio.estimate(ask));
        });
    }

    #[test]
    fn an_empty_prompt_has_its_overhead_only() {
        with_ask("", |ask| assert_eq!(TokenRatio::default().estimate(ask), 16));
    }

    #[test]
    fn a_hidden_system_prompt_is_found() {
        with_ask(&"x".repeat(100), |ask| {
            // 75 for the text, 16 for the message, 64 for the prompt.
            assert_eq!(unexplained_input_tokens(ask, billed(155)), None);
            assert_eq!(unexplained_input_tokens(ask, billed(156)), Some(1));
            assert_eq!(unexplained_input_tokens(ask, billed(2_000)), Some(1_845));
        });
    }
}
