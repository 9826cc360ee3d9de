"""Logs of Inspect: ours are read by its own reader, its own are imported, and a round trip keeps the numbers.

Logs, CSV and Parquet are written by the libraries that people write them with, so that no code of ours is on both sides.
"""

import json
import random
import statistics

import pandas
import pyarrow
import pyarrow.parquet
import pytest
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample, read_eval_log_sample_summaries
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import choice, includes
from inspect_ai.solver import generate, multiple_choice, solver, system_message


def summary(store, run):
    return json.loads((store / f"runs/{run}/summary/summary.json").read_text())


def agreements(summary, but=()):
    """Every level of agreement of every cell, whatever targets are called."""
    found = {}
    for cell in summary["cells"]:
        if cell["probe"] in but:
            continue
        for one in cell["labels"]:
            found[cell["probe"], cell["turn"], one["language"]] = one["agreement"]
        for one in cell["wording"]:
            found[cell["probe"], cell["turn"], one["language"]] = one["answered"]
    levels = ["within_session", "between_sessions", "between_users"]
    return {
        key: [one[level]["value"] for level in levels] + [one[count] for count in ("users", "sessions", "samples")]
        for key, one in found.items()
    }


@solver
def breaks():
    async def solve(state, generate):
        if state.sample_id == "dijon/é" and state.epoch == 2:
            raise RuntimeError("it broke")
        return state

    return solve


def mock():
    """A model whose answers vary; it says what it used, so that nobody has to count tokens."""
    dice = random.Random(5)

    def answer(messages, tools, tool_choice, config):
        if "ANSWER" in messages[-1].text:
            said, stop = "Let me see.\n\nANSWER: " + dice.choice("AABC"), "stop"
        else:
            said, stop = dice.choice([("Paris", "stop"), ("It is Lyon.", "max_tokens"), ("", "content_filter")])
        output = ModelOutput.from_content("mockllm/model", said, stop_reason=stop)
        output.usage = ModelUsage(input_tokens=11, output_tokens=7, total_tokens=18)
        return output

    return get_model("mockllm/model", custom_outputs=answer)


@pytest.fixture(scope="module", params=["eval", "json"])
def logs(request, tmp_path_factory):
    """Two tasks, as Inspect itself writes them: capitals with an error, and choices."""
    folder = tmp_path_factory.mktemp("logs")
    capitals = [Sample(id=name, input=f"What is the capital of {name}?", target="Paris") for name in ("france", "dijon/é")]
    options = [Sample(id=n, input=f"Pick {n}", choices=["red", "green", "blue"], target="A") for n in range(1, 4)]
    tasks = [
        Task(capitals, solver=[system_message("Be terse."), breaks(), generate()], scorer=includes(), epochs=5, name="capitals"),
        Task(options, solver=multiple_choice(), scorer=choice(), epochs=6, name="colours"),
    ]
    done = evaluate(
        tasks, model=mock(), log_dir=str(folder), log_format=request.param, display="none", fail_on_error=False, max_tasks=1
    )
    assert [log.status for log in done] == ["success", "success"]
    return folder


def test_inspects_own_logs_become_a_run(antiphon, logs, tmp_path):
    files = sorted(str(file) for file in logs.iterdir() if file.suffix in (".eval", ".json"))
    assert len(files) == 2
    antiphon("import", *files, "--run", "r", "--store", str(tmp_path), code=3)
    got = summary(tmp_path, "r")
    total = got["completeness"]["total"]
    read = [read_eval_log(file) for file in files]
    samples = [(log.eval.task, sample) for log in read for sample in log.samples]
    assert total["planned"] == len(samples) == 2 * 5 + 3 * 6
    assert sum(total["failed"].values()) == sum(sample.error is not None for _, sample in samples) == 1
    stops = [sample.output.stop_reason for _, sample in samples if sample.error is None]
    assert total["truncated"] == stops.count("max_tokens")
    assert total["filtered"] == stops.count("content_filter")
    # Every score, by Inspect's own reading of it.
    for name, task in (("includes", "capitals"), ("choice", "colours")):
        values = [
            {"C": 1.0, "I": 0.0}[sample.scores[name].value] for of, sample in samples if of == task and sample.error is None
        ]
        [bars] = [bars for bars in got["error_bars"]["mockllm-model-" + target_hash(got)] if bars["score"] == name]
        assert bars["samples"] == len(values)
        assert bars["mean"] == pytest.approx(statistics.fmean(values))
        assert bars["independent"] == pytest.approx(statistics.stdev(values) / len(values) ** 0.5)
        [stated] = [score.metrics["stderr"].value for log in read for score in log.results.scores if score.name == name]
        assert bars["stated"] == pytest.approx(stated)
    # Letters are read as the scorer reads them.
    labels = [sample.scores["choice"].answer for of, sample in samples if of == "colours"]
    colours = {"A": "red", "B": "green", "C": "blue"}
    counted = {}
    for cell in got["cells"]:
        if cell["kind"] == "choice":
            for share in cell["labels"][0]["distribution"]:
                counted[share["label"]] = counted.get(share["label"], 0) + share["count"]
    assert counted == {colours[letter]: labels.count(letter) for letter in set(labels)}
    assert "do not say who asked" in got["users"]["population"]


def target_hash(summary):
    [target] = summary["targets"]
    assert target["model"] == "mockllm/model"
    return target["id"].rsplit("-", 1)[1]


def test_a_path_of_the_log_can_be_the_user(antiphon, logs, tmp_path):
    files = sorted(str(file) for file in logs.iterdir() if file.suffix in (".eval", ".json"))
    antiphon("import", *files, "--column", "user=eval.task", "--run", "r", "--store", str(tmp_path), code=3)
    assert summary(tmp_path, "r")["users"]["users"] == 2


