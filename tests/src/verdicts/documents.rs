//! Documents that nobody has read, in several styles and lengths, made by seed.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Share of the sentences of another edition that are other ones.
const REWRITTEN: f64 = 0.35;

/// How a text is written: what sentences begin with, what they say and how they go on, with places for words; and the mark of its headings
/// if it has any.
struct Style {
    name: &'static str,
    mark: &'static str,
    openers: &'static [&'static str],
    clauses: &'static [&'static str],
    joins: &'static [&'static str],
}

/// `N` is a thing, `P` a person, `A` what something is like, `V` what somebody does, `W` where, `H` how.
const STYLES: [Style; 4] = [
    Style {
        name: "charter",
        mark: "## ",
        openers: &[
            "",
            "Where two of us agree,",
            "From now on",
            "In the W",
            "Save H,",
            "By old custom",
            "Unless the P objects,",
        ],
        clauses: &[
            "no P shall V the A N H",
            "every P may V one N of the W",
            "whoever finds any N must V it for the P",
            "the A N belongs to the W and not to the P",
            "it is for the P to V what is A",
            "each N that has become A is to be V H by its P",
        ],
        joins: &[
            ", and H",
            ", provided that",
            "; otherwise",
            ", since",
            ", so long as",
            "; in the W however",
        ],
    },
    Style {
        name: "story",
        mark: "",
        openers: &[
            "",
            "That evening",
            "Much later,",
            "H",
            "As ever,",
            "“Nobody believes me,” said the P;",
            "Beneath the W",
        ],
        clauses: &[
            "the P came with some A N from the W",
            "nobody dared to V the N, not even the P",
            "there lay, A and A, the N of the old P",
            "she tried H to V her N",
            "he had forgotten how A the W was",
            "two A people began to V each N they saw",
        ],
        joins: &[", while", ", but", "; behind the W", ", for", " until H", ", and then"],
    },
    Style {
        name: "manual",
        mark: "### ",
        openers: &[
            "",
            "First",
            "If the N stays A,",
            "Before use,",
            "With the W open,",
            "When done,",
            "Then H",
        ],
        clauses: &[
            "V the A N and its N",
            "let some P V what is A about the N",
            "turn the N H until it feels A",
            "do not V the W while the N is A",
            "put N and N side by side in the W",
            "have the P V both sides H",
        ],
        joins: &[", then", "; after that", ", or H", ", because otherwise", ". Now", ", but never"],
    },
    Style {
        name: "minutes",
        mark: "# ",
        openers: &[
            "",
            "The P reported that",
            "It was noted H that",
            "Asked about the N, the P said that",
            "According to the W,",
            "Some held that",
        ],
        clauses: &[
            "the N had become A since the P left",
            "one should V the W H",
            "two A members would rather V the N",
            "the matter of the A N was put off",
            "neither P nor P could V what the W had sent",
            "another N, said to be A, is wanted in the W",
        ],
        joins: &[
            ", whereupon",
            ", although",
            "; the P added H that",
            ", and",
            ", as long as",
            ", which means that",
        ],
    },
];

#[rustfmt::skip]
const THINGS: [&str; 72] = [
    "anchor", "barrel", "basin", "bellows", "blanket", "bolt", "bucket", "cable", "cabinet", "canvas", "carriage", "cask", "chain", "chest", "chisel", "chimney", "compass", "copper",
    "crate", "curtain", "drawer", "drum", "engine", "fence", "ferry", "flag", "flask", "funnel", "gauge", "glove", "hammer", "hinge", "horn", "inkwell", "jar", "kiln",
    "ledger", "lever", "lens", "loom", "mast", "mattress", "medal", "needle", "oar", "oven", "parcel", "pedal", "pipe", "plank", "plough", "pump", "quill", "rail",
    "ribbon", "rope", "rudder", "saddle", "scale", "shovel", "sieve", "spindle", "stamp", "stove", "tarp", "ticket", "tile", "trunk", "valve", "wagon", "whistle", "winch",
];
#[rustfmt::skip]
const PEOPLE: [&str; 36] = [
    "abbot", "archivist", "baker", "bargeman", "bookbinder", "captain", "carter", "clerk", "cooper", "courier", "dyer", "ferryman", "gardener", "glazier", "guard", "innkeeper", "joiner", "judge",
    "mason", "mayor", "midwife", "miller", "notary", "orderly", "pilot", "porter", "printer", "ranger", "sexton", "smith", "steward", "surveyor", "tailor", "treasurer", "warden", "weaver",
];
#[rustfmt::skip]
const LIKE: [&str; 54] = [
    "amber", "ancient", "bitter", "blunt", "brittle", "clumsy", "coarse", "cracked", "crooked", "damp", "dusty", "eager", "faded", "fragile", "frozen", "gilded", "greasy", "hollow",
    "humble", "idle", "jagged", "lame", "leaky", "lofty", "loose", "loud", "mild", "mossy", "muddy", "noisy", "oval", "pale", "polished", "proud", "raw", "rigid",
    "round", "rusty", "salty", "shallow", "sharp", "shiny", "slack", "sleepy", "smooth", "sour", "spare", "stale", "stiff", "tame", "thick", "tidy", "uneven", "wooden",
];
#[rustfmt::skip]
const DO: [&str; 54] = [
    "abandon", "admire", "adjust", "barter", "borrow", "bury", "carve", "clean", "collect", "copy", "deliver", "describe", "dismantle", "divide", "empty", "exchange", "examine", "fasten",
    "fold", "forge", "grease", "guard", "hang", "heat", "hoist", "inherit", "inspect", "label", "lend", "lift", "lock", "melt", "mend", "mount", "oil", "order",
    "pack", "paint", "pawn", "polish", "praise", "press", "replace", "rinse", "roll", "salvage", "seal", "sell", "sharpen", "store", "test", "trade", "weigh", "wrap",
];
#[rustfmt::skip]
const WHERE: [&str; 36] = [
    "arcade", "attic", "bakery", "barn", "boathouse", "brewery", "canal", "cellar", "chapel", "cloister", "courtyard", "customs house", "dockyard", "foundry", "gatehouse", "granary", "guildhall", "hayloft",
    "kitchen", "laundry", "library", "lighthouse", "mill race", "orchard", "pantry", "quarry", "refectory", "sawmill", "schoolroom", "scullery", "stable", "tannery", "tollgate", "vestry", "vineyard", "workshop",
];
#[rustfmt::skip]
const HOW: [&str; 24] = [
    "at dawn", "at length", "by hand", "by turns", "calmly", "for once", "from afar", "in earnest", "in haste", "in private", "in silence", "in writing",
    "on foot", "on Sundays", "once more", "one by one", "out of turn", "politely", "step by step", "twice a week", "under protest", "with both hands", "with care", "without delay",
];

