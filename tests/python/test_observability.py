"""Alerts, dashboards, and what says where they are, held against docs/metrics.md, against each other, and against Prometheus' own tools.

test_observed_fleet.py holds the same against a fleet that runs.
"""

import re
import subprocess
from urllib.parse import urlsplit

import pytest
import yaml

from conftest import ROOT, program
from documented import ADDED, ALERT_GROUPS, ALERTS, DASHBOARDS, EXPRESSIONS, METRICS, PANELS, PROMETHEUS, SERVICES, WORDS
from documented import metric_of, substituted, variables

RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))["services"]
SCRAPED = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
# Values that any expression can be parsed with.
VALUES = {"fleet": ".+", "pool": ".+", "suite": "s", "target": "t", "group": "g", "measure": "m", "__rate_interval": "1m"}
TEXTS = EXPRESSIONS | {name: rule["expr"] for name, rule in ALERTS.items()} | {
    f"{name} {variable['name']}": variable["definition"]
    for name, board in DASHBOARDS.items()
    for variable in board["templating"]["list"]
    if variable["type"] == "query"
}


def promtool(*arguments, **options):
    return subprocess.run([PROMETHEUS / "promtool", *arguments], capture_output=True, text=True, **options)


def documents(path):
    return list(yaml.safe_load_all((ROOT / path).read_text(encoding="utf-8")))


def test_the_page_is_read():
    assert len(METRICS) > 60 and {role for metric in METRICS.values() for role in metric.roles} == set(SERVICES)
    assert metric_of("antiphon_worker_call_seconds_bucket") is METRICS["antiphon_worker_call_seconds"]
    assert metric_of("antiphon_worker_calls_count") is None


@pytest.mark.parametrize("name", TEXTS)
def test_metrics_and_labels_are_those_that_are_documented(name):
    """Names, labels by which is selected and grouped, and the values that are selected."""
    text = TEXTS[name]
    found = set(re.findall(r"\bantiphon_\w+", text))
    unknown = {series for series in found if metric_of(series) is None}
    assert not unknown, f"docs/metrics.md does not have {unknown}"
    for series, selected in re.findall(r"\b(antiphon_\w+)\{([^}]*)\}", text):
        for label, values in re.findall(r"(\w+)\s*=~?\s*\"([^\"]*)\"", selected):
            assert label in metric_of(series).labels | ADDED, f"{series} has no label {label}"
            if "$" not in values:
                assert set(values.split("|")) <= WORDS, f"docs/metrics.md does not know {label}={values}"
    here = ADDED.union(*(metric_of(series).labels for series in found))
    for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", text):
        assert set(re.findall(r"\w+", labels)) <= here, labels


def test_every_metric_is_shown_or_alarms():
    """What nobody looks at need not be measured."""
    used = {metric_of(series).name for text in TEXTS.values() for series in re.findall(r"\bantiphon_\w+", text)}
    assert not METRICS.keys() - used