@pytest.mark.parametrize("form", ["eval", "json"])
def test_inspects_reader_accepts_what_we_export(antiphon, demo, tmp_path, form):
    [run] = (demo / "data/runs").iterdir()
    store = demo / "data"
    targets = [target["id"] for target in summary(store, run.name)["targets"]]
    if form == "json":
        # One file is one target, and says so.
        antiphon("export", run.name, "--store", str(store), "-f", "inspect", "-o", str(tmp_path / "log.json"), code=2)
        pytest.raises(FileNotFoundError, (tmp_path / "log.json").stat)
        return
    antiphon("export", run.name, "--store", str(store), "--format", "inspect", "--output", str(tmp_path))
    listed = list_eval_logs(str(tmp_path))
    assert len(listed) == len(targets)
    samples = 0
    for info in listed:
        header = read_eval_log(info, header_only=True)
        log = read_eval_log(info)
        assert header.status == log.status == "success"
        assert header.results.total_samples == len(log.samples)
        assert len(read_eval_log_sample_summaries(info)) == len(log.samples)
        assert log.eval.dataset.samples == len({sample.id for sample in log.samples})
        assert log.eval.config.epochs == max(sample.epoch for sample in log.samples)
        assert len({(sample.id, sample.epoch) for sample in log.samples}) == len(log.samples)
        one = read_eval_log_sample(info, id=log.samples[0].id, epoch=1)
        assert one.output.completion == one.messages[-1].text
        assert [message.role for message in one.messages if message.role != "system"][:2] == ["user", "assistant"]
        assert one.output.usage.total_tokens == one.output.usage.input_tokens + one.output.usage.output_tokens > 0
        assert any("label" in sample.scores for sample in log.samples)
        samples += len(log.samples)
    # Further repeats of a turn are conversations of their own, and turns of one conversation one sample.
    stored = antiphon("export", run.name, "--store", str(store), "-f", "jsonl", "-o", str(tmp_path))
    lines = [json.loads(line) for line in open(stored.strip())]
    keys = {
        (line["target"], s["probe"], s["user"], s["session"], s["repeat"], s["turn"] if s["repeat"] else 0)
        for line in lines
        for s in [line["sample"]]
    }
    assert samples == len(keys)


def test_a_round_trip_keeps_every_agreement(antiphon, demo, tmp_path):
    [run] = (demo / "data/runs").iterdir()
    antiphon("export", run.name, "--store", str(demo / "data"), "--format", "inspect", "--output", str(tmp_path / "logs"))
    before = summary(demo / "data", run.name)
    for target in before["targets"]:
        log = str(tmp_path / f"logs/{run.name}_{target['id']}.eval")
        store = tmp_path / target["id"]
        antiphon("import", log, "--run", "back", "--store", str(store), code=0 if before["completeness"]["complete"] else 3)
        own = {**before, "cells": [cell for cell in before["cells"] if cell["target"] == target["id"]]}
        # Kinds that a log cannot say come back as free text.
        others = {cell["probe"] for cell in own["cells"] if cell["kind"] in ("refusal", "paired")}
        expected, got = agreements(own, others), agreements(summary(store, "back"), others)
        assert expected.keys() == got.keys()
        for key, values in expected.items():
            assert [v is None for v in got[key]] == [v is None for v in values], (key, got[key], values)
            assert [v for v in got[key] if v is not None] == pytest.approx([v for v in values if v is not None]), key


def rows():
    dice = random.Random(9)
    return [
        {"model": "m", "item_id": f"q{q}", "prompt": f"Question {q}?", "response": dice.choice(["yes", "no"]),
         "user": f"u{u}", "trial": t, "score": dice.random(), "created": pandas.Timestamp("2026-03-01") + pandas.Timedelta(t, "s")}
        for q in range(4) for u in range(5) for t in range(3)
    ]  # fmt: skip


def test_csv_json_lines_and_parquet_of_pandas_and_pyarrow_come_to_the_same(antiphon, tmp_path):
    frame = pandas.DataFrame(rows())
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.csv.gz", index=False)
    frame.to_json(tmp_path / "c.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "d.parquet")
    table = pyarrow.Table.from_pandas(frame)
    table = table.set_column(0, "model", table["model"].dictionary_encode())
    pyarrow.parquet.write_table(table, tmp_path / "e.parquet", compression="snappy", row_group_size=7)
    found = []
    for file in ["a.csv", "b.csv.gz", "c.jsonl", "d.parquet", "e.parquet"]:
        antiphon("import", str(tmp_path / file), "--kind", "short", "--run", file, "--store", str(tmp_path / "store"))
        got = summary(tmp_path / "store", file)
        [bars] = got["error_bars"]["m"]
        found.append((agreements(got), bars["mean"], bars["clustered"], got["completeness"]))
        lines = antiphon("export", file, "--store", str(tmp_path / "store"), "-f", "jsonl", "-o", str(tmp_path / file.replace(".", "-")))
        times = {json.loads(line)["sample"]["started_ms"] for line in open(lines.strip())}
        assert times == {1772323200000 + 1000 * t for t in range(3)}
    for other in found[1:]:
        assert other[0] == found[0][0] and other[3] == found[0][3]
        assert other[1:3] == pytest.approx(found[0][1:3])
    by_probe = frame.groupby("item_id")["score"]
    off = by_probe.sum() - by_probe.count() * frame["score"].mean()
    clustered = (off.pow(2).sum() * 4 / 3) ** 0.5 / len(frame)
    assert found[0][2] == pytest.approx(clustered)
