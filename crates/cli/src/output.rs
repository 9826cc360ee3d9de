//! What is printed: results on standard output, everything else on standard error.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use antiphon_report::Style;
use serde::Serialize;

use crate::args::{Arguments, Colour};

/// Standard output belongs to the process, and so does what was lost on it.
static LOST: AtomicBool = AtomicBool::new(false);

/// So does standard error. What was said there is told to whoever can't see it.
static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A mistake in the use of the command, found after its arguments were read.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Whether results are JSON.
    pub(crate) json: bool,
    quiet: bool,
    colour_out: bool,
    colour_err: bool,
    silent: bool,
}

impl Output {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        // https://no-color.org: set and not empty means no colour.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = |terminal: bool| match arguments.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !no_color,
        };
        Self {
            json: arguments.json,
            quiet: arguments.quiet,
            colour_out: colour(std::io::stdout().is_terminal()),
            colour_err: colour(std::io::stderr().is_terminal()),
            silent: false,
        }
    }

    /// The same without results, for a step of a command that has results of its own.
    pub(crate) fn without_results(self) -> Self {
        Self { json: false, silent: true, ..self }
    }

    /// The same with nothing but warnings and errors, for a step that is one of many.
    pub(crate) fn with_warnings_only(self) -> Self {
        Self { quiet: true, ..self.without_results() }
    }

    /// A line of a result.
    pub(crate) fn line(self, text: impl AsRef<str>) {
        self.raw(&format!("{}\n", text.as_ref()));
    }

    /// A result as it is.
    pub(crate) fn raw(self, text: &str) {
        if self.silent {
            return;
        }
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // A reader that went away (`antiphon show … | head`) is no error of ours, and there is nobody left to tell.
            if error.kind() != ErrorKind::BrokenPipe && !LOST.swap(true, Relaxed) {
                self.to_stderr(&format!("error: can't write the results to standard output: {error}"));
            }
        }
    }

    /// Whether part of a result could not be printed.
    pub(crate) fn has_lost(self) -> bool {
        LOST.load(Relaxed)
    }

    /// A result as JSON.
    pub(crate) fn value(self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).expect("results have string keys");
        self.line(text);
    }

    /// A line about what is going on.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            self.to_stderr(text.as_ref());
        }
    }

    /// A line that should not be overlooked.
    pub(crate) fn warning(self, text: impl AsRef<str>) {
        let mut warnings = WARNINGS.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.iter().any(|warning| warning == text.as_ref()) {
            warnings.push(text.as_ref().to_owned());
        }
        drop(warnings);
        let head = if self.colour_err { "\u{1b}[33mwarning:\u{1b}[0m" } else { "warning:" };
        self.to_stderr(&format!("{head} {}", text.as_ref()));
    }

    /// All warnings of this process so far, each once.
    pub(crate) fn warnings(self) -> Vec<String> {
        WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What went wrong, with its causes, each once.
    pub(crate) fn error(self, error: &anyhow::Error) {
        let head = if self.colour_err { "\u{1b}[31merror:\u{1b}[0m" } else { "error:" };
        self.to_stderr(&format!("{head} {}", chain(error)));
    }

    /// The style of tables on standard output.
    pub(crate) fn style(self) -> Style {
        Style { colour: self.colour_out, width: terminal_width() }
    }

    /// Whether a progress bar may move.
    pub(crate) fn is_lively(self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Whether standard error may have colours.
    pub(crate) fn is_colourful(self) -> bool {
        self.colour_err
    }

    /// Whether plain lines of progress are wanted.
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    fn to_stderr(self, text: &str) {
        // Nothing is left to tell anybody if standard error itself is gone.
        let _gone = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// What went wrong with its causes, each once.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if !parts.last().is_some_and(|last| last.contains(&cause)) {
            parts.push(cause);
        }
    }
    parts.join(": ")
}

fn terminal_width() -> usize {
    usize::from(console::Term::stdout().size().1).clamp(60, 160)
}

/// Text from models and suites without control characters, which could move the cursor or change colours.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
