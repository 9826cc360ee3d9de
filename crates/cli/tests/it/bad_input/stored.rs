//! A store that is damaged, newer, read-only, full or in use: nothing in it is lost, and most can be gone on with.

use std::fs;
use std::path::PathBuf;

use super::{Case, case, check};
use crate::desk::{Desk, Done};

/// The run that every case begins with.
const RUN: &str = "run suite.yaml --run r1";

/// Something is done to a store that holds run `r1`.
fn stored(
    name: &'static str,
    spoil: fn(&mut Desk),
    lines: &'static str,
    code: i32,
    says: &'static [&'static str],
) -> Case {
    let prepare = move |desk: &mut Desk| {
        desk.good(RUN);
        spoil(desk);
    };
    case(name, prepare, lines, code, says)
}

/// The first result object of run `r1`, and its key.
fn object(desk: &Desk) -> (PathBuf, String) {
    let path = desk
        .listing("antiphon-data/runs/r1/samples")
        .into_keys()
        .find(|path| path.extension().is_some_and(|extension| extension == "zst"))
        .expect("the run stored a result");
    let key = path.strip_prefix(desk.path("antiphon-data")).unwrap().display().to_string();
    (path, key)
}

/// Turns one bit over in the middle of a result.
fn flip(desk: &Desk) {
    let (path, _) = object(desk);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    replace(&path, &bytes);
}

