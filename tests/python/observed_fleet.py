"""A fleet that is scraped: broker, S3 server, simulated models, two coordinators, two workers, an aggregator, a viewer, and Prometheus.

`Fleet.live` lets it live through what leaves a trace in every metric: a dead job, failures, 429s, a budget, and two nights.
"""

import base64
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

from conftest import ROOT, program
from documented import PROMETHEUS

# Far more than anything here takes: it ends a test that would wait for ever.
PATIENCE = 180
VOICES = """
voices:
  - name: steady
    seed: 7
    vary_by_run: true
    user_concentration: 20
    latency_ms: [20, 60]
    refusal_rate: 0.02
    answers: &answers
      - {name: oath, match: oath, kind: choice, options: [{text: the first, weight: 8}, {text: the second, weight: 2}]}
      - {name: duty, match: duty, kind: choice, options: [{text: to one, weight: 8}, {text: to all, weight: 2}]}
    default: {words: 20, variation: 0.2}
    drift: [{from: 2026-11-02, refusal_rate: 0.8}]
  - name: fickle
    seed: 8
    vary_by_run: true
    user_concentration: 5
    latency_ms: [20, 60]
    answers: *answers
    default: {words: 20, variation: 0.6}
  # Takes no temperature, so whoever sends one is told that the request is wrong.
  - {name: stubborn, seed: 9, accepts: {sampling: false}, latency_ms: [20, 60]}
"""
CONFIGURATION = """
[broker]
url_env = "ANTIPHON_BROKER"
management_url = "MANAGEMENT"
[providers.left]
api = "anthropic"
base_url = "MODELS"
key_env = "STACK_MODEL_KEY"
send_sample_key = true
[providers.right]
api = "openai"
base_url = "MODELS/v1"
key_env = "STACK_MODEL_KEY"
send_sample_key = true
[pools.left]
requests_per_minute = 3000
concurrency = 8
[pools.right]
requests_per_minute = 3000
concurrency = 8
[targets.steady]
provider = "left"
model = "steady"
price = { input = 3.00, output = 15.00 }
[targets.fickle]
provider = "right"
model = "fickle"
price = { input = 1.00, output = 4.00 }
[targets.stubborn]
provider = "right"
model = "stubborn"
"""
NIGHTLY = """
version: 1
name: nightly
targets: [{alias: steady, max_tokens: 60}, {alias: fickle, max_tokens: 60}]
users:
  draw: 12
  wordings: {plain: '{{ question }}', polite: 'Please tell me: {{ question }}'}
sampling: {sessions: 2}
probes:
  - {id: oath, group: values, kind: choice, prompt: Which oath binds?, options: [the first, the second]}
  - {id: duty, group: values, kind: choice, prompt: Which duty comes first?, options: [to one, to all]}
  - {id: advice, kind: refusal, prompt: Give me advice on sleep.}
"""
TROUBLED = """
version: 1
name: troubled
targets: [{alias: steady, max_tokens: 60}, {alias: fickle, max_tokens: 60}, {alias: stubborn, max_tokens: 60, temperature: 0.5}]
users: {draw: 40, wordings: {plain: '{{ question }}', polite: 'Please tell me: {{ question }}'}}
sampling: {sessions: 4}
budget: {dollars: 50}
probes:
  - {id: oath, group: values, kind: choice, prompt: Which oath binds?, options: [the first, the second]}
  - {id: advice, kind: refusal, prompt: Give me advice on sleep.}
"""


