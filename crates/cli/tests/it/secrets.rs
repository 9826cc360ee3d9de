//! Keys never leave the calls they are for.

use crate::desk::{Desk, Done, KEY};

const HEADER: &str = "canary-header-91d2e7";

/// Everything that commands say at the loudest, and everything that they leave behind.
#[test]
fn keys_stand_in_no_log_no_output_and_no_file() {
    let mut desk = Desk::new();
    desk.set("SIM_ORGANISATION", HEADER);
    desk.edit(
        "antiphon.toml",
        "send_sample_key = true",
        "send_sample_key = true\nheaders_env = { \"x-organisation\" = \"SIM_ORGANISATION\" }",
    );
    let mut said = Vec::new();
    for line in [
        "check suite.yaml",
        "check suite.yaml --json",
        "plan suite.yaml",
        "run suite.yaml --run r1",
        "run suite.yaml --run r1 --json",
        "retry r1",
        "runs",
        "show r1",
        "report r1",
        "export r1 --format jsonl --output out",
    ] {
        let done = desk.run(&format!("{line} --log trace"));
        assert_eq!(done.code, 0, "{line}: {}", done.err);
        said.push((line, done));
    }
    assert!(said.iter().any(|(_, done)| done.err.contains("TRACE")), "the log was not at its loudest");
    // Without calls the test would show nothing.
    assert!(said.iter().any(|(_, done)| done.err.contains("12 calls")));
    desk.set("SIM_KEY", "canary-7f3b9c-wrong");
    said.push(("a wrong key", desk.run("run suite.yaml --run r2 --log trace")));
    desk.set("SIM_KEY", "canary-7f3b9c\nbroken");
    said.push(("a broken key", desk.run("run suite.yaml --run r3 --log trace")));
    for (line, Done { out, err, .. }) in &said {
        for secret in ["canary-7f3b9c", HEADER] {
            assert!(!out.contains(secret) && !err.contains(secret), "{line} says {secret}");
        }
    }
    for (path, bytes) in desk.listing(".") {
        for secret in [KEY, HEADER, "canary-7f3b9c"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds {secret}", path.display());
        }
    }
}

/// Results are compressed, so a key in them would not be seen in their bytes.
#[test]
fn keys_stand_in_no_result() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run r1");
    let mut results = 0;
    for (path, bytes) in desk.listing("antiphon-data") {
        if path.extension().is_some_and(|end| end == "zst") {
            let plain = zstd::decode_all(&bytes[..]).unwrap();
            assert!(!plain.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "{}", path.display());
            results += 1;
        }
    }
    assert!(results > 0);
}

/// A server that sends the key back, as some do in their errors, has it taken out before anything is stored or said.
#[test]
fn a_key_that_a_server_sends_back_is_taken_out() {
    use std::io::{Read, Write};
    let desk = Desk::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    desk.edit("antiphon.toml", &crate::desk::SIMULATOR, &format!("http://{address}"));
    // Ends with the process: it has nothing to lose.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 65_536]);
            let body = format!(
                "{{\"type\":\"error\",\"error\":{{\"type\":\"authentication_error\",\"message\":\"your key {KEY} is wrong\"}}}}"
            );
            let _ = write!(
                stream,
                "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let done = desk.run("run suite.yaml --run r1 --log trace");
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("your key"), "the provider's words help: {}", done.err);
    assert!(!done.err.contains(KEY) && !done.out.contains(KEY), "{}", done.err);
}