/// Results are read-only files, so that nobody changes them by mistake; a test that means it makes a new one.
fn replace(path: &PathBuf, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn manifest(desk: &Desk, from: &str, to: &str) {
    let path = desk.path("antiphon-data/runs/r1/manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "the manifest has no {from:?}");
    replace(&path, text.replacen(from, to, 1).as_bytes());
}

#[test]
fn runs() {
    check(&[
        stored(
            "a run that is not there",
            |_| {},
            "show r2; report r2; retry r2; export r2",
            2,
            &["there is no run r2", "did you mean r1?"],
        ),
        stored(
            "a run that asks something else",
            |d| d.edit("suite.yaml", "Who are you?", "Who are we?"),
            RUN,
            2,
            &[
                "run r1 exists and asks something else",
                "name another run with `--run NAME`, or restore the suite",
            ],
        ),
        stored(
            "a run with other users",
            |d| d.edit("suite.yaml", "draw: 3", "draw: 4"),
            RUN,
            2,
            &["run r1 exists and asks something else"],
        ),
        stored(
            "a conversation that is not there",
            |_| {},
            "show r1 --session 99",
            2,
            &["no such conversation"],
        ),
    ]);
}

#[test]
fn names_that_a_run_does_not_have() {
    let one = |line: &'static str, says: &'static [&'static str]| stored(line, |_| {}, line, 2, says);
    check(&[
        one(
            "show nothing-like-it; export nothing-like-it; retry nothing-like-it",
            &["there is no run nothing-like-it", "; there is r1"],
        ),
        one(
            "show r1 --probe musik",
            &["run r1 has no probe musik; did you mean music? (there is music, identity)"],
        ),
        one("show r1 --probe tempo --json", &["run r1 has no probe tempo; there is music, identity"]),
        one(
            "show r1 --user u00009",
            &["run r1 has no user u00009; did you mean u00000? (there is u00000, u00001, u00002)"],
        ),
        one("show r1 --target stranger", &["run r1 has no target stranger; there is voice"]),
        one(
            "run suite.yaml --run r1 --only voices",
            &["has that name; did you mean voice? (there is voice, music, identity)"],
        ),
    ]);
}

#[test]
fn damaged_and_newer_objects() {
    check(&[
        stored(
            "a flipped bit in a result",
            |d| flip(d),
            "run suite.yaml --run r1; report r1; retry r1; export r1 --format jsonl; show r1",
            1,
            &["runs/r1/samples/voice/b00000/r000-000000.mpk.zst is damaged (", "delete this object and run"],
        ),
        stored(
            "an empty result",
            |d| replace(&object(d).0, b""),
            "report r1",
            1,
            &["runs/r1/samples/voice/b00000/r000-000000.mpk.zst is damaged ("],
        ),
        stored(
            "a result of a newer version",
            |d| {
                let (path, key) = object(d);
                let bytes = fs::read(&path).unwrap();
                let plain = zstd::decode_all(&bytes[..]).unwrap();
                // The header is the first entry of a map with named fields: a string of six letters, then a small number.
                let at = plain.windows(7).position(|window| window == b"\xa6format").expect("a format") + 7;
                let mut newer = plain.clone();
                newer[at] = 0x7f;
                replace(&path, &zstd::encode_all(&newer[..], 3).unwrap());
                assert!(key.ends_with(".mpk.zst"));
            },
            "run suite.yaml --run r1; report r1; show r1",
            2,
            &["cannot read runs/r1/samples/voice/b00000/r000-000000.mpk.zst: ", "127"],
        ),
        stored(
            "a manifest of a newer version",
            |d| manifest(d, "\"format\": 1", "\"format\": 999"),
            "run suite.yaml --run r1; plan suite.yaml --run r1; report r1; show r1; retry r1; runs",
            2,
            &["cannot read runs/r1/manifest.json: ", "999"],
        ),
        stored(
            "half a manifest",
            |d| {
                let path = d.path("antiphon-data/runs/r1/manifest.json");
                let bytes = fs::read(&path).unwrap();
                replace(&path, &bytes[..bytes.len() / 2]);
            },
            "run suite.yaml --run r1; report r1; runs",
            1,
            &["runs/r1/manifest.json is damaged ("],
        ),
        stored(
            "half a round",
            |d| replace(&d.path("antiphon-data/runs/r1/rounds/000.json"), b"{\"format\": 1,"),
            "run suite.yaml --run r1; report r1",
            1,
            &["runs/r1/rounds/000.json is damaged ("],
        ),
    ]);
}

#[test]
fn a_damaged_result_is_made_again_as_the_message_says() {
    let desk = Desk::new();
    desk.good(RUN);
    let (path, _) = object(&desk);
    let before = fs::read(desk.path("antiphon-data/runs/r1/summary/summary.json")).unwrap();
    flip(&desk);
    assert_eq!(desk.run("report r1").code, 1);
    fs::remove_file(&path).unwrap();
    desk.good(RUN);
    assert!(path.is_file());
    assert_eq!(fs::read(desk.path("antiphon-data/runs/r1/summary/summary.json")).unwrap(), before);
}

/// Runs `script` where mounts are its own, so that nothing is left behind; `antiphon` is `$0`.
fn with_mounts(desk: &Desk, script: &str) -> Done {
    let mut unshare = desk.of("unshare");
    // Without root a namespace of users of its own gives the right to mount.
    if desk.of("id").arg("-u").output().unwrap().stdout != b"0\n" {
        unshare.args(["--user", "--map-root-user"]);
    }
    let script = format!("set -e; {script}");
    unshare.args(["--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_antiphon")]).output().unwrap().into()
}

#[test]
fn a_read_only_store() {
    let desk = Desk::new();
    desk.good(RUN);
    let before = desk.listing("antiphon-data");
    let mount = "mount --bind antiphon-data antiphon-data; mount -o remount,ro,bind antiphon-data";
    for line in ["run suite.yaml --run r2", "run suite.yaml --run r1 --sessions 3", "report r1", "retry r1"] {
        let done = with_mounts(&desk, &format!("{mount}; exec \"$0\" {line}"));
        assert_eq!(done.code, 2, "{line}: {}", done.err);
        assert!(done.err.contains("error: no permission for antiphon-data/"), "{line}: {}", done.err);
        assert!(
            done.err.contains("check its owner, its mode and whether it is mounted read-only"),
            "{}",
            done.err
        );
        assert_eq!(desk.listing("antiphon-data"), before, "{line}");
    }
    for line in ["runs", "show r1", "export r1 --output out", "plan suite.yaml --run r1"] {
        let done = with_mounts(&desk, &format!("{mount}; exec \"$0\" {line}"));
        assert_eq!(done.code, 0, "reading needs no writing: {line}: {}", done.err);
    }
}

#[test]
fn a_full_disk_keeps_what_it_has_and_can_be_gone_on_with() {
    let desk = Desk::new();
    desk.edit("suite.yaml", "draw: 3", "draw: 20");
    desk.edit("suite.yaml", "sessions: 2", "sessions: 20");
    fs::create_dir(desk.path("small")).unwrap();
    // The file system is gone with the script, so what it holds is copied out.
    let script = "mount -t tmpfs -o size=48k none small; code=0; \
                  \"$0\" run suite.yaml --run r1 --store small || code=$?; cp -r small large; exit $code";
    let done = with_mounts(&desk, script);
    assert_eq!(done.code, 3, "{}", done.err);
    assert!(done.err.contains("error: no room for small/runs/r1/"), "{}", done.err);
    assert!(done.err.contains("free space there (or raise its quota), then run the same command again"));

    let kept = desk.listing("large");
    let results = kept.keys().filter(|path| path.extension().is_some_and(|e| e == "zst")).count();
    assert!(results > 0, "the disk was full before the first result; the test shows nothing");
    for path in kept.keys().filter(|path| path.extension().is_some_and(|e| e == "zst" || e == "json")) {
        let decoded = desk.command().arg("decode").arg(path).output().unwrap();
        assert!(decoded.status.success(), "{} is half-written", path.display());
    }

    desk.good("run suite.yaml --run r1 --store large");
    let after = desk.listing("large");
    for (path, bytes) in kept.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "zst")) {
        assert_eq!(after.get(path), Some(bytes), "{} was changed", path.display());
    }
}
