//! Calls that cannot succeed, runs that may not begin, and runs that are under way already.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::{case, check};
use crate::desk::{Desk, Done};

#[test]
fn a_budget_below_the_forecast() {
    check(&[case(
        "nobody is there to ask",
        |d| d.edit("suite.yaml", "version: 1", "version: 1\nbudget: {dollars: 0.0001}"),
        "run suite.yaml",
        2,
        &[
            "warning: the run is expected to cost $0.0",
            "more than its budget of $0.0001",
            "nothing was asked; raise `budget` in the suite, or give --yes",
        ],
    )]);
}

#[test]
fn a_budget_that_is_used_up_stops_the_run_and_a_larger_one_goes_on() {
    let desk = Desk::new();
    desk.edit("suite.yaml", "version: 1", "version: 1\nbudget: {dollars: 0.0001}");
    let done = desk.run("run suite.yaml --run r1 --yes");
    assert_eq!(done.code, 3, "{}", done.err);
    assert!(done.err.contains("the budget of $0.0001"), "{}", done.err);
    desk.edit("suite.yaml", "dollars: 0.0001", "dollars: 10");
    desk.good("run suite.yaml --run r1");
}

#[test]
fn a_wrong_key_stops_the_pool_records_nothing_and_the_right_one_goes_on() {
    let mut desk = Desk::new();
    desk.set("SIM_KEY", "canary-of-somebody-else");
    let done = desk.run("run suite.yaml --run r1");
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("pool sim was stopped: "), "{}", done.err);
    assert!(done.err.contains("key"), "{}", done.err);
    assert!(!done.err.contains("canary"), "{}", done.err);
    assert!(results(&desk) == 0, "a wrong key is nobody's answer");
    desk.set("SIM_KEY", crate::desk::KEY);
    desk.good("run suite.yaml --run r1");
}

#[test]
fn an_unknown_model_stops_the_pool() {
    let desk = Desk::new();
    desk.edit("antiphon.toml", "model = \"steady\"", "model = \"nobody\"");
    let done = desk.run("run suite.yaml --run r1");
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("nobody"), "{}", done.err);
}

#[test]
fn a_host_that_nobody_reaches_stops_the_pool_and_one_that_answers_goes_on() {
    let desk = Desk::new();
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for nowhere in [format!("http://127.0.0.1:{port}"), "https://nobody.invalid".to_owned()] {
        desk.edit("antiphon.toml", &crate::desk::SIMULATOR, &nowhere);
        let done = desk.run("run suite.yaml --run r1");
        assert_eq!(done.code, 3, "{}", done.err);
        assert!(done.err.contains("pool sim was stopped: no connection: "), "{}", done.err);
        assert!(done.err.contains("check `base_url`, network and proxy, then run the same command again"));
        assert_eq!(results(&desk), 0, "no connection is nobody's answer");
        desk.edit("antiphon.toml", &nowhere, &crate::desk::SIMULATOR);
    }
    desk.good("run suite.yaml --run r1");
}

/// A server that takes a call and never answers it.
struct Silent {
    listener: TcpListener,
    calls: Vec<TcpStream>,
}

impl Silent {
    fn new(desk: &Desk) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        desk.edit("antiphon.toml", &crate::desk::SIMULATOR, &format!("http://{address}"));
        Self { listener, calls: Vec::new() }
    }

    /// Waits for a call.
    fn call(&mut self) {
        let (mut stream, _) = self.listener.accept().unwrap();
        assert!(stream.read(&mut [0; 16]).unwrap() > 0);
        self.calls.push(stream);
    }
}

fn start(desk: &Desk, line: &str) -> Child {
    let mut command = desk.command();
    command.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn two_runs_of_the_same_id_at_once() {
    let desk = Desk::new();
    let mut server = Silent::new(&desk);
    let mut first = start(&desk, "run suite.yaml --run r1 --grace 0s");
    server.call();
    let before = desk.listing("antiphon-data");
    for line in ["run suite.yaml --run r1", "retry r1"] {
        let second = desk.run(line);
        assert_eq!(second.code, 2, "{}", second.err);
        let says =
            format!("run r1 is being worked on by process {}; wait for it or stop it first", first.id());
        assert!(second.err.contains(&says), "{}", second.err);
    }
    assert_eq!(desk.listing("antiphon-data"), before);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn an_interrupt_says_how_to_go_on() {
    let desk = Desk::new();
    let mut server = Silent::new(&desk);
    let child = start(&desk, "run suite.yaml --run r1 --grace 0s");
    server.call();
    interrupt(&child);
    let done: Done = child.wait_with_output().unwrap().into();
    assert_eq!(done.code, 130, "{}", done.err);
    assert!(done.err.contains("Go on later with `antiphon run suite.yaml --run r1"), "{}", done.err);
    let address = server.listener.local_addr().unwrap();
    desk.edit("antiphon.toml", &format!("http://{address}"), &crate::desk::SIMULATOR);
    desk.good("run suite.yaml --run r1");
}

fn results(desk: &Desk) -> usize {
    desk.listing("antiphon-data").keys().filter(|path| path.extension().is_some_and(|e| e == "zst")).count()
}
