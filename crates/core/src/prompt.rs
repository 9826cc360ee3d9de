//! Conversations: what a user says to a target for a probe, in one session. A pure function of the manifest.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior, Value};
use serde::{Deserialize, Serialize};

use crate::seed::shuffle;
use crate::{Manifest, Probe, ProbeKind, Seed, User, Wording};

/// Most steps a template may take: suites are input, and a template must not be able to hang a worker.
const FUEL: u64 = 50_000;

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said.
    pub text: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// What a user brings to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The system prompt.
    pub system: Option<String>,
    /// The user's turns.
    pub turns: Vec<String>,
    /// The beginning of the model's answer to the last turn, to be continued.
    pub prefill: Option<String>,
}

impl Script {
    /// The messages to send at `turn`, given the model's answers to the turns before.
    ///
    /// # Panics
    /// If there are fewer answers than earlier turns.
    #[must_use]
    pub fn messages(&self, turn: usize, history: &[String]) -> Vec<Message> {
        let say = |speaker, text: &String| Message { speaker, text: text.clone() };
        let mut messages = Vec::with_capacity(2 * turn + 2);
        for (asked, answered) in self.turns[..turn].iter().zip(&history[..turn]) {
            messages.push(say(Speaker::User, asked));
            messages.push(say(Speaker::Assistant, answered));
        }
        messages.push(say(Speaker::User, &self.turns[turn]));
        if turn + 1 == self.turns.len()
            && let Some(prefill) = &self.prefill
        {
            messages.push(say(Speaker::Assistant, prefill));
        }
        messages
    }
}

/// A template that cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("template of {place}: {reason}")]
pub struct TemplateError {
    place: String,
    reason: String,
}

/// Compiled templates of one manifest. Cheap to ask, made once per worker and run.
pub struct Prompter {
    environment: Environment<'static>,
    seed: Seed,
}

impl std::fmt::Debug for Prompter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prompter").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Prompter {
    /// An engine that refuses undefined names and endless loops.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        minijinja_defaults(&mut environment);
        Self { environment, seed }
    }

    /// What `user` says for `probe`; in which order options stand depends on the session.
    pub fn script(&self, probe: &Probe, user: &User, session: u32) -> Result<Script, TemplateError> {
        let wording = wording_for(probe, user);
        let persona = match &user.persona {
            Some(level) => {
                Some(self.render(&level.text, user, None, None, || format!("persona {:?}", level.id))?)
            }
            None => None,
        };
        let system = self.system(user, persona.as_deref())?;
        let mut turns = Vec::with_capacity(wording.turns.len());
        for (at, turn) in wording.turns.iter().enumerate() {
            let question = if wording.template {
                self.render(turn, user, persona.as_deref(), None, || {
                    format!("probe {:?}, turn {at}", probe.id)
                })?
            } else {
                turn.clone()
            };
            turns.push(self.worded(question, user, persona.as_deref())?);
        }
        if let Some(last) = turns.last_mut() {
            self.ask_for_form(last, probe, wording, user, session);
        }
        Ok(match &probe.kind {
            ProbeKind::Recall(cut) if cut.prefill => {
                Script { system, turns, prefill: Some(cut.passage.clone()) }
            }
            _ => Script { system, turns, prefill: None },
        })
    }

    /// The order in which the options of `probe` stand for this user's session: place → option. The same for all targets and
    /// repeats, so that targets are compared on the same stimulus.
    #[must_use]
    pub fn option_order(&self, probe: &Probe, user: &User, session: u32, options: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..options).collect();
        let mut stream =
            self.seed.stream(&["option order", probe.id.as_str(), user.id.as_str(), &session.to_string()]);
        shuffle(&mut order, &mut stream);
        order
    }

    fn system(&self, user: &User, persona: Option<&str>) -> Result<Option<String>, TemplateError> {
        let Some(level) = &user.system else { return Ok(persona.map(str::to_owned)) };
        let text =
            self.render(&level.text, user, persona, None, || format!("system prompt {:?}", level.id))?;
        // A persona that no template places is the second paragraph of the system prompt.
        let placed =
            [Some(level), user.wording.as_ref()].into_iter().flatten().any(|l| l.text.contains("persona"));
        Ok(Some(match persona {
            Some(persona) if !placed => format!("{text}\n\n{persona}"),
            _ => text,
        }))
    }

    fn worded(&self, question: String, user: &User, persona: Option<&str>) -> Result<String, TemplateError> {
        match &user.wording {
            None => Ok(question),
            Some(level) => {
                self.render(&level.text, user, persona, Some(&question), || format!("wording {:?}", level.id))
            }
        }
    }

    fn ask_for_form(&self, turn: &mut String, probe: &Probe, wording: &Wording, user: &User, session: u32) {
        match &probe.kind {
            ProbeKind::Choice => {
                turn.push('\n');
                for (place, option) in
                    self.option_order(probe, user, session, wording.options.len()).into_iter().enumerate()
                {
                    turn.push_str(&format!("\n{}) {}", label(place), wording.options[option]));
                }
                let instruction =
                    wording.instruction.as_deref().unwrap_or("Answer with the letter of one option only.");
                turn.push_str(&format!("\n\n{instruction}"));
            }
            ProbeKind::Scale { from, to } => {
                let instruction = match &wording.instruction {
                    Some(instruction) => instruction.clone(),
                    None => format!("Answer with one whole number from {from} to {to} only."),
                };
                turn.push_str(&format!("\n\n{instruction}"));
            }
            _ => {}
        }
    }

    fn render(
        &self,
        template: &str,
        user: &User,
        persona: Option<&str>,
        question: Option<&str>,
        place: impl Fn() -> String,
    ) -> Result<String, TemplateError> {
        // Most prompts are plain text; they need no engine.
        if !template.contains("{{") && !template.contains("{%") && !template.contains("{#") {
            return Ok(template.to_owned());
        }
        let mut names: BTreeMap<&str, &str> = BTreeMap::from([("language", user.language.as_str())]);
        names.extend(persona.map(|text| ("persona", text)));
        names.extend(question.map(|text| ("question", text)));
        self.environment
            .render_str(template, names.iter().map(|(name, text)| (*name, *text)).collect::<Value>())
            .map_err(|error| TemplateError { place: place(), reason: explain(&error, &names) })
    }
}

