//! House rules that a review would have to remember: which crate may use which, what may be depended on, how files are named.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde::Deserialize;

/// Crate → what it may use of ours. A new arrow is a change of the design, and of this list.
const GRAPH: [(&str, &[&str]); 16] = [
    ("core", &[]),
    ("stats", &[]),
    ("simulator", &[]),
    ("s3-server", &[]),
    ("queue", &["core"]),
    ("store", &["core"]),
    ("providers", &["core"]),
    ("limits", &["core"]),
    ("report", &["core"]),
    ("coordinator", &["core", "queue", "store", "stats"]),
    ("worker", &["core", "queue", "store", "providers", "limits"]),
    ("aggregator", &["core", "queue", "store", "stats"]),
    ("viewer", &["core", "store", "report"]),
    ("exchange", &["core", "store"]),
    (
        "cli",
        &[
            "core",
            "queue",
            "store",
            "providers",
            "limits",
            "report",
            "coordinator",
            "worker",
            "aggregator",
            "viewer",
            "exchange",
            "simulator",
            "stats",
        ],
    ),
    // They look at everything from outside.
    (
        "tests",
        &[
            "core",
            "queue",
            "store",
            "providers",
            "limits",
            "stats",
            "report",
            "coordinator",
            "worker",
            "aggregator",
            "viewer",
            "simulator",
            "s3-server",
        ],
    ),
];

/// Roles never see each other.
const ROLES: [&str; 5] = ["coordinator", "worker", "aggregator", "viewer", "exchange"];

/// Crates that must not come in by any way, with the reason. A version stands for all that begin with it.
const BANNED: [(&str, &str, &str); 9] = [
    ("openssl-sys", "", "one TLS stack: rustls"),
    ("native-tls", "", "one TLS stack: rustls"),
    ("ring", "", "one set of ciphers: aws-lc-rs"),
    ("rustls", "0.21", "unmaintained version"),
    ("hyper", "0.14", "unmaintained version"),
    ("serde_yaml", "", "unmaintained; serde-saphyr has limits and line numbers"),
    ("serde_yml", "", "unsound; serde-saphyr"),
    ("backoff", "", "unmaintained"),
    ("async-std", "", "one runtime: tokio"),
];

/// Licences that anybody may ship under Apache-2.0; see also deny.toml.
const LICENCES: [&str; 12] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

/// What cargo knows of all packages.
static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--locked"])).unwrap()
});

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The crates of the workspace by the names of their folders.
fn ours() -> BTreeMap<&'static str, &'static Package> {
    let members = METADATA.packages.iter().filter(|package| METADATA.workspace_members.contains(&package.id));
    members.map(|package| (folder(&package.manifest_path), package)).collect()
}

fn folder(manifest: &Path) -> &str {
    manifest.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap()
}

/// Everything that is really built and is not ours. `cargo metadata` alone would list optional crates that nobody turned on.
fn foreign() -> Vec<&'static Package> {
    let tree = cargo(&["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p}"]);
    // A line is `name v1.2.3` and perhaps a remark in brackets.
    let built: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            Some((name, rest.split(' ').next()?))
        })
        .collect();
    let is_built = |package: &&Package| built.contains(&(package.name.as_str(), package.version.as_str()));
    let foreign: Vec<_> =
        METADATA.packages.iter().filter(is_built).filter(|package| package.source.is_some()).collect();
    assert!(foreign.len() > 50, "the dependencies are not seen");
    foreign
}

#[test]
fn arrows_point_down() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        GRAPH.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let ours = ours();
    assert_eq!(ours.keys().collect::<Vec<_>>(), allowed.keys().collect::<Vec<_>>(), "a crate came or went");
    let folders: BTreeMap<&str, &str> =
        ours.iter().map(|(folder, package)| (package.name.as_str(), *folder)).collect();
    for (name, package) in &ours {
        let uses: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter_map(|dependency| folders.get(dependency.name.as_str()).copied())
            .collect();
        let strange: Vec<_> = uses.difference(&allowed[name]).collect();
        assert!(strange.is_empty(), "{name} must not use {strange:?}; if the design changed, change GRAPH");
    }
}

#[test]
fn the_list_of_arrows_says_what_the_design_says() {
    for (name, uses) in GRAPH {
        if ROLES.contains(&name) {
            assert!(!uses.iter().any(|used| ROLES.contains(used)), "{name} sees another role");
        }
        let above = ["cli", "tests"];
        assert!(!uses.iter().any(|used| above.contains(used)), "{name} uses what is above it");
        assert!(above.contains(&name) || !uses.contains(&"simulator"), "{name} uses the simulator");
        assert!(name == "tests" || !uses.contains(&"s3-server"), "{name} uses the S3 server of the tests");
    }
}

#[test]
fn nothing_banned_comes_in() {
    for package in foreign() {
        for (name, version, reason) in BANNED {
            let banned = package.name == name && package.version.starts_with(version);
            assert!(!banned, "{name} {} came in: {reason}; `cargo tree -i {name}` says how", package.version);
        }
    }
}

#[test]
fn everything_comes_from_one_registry_under_a_licence_that_allows_it() {
    let mut sources = BTreeSet::new();
    for package in foreign() {
        let source = package.source.as_deref().unwrap();
        assert!(source.starts_with("registry+"), "{} comes from {source}", package.name);
        sources.insert(source.to_owned());
        let licence = package.license.as_deref().unwrap_or("none");
        assert!(allows(licence), "{} {} has the licence {licence}", package.name, package.version);
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
    for (name, package) in ours() {
        assert_eq!(package.license.as_deref(), Some("Apache-2.0"), "{name}");
    }
}

/// Whether an SPDX expression can be met by [`LICENCES`]: brackets first, then AND, then OR.
fn allows(expression: &str) -> bool {
    if let Some((before, rest)) = expression.split_once('(') {
        let (inside, after) = rest.split_once(')').expect("brackets are closed and do not nest");
        let word = if allows(inside) { "MIT" } else { "none" };
        return allows(&format!("{before}{word}{after}"));
    }
    // An old way to write OR.
    let expression = expression.replace('/', " OR ");
    expression.split(" OR ").any(|all| all.split(" AND ").all(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn licences_are_read_as_spdx_means_them() {
    for (expression, allowed) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("ISC AND (Apache-2.0 OR GPL-2.0)", true),
        ("ISC AND (GPL-2.0 OR GPL-3.0)", false),
        ("none", false),
    ] {
        assert_eq!(allows(expression), allowed, "{expression}");
    }
}

/// All Rust files of ours, relative to the root.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    assert!(found.len() > 100, "the files are not seen");
    found
}

#[test]
fn files_are_named_after_what_is_in_them() {
    let banned = ["mod", "utils", "util", "helpers", "helper", "common", "misc", "manager", "imp", "types"];
    for file in files() {
        for part in file.components() {
            let name = part.as_os_str().to_str().unwrap().trim_end_matches(".rs");
            assert!(!banned.contains(&name), "{} says nothing about what is in it", file.display());
        }
    }
}

#[test]
fn files_can_be_read_in_one_sitting() {
    for file in files() {
        let lines = fs::read_to_string(root().join(&file)).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines; ask what second thing lives in there", file.display());
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for (name, package) in ours() {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name}");
    }
}
