//! What can be taken from a file, and the names by which it is recognised.

/// What a row can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Field {
    Target,
    Probe,
    Prompt,
    Answer,
    User,
    Session,
    Repeat,
    Turn,
    Language,
    Group,
    Options,
    System,
    Status,
    Error,
    Time,
    Latency,
    InputTokens,
    OutputTokens,
    Model,
    Score,
}

impl Field {
    pub(crate) const ALL: [Self; 20] = [
        Self::Target,
        Self::Probe,
        Self::Prompt,
        Self::Answer,
        Self::User,
        Self::Session,
        Self::Repeat,
        Self::Turn,
        Self::Language,
        Self::Group,
        Self::Options,
        Self::System,
        Self::Status,
        Self::Error,
        Self::Time,
        Self::Latency,
        Self::InputTokens,
        Self::OutputTokens,
        Self::Model,
        Self::Score,
    ];

    /// Its name in a mapping, and what a column is called that holds it: the first that is there is taken. A dotted name is a path into
    /// an object.
    fn names(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Target => {
                ("target", &["target", "model", "model_name", "model_id", "engine", "response.body.model"])
            }
            Self::Probe => (
                "probe",
                &[
                    "probe",
                    "probe_id",
                    "question_id",
                    "prompt_id",
                    "item_id",
                    "item",
                    "sample_id",
                    "task_id",
                    "custom_id",
                    "doc_id",
                ],
            ),
            Self::Prompt => ("prompt", &["prompt", "question", "input", "query", "instruction"]),
            Self::Answer => (
                "answer",
                &[
                    "answer",
                    "response",
                    "completion",
                    "output",
                    "text",
                    "generation",
                    "response.body.choices.0.message.content",
                    "choices.0.message.content",
                ],
            ),
            Self::User => ("user", &["user", "user_id", "persona", "account", "caller"]),
            Self::Session => (
                "session",
                &[
                    "session",
                    "session_id",
                    "conversation",
                    "conversation_id",
                    "epoch",
                    "trial",
                    "seed",
                    "replicate",
                    "attempt",
                ],
            ),
            Self::Repeat => ("repeat", &["repeat"]),
            Self::Turn => ("turn", &["turn", "turn_id"]),
            Self::Language => ("language", &["language", "lang", "locale"]),
            Self::Group => ("group", &["group", "category", "topic", "task"]),
            Self::Options => ("options", &["options", "choices"]),
            Self::System => ("system", &["system", "system_prompt"]),
            Self::Status => ("status", &["status", "stop_reason", "finish_reason", "outcome"]),
            Self::Error => ("error", &["error", "error_message"]),
            Self::Time => ("time", &["time", "timestamp", "created", "created_at", "started_at", "date"]),
            Self::Latency => ("latency", &["latency", "latency_ms"]),
            Self::InputTokens => ("input_tokens", &["input_tokens", "prompt_tokens", "usage.input_tokens"]),
            Self::OutputTokens => {
                ("output_tokens", &["output_tokens", "completion_tokens", "usage.output_tokens"])
            }
            Self::Model => ("model", &["response_model"]),
            Self::Score => ("score", &["score", "correct", "is_correct", "grade", "accuracy"]),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.names().0
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    pub(crate) fn recognised_by(self) -> &'static [&'static str] {
        self.names().1
    }
}

/// A column's name without what people write differently.
pub(crate) fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}
