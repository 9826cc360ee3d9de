//! The report: a summary rendered as one HTML file that needs nothing else, or as a table for the terminal.
//!
//! | module | what it renders |
//! |---|---|
//! | `page` | the whole page: order of sections, style sheet, content security policy |
//! | `rules` | why an interval is as it is |
//! | `asked`, `completeness`, `overview`, `groups`, `mirrored`, `refusals`, `scales`, `operations`, `reading` | one section each |
//! | `document` | whether the targets know the document, and the document as a map of what came back |
//! | `probe` | the section of one probe |
//! | `chart` | the charts |
//! | `visible`, `number` | how text of others and numbers are shown |
//! | `terminal` | the table at the end of a run |
//! | `comparison` | a run held against an earlier one, and a suite over many nights |
//! | `runs` | what a store holds, as a list of links |
//! | `documents` | two documents compared, as a page of their own and for the terminal |
//!
//! Pure: no I/O, no clock, no randomness, nothing that is computed from samples. Everything that a suite or a model wrote is
//! hostile; it enters the page through `visible` only, which escapes it, isolates its direction and shows its control characters.

mod asked;
mod asked_until;
mod between;
mod chart;
mod comparison;
mod completeness;
mod document;
mod documents;
mod error_bars;
mod extraction;
mod groups;
mod mirrored;
mod number;
mod operations;
mod overview;
mod page;
mod probe;
mod reading;
mod refusals;
mod rules;
mod runs;
mod scales;
mod terminal;
mod visible;

pub use comparison::{
    comparison_junit, comparison_markdown, comparison_page, comparison_terminal, history_page,
    history_terminal, uncompared_junit, uncompared_markdown, uncompared_page, uncompared_terminal,
};
pub use documents::{Comparison, Containment, Document, Passage, Run, documents_page, documents_terminal};
pub use error_bars::error_bars;
pub use page::render;
pub use runs::{ListedRun, ListedSuite, runs_page};
pub use terminal::{Style, terminal};
