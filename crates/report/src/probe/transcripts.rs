//! Whole conversations, folded away.

use antiphon_core::summary::{Transcript, TranscriptAnswer, TranscriptTurn};
use maud::{Markup, html};

use crate::number::counted;
use crate::visible::{block, inline};

/// Longest text shown in full, in characters.
const TEXT: usize = 4_000;

pub(super) fn details(transcripts: &[&Transcript]) -> Markup {
    html! {
        @if !transcripts.is_empty() {
            details.transcripts {
                summary { (counted(transcripts.len() as u64, "conversation", "conversations")) }
                @for transcript in transcripts { (conversation(transcript)) }
            }
        }
    }
}

fn conversation(transcript: &Transcript) -> Markup {
    html! {
        details.conversation {
            summary { (transcript.target) ", user " (transcript.user) ", session " (transcript.session) }
            @if let Some(system) = &transcript.system {
                div.said.system { p.speaker { "System prompt" } (block(system, TEXT)) }
            }
            @for turn in &transcript.turns { (exchange(turn)) }
        }
    }
}

fn exchange(turn: &TranscriptTurn) -> Markup {
    html! {
        div.said.user { p.speaker { "User" } (block(&turn.asked, TEXT)) }
        @if let Some(prefill) = &turn.prefill {
            div.said.prefill { p.speaker { "Given as the beginning of the answer" } (block(prefill, TEXT)) }
        }
        @for answer in &turn.answers { (said(answer)) }
    }
}

fn said(answer: &TranscriptAnswer) -> Markup {
    html! {
        div.said.model {
            p.speaker { "Model, repeat " (answer.repeat) " – " (inline(&answer.outcome)) }
            (block(&answer.text, TEXT))
        }
    }
}
