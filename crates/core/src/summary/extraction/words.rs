//! What a chain came to in words, the same for the report, the terminal and tools.

use super::{Converged, Extraction, Finding, FreshChains, Held, Stretch};
use crate::ChainEnd;

impl ChainEnd {
    /// Why a chain ends, to be put after "it ended because".
    #[must_use]
    pub fn because(self) -> &'static str {
        match self {
            Self::Length => "it has as many words as were wanted",
            Self::Steps => "as many steps were asked as were wanted",
            Self::NoAgreement => "too few samples agreed on the next word",
            Self::Loop => "it came back to what it had",
            Self::Ended => "most answers were empty: nothing more was to be said",
            Self::Refused => "most answers were refusals",
            Self::Unsupported => "the target takes no beginning of its own answer",
            Self::Failed => "too few samples of a step were had; `antiphon retry` takes it up again",
            Self::Unfinished => "the run ended first",
        }
    }
}

impl Extraction {
    /// How the text goes along with its document, in a sentence; `None` where there is no document.
    #[must_use]
    pub fn beside_document(&self) -> Option<String> {
        let document = self.document.as_ref()?;
        let Some(held) = &self.held else { return Some("nothing was grown".to_owned()) };
        let words = self.words().count() as u64;
        let Held { followed, up_to, stretches, .. } = held;
        let (Some(followed), Some(up_to)) = (*followed, *up_to) else {
            return Some(match (stretches.first(), stretches.iter().map(|one| one.words).sum::<u64>()) {
                (None, _) => format!("not in {}", document.path),
                (Some(first), there) => {
                    format!(
                        "{there} of {words} words stand in {}, first at word {}",
                        document.path, first.word
                    )
                }
            });
        };
        let rest = words - followed;
        let along = match followed {
            0 => "does not go on with the passage".to_owned(),
            _ => format!("follows the passage for {followed} words, up to word {up_to}"),
        };
        Some(match stretches.first() {
            _ if rest == 0 => along,
            Some(Stretch { word, .. }) => {
                let then = if followed == 0 { " but wanders" } else { ", then wanders" };
                format!("{along}{then} to word {word} of {}: that is no recall of the passage", document.path)
            }
            // Fewer words would not be found if they stood there.
            None if rest < 13 => format!("{along}; {rest} more words are too few to be looked for"),
            None => format!("{along}; {rest} more words are not in {}", document.path),
        })
    }
}

impl Converged {
    /// What was found, in a sentence without the target's name.
    #[must_use]
    pub fn sentence(&self) -> String {
        let share = |of: &FreshChains| match (of.share.value, of.share.low, of.share.high) {
            (Some(value), Some(low), Some(high)) => {
                format!("{:.0} % ({:.0} to {:.0})", value * 100.0, low * 100.0, high * 100.0)
            }
            (Some(value), ..) => format!("{:.0} %", value * 100.0),
            (None, ..) => "an unknown share".to_owned(),
        };
        let said =
            format!("of what fresh users say in one chain, {} stands in the others", share(&self.chains));
        let beside = match self.invented.share.value {
            Some(_) => format!("{said}; for an invented title {}", share(&self.invented)),
            None => said,
        };
        let note = self.note.as_deref().unwrap_or("the shares are not known");
        match self.finding {
            Some(Finding::Converge) => {
                format!("the chains come to one text, beyond what is made up: {beside}")
            }
            Some(Finding::MadeUp) => {
                format!(
                    "the chains come to one text, and a text for an invented title is made up as consistently: {beside}"
                )
            }
            Some(Finding::Scattered) => format!("the chains do not come to one text: {beside}"),
            Some(Finding::Undecided) => format!("undecided whether the chains come to one text: {beside}"),
            None if self.chains.share.value.is_some() => format!("{beside}; nothing is decided: {note}"),
            None => format!("it can't be told whether the chains come to one text: {note}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::suite::Grow;
    use crate::summary::{ExtractedStep, Held, Stretch};
    use crate::{ChainDocument, ChainEnd, Chunk, GrownWord};

    use super::Extraction;

    fn check(words: usize, followed: Option<u64>, stretches: &[u64], expected: &str) {
        let word = GrownWord { text: " w".to_owned(), samples: 2, users: 2 };
        let chunk = Chunk { words: vec![word; words], ..Chunk::default() };
        let stretches = stretches.iter().map(|&word| Stretch { at: 0, word, words: 20 }).collect();
        let extraction = Extraction {
            target: "t".parse().unwrap(),
            probe: "p".parse().unwrap(),
            group: None,
            seed: String::new(),
            opening: None,
            invented: false,
            prefill: false,
            grow: Grow::default(),
            document: Some(ChainDocument { path: "d.md".into(), hash: String::new(), word: None }),
            steps: vec![ExtractedStep { most: 40, chunk }],
            end: ChainEnd::Length,
            held: Some(Held {
                followed,
                up_to: followed.map(|words| 100 + words),
                stretches,
                contained: Vec::new(),
            }),
        };
        assert_eq!(extraction.beside_document().unwrap(), expected);
    }

    #[test]
    fn the_sentence_tells_following_from_wandering() {
        check(50, Some(50), &[], "follows the passage for 50 words, up to word 150");
        let wanders = "follows the passage for 18 words, up to word 118, then wanders to word 900 of d.md: that is no recall of the passage";
        check(60, Some(18), &[900, 950], wanders);
        check(
            60,
            Some(0),
            &[900],
            "does not go on with the passage but wanders to word 900 of d.md: that is no recall of the passage",
        );
        check(60, Some(0), &[], "does not go on with the passage; 60 more words are not in d.md");
        check(
            60,
            Some(55),
            &[],
            "follows the passage for 55 words, up to word 155; 5 more words are too few to be looked for",
        );
        check(60, None, &[7], "20 of 60 words stand in d.md, first at word 7");
        check(60, None, &[], "not in d.md");
    }
}
