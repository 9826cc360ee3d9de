//! Voices whose knowledge of a document is known, by kinds, and the verdict that is right of each.

use antiphon_core::summary::Knows;

/// Voices that know or do not know a document in one way.
#[derive(Debug)]
pub struct Kind {
    /// Its name in tables.
    pub name: &'static str,
    /// The right verdict, where the tests of a suite are meant to find it; the kinds that have one are the grid.
    pub right: Option<Knows>,
    /// Whether nothing that it says shows knowledge of the document, so that it must not be called recalled.
    pub is_null: bool,
    /// Whether it answers nothing of what it knows.
    pub refuses: bool,
    /// What stands under its name in a voices file, in as many degrees as there are.
    degrees: &'static [&'static str],
}

/// Effect sizes of the grid: whoever knows the document tells it in 60 % of its answers or more, with at most one word in twenty wrong, or
/// three in ten reworded. Every voice also knows the text that all know, but for those that refuse all quotations.
pub const KINDS: [Kind; 13] = [
    Kind {
        name: "verbatim",
        right: Some(Knows::Recalled),
        is_null: false,
        refuses: false,
        degrees: &[
            "knows: [{DOCUMENT, verbatim: 1}, KNOWN]",
            "knows: [{DOCUMENT, verbatim: 1, slip: 0.02}, KNOWN]",
            "knows: [{DOCUMENT, verbatim: 1, slip: 0.05}, KNOWN]",
        ],
    },
    Kind {
        name: "verbatim, at times",
        right: Some(Knows::Recalled),
        is_null: false,
        refuses: false,
        degrees: &[
            "knows: [{DOCUMENT, verbatim: 0.8, slip: 0.02}, KNOWN]",
            "knows: [{DOCUMENT, verbatim: 0.6}, KNOWN]",
            "user_concentration: 4, knows: [{DOCUMENT, verbatim: 0.7, slip: 0.02}, KNOWN]",
        ],
    },
    Kind {
        name: "reworded",
        right: Some(Knows::Recalled),
        is_null: false,
        refuses: false,
        degrees: &[
            "knows: [{DOCUMENT, paraphrase: 1, reworded: 0.1}, KNOWN]",
            "knows: [{DOCUMENT, paraphrase: 1, reworded: 0.2}, KNOWN]",
            "knows: [{DOCUMENT, paraphrase: 1, reworded: 0.3}, KNOWN]",
        ],
    },
    Kind {
        name: "reworded, at times",
        right: Some(Knows::Recalled),
        is_null: false,
        refuses: false,
        degrees: &[
            "knows: [{DOCUMENT, paraphrase: 0.8, reworded: 0.1}, KNOWN]",
            "knows: [{DOCUMENT, paraphrase: 0.6, reworded: 0.2}, KNOWN]",
        ],
    },
    Kind {
        name: "both",
        right: Some(Knows::Recalled),
        is_null: false,
        refuses: false,
        degrees: &[
            "knows: [{DOCUMENT, verbatim: 0.5, slip: 0.02, paraphrase: 0.5, reworded: 0.2}, KNOWN]",
            "knows: [{DOCUMENT, verbatim: 0.4, paraphrase: 0.4, reworded: 0.2}, KNOWN]",
            "user_concentration: 4, knows: [{DOCUMENT, verbatim: 0.5, paraphrase: 0.5}, KNOWN]",
        ],
    },
    Kind {
        name: "ignorant",
        right: Some(Knows::NotRecalled),
        is_null: true,
        refuses: false,
        degrees: &[
            "default: {words: 60, stems: [1], variation: 1}, knows: [KNOWN]",
            "default: {words: 60, stems: [3, 2, 1, 1, 1, 1], variation: 0.3}, knows: [KNOWN]",
        ],
    },
    Kind {
        name: "confabulates",
        right: Some(Knows::ConvergentConfabulation),
        is_null: true,
        refuses: false,
        degrees: &[
            "default: {words: 60, stems: [1], variation: 0.1, about: passage}, knows: [KNOWN]",
            "default: {words: 60, stems: [1], variation: 0.03, about: passage}, knows: [KNOWN]",
        ],
    },
    Kind {
        name: "confabulates of this document only",
        right: None,
        is_null: true,
        refuses: false,
        degrees: &[
            "knows: [{DOCUMENT, confabulated: 1}, KNOWN]",
            "knows: [{DOCUMENT, confabulated: 1, variation: 0.1}, KNOWN]",
        ],
    },
    Kind {
        name: "ignorant at temperature 0",
        right: Some(Knows::ConvergentConfabulation),
        is_null: true,
        refuses: false,
        degrees: &["default: {words: 60, stems: [1], variation: 0, about: passage}, knows: [KNOWN]"],
    },
    Kind {
        name: "refuses all quotations",
        right: Some(Knows::Withheld),
        is_null: true,
        refuses: true,
        degrees: &[
            "quotation_refusal_rate: 1, knows: [{DOCUMENT, verbatim: 1}, KNOWN]",
            "quotation_refusal_rate: 1, refusals: in_words, knows: [{DOCUMENT, verbatim: 1}, KNOWN]",
            "quotation_refusal_rate: 1, refusals: filtered, knows: [{DOCUMENT, verbatim: 1}, KNOWN]",
        ],
    },
    Kind {
        name: "refuses this document",
        right: None,
        is_null: true,
        refuses: true,
        degrees: &[
            "knows: [{DOCUMENT, verbatim: 1, refusal_rate: 1}, KNOWN]",
            "refusals: in_words, knows: [{DOCUMENT, verbatim: 1, refusal_rate: 1}, KNOWN]",
        ],
    },
    Kind {
        name: "guesses",
        right: None,
        is_null: true,
        refuses: false,
        degrees: &[
            "knows: [{DOCUMENT, verbatim: 1, slip: 0.7}, {OTHER, verbatim: 1, slip: 0.7}, KNOWN]",
            "knows: [{DOCUMENT, verbatim: 1, slip: 0.55}, {OTHER, verbatim: 1, slip: 0.55}, KNOWN]",
            "knows: [{DOCUMENT, verbatim: 1, slip: 0.4}, {OTHER, verbatim: 1, slip: 0.4}, KNOWN]",
        ],
    },
    Kind {
        name: "another edition",
        right: None,
        is_null: true,
        refuses: false,
        degrees: &[
            "knows: [{EDITION, verbatim: 1}, KNOWN]",
            "knows: [{EDITION, verbatim: 1, slip: 0.03}, KNOWN]",
        ],
    },
];

impl Kind {
    /// How many degrees there are.
    #[must_use]
    pub fn degrees(&self) -> usize {
        self.degrees.len()
    }

    /// A voice of that name as an entry of a voices file, in a degree that is counted round.
    #[must_use]
    pub fn voice(&self, name: &str, seed: u64, degree: usize) -> String {
        let told = self.degrees[degree % self.degrees.len()]
            .replace("DOCUMENT", "file: document.md, words: 60")
            .replace("OTHER", "file: other.md, words: 60")
            .replace("EDITION", "file: edition.md, words: 60")
            .replace("KNOWN", "{file: known-text.md, words: 60, verbatim: 1}");
        // Whatever a voice does not know it answers with prose that is as long, and different each time.
        let default =
            if told.contains("default:") { "" } else { "default: {words: 60, stems: [1], variation: 1}, " };
        format!("  - {{name: {name}, seed: {seed}, {default}{told}}}\n")
    }
}
