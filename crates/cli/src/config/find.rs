//! Which configuration file is used.

use std::path::{Path, PathBuf};

use super::{Config, ConfigError};

/// The file's name in a project's folder.
const FILE: &str = "antiphon.toml";

/// Reads the configuration: the one asked for, else that in this folder, else that beside the suite, else the user's own, else none.
pub(crate) fn find(asked: Option<&Path>, suite: Option<&Path>) -> Result<Config, ConfigError> {
    if let Some(path) = asked {
        return Config::read(path);
    }
    let beside = suite.and_then(Path::parent).map(|folder| folder.join(FILE));
    let candidates = [Some(PathBuf::from(FILE)), beside, user_file()];
    match candidates.into_iter().flatten().find(|path| path.is_file()) {
        Some(path) => Config::read(&path),
        None => Ok(Config::empty()),
    }
}

fn user_file() -> Option<PathBuf> {
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(home.join("antiphon").join("config.toml"))
}
