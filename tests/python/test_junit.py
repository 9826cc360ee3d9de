"""The JUnit XML of a comparison, as build servers read it: element by element, by a parser that nobody here wrote.

The rules are those of the schema that Jenkins' reader publishes, and of what GitLab's takes: it shows the text of a failure and not its
attributes, and knows a test by class and name.
"""

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest
from conftest import program

HOSTILE = "</testcase><failure message='x'/> & \"quoted\" 'single' ]]> <!-- -- --> &lt; \U0001f310"

ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "classname", "assertions", "time", "status"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
REQUIRED = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
    "system-out": set(),
}
INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}
COUNTS = {"tests", "failures", "errors", "skipped"}


def voices(refusal_rate):
    """What a model named `steady` says that refuses so often; the other one stays."""
    return f"""
voices:
  - {{name: steady, seed: 7, vary_by_run: true, refusal_rate: {refusal_rate}, default: {{words: 20}}}}
  - {{name: other, seed: 8, vary_by_run: true, default: {{words: 20}}}}
"""


SUITE = f"""
version: 1
name: nightly
targets: [{{alias: steady, max_tokens: 60}}, {{alias: other, max_tokens: 60}}]
users: {{draw: 16, wordings: {{a: "{{{{ question }}}}", b: "Please: {{{{ question }}}}"}}}}
sampling: {{sessions: 2}}
probes:
  - {{id: one, group: {json.dumps(HOSTILE, ensure_ascii=False)}, kind: short, prompt: What is this?}}
  - {{id: two, group: plain, turns: [What is that?, And now?]}}
  - {{id: three, prompt: What else?}}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory, antiphon):
    """A folder with a suite in which the last run refuses, and how a command is run in it."""
    folder = tmp_path_factory.mktemp("junit")
    (folder / "suite.yaml").write_text(SUITE)
    started = []

    def run(*arguments, refusal_rate, code):
        (folder / "voices.yaml").write_text(voices(refusal_rate))
        command = [program("antiphon"), "sim", folder / "voices.yaml", "--listen", "127.0.0.1:0"]
        simulator = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(simulator)
        url = simulator.stdout.readline().strip()
        (folder / "antiphon.toml").write_text(
            f'[providers.sim]\napi = "openai"\nbase_url = "{url}/v1"\nsend_sample_key = true\n'
            + "".join(f'[targets.{name}]\nprovider = "sim"\nmodel = "{name}"\n' for name in ["steady", "other"])
        )
        antiphon(*arguments, code=code, cwd=folder)
        return folder

    yield run
    for simulator in started:
        simulator.terminate()
        simulator.wait()


@pytest.fixture(scope="module")
def documents(desk):
    """The document of a first night without a baseline, of one that becomes it, and of one on which something changed."""
    found = {}
    for name, date, more, refusal_rate, code in [
        ("none", "2026-11-01", [], 0.0, 5),
        ("baseline", "2026-11-01", ["--first-is-baseline"], 0.0, 0),
        ("changed", "2026-11-02", [], 0.8, 4),
    ]:
        line = ["nightly", "suite.yaml", "--date", date, "--junit", f"{name}.xml", *more]
        folder = desk(*line, refusal_rate=refusal_rate, code=code)
        found[name] = (folder / f"{name}.xml").read_text()
    return found


@pytest.mark.parametrize("name", ["none", "baseline", "changed"])
def test_elements_and_attributes_are_those_of_the_schema(documents, name):
    root = ElementTree.fromstring(documents[name])
    assert root.tag == "testsuites"
    for element in root.iter():
        assert element.tag in ATTRIBUTES, element.tag
        assert REQUIRED[element.tag] <= set(element.attrib) <= ATTRIBUTES[element.tag], (element.tag, element.attrib)
        assert {child.tag for child in element} <= INSIDE.get(element.tag, set()), element.tag
        for attribute in COUNTS & set(element.attrib):
            assert re.fullmatch("[0-9]+", element.get(attribute)), (element.tag, attribute)
        if "time" in element.attrib:
            assert float(element.get("time")) >= 0
        if element.tag in INSIDE:
            assert not (element.text or "").strip() and not (element.tail or "").strip()


@pytest.mark.parametrize("name", ["none", "baseline", "changed"])
def test_counts_are_those_of_the_elements(documents, name):
    root = ElementTree.fromstring(documents[name])
    for element in [root, *root.findall("testsuite")]:
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        for attribute, tag in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]:
            if attribute in element.attrib:
                assert int(element.get(attribute)) == sum(case.find(tag) is not None for case in cases), attribute
    for case in root.iter("testcase"):
        assert case.get("name").strip() and case.get("classname").strip()
        assert len([child for child in case if child.tag != "system-out"]) <= 1


@pytest.mark.parametrize("name", ["none", "baseline", "changed"])
def test_what_is_wrong_is_said_where_either_reader_looks(documents, name):
    root = ElementTree.fromstring(documents[name])
    said = [element for element in root.iter() if element.tag in {"failure", "error", "skipped"}]
    assert bool(said) == (name != "baseline")
    for element in said:
        # Jenkins shows the attribute; GitLab the text only.
        assert element.get("message").strip() and element.text == element.get("message")
    names = Counter((case.get("classname"), case.get("name")) for case in root.iter("testcase"))
    assert [name for name, count in names.items() if count > 1] == []


def test_a_run_without_another_one_has_one_test(documents):
    [case] = ElementTree.fromstring(documents["baseline"]).iter("testcase")
    assert case.get("name") == "baseline" and case.find("system-out").text.startswith("BASELINE: later nights")
    [case] = ElementTree.fromstring(documents["none"]).iter("testcase")
    assert case.find("error").get("type") == "INCONCLUSIVE" and "has no baseline" in case.find("error").text


def test_the_verdict_comes_first_and_changes_are_failures_where_they_are(documents):
    root = ElementTree.fromstring(documents["changed"])
    verdict = root.find("testsuite").find("testcase")
    assert verdict.get("name") == "verdict" and verdict.find("failure").get("type") == "BLOCK"
    failed = {suite.get("name") for suite in root.findall("testsuite") if suite.find("testcase/failure") is not None}
    assert failed == {"verdict", "steady"}


def test_names_come_through_as_they_are(documents):
    root = ElementTree.fromstring(documents["changed"])
    classes = {case.get("classname") for case in root.iter("testcase")}
    assert f"steady.{HOSTILE}" in classes and "other.ungrouped" in classes, classes
    assert any(HOSTILE in case.get("name") for case in root.iter("testcase"))
