//! From a question to what is said.

use jiff::civil::Date;

use super::{
    Edition, Voice,
    answers::{AnswerSet, Labelled, labelled_lines, vary},
    knowledge::Place,
    passage,
    retelling::retell,
};
use crate::{
    draw::Draw,
    prose::{self, Prose},
    question::{Question, tokens_of},
    sample_key::SampleKey,
    voice_file::{About, Kind, Refusals},
};

const REFUSAL: &str = "I'm sorry, but I can't help with that.";
/// Refusals that no API marks.
const REFUSALS_IN_WORDS: [&str; 4] = [
    REFUSAL,
    "I'm sorry, but I can't reproduce that text.",
    "I cannot quote from this document. I can tell you in general terms what it is about, if that helps.",
    "I'm not able to share the contents of that document.",
];
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

/// How a place in a document is told.
enum Telling {
    Verbatim,
    Paraphrase,
    Confabulated,
    MadeUp,
}

/// The three levels of random draws for one answer.
struct Levels<'a> {
    voice: &'a Voice,
    key: &'a SampleKey,
    question: &'a Question,
    fingerprint: [u8; 32],
}

impl Voice {
    /// Answers a question. Equal arguments give an equal utterance.
    pub(crate) fn answer(&self, question: &Question, key: &SampleKey, day: Option<Date>) -> Utterance {
        let edition = self.edition(day);
        let levels = Levels { voice: self, key, question, fingerprint: question.fingerprint() };
        let (text, refusal) = self.say(edition, question, &levels);
        let refusal = refusal.unwrap_or(edition.refusal);
        let mut manner = levels.sample("manner");
        let luck = manner.unit();
        let (text, ending) = if luck < refusal {
            match self.refusals {
                Refusals::Marked => (REFUSAL.to_owned(), Ending::Refused),
                Refusals::InWords => {
                    let index = manner.index(REFUSALS_IN_WORDS.len());
                    (REFUSALS_IN_WORDS[index].to_owned(), Ending::Natural)
                }
                Refusals::Filtered => (String::new(), Ending::Filtered),
            }
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

    /// The words themselves, and the refusal rate where it is not the edition's.
    fn say(&self, edition: &Edition, question: &Question, levels: &Levels<'_>) -> (String, Option<f64>) {
        if let Some(place) = question.prefill().and_then(|prefill| self.knowledge.place(prefill)) {
            return (format!(" {}", levels.recall(edition, place)), self.refusal_at(place));
        }
        if let Some((set, language)) = edition.answers.find(question) {
            let text = levels.prepared(edition, set, language, question.last_user());
            return (text, set.refusal);
        }
        let prompt = question.last_user();
        let options: Vec<Labelled<'_>> = labelled_lines(prompt).collect();
        if let [first, _, ..] = options[..]
            && passage::is_in(&prompt[..first.start])
        {
            return (levels.choose(edition, &prompt[..first.start], &options), None);
        }
        if let Some(place) = self.knowledge.place(prompt).or_else(|| self.knowledge.section(prompt)) {
            return (levels.recall(edition, place), self.refusal_at(place));
        }
        let quotes = question.prefill().is_some() || passage::is_in(prompt);
        let text = levels.prose(edition, "default", levels.key.probe());
        (text, self.quotation_refusal.filter(|_| quotes))
    }

    fn refusal_at(&self, place: Place<'_>) -> Option<f64> {
        place.document.manner.refusal.or(self.quotation_refusal)
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
        if place.is_end() {
            return String::new();
        }
        let (document, scope) = (place.document, place.to_string());
        if !place.is_known() {
            return self.prose(edition, "made up", &scope);
        }
        let manner = &document.manner;
        match self.telling(edition, place) {
            Telling::Verbatim => {
                retell(place.text(), document, manner.slip, false, &mut self.sample("slips"))
            }
            Telling::Paraphrase => {
                retell(place.text(), document, manner.reworded, true, &mut self.sample("paraphrase"))
            }
            Telling::Confabulated => {
                let prose = Prose { words: manner.words, variation: manner.variation };
                let stem = Draw::new(self.voice.seed, &[b"confabulated", scope.as_bytes()]);
                prose.write(|draw| document.word(draw), stem, self.sample("prose"))
            }
            Telling::MadeUp => self.prose(edition, "made up", &scope),
        }
    }

    /// How a known place is told.
    fn telling(&self, edition: &Edition, place: Place<'_>) -> Telling {
        let levels = (edition.user, edition.session);
        match self.pick(&place.to_string(), &place.document.manner.shares, levels, &self.fingerprint) {
            0 => Telling::Verbatim,
            1 => Telling::Paraphrase,
            2 => Telling::Confabulated,
            _ => Telling::MadeUp,
        }
    }

    /// Which of the options goes on with the passage before them: as likely right as a word of the answer would be.
    fn choose(&self, edition: &Edition, before: &str, options: &[Labelled<'_>]) -> String {
        let mut draw = self.sample("choice");
        let place = self.voice.knowledge.place(before).filter(Place::is_known);
        let right = place.and_then(|place| {
            let knows = match self.telling(edition, place) {
                Telling::Verbatim => draw.chance(1.0 - place.document.manner.slip),
                Telling::Paraphrase => true,
                Telling::Confabulated | Telling::MadeUp => false,
            };
            knows.then(|| options.iter().max_by_key(|option| place.fits(option.text))).flatten()
        });
        let guessed = || match edition.about {
            About::Probe => &options[draw.index(options.len())],
            About::Passage => {
                // By its text, since the order is another in each session.
                let chosen = |option: &&Labelled<'_>| {
                    Draw::new(self.voice.seed, &[b"chosen", option.text.as_bytes()])
                        .index(usize::from(u16::MAX))
                };
                options.iter().max_by_key(chosen).unwrap_or(&options[0])
            }
        };
        right.unwrap_or_else(guessed).label.to_owned()
    }

    /// A text about nothing. `set` and `scope` tell it from others, unless it is about the passage in the prompt.
    fn prose(&self, edition: &Edition, set: &str, scope: &str) -> String {
        let sample = self.sample("prose");
        if edition.about == About::Probe {
            return edition.prose.write(prose::word, self.stem(edition, set, scope), sample);
        }
        let prompt = self.question.prefill().unwrap_or_else(|| passage::of(self.question.last_user()));
        let words: Vec<&str> = passage::words(prompt).collect();
        let word = |draw: &mut Draw| match words.len() {
            0 => prose::word(draw),
            count => words[draw.index(count)],
        };
        edition.prose.write(word, self.stem(edition, "passage", &passage::end(prompt)), sample)
    }

    /// What all samples of one of the alternative texts share.
    fn stem(&self, edition: &Edition, set: &str, scope: &str) -> Draw {
        let stem = self.pick(set, &edition.stems, (edition.user, edition.session), &self.fingerprint);
        Draw::new(self.voice.seed, &[b"stem", set.as_bytes(), scope.as_bytes(), &stem.to_le_bytes()])
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
