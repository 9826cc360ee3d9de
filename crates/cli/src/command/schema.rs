//! `antiphon schema`: the suite format for editors.

use crate::exit::Exit;
use crate::output::Output;

#[expect(clippy::unnecessary_wraps, reason = "all commands have the same shape")]
pub(crate) fn run(output: &Output) -> anyhow::Result<Exit> {
    output.value(&antiphon_core::suite::Suite::schema());
    Ok(Exit::Complete)
}