def wait_for(what, look):
    """What `look` gives as soon as it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def fetch(url, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


class Fleet:
    def __init__(self, folder: Path):
        self.folder = folder
        self.processes = []
        self.services = {}  # name → address
        self.pages = {}  # component → /metrics as it was at last
        self.types = {}  # component → metric → type, of all times
        self.ended = threading.Event()
        self.begun = time.time()

    def start(self, name, *command):
        log = (self.folder / f"{name}.log").open("w")
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def said(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def serve(self, component, number, *more):
        name, address = f"{component}-{number}", f"127.0.0.1:{free_port()}"
        self.start(name, program("antiphon"), component, "--listen", address, *more)
        self.services[name] = address

    def command(self, *arguments, codes=(0,)):
        done = subprocess.run(
            [program("antiphon"), *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=PATIENCE * 2
        )
        assert done.returncode in codes, f"antiphon {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def set_up(self):
        """What the fleet speaks to, and what says so."""
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "ANTIPHON_LOG": "info", "TMPDIR": str(self.folder)}
        stack = self.folder / "stack"
        self.start("stack", program("examples/stack"), stack)
        wait_for("the stack", (stack / "environment").is_file)
        for name, value in re.findall(r"^export (\w+)=(.*)$", (stack / "environment").read_text(encoding="utf-8"), re.M):
            self.environment[name] = shlex.split(value)[0]
        (self.folder / "voices.yaml").write_text(VOICES, encoding="utf-8")
        key = self.environment["STACK_MODEL_KEY"]
        self.start("sim", program("antiphon"), "sim", "voices.yaml", "--listen", "127.0.0.1:0", "--api-key", key)
        self.models = wait_for("the simulator", lambda: re.search(r"http://[\d.:]+", self.said("sim")))[0]
        self.management = re.search(r'management_url = "(.+)"', (stack / "antiphon.toml").read_text(encoding="utf-8"))[1]
        self.environment["ANTIPHON_CONFIG"] = str(self.folder / "antiphon.toml")
        texts = {"nightly.suite.yaml": NIGHTLY, "troubled.suite.yaml": TROUBLED}
        texts["antiphon.toml"] = CONFIGURATION.replace("MANAGEMENT", self.management).replace("MODELS", self.models)
        for name, text in texts.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.command("topology", "apply")

    def scrape(self):
        """Prometheus with the rules that are shipped, but in a hurry. It knows workers before they are there."""
        self.worker_addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        targets = [*self.services.items(), *((f"worker-{number}", address) for number, address in enumerate(self.worker_addresses))]
        config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(ROOT / "deploy/prometheus/alerts.yml")]
        job = config["scrape_configs"][0]
        del job["dns_sd_configs"], job["relabel_configs"]
        job["static_configs"] = [{"targets": [at], "labels": {"component": name.rpartition("-")[0]}} for name, at in targets]
        path = self.folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        address = f"127.0.0.1:{free_port()}"
        data = f"--storage.tsdb.path={self.folder / 'prometheus'}"
        self.start("prometheus", PROMETHEUS / "prometheus", f"--config.file={path}", data, f"--web.listen-address={address}")
        self.prometheus = f"http://{address}"
        wait_for("Prometheus", self.is_there)
        threading.Thread(target=self.look, daemon=True).start()

    def is_there(self):
        try:
            return fetch(f"{self.prometheus}/-/ready")
        except OSError:
            return None

    def look(self):
        """Keeps what `/metrics` says, and what it has said of types: a gauge of a run is gone when the run is."""
        while not self.ended.wait(0.5):
            for name, address in list(self.services.items()):
                try:
                    page = fetch(f"http://{address}/metrics")
                except OSError:
                    continue
                component = name.rpartition("-")[0]
                self.pages[component] = page
                self.types.setdefault(component, {}).update(re.findall(r"^# TYPE (\w+) (\w+)$", page, re.M))

    def ask(self, path, **parameters):
        answer = json.loads(fetch(f"{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def kill_a_job(self):
        """Takes a job out of its queue and gives it up, as the broker does with one that ended its workers."""
        at = urllib.parse.urlsplit(self.environment["ANTIPHON_BROKER"])
        login = base64.b64encode(f"{urllib.parse.unquote(at.username)}:{urllib.parse.unquote(at.password)}".encode()).decode()
        vhost = urllib.parse.quote(urllib.parse.unquote(at.path.removeprefix("/")) or "/", safe="")
        url = f"{self.management}/api/queues/{vhost}/antiphon.jobs.left/get"
        body = {"count": 1, "ackmode": "reject_requeue_false", "encoding": "auto"}
        taken = lambda: json.loads(fetch(url, body, {"authorization": f"Basic {login}"}))  # noqa: E731
        wait_for("a job in the queue", taken)

    def fault(self, kind, rate, voice):
        fetch(f"{self.models}/_sim/faults", {"kind": kind, "rate": rate, "voice": voice})

    def live(self):
        self.set_up()
        for component, number, *more in [("coordinator", 0), ("coordinator", 1), ("aggregator", 0), ("viewer", 0, "--refresh", "1s")]:
            self.serve(component, number, *more)
        self.scrape()
        # What a counter was before it was first scraped, nobody knows.
        at_first = "antiphon_coordinator_jobs_dead_total == 0 and antiphon_coordinator_leads == 1"
        wait_for("a coordinator that leads", lambda: self.ask("query", query=at_first)["result"])
        self.command("submit", "troubled.suite.yaml", "--run", "troubled", "--yes")
        self.kill_a_job()
        self.fault("server_error", 0.2, "fickle")
        self.fault("rate_limit", 0.05, "steady")
        for number, address in enumerate(self.worker_addresses):
            self.start(f"worker-{number}", program("antiphon"), "worker", "--listen", address)
            self.services[f"worker-{number}"] = address
        self.command("watch", "troubled", codes=(3,))
        self.fault("server_error", 0, "fickle")
        self.fault("rate_limit", 0, "steady")
        # The first night is the baseline, and on the second a voice refuses.
        for day, code in ("2026-11-01", 0), ("2026-11-02", 4):
            fetch(f"{self.models}/_sim/date", {"date": day})
            self.command("nightly", "nightly.suite.yaml", "--date", day, "--first-is-baseline", codes=(code,))
            self.command("report", f"nightly-{day}", "--fleet")
        # For some seconds, so that a look at the past finds it.
        blocked = 'count_over_time((antiphon_result_verdict{suite="nightly",verdict="BLOCK"} == 1)[30s:1s]) > 5'
        wait_for("the viewer's word on the last night", lambda: self.ask("query", query=blocked)["result"])

    def end(self):
        self.ended.set()
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
