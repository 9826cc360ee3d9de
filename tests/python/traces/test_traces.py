"""A job is one trace: from the coordinator that sends it, through a real broker, to the worker that asks a model.

Outside `make test`, since it needs a build with the feature `otel`: `make test-traces`. The collector speaks OpenTelemetry's own messages.
"""

import http.server
import os
import re
import shlex
import subprocess
import threading
import time
from collections import defaultdict
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

ROOT = Path(__file__).resolve().parents[3]
BUILT = Path(os.environ.get("ANTIPHON_TARGET_DIR", ROOT / "target")) / "debug"
PATIENCE = 120
SUITE = """
version: 1
name: traced
targets: [{alias: steady, max_tokens: 60}]
users: {draw: 6}
sampling: {sessions: 2}
probes:
  - {id: advice, prompt: The secret word is aardvark. Give me advice on sleep.}
"""
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportTraceServiceRequest.FromString(body)
        self.server.bodies.append(body)
        for of_resource in request.resource_spans:
            service = {each.key: each.value.string_value for each in of_resource.resource.attributes}["service.name"]
            for of_scope in of_resource.scope_spans:
                self.server.spans.extend((service, span) for span in of_scope.spans)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def wait_for(what, look):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    collector.spans, collector.bodies = [], []
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    started = []
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}

    def start(name, *command):
        log = (folder / f"{name}.log").open("w")
        started.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    try:
        start("stack", BUILT / "examples/stack", folder / "stack")
        wait_for("the stack", (folder / "stack/environment").is_file)
        for name, value in re.findall(r"^export (\w+)=(.*)$", (folder / "stack/environment").read_text(encoding="utf-8"), re.M):
            environment[name] = shlex.split(value)[0]
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{collector.server_port}"
        environment["OTEL_BSP_SCHEDULE_DELAY"] = "200"
        (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
        for role in ("coordinator", "worker"):
            start(role, BUILT / "antiphon", role)
        command = [BUILT / "antiphon", "submit", "suite.yaml", "--run", "traced", "--wait", "--yes"]
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=PATIENCE, capture_output=True)
        wait_for("all calls", lambda: sum(span.name.startswith("chat ") for _, span in collector.spans) >= 12)
        wait_for("the job", lambda: any(span.name.startswith("process ") for _, span in collector.spans))
        yield collector
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()
        collector.shutdown()


def fields(span):
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_job_is_one_trace_across_coordinator_broker_and_worker(collected):
    by_name = defaultdict(list)
    for service, span in collected.spans:
        by_name[span.name.split()[0]].append((service, span))
    sent = {span.trace_id: span for service, span in by_name["send"] if service == "antiphon-coordinator"}
    assert sent, by_name.keys()
    processed = {span.span_id: span for service, span in by_name["process"] if service == "antiphon-worker"}
    assert {span.trace_id for span in processed.values()} == set(sent), "each job that was sent was worked on, in its trace"
    for span in processed.values():
        sender = sent[span.trace_id]
        assert (span.kind, sender.kind) == (CONSUMER, PRODUCER)
        assert span.parent_span_id == sender.span_id and not sender.parent_span_id
        job = fields(span)
        assert job == fields(sender) and job["messaging.system"] == "rabbitmq" and job["antiphon.run"] == "traced"
    calls = by_name["chat"]
    assert len(calls) == 12
    for service, span in calls:
        assert service == "antiphon-worker" and span.kind == CLIENT and span.parent_span_id in processed
        call = fields(span)
        assert call["gen_ai.operation.name"] == "chat" and call["gen_ai.provider.name"] == "anthropic"
        assert call["gen_ai.request.model"] == "steady" and call["gen_ai.request.max_tokens"] == 60 and span.name == "chat steady"
        assert call["gen_ai.usage.input_tokens"] > 0 and call["gen_ai.usage.output_tokens"] > 0


def test_nothing_that_was_asked_is_in_a_span(collected):
    assert collected.bodies and not any(b"aardvark" in body for body in collected.bodies)
