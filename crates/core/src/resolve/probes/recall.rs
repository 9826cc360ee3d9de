//! A document as recall probes, cut by cut.

use std::collections::BTreeMap;

use super::Entry;
use super::passages::{AFTER_PASSAGE, FROM_BEGINNING};
use crate::document::{Document, Ngrams, reworded, shuffled, twins};
use crate::manifest::{Continues, Cue, Cut, Edition, Probe, ProbeKind, Wording};
use crate::resolve::{Assets, Problem};
use crate::suite::{Control, RecallForm};
use crate::{ProbeId, Seed};

/// Words of a passage and of a reference, where the suite does not say.
const DEFAULT_WORDS: u32 = 60;
/// Continuations that somebody would guess; their mean is what guessing is worth.
const GUESSES: usize = 5;
/// Edited twins beside a true continuation.
const TWINS: usize = 3;
/// Words of a true continuation and its twins.
const TWIN_WORDS: usize = 24;
/// Words before a place in another edition that must stand there.
const ANCHOR: usize = 3;
/// Words before it of which most must.
const CONTEXT: usize = 30;
/// Words at the end of a passage that may differ between editions.
const BACK: usize = 6;
/// Words that say what a quotation is about.
const TOPIC_WORDS: usize = 3;

const CHOOSE_PROMPT: &str =
    "Here is a passage from a document. Which of these comes next in it?\n\n{{ passage }}";

/// Where a document is cut: what a text for one cut is made of.
struct Place<'a> {
    document: &'a Document<'a>,
    at: usize,
    /// Words before and after.
    before: usize,
    after: usize,
}