/// The label of a place in the list of options: A, B, … Z.
#[must_use]
pub fn label(place: usize) -> char {
    char::from(b'A' + u8::try_from(place % 26).expect("below 26"))
}

/// Most options a `choice` can have: the labels are letters.
pub const MOST_OPTIONS: usize = 26;

/// The probe's wording in the user's language; a probe with a single wording is asked so of everybody.
///
/// # Panics
/// If the probe has none, which `resolve` refuses.
#[must_use]
pub fn wording_for<'a>(probe: &'a Probe, user: &User) -> &'a Wording {
    probe
        .wordings
        .get(&user.language)
        .or_else(|| probe.wordings.values().next())
        .expect("a resolved probe has at least one wording")
}

/// Renders every pair of probe and user once, so that a template error is found before a call is paid.
pub fn check_templates(manifest: &Manifest) -> Result<(), TemplateError> {
    let prompter = Prompter::new(manifest.seed);
    // A template sees the user's levels only, so one user of each combination of levels is enough.
    let mut seen = std::collections::BTreeSet::new();
    for user in manifest.users.users.iter().filter(|user| seen.insert(user.levels())) {
        for probe in &manifest.probes {
            prompter.script(probe, user, 0)?;
        }
    }
    Ok(())
}

fn minijinja_defaults(environment: &mut Environment<'static>) {
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("trim", minijinja::filters::trim);
}

fn explain(error: &minijinja::Error, names: &BTreeMap<&str, &str>) -> String {
    let line = error.line().map_or(String::new(), |line| format!("line {line}: "));
    let detail = error.detail().map_or(String::new(), |detail| format!(": {detail}"));
    let known: Vec<&str> = names.keys().copied().collect();
    let hint = match error.kind() {
        minijinja::ErrorKind::UndefinedError => format!(" (known here: {})", known.join(", ")),
        _ => String::new(),
    };
    format!("{line}{}{detail}{hint}", error.kind())
}