/// A text as paragraphs of sentences.
pub(super) struct Document {
    style: usize,
    seed: u64,
    /// Under a heading each: paragraphs of sentences.
    sections: Vec<(String, Vec<Vec<String>>)>,
}

impl Document {
    /// A text of about so many words in the style of that number, counted round.
    pub(super) fn new(style: usize, seed: u64, words: usize) -> Self {
        let style = style % STYLES.len();
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let mut sections = Vec::new();
        let mut written = 0;
        while written < words {
            let heading =
                capital(&format!("the {} and the {}", any(&LIKE, &mut draw), any(&THINGS, &mut draw)));
            let paragraphs: Vec<Vec<String>> = (0..draw.random_range(2..5))
                .map(|_| (0..draw.random_range(3..7)).map(|_| sentence(style, &mut draw)).collect())
                .collect();
            written += paragraphs.iter().flatten().map(|text| text.split_whitespace().count()).sum::<usize>();
            sections.push((heading, paragraphs));
        }
        Self { style, seed, sections }
    }

    /// Another edition: the same text with some sentences written anew.
    pub(super) fn edition(&self) -> Self {
        let mut draw = ChaCha8Rng::seed_from_u64(self.seed ^ 0xed17);
        let mut sections = Vec::new();
        for (heading, paragraphs) in &self.sections {
            let mut changed = paragraphs.clone();
            for text in changed.iter_mut().flatten() {
                if draw.random_bool(REWRITTEN) {
                    *text = sentence(self.style, &mut draw);
                }
            }
            sections.push((heading.clone(), changed));
        }
        Self { sections, ..*self }
    }

    /// What its style is called.
    pub(super) fn style(&self) -> &'static str {
        STYLES[self.style].name
    }

    /// As Markdown, or as plain text in a style without headings.
    pub(super) fn text(&self) -> String {
        let mark = STYLES[self.style].mark;
        let mut text = String::new();
        for (heading, paragraphs) in &self.sections {
            if !mark.is_empty() {
                text.push_str(&format!("{mark}{heading}\n\n"));
            }
            for paragraph in paragraphs {
                text.push_str(&paragraph.join(" "));
                text.push_str("\n\n");
            }
        }
        text
    }
}

fn sentence(style: usize, draw: &mut ChaCha8Rng) -> String {
    let Style { openers, clauses, joins, .. } = &STYLES[style];
    let mut pattern = format!("{} {}", any(openers, draw), any(clauses, draw));
    while draw.random_bool(0.5) {
        pattern = format!("{pattern}{} {}", any(joins, draw), any(clauses, draw));
    }
    capital(&(filled(pattern.trim(), draw) + "."))
}

/// Fills the places of a pattern.
fn filled(pattern: &str, draw: &mut ChaCha8Rng) -> String {
    let mut text = String::new();
    for piece in pattern.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = piece.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        text.push_str(match word {
            "N" => any(&THINGS, draw),
            "P" => any(&PEOPLE, draw),
            "A" => any(&LIKE, draw),
            "V" => any(&DO, draw),
            "W" => any(&WHERE, draw),
            "H" => any(&HOW, draw),
            _ => word,
        });
        text.push_str(&piece[word.len()..]);
    }
    text
}

fn any<'a>(list: &[&'a str], draw: &mut ChaCha8Rng) -> &'a str {
    list[draw.random_range(0..list.len())]
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
