//! Where documents are cut: at sentences and paragraphs, evenly over the text.

use std::collections::BTreeSet;
use std::ops::Range;

use antiphon_core::document::{Document, reworded};

use super::Text;
use crate::args::RecallNewArguments;
use crate::output::Usage;

/// Fewest cuts with which a verdict is asked.
const FEWEST: usize = 8;
/// Words of a continuation that is to be chosen; see the form `choose`.
const CHOSEN_WORDS: usize = 24;

/// One entry of the suite: probes of one kind.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) document: String,
    pub(super) form: &'static str,
    pub(super) control: Option<&'static str>,
    pub(super) passage_words: Option<usize>,
    pub(super) reference_words: Option<usize>,
    pub(super) cuts: Vec<usize>,
}

/// All entries, what there is no place for, and what is asked twice.
pub(super) struct Plan {
    pub(super) entries: Vec<Entry>,
    pub(super) left_out: Vec<String>,
}

pub(super) fn plan(
    new: &RecallNewArguments,
    document: &Text,
    other: Option<&Text>,
    known: Option<&Text>,
    takes_prefill: bool,
) -> Result<Plan, Usage> {
    let (Some(&main), reference) = (new.passage_words.first(), new.reference_words) else {
        return Err(Usage("--passage-words needs a length".to_owned()));
    };
    if new.passage_words.contains(&0) || reference == 0 {
        return Err(Usage("--passage-words and --reference-words are 1 or more".to_owned()));
    }
    let text = Document::new(&document.text);
    let words = new.words.clone().unwrap_or(0..text.len());
    if words.end > text.len() {
        return Err(Usage(format!(
            "{} has {} words; --words ends at {}",
            document.name,
            text.len(),
            words.end
        )));
    }
    let cuts = spread(&text, words.clone(), main, reference, new.cuts);
    if cuts.len() < FEWEST {
        return Err(Usage(format!(
            "{} has room for {} cuts with {main} words before and {reference} after, and a verdict needs {FEWEST}; ask for less with \
             --passage-words and --reference-words, or raise --cuts",
            document.name,
            cuts.len()
        )));
    }
    let mut asked = Asked {
        new,
        name: &document.name,
        text: &text,
        words,
        main,
        few: (new.cuts / 4).max(FEWEST),
        plan: Plan { entries: Vec::new(), left_out: Vec::new() },
    };
    asked.plan.left_out.extend(overlap(&document.name, &cuts, main, reference, asked.words.len()));
    asked.ways(&cuts, takes_prefill);
    asked.changed_passages(&cuts);
    asked.other_documents(other, known);
    Ok(asked.plan)
}

/// The plan in the making.
struct Asked<'a> {
    new: &'a RecallNewArguments,
    name: &'a str,
    text: &'a Document<'a>,
    words: Range<usize>,
    /// Words of most passages.
    main: usize,
    /// Cuts of an entry that is not the first.
    few: usize,
    plan: Plan,
}

impl Asked<'_> {
    fn entry(&self, id: &str, form: &'static str, passage_words: usize, cuts: Vec<usize>) -> Entry {
        Entry {
            id: id.to_owned(),
            document: self.name.to_owned(),
            form,
            control: None,
            passage_words: Some(passage_words),
            reference_words: Some(self.new.reference_words),
            cuts,
        }
    }

    /// Ways to ask for the document itself.
    fn ways(&mut self, cuts: &[usize], takes_prefill: bool) {
        let (main, few) = (self.main, self.few);
        self.plan.entries.push(self.entry("passage", "user", main, cuts.to_vec()));
        for &length in self.new.passage_words.iter().skip(1) {
            // The same places as with the main length, where there is room, so that lengths can be compared.
            let fits: Vec<usize> =
                cuts.iter().copied().filter(|&cut| cut >= self.words.start + length).collect();
            let entry = self.entry(&format!("passage-{length}"), "user", length, some(&fits, few));
            self.plan.add(entry, "passages of other lengths");
        }
        if self.new.completion {
            return;
        }
        self.plan.add(self.entry("next", "next", main, some(cuts, few)), "another wording");
        let choose = self.entry("choose", "choose", main, choosable(self.text, cuts, few));
        self.plan.add(Entry { reference_words: None, ..choose }, "true continuations among edited twins");
        if takes_prefill {
            self.plan.add(
                self.entry("prefill", "prefill", main, some(cuts, few)),
                "passages that begin the answer",
            );
        } else {
            self.plan
                .left_out
                .push("no target takes a beginning of its own answer, so prefill is not asked".to_owned());
        }
        let long: Vec<usize> = self
            .text
            .sections()
            .into_iter()
            .map(|section| section.body)
            .filter(|body| body.len() >= self.new.reference_words)
            .filter(|body| self.words.contains(&body.start) && body.end <= self.words.end)
            .map(|body| body.start)
            .collect();
        let heading = self.entry("heading", "heading", main, some(&long, few));
        self.plan
            .add(Entry { passage_words: None, ..heading }, "sections by their headings: none is long enough");
        let topic = self.entry("topic", "topic", main, some(cuts, few));
        self.plan.add(Entry { passage_words: None, ..topic }, "quotations by topic");
    }

    /// Controls that give a passage of the document, changed.
    fn changed_passages(&mut self, cuts: &[usize]) {
        let (main, few) = (self.main, self.few);
        let shuffled = self.entry("shuffled", "user", main, some(cuts, few));
        self.plan.add(Entry { control: Some("shuffled"), ..shuffled }, "shuffled passages");
        let can_reword: Vec<usize> = cuts
            .iter()
            .copied()
            .filter(|&cut| reworded(self.text.slice(cut - main..cut)).is_some())
            .collect();
        let entry = self.entry("reworded", "user", main, some(&can_reword, few));
        self.plan.add(
            Entry { control: Some("reworded"), ..entry },
            "reworded passages: the document has too few common English words",
        );
    }

    /// Controls that ask for something else.
    fn other_documents(&mut self, other: Option<&Text>, known: Option<&Text>) {
        let (main, few, reference) = (self.main, self.few, self.new.reference_words);
        let spaced = (0..few).map(|at| main + at * (main + reference)).collect();
        let invented = self.entry("invented", "user", main, spaced);
        self.plan.add(Entry { control: Some("invented"), ..invented }, "an invented document");
        for (control, text) in [("other", other), ("known", known)] {
            let Some(text) = text else { continue };
            let of = Document::new(&text.text);
            // A short text that all know is cut with what room there is.
            let (before, after) = (main.min(of.len() / 4).max(1), reference.min(of.len() / 4).max(1));
            let entry = self.entry(control, "user", before, spread(&of, 0..of.len(), before, after, few));
            self.plan.add(
                Entry {
                    document: text.name.clone(),
                    control: Some(control),
                    reference_words: Some(after),
                    ..entry
                },
                control,
            );
        }
        if other.is_none() {
            self.plan.left_out.push(
                "without --other nothing shows how much of a document of this kind comes back that nobody can know"
                    .to_owned(),
            );
        }
        if known.is_none() {
            self.plan.left_out.push(
                "without a text that every target knows, one that hides what it knows looks like one that knows nothing"
                    .to_owned(),
            );
        }
    }
}