impl Entry<'_> {
    pub(super) fn recall(&self, assets: &Assets) -> Result<Vec<Probe>, Problem> {
        let probe = self.written;
        let Some(path) = &probe.document else { return self.problem("a `recall` probe needs a `document`") };
        let Some(cuts) = probe.cuts.as_ref().filter(|cuts| !cuts.is_empty()) else {
            return self.problem("a `recall` probe needs `cuts`, the words before which the document is cut");
        };
        let text = self.document_text(path, assets)?;
        self.check_control(path)?;
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        let document = Document::new(text);
        let invented = match probe.control {
            Some(Control::Invented) => Some(self.invented(&document)),
            _ => None,
        };
        let document = invented.as_deref().map_or(document, Document::new);
        let wordings = self.recall_wordings()?;
        let id = self.id()?;
        cuts.iter()
            .map(|&word| {
                let place = self.place(path, &document, word)?;
                let group = probe.group.clone().or_else(|| Some(id.to_string()));
                let id =
                    ProbeId::new(format!("{id}@w{word}")).or_else(|error| self.problem(error.to_string()))?;
                if probe.form == Some(RecallForm::Choose) {
                    let wordings = self.choice(&place, &wordings, word)?;
                    let continues = Some(Continues { document: path.clone(), word });
                    return Ok(Probe {
                        id,
                        group,
                        wordings,
                        kind: ProbeKind::Choice,
                        continues,
                        mentions: Vec::new(),
                    });
                }
                let cut = Cut {
                    document: path.clone(),
                    document_hash: hash.clone(),
                    word,
                    reference: place.reference().to_owned(),
                    prefill: probe.form == Some(RecallForm::Prefill),
                    control: probe.control,
                    ..self.given(&place, word)?
                };
                let cut = self.compared(cut, &place, assets);
                let kind = ProbeKind::Recall(cut);
                Ok(Probe {
                    id,
                    group,
                    wordings: wordings.clone(),
                    kind,
                    continues: None,
                    mentions: Vec::new(),
                })
            })
            .collect()
    }

    /// A control that changes or invents a passage needs one.
    fn check_control(&self, path: &str) -> Result<(), Problem> {
        let without_passage =
            matches!(self.written.form, Some(RecallForm::Heading | RecallForm::Topic | RecallForm::Choose));
        let Some(control) = self.written.control else { return Ok(()) };
        if without_passage && control != Control::Known && control != Control::Other {
            return self.problem(
                "this control changes the passage, so it goes with `form: user` and `form: prefill` only",
            );
        }
        let decided = self.suite.scoring.recall.as_ref().map(|rules| rules.document.as_str());
        match control {
            Control::Known | Control::Other if decided == Some(path) => {
                self.problem(format!("{path} is the document that is asked for; a control needs another"))
            }
            _ => Ok(()),
        }
    }

    fn recall_wordings(&self) -> Result<BTreeMap<String, Wording>, Problem> {
        let (default, places) = match self.written.form.unwrap_or(RecallForm::User) {
            RecallForm::User => (Some(AFTER_PASSAGE), Some("passage")),
            RecallForm::Prefill => (Some(FROM_BEGINNING), None),
            RecallForm::Choose => (Some(CHOOSE_PROMPT), Some("passage")),
            // Which document it is, only the suite can say.
            RecallForm::Heading => (None, Some("heading")),
            RecallForm::Topic => (None, Some("topic")),
        };
        self.prompts(default, places)
    }

    fn place<'a>(&self, path: &str, document: &'a Document<'a>, word: u32) -> Result<Place<'a>, Problem> {
        let at = word as usize;
        let cued = matches!(self.written.form, Some(RecallForm::Heading | RecallForm::Topic));
        let before = if cued { 0 } else { self.written.passage_words.unwrap_or(DEFAULT_WORDS) as usize };
        let after = match self.written.form {
            Some(RecallForm::Choose) => TWIN_WORDS,
            _ => self.written.reference_words.unwrap_or(DEFAULT_WORDS) as usize,
        };
        if (before == 0 && !cued) || after == 0 {
            return self.problem("`passage_words` and `reference_words` must be 1 or more");
        }
        let words = document.len();
        if before + after > words {
            return self.problem(format!(
                "{path} has {words} words, too short for a passage of {before} and a reference of {after}; lower \
                 `passage_words` and `reference_words`"
            ));
        }
        if at < before || at + after > words {
            return self.problem(format!(
                "the cut at word {at} lies outside the document: {path} has {words} words, and a cut needs {before} before \
                 it and {after} after it, so it must lie between {before} and {}",
                words.saturating_sub(after)
            ));
        }
        Ok(Place { document, at, before, after })
    }

    /// What the target is given at a place.
    fn given(&self, place: &Place<'_>, word: u32) -> Result<Cut, Problem> {
        let mut cut = Cut::default();
        match self.written.form {
            Some(RecallForm::Heading) => {
                let sections = place.document.sections();
                let section = sections.into_iter().find(|section| section.body.start == place.at);
                let Some(section) = section else {
                    return self
                        .problem(format!("no section begins at word {word}, so that it has no heading"));
                };
                cut.cue = Some(Cue::Heading(section.title));
            }
            Some(RecallForm::Topic) => cut.cue = Some(Cue::Topic(place.topic())),
            _ => {
                cut.passage = match self.written.control {
                    Some(Control::Shuffled) => shuffled(place.passage(), &mut self.stream("shuffled", word)),
                    Some(Control::Reworded) => match reworded(place.passage()) {
                        Some(passage) => passage,
                        None => {
                            return self.problem(format!(
                                "the passage before word {word} can't be reworded: too few of its words are common English ones; \
                                 leave this cut or this control out"
                            ));
                        }
                    },
                    _ => place.passage().to_owned(),
                };
            }
        }
        Ok(cut)
    }

    /// Adds what an answer is compared with besides the reference, where it decides about the document.
    fn compared(&self, cut: Cut, place: &Place<'_>, assets: &Assets) -> Cut {
        let Some(rules) = self
            .suite
            .scoring
            .recall
            .as_ref()
            .filter(|rules| rules.document == cut.document && cut.control.is_none() && cut.cue.is_none())
        else {
            return cut;
        };
        let editions = rules.editions.iter().filter_map(|path| {
            let other = place.in_edition(&Document::new(assets.documents.get(path)?))?;
            Some(Edition { document: path.clone(), reference: other })
        });
        let ngrams = Ngrams::of(place.document, place.at..place.at + place.after);
        let mut generator = self.stream("guesses", cut.word);
        let guesses =
            (0..GUESSES).map(|_| ngrams.guess(place.passage(), place.after, &mut generator)).collect();
        Cut { editions: editions.collect(), guesses, ..cut }
    }

    /// A text of the document's words as long as it has to be for the cuts.
    fn invented(&self, document: &Document<'_>) -> String {
        let after = self.written.reference_words.unwrap_or(DEFAULT_WORDS);
        let last = self.written.cuts.iter().flatten().max().copied().unwrap_or(0);
        Ngrams::of(document, 0..0)
            .invent((last.saturating_add(after)) as usize, &mut self.stream("invented", 0))
    }

    /// The wordings of a choice between how the document goes on, which is the first option, and its twins.
    fn choice(
        &self,
        place: &Place<'_>,
        wordings: &BTreeMap<String, Wording>,
        word: u32,
    ) -> Result<BTreeMap<String, Wording>, Problem> {
        let truth = place.reference().split_whitespace().collect::<Vec<_>>().join(" ");
        let ngrams = Ngrams::of(place.document, 0..0);
        let edited = twins(&truth, &ngrams, TWINS, &mut self.stream("twins", word));
        if edited.len() < TWINS {
            return self.problem(format!(
                "at word {word} no {TWINS} twins can be made: the document is too short or says too little twice; leave this cut out"
            ));
        }
        let options: Vec<String> = std::iter::once(truth).chain(edited).collect();
        let with_passage = |wording: &Wording| {
            let place_it = |turn: &String| {
                turn.replace("{{ passage }}", place.passage()).replace("{{passage}}", place.passage())
            };
            let turns = wording.turns.iter().map(place_it).collect();
            Wording { turns, template: false, options: options.clone(), ..wording.clone() }
        };
        Ok(wordings.iter().map(|(language, wording)| (language.clone(), with_passage(wording))).collect())
    }

    /// What is drawn for a cut depends on where it is and not on the other cuts.
    fn stream(&self, purpose: &str, word: u32) -> rand_chacha::ChaCha8Rng {
        let id = self.written.id.as_deref().unwrap_or_default();
        Seed(self.suite.seed).stream(&["recall", purpose, id, &word.to_string()])
    }
}

