//! `antiphon init`: a starter suite and configuration with comments.

use std::path::Path;

use anyhow::Context;

use crate::args::InitArguments;
use crate::exit::Exit;
use crate::output::{Output, Usage};

const FILES: [(&str, &str); 2] = [
    ("antiphon.toml", include_str!("../../../../configs/starter.antiphon.toml")),
    ("suite.yaml", include_str!("../../../../configs/starter.suite.yaml")),
];

pub(crate) fn run(init: &InitArguments, output: &Output) -> anyhow::Result<Exit> {
    let folder = &init.folder;
    for (name, _) in FILES {
        let path = folder.join(name);
        if path.exists() && !init.force {
            return Err(
                Usage(format!("{} is there already; give --force to overwrite it", path.display())).into()
            );
        }
    }
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    for (name, text) in FILES {
        write(&folder.join(name), text)?;
        output.line(folder.join(name).display().to_string());
    }
    let schema = serde_json::to_string_pretty(&antiphon_core::suite::Suite::schema())?;
    write(&folder.join("suite.schema.json"), &schema)?;
    output.line(folder.join("suite.schema.json").display().to_string());
    output.note("next: put your models into antiphon.toml, then `antiphon check suite.yaml` and `antiphon plan suite.yaml`");
    Ok(Exit::Complete)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}