impl Plan {
    fn add(&mut self, entry: Entry, what: &str) {
        if entry.cuts.is_empty() {
            self.left_out.push(format!("left out: {what}"));
        } else {
            self.entries.push(entry);
        }
    }
}

/// Up to `count` cuts, one in each of as many equal stretches: where a sentence begins, or, in every second stretch, a paragraph, as near to
/// its middle as can be.
fn spread(
    document: &Document<'_>,
    words: Range<usize>,
    before: usize,
    after: usize,
    count: usize,
) -> Vec<usize> {
    let (first, last) = (words.start + before, words.end.saturating_sub(after));
    if first > last || count == 0 {
        return Vec::new();
    }
    let sentences: Vec<usize> = document.sentences().into_iter().map(|sentence| sentence.start).collect();
    let paragraphs = document.paragraphs();
    let mut cuts = BTreeSet::new();
    for at in 0..count {
        let (from, to) = (first + (last - first) * at / count, first + (last - first) * (at + 1) / count);
        let middle = usize::midpoint(from, to);
        let nearest = |starts: &[usize]| {
            let inside = starts.iter().copied().filter(|start| (from..=to).contains(start));
            inside.min_by_key(|start| start.abs_diff(middle))
        };
        let paragraph = if at % 2 == 1 { nearest(&paragraphs) } else { None };
        // A long sentence is cut inside rather than left out.
        cuts.insert(paragraph.or_else(|| nearest(&sentences)).unwrap_or(middle));
    }
    cuts.into_iter().collect()
}

/// A warning where cuts are so near to each other that the same words are asked for twice: the tests count each cut as one of its own.
fn overlap(name: &str, cuts: &[usize], before: usize, after: usize, words: usize) -> Option<String> {
    let shared = |pair: &&[usize]| pair[1] - pair[0] < after;
    let twice = cuts.windows(2).filter(shared).count();
    if twice == 0 {
        return None;
    }
    let room = words.saturating_sub(before) / after;
    let mend = if room >= FEWEST {
        format!("about {room} have room (`--cuts {room}`), or give shorter --reference-words")
    } else {
        let shorter = (words.saturating_sub(before) / cuts.len()).max(1);
        format!("give shorter --reference-words, such as {shorter}, or a longer document")
    };
    Some(format!(
        "{name} is short: {twice} of its {} cuts ask again for some of the {after} words after the cut before, and tests take each cut as \
         one of its own; {mend}",
        cuts.len()
    ))
}

/// Evenly chosen ones.
fn some(cuts: &[usize], count: usize) -> Vec<usize> {
    let kept = cuts.len().min(count);
    (0..kept).map(|at| cuts[at * cuts.len() / kept]).collect()
}

/// Cuts after which enough words follow for twins; whether twins can be made is seen when the suite is checked.
fn choosable(document: &Document<'_>, cuts: &[usize], count: usize) -> Vec<usize> {
    let fits: Vec<usize> = cuts.iter().copied().filter(|cut| cut + CHOSEN_WORDS <= document.len()).collect();
    some(&fits, count)
}
