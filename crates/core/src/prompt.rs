//! Conversations: what a user says to a target for a probe, in one session. A pure function of the manifest.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior, Value};
use serde::{Deserialize, Serialize};

mod given;

use given::Given;
pub use given::longest_passage;

use crate::seed::shuffle;
use crate::{
    Limits, Manifest, Probe, ProbeKind, Problem, Seed, Target, TargetCatalogue, User, Wording, nearest,
};

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
    /// Bytes of all that the user brings.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts = self.system.iter().chain(&self.turns).chain(&self.prefill);
        texts.map(String::len).sum()
    }

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
        self.script_given(probe, user, session, None)
    }

    /// The same at a later step of a chain, which is given its own `passage` ([`crate::plan::Plan::passage`]).
    pub fn script_given(
        &self,
        probe: &Probe,
        user: &User,
        session: u32,
        passage: Option<&str>,
    ) -> Result<Script, TemplateError> {
        let wording = wording_for(probe, user);
        let given = Given::of(probe, passage);
        let persona = match &user.persona {
            Some(level) => {
                Some(self.render(&level.text, &Names::of(user), || format!("persona {:?}", level.id))?)
            }
            None => None,
        };
        let mut names = Names { persona: persona.as_deref(), ..Names::of(user) };
        let system = self.system(user, &names)?;
        names.given = given.named;
        let opening = given.opening.map(std::slice::from_ref);
        let asked = opening.unwrap_or(&wording.turns);
        let mut turns = Vec::with_capacity(asked.len());
        for (at, turn) in asked.iter().enumerate() {
            let question = if wording.template {
                self.render(turn, &names, || format!("probe {:?}, turn {at}", probe.id))?
            } else {
                turn.clone()
            };
            turns.push(self.worded(question, user, &names)?);
        }
        if let Some(last) = turns.last_mut() {
            self.ask_for_form(last, probe, wording, user, session);
        }
        let prefill = given.named.filter(|_| given.prefill).map(|(_, passage)| passage.to_owned());
        Ok(Script { system, turns, prefill })
    }

    /// The order in which the options of `probe` stand for this user's session: place → option. The same for all targets and
    /// repeats, so that targets are compared on the same stimulus.
    #[must_use]
    pub fn option_order(&self, probe: &Probe, user: &User, session: u32, options: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..options).collect();
        if probe.wordings.values().any(|wording| wording.verbatim) {
            return order;
        }
        let mut stream =
            self.seed.stream(&["option order", probe.id.as_str(), user.id.as_str(), &session.to_string()]);
        shuffle(&mut order, &mut stream);
        order
    }

    fn system(&self, user: &User, names: &Names<'_>) -> Result<Option<String>, TemplateError> {
        let Some(level) = user.system.as_ref().filter(|level| !level.text.is_empty()) else {
            return Ok(names.persona.map(str::to_owned));
        };
        let text = self.render(&level.text, names, || format!("system prompt {:?}", level.id))?;
        // A persona that no template places is the second paragraph of the system prompt.
        let placed =
            [Some(level), user.wording.as_ref()].into_iter().flatten().any(|l| l.text.contains("persona"));
        Ok(Some(match names.persona {
            Some(persona) if !placed => format!("{text}\n\n{persona}"),
            _ => text,
        }))
    }

    fn worded(&self, question: String, user: &User, names: &Names<'_>) -> Result<String, TemplateError> {
        match &user.wording {
            None => Ok(question),
            Some(level) => {
                let names = Names { question: Some(&question), ..*names };
                self.render(&level.text, &names, || format!("wording {:?}", level.id))
            }
        }
    }

    fn ask_for_form(&self, turn: &mut String, probe: &Probe, wording: &Wording, user: &User, session: u32) {
        match &probe.kind {
            _ if wording.verbatim => {}
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
        names: &Names<'_>,
        place: impl Fn() -> String,
    ) -> Result<String, TemplateError> {
        // Most prompts are plain text; they need no engine.
        if !["{{", "{%", "{#"].iter().any(|mark| template.contains(mark)) {
            return Ok(template.to_owned());
        }
        let known = names.known();
        self.environment
            .render_str(
                template,
                known.iter().map(|(name, text)| (*name, Value::from(*text))).collect::<BTreeMap<_, _>>(),
            )
            .map_err(|error| TemplateError { place: place(), reason: self.explain(&error, template, &known) })
    }

    /// Says where and what; a name that is not known is named, and so is what was probably meant.
    fn explain(&self, error: &minijinja::Error, template: &str, names: &[(&str, &str)]) -> String {
        let line = error.line().map_or(String::new(), |line| format!("line {line}: "));
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        if error.kind() == minijinja::ErrorKind::UndefinedError
            && let Some(unknown) = self.unknown_name(template, &known)
        {
            let hint = match nearest(&unknown, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            return format!("{line}unknown name `{unknown}`; {hint}");
        }
        let detail = error.detail().map_or(String::new(), |detail| format!(": {detail}"));
        format!("{line}{}{detail}", error.kind())
    }

    /// The engine keeps the name of an undefined value to itself; the template does not.
    fn unknown_name(&self, template: &str, known: &[&str]) -> Option<String> {
        let used = self.environment.template_from_str(template).ok()?.undeclared_variables(false);
        used.into_iter().filter(|name| !known.contains(&name.as_str())).min()
    }
}

/// What a template may speak of.
#[derive(Clone, Copy)]
struct Names<'a> {
    language: &'a str,
    persona: Option<&'a str>,
    question: Option<&'a str>,
    /// What a recall probe gives, by its name.
    given: Option<(&'static str, &'a str)>,
}

