//! From a question to what is said.

use jiff::civil::Date;

use super::{
    Edition, Voice,
    answers::{AnswerSet, vary},
    knowledge::Place,
};
use crate::{
    draw::Draw,
    question::{Question, tokens_of},
    sample_key::SampleKey,
    voice_file::Kind,
};

const REFUSAL: &str = "I'm sorry, but I can't help with that.";
const HEDGE: &str = "As an AI language model, I don't have personal views, but here is what I can say. ";

/// What a voice says, before a dialect writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Utterance {
    pub(crate) text: String,
    pub(crate) ending: Ending,
    pub(crate) input_tokens: u32,
    pub(crate) output_tokens: u32,
}

/// Why it stopped there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It had no more to say.
    Natural,
    /// `max_tokens` were reached.
    Length,
    /// One of the caller's stop sequences came up.
    Stop(String),
    /// The voice would not answer; the text is its refusal.
    Refused,
    /// A filter took the answer away.
    Filtered,
}

/// The three levels of random draws for one answer.
struct Levels<'a> {
    voice: &'a Voice,
    key: &'a SampleKey,
    fingerprint: [u8; 32],
}

impl Voice {
    /// Answers a question. Equal arguments give an equal utterance.
    pub(crate) fn answer(&self, question: &Question, key: &SampleKey, day: Option<Date>) -> Utterance {
        let edition = self.edition(day);
        let levels = Levels { voice: self, key, fingerprint: question.fingerprint() };
        let (text, refusal) = self.say(edition, question, &levels);
        let refusal = refusal.unwrap_or(edition.refusal);
        let mut manner = levels.sample("manner");
        let luck = manner.unit();
        let (text, ending) = if luck < refusal {
            (REFUSAL.to_owned(), Ending::Refused)
        } else if luck < refusal + edition.filter {
            (String::new(), Ending::Filtered)
        } else if luck < refusal + edition.filter + edition.empty {
            (String::new(), Ending::Natural)
        } else {
            let hedges = manner.chance(edition.hedging);
            cut(if hedges { format!("{HEDGE}{text}") } else { text }, question)
        };
        let input_tokens = question.tokens().saturating_add(self.hidden_prompt_tokens);
        let output_tokens = tokens_of(&text);
        Utterance { text, ending, input_tokens, output_tokens }
    }

    /// The words themselves, and the refusal rate where the answer set has its own.
    fn say(&self, edition: &Edition, question: &Question, levels: &Levels<'_>) -> (String, Option<f64>) {
        if let Some(place) = question.prefill().and_then(|prefill| self.knowledge.place(prefill)) {
            return (format!(" {}", levels.recall(edition, place)), None);
        }
        if let Some((set, language)) = edition.answers.find(question) {
            let text = levels.prepared(edition, set, language, question.last_user());
            return (text, set.refusal);
        }
        match self.knowledge.place(question.last_user()) {
            Some(place) => (levels.recall(edition, place), None),
            None => (levels.prose(edition, "default", levels.key.probe()), None),
        }
    }
}

impl Levels<'_> {
    fn prepared(&self, edition: &Edition, set: &AnswerSet, language: Option<&str>, prompt: &str) -> String {
        let (user, session) = (set.user.or(edition.user), set.session.or(edition.session));
        // Which option a choice gets must not depend on the order in which the request lists them.
        let content: &[u8] = if set.kind == Kind::Choice { b"" } else { &self.fingerprint };
        let option = self.pick(&set.name, &set.mu, (user, session), content);
        let biased =
            self.voice.position_bias > 0.0 && self.sample("position").chance(self.voice.position_bias);
        let text = set.write(option, language, prompt, biased);
        vary(text, || self.sample("wording"))
    }

    fn recall(&self, edition: &Edition, place: Place<'_>) -> String {
        let scope = format!("{}#{}", place.document.name, place.word);
        if !place.is_known() {
            return self.prose(edition, "made up", &scope);
        }
        let levels = (edition.user, edition.session);
        match self.pick(&scope, &place.document.shares, levels, &self.fingerprint) {
            0 => place.verbatim().to_owned(),
            1 => place.paraphrase(&mut self.sample("paraphrase")),
            _ => self.prose(edition, "made up", &scope),
        }
    }

    fn prose(&self, edition: &Edition, set: &str, scope: &str) -> String {
        let stem = self.pick(set, &edition.stems, (edition.user, edition.session), &self.fingerprint);
        let stem =
            Draw::new(self.voice.seed, &[b"stem", set.as_bytes(), scope.as_bytes(), &stem.to_le_bytes()]);
        edition.prose.write(stem, self.sample("prose"))
    }

    /// π_u ~ Dir(a·μ), π_us ~ Dir(b·π_u), an option from Cat(π_us).
    fn pick(
        &self,
        set: &str,
        mu: &[f64],
        (user, session): (Option<f64>, Option<f64>),
        content: &[u8],
    ) -> usize {
        let (seed, key) = (self.voice.seed, self.key);
        let scope: [&[u8]; 4] = [b"user", set.as_bytes(), key.probe().as_bytes(), key.user().as_bytes()];
        let of_user = user.map(|a| Draw::new(seed, &scope).dirichlet(a, mu));
        let of_user = of_user.as_deref().unwrap_or(mu);
        let of_session = session.map(|b| {
            let [_, set, probe, user] = scope;
            let parts = [b"session", set, probe, user, key.session().as_bytes(), self.run()];
            Draw::new(seed, &parts).dirichlet(b, of_user)
        });
        let parts = [b"option", set.as_bytes(), self.run(), key.without_run().as_bytes(), content];
        Draw::new(seed, &parts).category(of_session.as_deref().unwrap_or(of_user))
    }

    /// What is drawn anew for every answer.
    fn sample(&self, purpose: &str) -> Draw {
        let parts =
            [b"sample", purpose.as_bytes(), self.run(), self.key.without_run().as_bytes(), &self.fingerprint];
        Draw::new(self.voice.seed, &parts)
    }

    fn run(&self) -> &[u8] {
        if self.voice.vary_by_run { self.key.run().as_bytes() } else { b"" }
    }
}

/// Stops at the first stop sequence, then at `max_tokens`.
fn cut(mut text: String, question: &Question) -> (String, Ending) {
    let mut ending = Ending::Natural;
    let stops = question.stop.iter().filter(|stop| !stop.is_empty());
    if let Some((at, stop)) = stops.filter_map(|stop| Some((text.find(stop.as_str())?, stop))).min() {
        text.truncate(at);
        ending = Ending::Stop(stop.clone());
    }
    let most =
        usize::try_from(question.max_tokens.unwrap_or(u32::MAX)).unwrap_or(usize::MAX).saturating_mul(4);
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        ending = Ending::Length;
    }
    (text, ending)
}
