//! The rules of each language, and which language a text is in.

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use antiphon_stats::text::tokens;
use regex::Regex;
use serde::Deserialize;

use super::reading::{Reading, Sentence};

/// Every language that has rules. docs/statistics.md says how well each does.
pub(super) const FILES: [&str; 11] = [
    include_str!("de.yaml"),
    include_str!("en.yaml"),
    include_str!("es.yaml"),
    include_str!("fr.yaml"),
    include_str!("it.yaml"),
    include_str!("ja.yaml"),
    include_str!("nl.yaml"),
    include_str!("pl.yaml"),
    include_str!("pt.yaml"),
    include_str!("ru.yaml"),
    include_str!("zh.yaml"),
];

/// Words that say too little about the language of a text.
const FEW: usize = 3;
/// A language is spoken where at least this share of the words are its function words.
const SPOKEN: f64 = 0.2;
/// The user's own language is believed with less than another.
const OWN: f64 = 0.12;

static ALL: LazyLock<Vec<Rules>> = LazyLock::new(|| FILES.map(Rules::read).into());

/// The rules of all languages.
pub(super) fn all() -> &'static [Rules] {
    &ALL
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: String,
    #[serde(default)]
    script: Script,
    #[serde(default)]
    words: BTreeSet<String>,
    refuse: Vec<String>,
    spare: Vec<String>,
    hedge: Vec<String>,
    unhedge: Vec<String>,
    pivot: Vec<String>,
    offer: Vec<String>,
}

/// What a language is written in, as far as that tells languages apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Script {
    /// Words between spaces; function words tell the language.
    #[default]
    Words,
    /// Han characters.
    Han,
    /// Han characters with kana among them.
    Kana,
}

/// The rules of one language.
pub(super) struct Rules {
    pub(super) language: String,
    script: Script,
    words: BTreeSet<String>,
    pub(super) refuse: Patterns,
    pub(super) spare: Patterns,
    pub(super) hedge: Patterns,
    pub(super) unhedge: Patterns,
    pub(super) pivot: Patterns,
    pub(super) offer: Patterns,
}

/// Patterns of which any may match, as one; compiled when a text of the language is first read.
pub(super) struct Patterns {
    source: String,
    compiled: OnceLock<Regex>,
}

impl Rules {
    fn read(file: &str) -> Self {
        let file: File = serde_saphyr::from_str(file).expect("a test reads every file of rules");
        Self {
            language: file.language,
            script: file.script,
            words: file.words,
            refuse: Patterns::new(&file.refuse),
            spare: Patterns::new(&file.spare),
            hedge: Patterns::new(&file.hedge),
            unhedge: Patterns::new(&file.unhedge),
            pivot: Patterns::new(&file.pivot),
            offer: Patterns::new(&file.offer),
        }
    }

    /// The share of words that are function words of this language.
    fn share(&self, words: &[&str]) -> f64 {
        let known = words.iter().filter(|word| self.words.contains(**word)).count();
        #[expect(clippy::cast_precision_loss, reason = "words of an answer are far below 2^53")]
        let share = known as f64 / words.len().max(1) as f64;
        share
    }
}

impl Patterns {
    fn new(patterns: &[String]) -> Self {
        assert!(!patterns.is_empty(), "nothing would match everything");
        let any: Vec<String> = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect();
        Self { source: any.join("|"), compiled: OnceLock::new() }
    }

    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| Regex::new(&self.source).expect("a test compiles every rule"))
    }

    /// The end, in bytes, of the match that begins first.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        self.regex().find(text).map(|found| found.end())
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex().is_match(text)
    }

    /// The text without all that matches.
    pub(super) fn cut<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        self.regex().replace_all(text, " … ")
    }
}

/// The rules for the language that a text is in: the user's or another, by its script and its function words. A text of a few words is
/// believed to be in the user's language. `None` where no language that has rules is found.
pub(super) fn spoken(reading: &Reading, user: &str) -> Option<&'static Rules> {
    let primary = user.split(['-', '_']).next().unwrap_or(user).to_lowercase();
    let own = all().iter().find(|rules| rules.language == primary);
    let script = script_of(&reading.sentences);
    if script != Some(Script::Words) {
        return match script {
            // Han characters alone may be a few words of Japanese.
            Some(Script::Han) if own.is_some_and(|own| own.script == Script::Kana) && !is_long(reading) => {
                own
            }
            Some(script) => all().iter().find(|rules| rules.script == script),
            // Numbers and symbols are read in every language; another script has no rules.
            None => own.filter(|_| reading.words().all(|word| !word.contains(char::is_alphabetic))),
        };
    }
    let words: Vec<&str> = reading.words().filter(|word| word.contains(char::is_alphabetic)).collect();
    if words.len() <= FEW {
        return own;
    }
    let share = |rules: &Rules| rules.share(&words);
    let best = all().iter().max_by(|a, b| share(a).total_cmp(&share(b)))?;
    match own {
        Some(own) if share(own) >= OWN && share(own) >= 0.75 * share(best) => Some(own),
        _ => Some(best).filter(|best| share(best) >= SPOKEN),
    }
}

/// The rules that a sentence may be read by: those of the text's language, and of its own where that is another.
pub(super) fn likely(
    sentence: &Sentence,
    spoken: Option<&'static Rules>,
) -> impl Iterator<Item = &'static Rules> {
    let own = match script_of(std::slice::from_ref(sentence)) {
        Some(Script::Words) => {
            let words = tokens(&sentence.text);
            let best =
                all().iter().map(|rules| (rules.share(&words), rules)).max_by(|a, b| a.0.total_cmp(&b.0));
            best.filter(|(share, _)| *share >= SPOKEN).map(|(_, rules)| rules)
        }
        Some(script) => all().iter().find(|rules| rules.script == script),
        None => None,
    };
    let other = own.filter(|own| spoken.is_none_or(|spoken| spoken.language != own.language));
    spoken.into_iter().chain(other)
}

fn is_long(reading: &Reading) -> bool {
    reading.words().count() > 4 * FEW
}

/// The script of most letters; `None` where there are none, or where most are of one that no rules are for.
fn script_of(sentences: &[Sentence]) -> Option<Script> {
    let (mut words, mut han, mut kana, mut other) = (0, 0, 0, 0);
    for character in sentences.iter().flat_map(|sentence| sentence.text.chars()) {
        match character {
            '\u{3040}'..='\u{30ff}' => kana += 1,
            '\u{3400}'..='\u{9fff}' => han += 1,
            'a'..='z' | '\u{df}'..='\u{24f}' | '\u{400}'..='\u{45f}' => words += 1,
            letter if letter.is_alphabetic() => other += 1,
            _ => {}
        }
    }
    // A character of Chinese or Japanese is about a word.
    let most = [4 * (han + kana), words, other].into_iter().max().filter(|most| *most > 0)?;
    match most {
        most if most == 4 * (han + kana) => Some(if kana > 0 { Script::Kana } else { Script::Han }),
        most if most == words => Some(Script::Words),
        _ => None,
    }
}