impl<'a> Names<'a> {
    fn of(user: &'a User) -> Self {
        Self { language: &user.language, persona: None, question: None, given: None }
    }

    fn known(&self) -> Vec<(&'static str, &'a str)> {
        let mut known = vec![("language", self.language)];
        known.extend(self.persona.map(|text| ("persona", text)));
        known.extend(self.question.map(|text| ("question", text)));
        known.extend(self.given);
        known
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

/// Renders what every kind of user says for every probe, so that a template error and a prompt that no limit lets through
/// are found before a call is paid.
pub(crate) fn check(manifest: &Manifest, catalogue: &TargetCatalogue) -> Result<(), Problem> {
    let prompter = Prompter::new(manifest.seed);
    for probe in &manifest.probes {
        let mut longest = 0;
        let later = longest_passage(probe);
        let passages = [None, later.as_deref()];
        let passages = &passages[..if later.is_some() { 2 } else { 1 }];
        let asked =
            one_user_of_each_kind(manifest).flat_map(|user| passages.iter().map(move |at| (user, *at)));
        for (user, passage) in asked {
            let script = prompter
                .script_given(probe, user, 0, passage)
                .map_err(|error| Problem::at(format!("probe {}", probe.id), error.to_string()))?;
            if let Some(turn) = script.turns.iter().position(|turn| turn.trim().is_empty()) {
                let message = format!(
                    "turn {turn} says nothing to a user who asks in {:?}; providers refuse that",
                    user.language
                );
                return Err(Problem::at(format!("probe {}", probe.id), message));
            }
            longest = longest.max(script.bytes());
        }
        for target in &manifest.targets {
            let limits = catalogue.pools.get(&target.pool).cloned().unwrap_or_default();
            check_size(probe, longest, target, &limits.lowered_by(&manifest.limits))?;
        }
    }
    Ok(())
}

/// A template sees a user's levels only, so one user of each combination of levels stands for all.
pub fn one_user_of_each_kind(manifest: &Manifest) -> impl Iterator<Item = &User> {
    let mut seen = BTreeSet::new();
    manifest.users.users.iter().filter(move |user| seen.insert(user.levels()))
}

/// Tokens of so many bytes of text, as far as can be told without the model's tokenizer.
#[must_use]
pub fn estimate_tokens(bytes: usize) -> u64 {
    (bytes as u64 * 2).div_ceil(7)
}

fn check_size(probe: &Probe, bytes: usize, target: &Target, limits: &Limits) -> Result<(), Problem> {
    let tokens = estimate_tokens(bytes);
    let answer = u64::from(target.parameters.max_tokens);
    let too_large = |what: String| {
        Err(Problem::at(
            format!("probe {}", probe.id),
            format!("its prompt has about {tokens} tokens and its answer up to {answer}, but {what}"),
        ))
    };
    match (target.card.context_tokens, limits.input_tokens_per_minute, limits.output_tokens_per_minute) {
        (Some(context), _, _) if tokens + answer > u64::from(context) => too_large(format!(
            "target {} takes {context} in all; shorten the prompt or lower `max_tokens`",
            target.id
        )),
        (_, Some(limit), _) if tokens > u64::from(limit) => too_large(format!(
            "pool {} lets {limit} input tokens through in a minute; such a call could never start",
            target.pool
        )),
        (_, _, Some(limit)) if answer > u64::from(limit) => too_large(format!(
            "pool {} lets {limit} output tokens through in a minute; lower `max_tokens` of target {}",
            target.pool, target.id
        )),
        _ => Ok(()),
    }
}

fn minijinja_defaults(environment: &mut Environment<'static>) {
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("trim", minijinja::filters::trim);
}

#[cfg(test)]
mod tests;
