//! Questions, where there is somebody to answer them.

use std::io::{IsTerminal, Write};

/// Asks a person, and takes everything but a clear yes for a no. Where there is none, the answer is no.
pub(crate) fn ask(question: &str) -> std::io::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(std::io::stderr(), "{question} [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
