//! Collects the answers of all files: names once each, texts on disk, and a few numbers per answer.

use std::collections::{BTreeMap, HashMap};

use crate::ExchangeError;
use crate::answer::Answer;
use crate::error::Refusal;
use crate::map::{Kind, Map};
use crate::spill::{Place, Spill};

/// Where an answer stands in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) file: u32,
    /// From 1, as the file's own tools count.
    pub(crate) row: u64,
}

/// Names an answer by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) target: u32,
    pub(crate) probe: u32,
    pub(crate) user: u32,
    pub(crate) session: u64,
    pub(crate) turn: u32,
    pub(crate) repeat: u32,
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) origin: Origin,
    pub(crate) text: Place,
}

/// Different texts by their numbers, in the order in which they first came.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) all: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).expect("fewer than 2^32 names");
        self.numbers.insert(name.to_owned(), number);
        self.all.push(name.to_owned());
        number
    }
}

/// A text that should be the same for all, and how often it was not.
#[derive(Debug, Default)]
pub(crate) struct Common {
    pub(crate) text: Option<String>,
    pub(crate) differs: bool,
}

impl Common {
    fn see(&mut self, text: Option<String>) {
        match (&self.text, text) {
            (None, Some(text)) => self.text = Some(text),
            (Some(known), Some(text)) if *known != text => self.differs = true,
            _ => {}
        }
    }
}

/// What is known of a probe.
#[derive(Debug, Default)]
pub(crate) struct FoundProbe {
    pub(crate) group: Option<String>,
    pub(crate) kind: Option<Kind>,
    /// Language → options. Those at the same place mean the same in all languages.
    pub(crate) options: BTreeMap<u32, Vec<String>>,
    /// Language and turn → what was said.
    pub(crate) prompts: BTreeMap<(u32, u32), Common>,
    pub(crate) turns: u32,
}

/// What is known of a user.
#[derive(Debug, Default)]
pub(crate) struct FoundUser {
    pub(crate) name: String,
    pub(crate) language: u32,
    pub(crate) system: Common,
    pub(crate) answers: u64,
    pub(crate) with_system: u64,
}

/// All that was found.
#[derive(Debug)]
pub(crate) struct Gather<'m> {
    map: &'m Map,
    pub(crate) targets: Names,
    pub(crate) probe_names: Names,
    pub(crate) probes: Vec<FoundProbe>,
    pub(crate) languages: Names,
    users_by_key: HashMap<(String, u32), u32>,
    pub(crate) users: Vec<FoundUser>,
    pub(crate) users_known: bool,
    pub(crate) entries: Vec<Entry>,
    pub(crate) spill: Spill,
    /// Sessions so far, where the files do not number them.
    sessions: HashMap<(u32, u32, u32), u64>,
}

/// The user of all answers where nobody says who asked.
pub(crate) const SOMEBODY: &str = "all";

impl<'m> Gather<'m> {
    pub(crate) fn new(map: &'m Map) -> Result<Self, ExchangeError> {
        Ok(Self {
            map,
            targets: Names::default(),
            probe_names: Names::default(),
            probes: Vec::new(),
            languages: Names::default(),
            users_by_key: HashMap::new(),
            users: Vec::new(),
            users_known: false,
            entries: Vec::new(),
            spill: Spill::new()?,
            sessions: HashMap::new(),
        })
    }

    /// Takes an answer; `refuse` says where it stands.
    pub(crate) fn add(
        &mut self,
        answer: Answer,
        origin: Origin,
        refuse: impl Fn(Refusal) -> ExchangeError,
    ) -> Result<(), ExchangeError> {
        let Answer { target, probe, prompt, system, user, language, group, options, mut said, .. } = answer;
        let Some(target) = target else {
            let reason = "it does not say which model answered; name the column with `--column target=NAME`, or the model \
                          with `--constant target=NAME`";
            return Err(refuse(Refusal::new(reason)));
        };
        let Some(probe) = probe.or_else(|| prompt.clone()) else {
            let reason = "it says neither which probe it answers nor what was asked; name a column with `--column probe=NAME` \
                          or `--column prompt=NAME`";
            return Err(refuse(Refusal::new(reason)));
        };
        if answer.turn.is_some_and(|turn| turn > 0) && answer.session.is_none() {
            let reason = "it is a later turn of a conversation that has no name; name its column with `--column session=NAME`";
            return Err(refuse(Refusal::new(reason)));
        }
        let language = self.languages.number(language.as_deref().unwrap_or("en"));
        let target = self.targets.number(&target);
        let turn = answer.turn.unwrap_or(0);
        let number = self.probe_names.number(&probe);
        if number as usize == self.probes.len() {
            self.probes.push(FoundProbe::default());
        }
        let map_options = self.map.options(&probe);
        let found = &mut self.probes[number as usize];
        found.turns = found.turns.max(turn + 1);
        found.group = found.group.take().or(group);
        found.kind = found.kind.or(answer.kind);
        found.prompts.entry((language, turn)).or_default().see(prompt);
        let is_choice = self.map.kind(&probe).or(found.kind).is_none_or(|kind| kind == Kind::Choice);
        if let Some(options) = options.filter(|_| is_choice && map_options.is_none()) {
            said.logged.shown = found.show(language, options, answer.own_options).map_err(&refuse)?;
        }
        let user = self.user(user, language, system);
        let session = match (answer.session, answer.repeat) {
            (Some(session), _) => session,
            (None, Some(_)) => 0,
            (None, None) => {
                let next = self.sessions.entry((target, number, user)).or_default();
                *next += 1;
                *next - 1
            }
        };
        let key = Key { target, probe: number, user, session, turn, repeat: answer.repeat.unwrap_or(0) };
        let text = self.spill.add(&said)?;
        self.entries.push(Entry { key, origin, text });
        Ok(())
    }

    fn user(&mut self, name: Option<String>, language: u32, system: Option<String>) -> u32 {
        self.users_known |= name.is_some();
        let name = name.unwrap_or_else(|| SOMEBODY.to_owned());
        let number = *self.users_by_key.entry((name, language)).or_insert_with_key(|(name, language)| {
            self.users.push(FoundUser { name: name.clone(), language: *language, ..FoundUser::default() });
            u32::try_from(self.users.len() - 1).expect("fewer than 2^32 users")
        });
        let user = &mut self.users[number as usize];
        user.answers += 1;
        user.with_system += u64::from(system.is_some());
        user.system.see(system);
        number
    }
}

impl FoundProbe {
    /// Takes the options as they were shown: gives place → option, empty where that is the probe's own order.
    fn show(
        &mut self,
        language: u32,
        shown: Vec<String>,
        own: Option<Vec<String>>,
    ) -> Result<Vec<u8>, Refusal> {
        let known = self.options.entry(language).or_insert_with(|| own.unwrap_or_else(|| shown.clone()));
        if *known == shown {
            return Ok(Vec::new());
        }
        let place = |option: &String| known.iter().position(|known| known == option);
        let order: Option<Vec<u8>> =
            shown.iter().map(|option| place(option).and_then(|at| u8::try_from(at).ok())).collect();
        order.filter(|order| order.len() == known.len()).ok_or_else(|| {
            Refusal::new(format!(
                "its options {shown:?} are others than the probe's first ones, {known:?}; a probe has the same options everywhere"
            ))
        })
    }
}
