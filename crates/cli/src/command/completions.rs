//! `antiphon completions`: for the shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::Output;

#[expect(clippy::unnecessary_wraps, reason = "all commands have the same shape")]
pub(crate) fn run(shell: Shell, output: &Output) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "antiphon", &mut script);
    output.raw(&String::from_utf8_lossy(&script));
    Ok(Exit::Complete)
}
