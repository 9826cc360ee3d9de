"""What other tools read of a run: Parquet, JSON lines, summary.json and the JSON Schema of suites.

The numbers are computed again here, from the samples, in plain Python, so that no code of ours is on both sides.
"""

import itertools
import json
import os
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import jsonschema
import numpy as np
import pandas
import polars
import pyarrow.parquet
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TABLES = ["samples", "probes"]


@pytest.fixture(scope="module")
def run(demo) -> Path:
    [run] = (demo / "data/runs").iterdir()
    return run


@pytest.fixture(scope="module")
def summary(run):
    return json.loads((run / "summary/summary.json").read_text())


@pytest.fixture(scope="module")
def samples(run):
    return pyarrow.parquet.read_table(run / "summary/samples.parquet").to_pylist()


def cells(summary, **wanted):
    return [cell for cell in summary["cells"] if all(cell[name] == value for name, value in wanted.items())]


@pytest.mark.parametrize("table", TABLES)
def test_duckdb_polars_and_pandas_read_the_same(run, table):
    path = run / f"summary/{table}.parquet"
    arrow = pyarrow.parquet.read_table(path).to_pylist()
    assert arrow
    relation = duckdb.sql(f"select * from '{path}'")
    assert [dict(zip(relation.columns, row)) for row in relation.fetchall()] == arrow
    assert polars.read_parquet(path).to_dicts() == arrow
    frame = pandas.read_parquet(path, dtype_backend="pyarrow")
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert records == arrow


def test_counts_agree_with_the_summary(run, summary):
    total = summary["completeness"]["total"]
    path = run / "summary/samples.parquet"
    outcomes = dict(duckdb.sql(f"select outcome, count(*) from '{path}' group by outcome").fetchall())
    assert sum(outcomes.values()) == total["planned"] == 5600
    for outcome in ["answered", "refused", "truncated", "filtered", "empty"]:
        assert outcomes.get(outcome, 0) == total[outcome], outcome
    per_cell = duckdb.sql(
        f"select target, probe, turn, count(*), count(distinct user), count(distinct (user, session)) from '{path}' group by all"
    ).fetchall()
    assert len(per_cell) == len(summary["cells"])
    for target, probe, turn, rows, users, sessions in per_cell:
        [cell] = cells(summary, target=target, probe=probe, turn=turn)
        assert (rows, users, sessions) == (cell["certificate"]["planned"], 20, 100)


def test_every_sample_stands_once_with_a_token_of_its_own(samples):
    keys = Counter(
        tuple(row[name] for name in ["run", "target", "probe", "user", "session", "turn", "repeat"]) for row in samples
    )
    assert set(keys.values()) == {1}
    tokens = Counter(row["response_id"] for row in samples)
    assert None not in tokens and set(tokens.values()) == {1}


def mean(values):
    return float(np.mean(list(values)))


def agreement(answers):
    """A_W, A_S and A_B of (user, session, label), as shares of pairs that agree, users weighted equally, by their definition."""
    by_user = defaultdict(lambda: defaultdict(list))
    for user, session, label in answers:
        by_user[user][session].append(label)

    def alike(ones, others):
        return mean(a == b for a in ones for b in others)

    within = mean(
        mean(mean(a == b for a, b in itertools.combinations(labels, 2)) for labels in sessions.values())
        for sessions in by_user.values()
    )
    between_sessions = mean(
        mean(alike(a, b) for a, b in itertools.combinations(sessions.values(), 2)) for sessions in by_user.values()
    )
    # Two users agree as a session of the one and a session of the other do; all have as many.
    shares = {
        user: Counter(label for labels in sessions.values() for label in labels) for user, sessions in by_user.items()
    }
    between_users = mean(
        sum(one[label] * other[label] for label in one) / (sum(one.values()) * sum(other.values()))
        for one, other in itertools.combinations(shares.values(), 2)
    )
    return within, between_sessions, between_users


@pytest.mark.parametrize("target", ["steady", "fickle"])
@pytest.mark.parametrize("probe", ["lever", "certain-liking", "certain-wanting"])
def test_agreement_of_labels_computed_again(summary, samples, target, probe):
    rows = [row for row in samples if (row["target"], row["probe"]) == (target, probe)]
    assert len(rows) == 200 and all(row["label"] for row in rows)
    found = agreement((row["user"], row["session"], row["label"]) for row in rows)
    [cell] = cells(summary, target=target, probe=probe)
    [labels] = cell["labels"]
    levels = ["within_session", "between_sessions", "between_users"]
    assert found == pytest.approx([labels["agreement"][level]["value"] for level in levels], abs=1e-9)
    counts = Counter(row["label"] for row in rows)
    assert counts == {share["label"]: share["count"] for share in labels["distribution"]}
    pairs = 200 * 199
    assert labels["collision"] == pytest.approx(sum(n * (n - 1) for n in counts.values()) / pairs, abs=1e-9)


