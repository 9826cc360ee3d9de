"""A real Prometheus scrapes a fleet at work: what is documented is served, every panel shows something, and alerts fire."""

import math
import re
import subprocess
import time

import pytest

from documented import ADDED, ALERTS, DASHBOARDS, EXPRESSIONS, METRICS, PROMETHEUS, SERVICES, WORDS, metric_of, substituted
from observed_fleet import Fleet, fetch, wait_for

# What a reader chooses. Rates over so short a time move.
CHOSEN = {"fleet": ".+", "pool": ".+", "target": ".+", "group": "values", "measure": "refusal", "__rate_interval": "10s"}
SUITES = {"run": ".+", "consistency": "nightly"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    fleet = Fleet(tmp_path_factory.mktemp("observed"))
    try:
        fleet.live()
        yield fleet
    finally:
        fleet.end()


@pytest.fixture(scope="module")
def series(fleet):
    """Component → metric → labels, of all that Prometheus has seen of ours."""
    found = fleet.ask("series", **{"match[]": '{__name__=~"antiphon_.+"}', "start": fleet.begun, "end": time.time()})
    seen = {}
    for labels in found:
        seen.setdefault(labels["component"], {}).setdefault(labels["__name__"], set()).update(labels.keys() - ADDED)
    return seen


@pytest.mark.parametrize("component", SERVICES)
def test_what_is_documented_is_served_and_nothing_else(fleet, series, component):
    documented = {name: metric for name, metric in METRICS.items() if component in metric.roles}
    seen = {}
    for name, labels in series[component].items():
        assert metric_of(name), f"docs/metrics.md does not have {name}"
        seen.setdefault(metric_of(name).name, set()).update(labels)
    assert seen.keys() == documented.keys()
    types = {name: kind for name, kind in fleet.types[component].items() if name.startswith("antiphon_")}
    assert types == {name: metric.type for name, metric in documented.items()}
    assert seen == {name: set(metric.labels) for name, metric in documented.items()}


@pytest.mark.parametrize("label", ["end", "kind", "measure", "origin", "outcome", "role", "state", "type", "verdict", "what"])
def test_values_of_labels_are_documented(fleet, label):
    match = {"match[]": '{__name__=~"antiphon_.+"}', "start": fleet.begun, "end": time.time()}
    values = set(fleet.ask(f"label/{label}/values", **match))
    assert values and values <= WORDS


@pytest.mark.parametrize("component", SERVICES)
def test_metrics_are_named_as_is_usual(fleet, component):
    done = subprocess.run([PROMETHEUS / "promtool", "check", "metrics"], input=fleet.pages[component], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "process_start_time_seconds" in fleet.pages[component]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_panel_shows_something(fleet, name):
    board = name.partition(":")[0]
    query = substituted(EXPRESSIONS[name], CHOSEN | {"suite": SUITES.get(board, "")})
    found = fleet.ask("query_range", query=query, start=fleet.begun, end=time.time(), step="1s")["result"]
    assert any(math.isfinite(float(value)) for line in found for _, value in line["values"]), query


def test_variables_have_values(fleet):
    for name, board in DASHBOARDS.items():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                definition = substituted(variable["definition"], CHOSEN | {"suite": "nightly"})
                selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", definition).groups()
                values = fleet.ask(f"label/{label}/values", **{"match[]": selector, "start": fleet.begun, "end": time.time()})
                assert values, f"{name}: {variable['name']}"


def test_alerts_are_evaluated_and_fire(fleet):
    rules = [rule for group in fleet.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == ALERTS.keys()
    assert [(rule["name"], rule["health"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
    # Those that do not wait: the other ones have their unit tests.
    expected = {"AntiphonDeadLetters", "AntiphonRunIncomplete", "AntiphonConsistencyRegression"}

    def firing():
        alerts = fleet.ask("alerts")["alerts"]
        return {alert["labels"]["alertname"]: alert["annotations"] for alert in alerts if alert["state"] == "firing"}

    wait_for(f"{expected}", lambda: expected <= firing().keys())
    for name, annotations in firing().items():
        assert "<error" not in annotations["description"], f"{name}: {annotations['description']}"
    assert "BLOCK" in firing()["AntiphonConsistencyRegression"]["description"]


def test_links_to_reports_lead_to_pages(fleet):
    viewer = f"http://{fleet.services['viewer-0']}"
    links = {link["url"] for board in DASHBOARDS.values() for link in board["links"] if link["url"].startswith("${viewer:raw}")}
    for url in links:
        assert "<html" in fetch(substituted(url, {"viewer": viewer, "suite": "nightly"}))
    for page in ("index.html", "comparison.html", "history.html"):
        assert "<html" in fetch(f"{viewer}/runs/nightly-2026-11-02/{page}")
