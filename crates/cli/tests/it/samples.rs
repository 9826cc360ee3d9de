//! Every file that is meant to be copied is one that the program reads.

use std::fs;
use std::path::{Path, PathBuf};

use crate::desk::{Desk, repository};

/// All files of `configs`, `deploy` and `k8s`.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = ["configs", "deploy", "k8s"].map(|name| repository().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

#[test]
fn every_sample_file_is_read() {
    let mut read = 0;
    for path in files() {
        let name = path.file_name().unwrap().to_str().unwrap();
        match name {
            _ if name.ends_with(".suite.yaml") => check_suite(&path),
            // tests/python/test_manifests.py holds these, with the secrets that they mount.
            _ if path.starts_with(repository().join("k8s")) && !name.ends_with(".md") => continue,
            _ if name.ends_with(".service") || name.ends_with(".timer") => continue,
            _ if name.ends_with(".toml") => check_configuration(&path),
            _ if name.starts_with("voices.") => check_voices(&path),
            "compose.yaml" => check_containers(&path),
            _ if name.ends_with(".json") => drop(json(&path)),
            // tests/python/test_observability.py holds these against what is served.
            _ if ["grafana", "prometheus"]
                .iter()
                .any(|of| path.starts_with(repository().join("deploy").join(of))) =>
            {
                continue;
            }
            // Only a build and the broker read these.
            "Dockerfile" | "rabbitmq.conf" => continue,
            // Documents that suites refer to are read with them; a README is for people.
            _ if name.ends_with(".md") => continue,
            _ => panic!("no test reads {}; add it here", path.display()),
        }
        read += 1;
    }
    assert!(read >= 4, "only {read} files were found");
}

/// Suites name targets that a configuration beside them, or that of the demo, must have.
fn check_suite(path: &Path) {
    let mut desk = Desk::new();
    with_keys(&mut desk);
    let configs = repository().join("configs");
    let demo = "[providers.a]\napi = \"anthropic\"\nbase_url = \"http://127.0.0.1:1\"\n\
                [targets.steady]\nprovider = \"a\"\nmodel = \"steady\"\n\
                [targets.fickle]\nprovider = \"a\"\nmodel = \"fickle\"\n";
    let starter = fs::read_to_string(configs.join("starter.antiphon.toml")).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let beside = path.with_file_name(name.replace(".suite.yaml", ".antiphon.toml"));
    let configuration = match fs::read_to_string(beside) {
        _ if name.starts_with("demo") => demo.to_owned(),
        Ok(beside) => beside,
        Err(_) => starter,
    };
    desk.write("antiphon.toml", configuration);
    desk.good(&format!("check {}", path.display()));
}

fn check_configuration(path: &Path) {
    let mut desk = Desk::new();
    with_keys(&mut desk);
    desk.good(&format!("check --config {}", path.display()));
}

/// Grants, for S3 and the broker.
fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every container of ours begins with a command and options that there are.
fn check_containers(path: &Path) {
    let file: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut commands = 0;
    for (name, service) in file["services"].as_object().unwrap() {
        let Some(command) = service["command"].as_array().filter(|_| service["entrypoint"].is_null()) else {
            continue;
        };
        let words: Vec<&str> = command.iter().map(|word| word.as_str().unwrap()).collect();
        let done = Desk::new().command().args(words).arg("--help").output().unwrap();
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        commands += 1;
    }
    assert!(commands >= 3, "only {commands} commands were found in {}", path.display());
}

fn with_keys(desk: &mut Desk) {
    for name in ["SIMULATOR_KEY", "RABBITMQ_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        desk.set(name, "canary");
    }
    desk.set("ANTHROPIC_API_KEY", "canary");
    desk.set("OPENAI_API_KEY", "canary");
}

fn check_voices(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    antiphon_simulator::Voices::from_yaml(&text, path.parent().unwrap()).unwrap();
}

#[test]
fn the_demo_has_a_probe_of_every_kind() {
    let text = fs::read_to_string(repository().join("configs/demo.suite.yaml")).unwrap();
    for kind in ["open", "short", "choice", "scale", "recall"] {
        assert!(text.contains(&format!("kind: {kind}\n")), "{kind}");
    }
    assert!(text.contains("turns:"), "no probe has several turns");
}