@pytest.mark.parametrize("target", ["steady", "fickle"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_agreement_of_short_answers_is_taken_language_by_language(summary, samples, target, language):
    rows = [row for row in samples if (row["target"], row["probe"], row["language"]) == (target, "music", language)]
    [cell] = cells(summary, target=target, probe="music")
    [labels] = [labels for labels in cell["labels"] if labels["language"] == language]
    found = agreement((row["user"], row["session"], row["label"]) for row in rows)
    assert found[2] == pytest.approx(labels["agreement"]["between_users"]["value"], abs=1e-9)
    assert labels["agreement"]["samples"] == len(rows)


def test_the_table_of_probes_says_what_the_summary_says(run, summary):
    rows = polars.read_parquet(run / "summary/probes.parquet").to_dicts()
    for row in rows:
        [cell] = cells(summary, target=row["target"], probe=row["probe"], turn=row["turn"])
        parts = [(part["language"], part["agreement"]) for part in cell["labels"]]
        parts += [(part["language"], part["answered"]) for part in cell["wording"]]
        [part] = [part for language, part in parts if language == row["language"]]
        for column, level in [("a_w", "within_session"), ("a_s", "between_sessions"), ("a_b", "between_users")]:
            estimate = part[level]
            assert [row[column], row[f"{column}_low"], row[f"{column}_high"]] == [
                estimate["value"],
                estimate["low"],
                estimate["high"],
            ]
    assert len(rows) == sum(len(cell["labels"]) + len(cell["wording"]) for cell in summary["cells"])


def test_json_lines_hold_the_same_samples_with_their_requests(antiphon, demo, run, samples, tmp_path):
    antiphon("export", run.name, "--store", str(demo / "data"), "--format", "jsonl", "--output", str(tmp_path))
    lines = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert len(lines) == len(samples)

    def key(sample, target):
        return (target, *(sample[name] for name in ["probe", "user", "session", "turn", "repeat"]))

    tokens = {key(row, row["target"]): row["response_id"] for row in samples}
    for line in lines:
        assert tokens[key(line["sample"], line["target"])] == line["sample"]["billing"]["response_id"]
        assert line["sample"]["request"]


@pytest.fixture(scope="module")
def schema(antiphon):
    schema = json.loads(antiphon("schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("suite", sorted((ROOT / "configs").glob("*.suite.yaml")), ids=lambda path: path.name)
def test_the_schema_accepts_our_suites(schema, suite):
    schema.validate(yaml.safe_load(suite.read_text()))


def check(antiphon, folder, suite, code):
    """Whether the program takes the suite, with a right configuration and keys beside it."""
    shutil.copy(ROOT / "configs/starter.antiphon.toml", folder / "antiphon.toml")
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    keys = {"ANTHROPIC_API_KEY": "none", "OPENAI_API_KEY": "none"}
    antiphon("check", "suite.yaml", code=code, cwd=folder, env=os.environ | keys)


def test_the_program_takes_what_the_schema_accepts(antiphon, tmp_path):
    check(antiphon, tmp_path, yaml.safe_load((ROOT / "configs/starter.suite.yaml").read_text()), code=0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda suite: suite.pop("probes"),
        lambda suite: suite.update(probez=[]),
        lambda suite: suite.update(version=2),
        lambda suite: suite["sampling"].update(sessions=0),
        lambda suite: suite["sampling"].update(sessions="many"),
        lambda suite: suite["targets"][0].update(temprature=1),
        lambda suite: suite["probes"][0].update(kind="opne"),
        lambda suite: suite["probes"][0].update(cuts=["first"]),
        lambda suite: suite["users"].update(languages="en"),
    ],
)
def test_the_schema_refuses_what_the_program_refuses(schema, antiphon, spoil, tmp_path):
    suite = yaml.safe_load((ROOT / "configs/starter.suite.yaml").read_text())
    spoil(suite)
    assert not schema.is_valid(suite)
    check(antiphon, tmp_path, suite, code=2)
