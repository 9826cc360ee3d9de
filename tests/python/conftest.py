"""Starts what the tests speak to: a simulator and a demo run, with the programs that cargo built.

`make test-python` builds them. What is missing is an error, never a skipped test.
"""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ.get("ANTIPHON_TARGET_DIR", ROOT / "target")) / "debug"
_started = []


def program(name: str) -> Path:
    path = BUILT / name
    if not path.is_file():
        raise pytest.UsageError(f"{path} is missing; `make test-python` builds it")
    return path


def pytest_configure(config):
    # The modules read their addresses when they are imported, so both stand before anything is collected.
    if "ANTIPHON_SIM_URL" not in os.environ:
        command = [program("antiphon"), "sim", ROOT / "configs/voices.demo.yaml"]
        simulator = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0", "--api-key", "right"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        _started.append(simulator)
        url = simulator.stdout.readline().strip()
        if not url:
            raise pytest.UsageError("the simulator did not start")
        os.environ["ANTIPHON_SIM_URL"] = url
    if "ANTIPHON_REPORT_HTML" not in os.environ:
        folder = config.cache.mkdir("hostile-report")
        page = folder / "report.html"
        page.write_bytes(subprocess.run([program("examples/hostile_report")], stdout=subprocess.PIPE, check=True).stdout)
        os.environ["ANTIPHON_REPORT_HTML"] = str(page)


def pytest_unconfigure():
    for process in _started:
        process.terminate()
        process.wait()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped, which counts as failed here: {report.longrepr[-1]}"
    return report


@pytest.fixture(scope="session")
def antiphon():
    """Runs `antiphon` and gives what it printed."""

    def run(*arguments, code=0, **options):
        done = subprocess.run(
            [program("antiphon"), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, **options
        )
        assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def demo(antiphon, tmp_path_factory) -> Path:
    """A demo that has been run: its folder."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    antiphon("demo", str(folder))
    return folder