def test_alerts_are_rules_and_fire_when_they_should():
    done = promtool("check", "rules", ROOT / "deploy/prometheus/alerts.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    tests = sorted((ROOT / "deploy/prometheus").glob("alerts*_test.yml"))
    done = promtool("test", "rules", *tests)
    assert done.returncode == 0, done.stdout + done.stderr
    fires, silent = set(), set()
    for test in tests:
        for case in yaml.safe_load(test.read_text(encoding="utf-8"))["tests"]:
            for check in case["alert_rule_test"]:
                (fires if check["exp_alerts"] else silent).add(check["alertname"])
    assert fires == silent == ALERTS.keys(), "of each alert there is a case in which it fires, and one in which it does not"


@pytest.mark.parametrize("name", ALERTS)
def test_alerts_say_what_is_needed(name):
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert "{{" in rule["annotations"]["description"], "it says the numbers"
    path, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert path == "docs/runbook.md" and anchor == name.lower()
    section = re.search(rf"^## {name}\n(.+?)(?=^## |\Z)", RUNBOOK, re.M | re.S)
    assert section, "the runbook has a section of its name"
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in section[1]


def test_the_runbook_names_what_there_is():
    assert set(re.findall(r"^## (Antiphon\w+)$", RUNBOOK, re.M)) == ALERTS.keys()
    assert not {series for series in re.findall(r"\bantiphon_\w+", RUNBOOK) if metric_of(series) is None}
    commands = set(re.findall(r"`antiphon ([a-z][a-z ]*[a-z])", RUNBOOK))
    assert len(commands) >= 8
    for command in commands:
        done = subprocess.run([program("antiphon"), *command.split(), "--help"], capture_output=True, text=True)
        assert done.returncode == 0, f"antiphon {command}: {done.stderr}"


def test_kubernetes_has_the_same_alerts():
    (rules,) = documents("k8s/monitoring/rules.yaml")
    assert rules["spec"]["groups"] == ALERT_GROUPS


def test_expressions_of_panels_can_be_parsed(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": substituted(text, VALUES)} for number, text in enumerate(EXPRESSIONS.values())]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    done = promtool("check", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr
    rules[0]["expr"] += ")"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert promtool("check", "rules", path).returncode == 1, "a mistake is noticed"


@pytest.mark.parametrize("name", DASHBOARDS)
def test_dashboards_hold_together(name):
    board = DASHBOARDS[name]
    assert board["uid"] == f"antiphon-{name}" and board["schemaVersion"] == 39
    ids = [panel["id"] for panel in board["panels"]]
    titles = [panel["title"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) and len(titles) == len(set(titles))
    taken = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
    known = variables(board)
    assert known["datasource"]["type"] == "datasource" and known["datasource"]["query"] == "prometheus"
    assert (known["viewer"]["type"], known["viewer"]["query"]) == ("textbox", "http://localhost:9100")
    for variable in known.values():
        if variable["type"] == "query":
            assert variable["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert set(re.findall(r"\$(\w+)", variable["definition"])) <= known.keys()


@pytest.mark.parametrize("name", PANELS)
def test_panels_are_ready_to_be_read(name):
    panel, board = PANELS[name], DASHBOARDS[name.partition(":")[0]]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len(panel["description"].split()) >= 5 and panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    known = variables(board).keys()
    for target in panel["targets"]:
        assert set(re.findall(r"\$(\w+)", target["expr"])) <= known | {"__rate_interval"}
        assert target["legendFormat"] or panel["type"] == "table", "a legend in words"
        found = re.findall(r"\bantiphon_\w+", target["expr"])
        labels = ADDED.union(*(metric_of(series).labels for series in found))
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels
    assert panel.get("repeat", "datasource") in known
    legends = {target["legendFormat"] for target in panel["targets"]}
    for override in panel["fieldConfig"]["overrides"]:
        for setting in override["properties"]:
            if setting["id"] == "custom.fillBelowTo":
                assert {override["matcher"]["options"], setting["value"]} <= legends, "a band between two series that are there"


def test_links_lead_to_dashboards_and_pages_that_there_are():
    uids = {board["uid"] for board in DASHBOARDS.values()}
    for board in DASHBOARDS.values():
        links = [link["url"] for link in board["links"]]
        to = {urlsplit(url).path.removeprefix("/d/") for url in links if url.startswith("/d/")}
        assert to == uids - {board["uid"]}, "each leads to the others"
        assert any(url.startswith("${viewer:raw}/") for url in links), "and to the report"
        overrides = [override for panel in board["panels"] for override in panel.get("fieldConfig", {}).get("overrides", [])]
        within = [link["url"] for one in overrides for entry in one["properties"] if entry["id"] == "links" for link in entry["value"]]
        for url in links + within:
            assert url.startswith("${viewer:raw}/") or urlsplit(url).path.removeprefix("/d/") in uids, url
            known = variables(board).keys() | {"__value"}
            assert set(re.findall(r"\$\{(\w+)", url)) | set(re.findall(r"var-(\w+)=", url)) <= known | {"suite"}


def test_prometheus_looks_where_services_listen():
    done = promtool("check", "config", ROOT / "deploy/prometheus/prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    (job,) = SCRAPED
    assert job["job_name"] == "antiphon", "alerts know the fleet by it"
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) == set(SERVICES)
    for service in found["names"]:
        command = COMPOSE[service]["command"]
        assert command[command.index("--listen") + 1] == f"0.0.0.0:{found['port']}"


def test_compose_mounts_what_there_is():
    for name, service in COMPOSE.items():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (ROOT / "deploy" / source).exists(), f"{name}: {source}"
    mounts = dict(volume.split(":")[:2] for volume in COMPOSE["grafana"]["volumes"])
    (provider,) = documents("deploy/grafana/provisioning/dashboards/antiphon.yaml")[0]["providers"]
    assert provider["options"]["path"] == mounts["./grafana/dashboards"]
    (source,) = documents("deploy/grafana/provisioning/datasources/prometheus.yaml")[0]["datasources"]
    address = urlsplit(source["url"])
    assert address.hostname in COMPOSE and f"127.0.0.1:{address.port}:{address.port}" in COMPOSE[address.hostname]["ports"]


def test_pods_are_scraped_at_the_port_that_they_have():
    (monitor,) = documents("k8s/monitoring/pods.yaml")
    (chosen,) = monitor["spec"]["selector"]["matchExpressions"]
    assert set(chosen["values"]) == set(SERVICES)
    for role in SERVICES:
        template = documents(f"k8s/base/{role}.yaml")[0]["spec"]["template"]
        labels = template["metadata"]["labels"]
        assert labels[chosen["key"]] == role and monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
        ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
        assert {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]} <= ports
    # By namespace and name of the monitor, the `job` is one that alerts know.
    expression = re.search(r'job=~"([^"]+)"', ALERTS["AntiphonDown"]["expr"])[1]
    assert re.fullmatch(expression, f"antiphon/{monitor['metadata']['name']}") and re.fullmatch(expression, "antiphon")
