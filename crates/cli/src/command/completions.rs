//! `antiphon completions`: for the shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::exit::Exit;

#[expect(clippy::unnecessary_wraps, reason = "all commands have the same shape")]
pub(crate) fn run(shell: Shell) -> anyhow::Result<Exit> {
    clap_complete::generate(shell, &mut Arguments::command(), "antiphon", &mut std::io::stdout());
    Ok(Exit::Complete)
}
