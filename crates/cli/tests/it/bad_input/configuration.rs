//! Mistakes in the configuration, and keys that are missing or unsafe.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use super::{Case, case, check, configuration};
use crate::desk::{Desk, KEY};

const FILE: &str = "antiphon.toml";

#[test]
fn the_form_of_a_configuration() {
    check(&[
        configuration("a bracket is not closed", "[pools.sim]", "[pools.sim", &["antiphon.toml: line 12: "]),
        configuration(
            "a misspelt field",
            "base_url",
            "base_ulr",
            &["antiphon.toml: line 3: unknown field `base_ulr`, did you mean `base_url`?"],
        ),
        configuration(
            "a misspelt table",
            "[pools.sim]",
            "[pool.sim]",
            &["antiphon.toml: line 12: unknown field `pool`, did you mean `pools`?"],
        ),
        configuration(
            "an unknown API",
            "\"anthropic\"",
            "\"antropic\"",
            &["antiphon.toml: line 2: unknown value `antropic`, did you mean `anthropic`?"],
        ),
        configuration(
            "a field stands twice",
            "api =",
            "api = \"openai\"\napi =",
            &["antiphon.toml: line 3: "],
        ),
        configuration(
            "a text for a number",
            "concurrency = 8",
            "concurrency = \"8\"",
            &["antiphon.toml: line 13: "],
        ),
        configuration("a field is missing", "base_url", "# base_url", &["line 1: missing field `base_url`"]),
        case(
            "it is no text",
            |d| d.write(FILE, [0xff]),
            "check; run suite.yaml",
            2,
            &["antiphon.toml", "UTF-8"],
        ),
        case(
            "there is none at that place",
            |_| {},
            "check --config no.toml; runs --config no.toml",
            2,
            &["no.toml"],
        ),
        case("it is a folder", |_| {}, "check --config .", 2, &["can't read the configuration ."]),
    ]);
}

#[test]
fn the_meaning_of_a_configuration() {
    check(&[
        configuration(
            "an unknown provider",
            "provider = \"sim\"",
            "provider = \"sin\"",
            &["antiphon.toml: targets.voice.provider: unknown provider `sin`; did you mean `sim`?"],
        ),
        configuration(
            "an unknown pool",
            "provider = \"sim\"",
            "provider = \"sim\"\npool = \"sin\"",
            &["antiphon.toml: targets.voice.pool: there is no [pools.sin]; did you mean `sim`?"],
        ),
        configuration(
            "a limit of nothing",
            "concurrency = 8",
            "concurrency = 0",
            &["antiphon.toml: pools.sim.concurrency: a limit of 0 lets nothing through"],
        ),
        configuration(
            "a price below nothing",
            "input = 3.0",
            "input = -3.0",
            &["antiphon.toml: targets.voice.price"],
        ),
        configuration(
            "a duration that is none",
            "[providers.sim]",
            "[http]\ntimeout = \"long\"\n[providers.sim]",
            &["antiphon.toml: http.timeout: \"long\" is no duration such as \"30s\""],
        ),
        configuration(
            "no certificates",
            "[providers.sim]",
            "[http]\nca_file = \"none.pem\"\n[providers.sim]",
            &["antiphon.toml: http.ca_file: can't read none.pem"],
        ),
    ]);
}

/// Only `run` reaches out, so only `run` refuses; `check` says it too.
fn run(name: &'static str, from: &'static str, to: &'static str, says: &'static [&'static str]) -> Case {
    case(name, move |desk| desk.edit(FILE, from, to), "run suite.yaml", 2, says)
}

#[test]
fn addresses() {
    check(&[
        run(
            "keys would be sent in the open",
            "base_url = \"",
            "base_url = \"http://192.0.2.1:80\" # ",
            &["providers.sim: base_url of \"192.0.2.1\"", "in the clear: use https, or allow_insecure"],
        ),
        run(
            "no address",
            "base_url = \"",
            "base_url = \"nowhere\" # ",
            &["providers.sim: base_url cannot be used: it is not a URL"],
        ),
        run(
            "a cloud's own address",
            "base_url = \"",
            "base_url = \"https://169.254.169.254\" # ",
            &["providers.sim", "169.254.169.254", "allow_link_local"],
        ),
        run(
            "a proxy that is none",
            "[providers.sim]",
            "[http]\nproxy = \"::\"\n[providers.sim]",
            &["antiphon.toml: http: the proxy's address is not a URL: write it as http://host:port"],
        ),
        case(
            "certificates that are none",
            |d| {
                d.write("ca.pem", "no certificate");
                d.edit(FILE, "[providers.sim]", "[http]\nca_file = \"ca.pem\"\n[providers.sim]");
            },
            "run suite.yaml",
            2,
            &["antiphon.toml: http: the CA file holds no certificates in PEM form"],
        ),
    ]);
}

#[test]
fn keys() {
    /// The key in a file with that mode.
    fn key_file(desk: &Desk, key: &str, mode: u32) {
        desk.write("key", key);
        set_permissions(desk.path("key"), Permissions::from_mode(mode)).unwrap();
        desk.edit(FILE, "key_env = \"SIM_KEY\"", "key_file = \"key\"");
    }
    check(&[
        case(
            "no key in the environment",
            |d| d.unset("SIM_KEY"),
            "run suite.yaml",
            2,
            &["providers.sim.key_env: the environment variable SIM_KEY is not set; export it and try again"],
        ),
        case("an empty key", |d| d.set("SIM_KEY", " "), "run suite.yaml", 2, &["SIM_KEY is not set"]),
        case(
            "a key of two lines",
            |d| d.set("SIM_KEY", "a\nb"),
            "run suite.yaml",
            2,
            &["providers.sim", "key"],
        ),
        case(
            "a key file that others can read",
            |d| key_file(d, "x", 0o644),
            "run suite.yaml",
            2,
            &["providers.sim.key_file: key: others can read it; run `chmod 600` on it"],
        ),
        case(
            "an empty key file",
            |d| key_file(d, "\n", 0o600),
            "run suite.yaml",
            2,
            &["key_file: key: it is empty"],
        ),
        run(
            "no key file",
            "key_env = \"SIM_KEY\"",
            "key_file = \"none\"",
            &["providers.sim.key_file: none: "],
        ),
        run(
            "two places for a key",
            "key_env = \"SIM_KEY\"",
            "key_env = \"SIM_KEY\"\nkey_file = \"key\"",
            &["providers.sim: `key_env` and `key_file` exclude each other"],
        ),
    ]);
}

#[test]
fn check_says_which_keys_are_missing_and_still_checks_the_rest() {
    let mut desk = Desk::new();
    desk.unset("SIM_KEY");
    // Two targets of one provider lack one key.
    desk.edit(FILE, "[pools.sim]", "[targets.other]\nprovider = \"sim\"\nmodel = \"fickle\"\n\n[pools.sim]");
    desk.edit(
        "suite.yaml",
        "    max_tokens: 80\n",
        "    max_tokens: 80\n  - alias: other\n    max_tokens: 80\n",
    );
    let done = desk.run("check suite.yaml");
    assert_eq!(done.code, 2);
    assert_eq!(done.err.matches("SIM_KEY is not set").count(), 1, "{}", done.err);
    let says =
        "small is right, but it can't be asked: 1 thing that it needs is missing or wrong, see below\n";
    assert!(done.out.contains(says), "{}", done.out);
    assert!(done.err.contains("error: providers.sim.key_env: the environment variable SIM_KEY is not set"));
    desk.set("SIM_KEY", KEY);
    assert!(desk.good("check suite.yaml").contains("small is right\n"));
}
