//! The document put together from all cuts, sentence by sentence, for one target.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::TargetId;
use antiphon_core::UserId;
use antiphon_core::summary::Summary;

/// A sentence of the document, and what became of it in all ways of asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sentence<'a> {
    /// The first word that is shown.
    pub(super) word: u32,
    /// Words that are shown.
    pub(super) length: u32,
    /// Its text, less what stands in the sentence before.
    pub(super) text: &'a str,
    /// Answers with room for it, and answers that hold it.
    pub(super) asked: u64,
    pub(super) reproduced: u64,
    /// Users asked, and users who got it: of the way of asking with the most, since the same users are asked in all.
    pub(super) users: [u64; 2],
    /// Ways of asking, and those of them in which it came back.
    pub(super) ways: [BTreeSet<&'a str>; 2],
    /// Answers, those that hold it first.
    pub(super) samples: Vec<&'a (UserId, u32, String)>,
}

/// What of a document was asked of a target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage<'a> {
    /// In the order of the document, none within another.
    pub(super) sentences: Vec<Sentence<'a>>,
    /// Parts of sentences that lie within others, and are left out.
    pub(super) within_others: u64,
}

impl<'a> Coverage<'a> {
    pub(super) fn of(summary: &'a Summary, target: &TargetId) -> Self {
        let mut found: BTreeMap<u32, Sentence<'a>> = BTreeMap::new();
        let mut instead: BTreeMap<u32, Vec<&'a (UserId, u32, String)>> = BTreeMap::new();
        for cell in summary.cells.iter().filter(|cell| cell.target == *target) {
            let way = cell.group.as_deref().unwrap_or(cell.probe.as_str());
            for of in cell.recall.iter().flat_map(|recall| &recall.sentences) {
                let sentence = found.entry(of.word).or_default();
                // At the end of a reference a part may stand for the whole.
                if of.text.len() > sentence.text.len() {
                    sentence.text = &of.text;
                }
                sentence.word = of.word;
                sentence.asked += of.asked;
                sentence.reproduced += of.reproduced;
                for (most, users) in sentence.users.iter_mut().zip(of.users) {
                    *most = (*most).max(users);
                }
                sentence.ways[0].insert(way);
                if of.reproduced > 0 {
                    sentence.ways[1].insert(way);
                    sentence.samples.extend(&of.samples);
                } else {
                    instead.entry(of.word).or_default().extend(&of.samples);
                }
            }
        }
        let mut coverage = Self::default();
        let mut end = 0;
        for (word, mut sentence) in found {
            sentence.samples.extend(instead.remove(&word).unwrap_or_default());
            match sentence.after(end) {
                Some(sentence) => {
                    end = sentence.word + sentence.length;
                    coverage.sentences.push(sentence);
                }
                None => coverage.within_others += 1,
            }
        }
        coverage
    }
}

impl Sentence<'_> {
    /// What of it stands from this word of the document on, if anything.
    fn after(self, end: u32) -> Option<Self> {
        let before = end.saturating_sub(self.word);
        let words = || self.text.split_whitespace();
        let first = words().nth(before as usize)?;
        let text = &self.text[first.as_ptr() as usize - self.text.as_ptr() as usize..];
        let length = u32::try_from(words().count()).unwrap_or(u32::MAX) - before;
        Some(Self { word: self.word + before, length, text, ..self })
    }

    /// The share of answers that hold it, in `[0, 1]`; `None` where no answer had room for it.
    #[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
    pub(super) fn share(&self) -> Option<f64> {
        (self.asked > 0).then(|| self.reproduced as f64 / self.asked as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(word: u32, text: &str) -> Sentence<'_> {
        Sentence { word, text, ..Sentence::default() }
    }

    #[test]
    fn what_stands_in_the_sentence_before_is_not_shown_twice() {
        let cut = sentence(10, "Four score  and\nseven years").after(12).unwrap();
        assert_eq!((cut.word, cut.length, cut.text), (12, 3, "and\nseven years"));
        let whole = sentence(10, "Four score").after(10).unwrap();
        assert_eq!((whole.word, whole.length, whole.text), (10, 2, "Four score"));
        assert_eq!(sentence(10, "Four score").after(12), None);
    }

    #[test]
    fn without_an_answer_there_is_no_share() {
        assert_eq!(sentence(0, "a").share(), None);
        assert_eq!(Sentence { asked: 4, reproduced: 1, ..sentence(0, "a") }.share(), Some(0.25));
    }
}
