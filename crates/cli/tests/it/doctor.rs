//! `antiphon doctor` on the keys of models: it tries each, says what came of it, and never says the key.

use crate::desk::{Desk, Done, KEY};

const WRONG: &str = "canary-7f3b9c-wrong";

/// What is said of the provider's key, and the exit code.
fn doctor(desk: &Desk) -> (String, i32) {
    let Done { code, out, err } = desk.run("doctor --log trace");
    assert!(!format!("{out}{err}").contains("canary"), "{out}{err}");
    let mut lines = out.lines().skip_while(|line| !line.contains("key of sim"));
    let said = format!("{}\n{}", lines.next().unwrap(), lines.next().unwrap_or_default());
    (said, code)
}

#[test]
fn keys_are_tried_and_never_said() {
    let mut desk = Desk::new();
    // Else it is the store that is missing.
    std::fs::create_dir(desk.path("antiphon-data")).unwrap();
    let anthropic = std::fs::read_to_string(desk.path("antiphon.toml")).unwrap();
    let openai = anthropic.replace("\"anthropic\"", "\"openai\"");
    let openai = openai.replace("\"\nkey_env", "/v1\"\nkey_env");
    for configuration in [&anthropic, &openai] {
        desk.write("antiphon.toml", configuration);
        desk.set("SIM_KEY", KEY);
        let (said, code) = doctor(&desk);
        assert!(said.starts_with("ok    key of sim             is right: "), "{said}");
        assert_eq!(code, 0, "{said}");

        desk.set("SIM_KEY", WRONG);
        let (said, code) = doctor(&desk);
        assert!(
            said.starts_with("FAIL  key of sim             was refused: the server answered 401\n"),
            "{said}"
        );
        assert!(said.contains("→ correct the variable SIM_KEY (`key_env`), and look"), "{said}");
        assert_eq!(code, 2, "{said}");

        desk.write("antiphon.toml", configuration.replace("key_env = \"SIM_KEY\"\n", ""));
        let (said, code) = doctor(&desk);
        assert!(said.contains("none is configured, and the server wants one: it answered 401"), "{said}");
        assert_eq!(code, 2, "{said}");
    }

    // A header may be the key.
    let header = "headers_env = { \"x-api-key\" = \"SIM_HEADER\" }\n";
    desk.write("antiphon.toml", anthropic.replace("key_env = \"SIM_KEY\"\n", header));
    desk.set("SIM_HEADER", WRONG);
    let (said, code) = doctor(&desk);
    assert!(said.contains("the configured headers were refused: the server answered 401"), "{said}");
    assert!(
        said.contains("→ correct the variable SIM_HEADER (header `x-api-key` in `headers_env`)"),
        "{said}"
    );
    assert_eq!(code, 2, "{said}");
    desk.set("SIM_HEADER", KEY);
    let (said, code) = doctor(&desk);
    assert!(said.starts_with("ok    key of sim             is right: "), "{said}");
    assert_eq!(code, 0, "{said}");

    // What nobody has refused is no failure: workers elsewhere may have it right.
    let base = crate::desk::SIMULATOR.as_str();
    for (address, says) in [
        (
            format!("{base}/elsewhere"),
            "is there; the server has no list of models, so it was not tried (it answered 404)",
        ),
        (
            "http://127.0.0.1:1".to_owned(),
            "is there; it was not tried: the server is not reachable: no connection",
        ),
    ] {
        desk.write("antiphon.toml", anthropic.replace(base, &address));
        let (said, code) = doctor(&desk);
        assert!(said.starts_with("warn  ") && said.contains(says), "{said}");
        assert_eq!(code, 0, "{said}");
    }
}
