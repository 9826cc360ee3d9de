//! A request with the provider's dialect taken off.

/// Who speaks a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// The simulated caller.
    User,
    /// The model; as the last turn it is a prefill, which the answer continues.
    Assistant,
}

/// One turn of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) text: String,
}

/// What is asked of a voice.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) model: String,
    pub(crate) turns: Vec<Turn>,
    /// None means as long as the voice likes.
    pub(crate) max_tokens: Option<u32>,
    pub(crate) stop: Vec<String>,
    /// The first sampling parameter that was sent, by its name.
    pub(crate) sampling: Option<&'static str>,
}

impl Question {
    /// The text that the answer has to continue, if the caller began it.
    pub(crate) fn prefill(&self) -> Option<&str> {
        self.turns.last().filter(|turn| turn.role == Role::Assistant).map(|turn| turn.text.as_str())
    }

    /// What the user said last; empty if nothing.
    pub(crate) fn last_user(&self) -> &str {
        self.turns.iter().rev().find(|turn| turn.role == Role::User).map_or("", |turn| turn.text.as_str())
    }

    /// A hash of every turn, so that different requests under one key are different draws.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for turn in &self.turns {
            hasher.update(&[turn.role as u8]);
            hasher.update(&u64::try_from(turn.text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(turn.text.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// Billed input: the text of every turn, and 3 tokens a turn for what frames it.
    pub(crate) fn tokens(&self) -> u32 {
        self.turns.iter().map(|turn| tokens_of(&turn.text).saturating_add(3)).fold(0, u32::saturating_add)
    }
}

/// Four characters are one token; a begun token counts.
pub(crate) fn tokens_of(text: &str) -> u32 {
    u32::try_from(text.chars().count().div_ceil(4)).unwrap_or(u32::MAX)
}
