"""What docs/metrics.md documents, and what dashboards and alerts ask for."""

import json
import re
from dataclasses import dataclass

import yaml

from conftest import BUILT, ROOT

PROMETHEUS = BUILT.parent / "prometheus/usr/bin"
TEXT = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
SERVICES = ("coordinator", "worker", "aggregator", "viewer")
# What Prometheus adds by the configurations that are shipped, and what its own metrics have.
ADDED = {"job", "instance", "component", "le", "alertname", "alertstate", "severity", "__name__"}


@dataclass(frozen=True)
class Metric:
    name: str
    type: str
    labels: frozenset
    roles: frozenset


def _metrics():
    for chapter in TEXT.split("\n## ")[1:]:
        title = chapter.partition("\n")[0].lower()
        roles = frozenset(SERVICES if title == "every service" else [title])
        for name, kind, labels in re.findall(r"^\| `(antiphon_\w+)` \| (\w+) \| ([^|]*)\|", chapter, re.M):
            ours = roles - {"viewer"} if name == "antiphon_broker_connected" else roles
            yield Metric(name, kind, frozenset(re.findall(r"`(\w+)`", labels)), ours)


METRICS = {metric.name: metric for metric in _metrics()}
# Every word in the page that stands for itself: values of labels among them.
WORDS = set(re.findall(r"`([\w./-]+)`", TEXT))


def metric_of(series: str) -> Metric | None:
    """The metric that a series belongs to: a histogram has several."""
    if series in METRICS:
        return METRICS[series]
    base = METRICS.get(re.sub(r"_(bucket|sum|count)$", "", series))
    return base if base and base.type == "histogram" else None


DASHBOARDS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
}
# Dashboard and title → panel, without the headings of rows.
PANELS = {
    f"{name}: {panel['title']}": panel for name, board in DASHBOARDS.items() for panel in board["panels"] if panel["type"] != "row"
}
ALERTS_FILE = ROOT / "deploy/prometheus/alerts.yml"
ALERT_GROUPS = yaml.safe_load(ALERTS_FILE.read_text(encoding="utf-8"))["groups"]
ALERTS = {rule["alert"]: rule for group in ALERT_GROUPS for rule in group["rules"]}
EXPRESSIONS = {f"{title} {target['refId']}": target["expr"] for title, panel in PANELS.items() for target in panel["targets"]}


def variables(board):
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def substituted(text: str, values: dict) -> str:
    """What Grafana makes of a text with variables."""

    def value(match):
        return values[match[1] or match[2]]

    return re.sub(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))", value, text)