impl Place<'_> {
    fn passage(&self) -> &str {
        self.document.slice(self.at - self.before..self.at)
    }

    fn reference(&self) -> &str {
        self.document.slice(self.at..self.at + self.after)
    }

    /// The words of the reference that are rarest in the document, in the order in which they stand.
    fn topic(&self) -> String {
        let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        self.document.words().for_each(|word| *counts.entry(bare(word)).or_default() += 1);
        let mut rare: Vec<(usize, usize, String)> = Vec::new();
        for at in self.at..self.at + self.after {
            let word = bare(self.document.word(at));
            let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
            if letters >= 4 && !rare.iter().any(|(_, _, known)| *known == word) {
                rare.push((counts[&word], at, word));
            }
        }
        rare.sort();
        rare.truncate(TOPIC_WORDS);
        rare.sort_by_key(|(_, at, _)| *at);
        let words: Vec<String> = rare.into_iter().map(|(_, _, word)| word).collect();
        words.join(", ")
    }

    /// What follows at this place in another edition, if the place is found there and it goes on differently.
    fn in_edition(&self, other: &Document<'_>) -> Option<String> {
        let passage: Vec<&str> = self.passage().split_whitespace().rev().take(CONTEXT).collect();
        let words: Vec<&str> = other.words().collect();
        // The very last words may be what the editions differ in.
        let place = |back: usize| Some(self.found_after(passage.get(back..)?, &words)? + back);
        let at = (0..=BACK).find_map(place).filter(|&at| at < words.len())?;
        let reference = other.slice(at..(at + self.after).min(words.len()));
        let same = reference.split_whitespace().eq(self.reference().split_whitespace());
        (!same).then(|| reference.to_owned())
    }

    /// Where words, the last one first, end in another edition: where the last few stand, and most of those before them; of several such places,
    /// where it would be if both editions were equally long.
    fn found_after(&self, passage: &[&str], words: &[&str]) -> Option<usize> {
        let anchor = &passage[..passage.len().min(ANCHOR)];
        let stands = |end: &usize| anchor.iter().zip(words[..*end].iter().rev()).all(|(a, b)| a == b);
        let shared = |end: usize| {
            let mut before: Vec<&str> = words[end.saturating_sub(passage.len())..end].to_vec();
            let known = passage.iter().filter(|word| {
                let place = before.iter().position(|other| other == *word);
                place.map(|place| before.swap_remove(place)).is_some()
            });
            known.count()
        };
        let expected = self.at * words.len() / self.document.len();
        let at = (anchor.len()..words.len())
            .filter(stands)
            .max_by_key(|&end| (shared(end), std::cmp::Reverse(end.abs_diff(expected))))?;
        (2 * shared(at) > passage.len()).then_some(at)
    }
}

#[cfg(test)]
mod tests;
