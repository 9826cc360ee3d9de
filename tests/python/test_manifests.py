"""What manifests and compose files say of the program is what the program takes: commands, ports, queues, grants, configuration."""

import json
import re
import socket
import subprocess
import time
import tomllib
import urllib.error
import urllib.request

import kubernetes_validate
import pytest
import yaml

from conftest import ROOT, program

FILES = [path for path in sorted((ROOT / "k8s").rglob("*.yaml")) if path.name != "kustomization.yaml" and ".suite." not in path.name]
CONFIG = ROOT / "k8s/base/antiphon.toml"


def documents():
    for path in FILES:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield path, document


DOCUMENTS = {f"{path.stem}-{document['kind']}-{document['metadata']['name']}": document for path, document in documents()}
WORK = {name: document.get("spec", {}).get("jobTemplate", document).get("spec", {}) for name, document in DOCUMENTS.items()}
PODS = {name: spec["template"]["spec"] for name, spec in WORK.items() if "template" in spec}
CONTAINERS = {name: container for name, pod in PODS.items() for container in pod["containers"]}
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
COMMANDS = {name: container["args"] for name, container in CONTAINERS.items()} | {
    f"compose-{name}": service["command"]
    for name, service in COMPOSE["services"].items()
    if service.get("image") == "antiphon" and "command" in service and "entrypoint" not in service
}
USERS = json.loads((ROOT / "deploy/rabbitmq/users.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_program_takes_each_command(name):
    # Whatever stands before `--help` is read first, and refused if it is not known.
    done = subprocess.run([program("antiphon"), *COMMANDS[name], "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_command_that_is_not_known_is_noticed():
    done = subprocess.run([program("antiphon"), "worker", "--listens", "0.0.0.0:1", "--help"], capture_output=True)
    assert done.returncode == 2


@pytest.mark.parametrize("name", [name for name, document in DOCUMENTS.items() if "." not in document["apiVersion"].replace(".k8s.io", "")])
def test_each_document_is_of_its_kind(name):
    kubernetes_validate.validate(DOCUMENTS[name], "1.32", strict=True)


@pytest.mark.parametrize("name", CONTAINERS)
def test_pods_have_least_rights_and_time_to_end(name):
    pod, container = PODS[name], CONTAINERS[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    for volume in pod["volumes"]:
        # The program refuses a secret that everybody can read.
        assert volume.get("secret", {}).get("defaultMode", 0o440) & 0o007 == 0
    grace = container["args"][container["args"].index("--grace") + 1] if "--grace" in container["args"] else "0s"
    assert pod["terminationGracePeriodSeconds"] >= int(grace.removesuffix("s")) + 30


@pytest.mark.parametrize("name", [name for name, container in CONTAINERS.items() if "ports" in container])
def test_probes_ask_where_the_program_listens(name):
    container = CONTAINERS[name]
    listens = container["args"][container["args"].index("--listen") + 1]
    assert [port["containerPort"] for port in container["ports"]] == [int(listens.rpartition(":")[2])]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == container["ports"][0]["name"]


def test_the_paths_of_probes_are_served(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    service = subprocess.Popen(
        [program("antiphon"), "coordinator", "--listen", f"127.0.0.1:{port}", "--store", str(tmp_path / "store")],
        env={"ANTIPHON_BROKER": "amqp://127.0.0.1:1", "PATH": "", "HOME": str(tmp_path)},
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    )
    try:
        found = {}
        for path in {probe["httpGet"]["path"] for one in CONTAINERS.values() for key, probe in one.items() if key.endswith("Probe")}:
            for _ in range(100):
                try:
                    found[path] = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").status
                except urllib.error.HTTPError as error:
                    found[path] = error.code
                except urllib.error.URLError:
                    time.sleep(0.1)
                    continue
                break
        assert found == {"/healthz": 200, "/readyz": 503}, "it lives, and has no broker"
    finally:
        service.terminate()
        service.wait()


def test_the_configuration_is_one_that_the_program_takes(tmp_path):
    text = CONFIG.read_text(encoding="utf-8")
    mounted = tmp_path / "antiphon.toml"
    mounted.write_text(text.replace("/secrets", str(tmp_path)), encoding="utf-8")
    for path in re.findall(r'_file = "/secrets/([^"]+)"', text):
        secret = tmp_path / path
        secret.parent.mkdir(exist_ok=True)
        secret.write_text("a secret", encoding="utf-8")
        secret.chmod(0o440)
    suite = ROOT / "k8s/nightly/nightly.suite.yaml"
    done = subprocess.run([program("antiphon"), "check", suite, "--config", mounted], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_night_is_tried_again_only_where_that_can_help():
    (cron,) = (document for document in DOCUMENTS.values() if document["kind"] == "CronJob")
    (rule,) = cron["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    # A mistake, BLOCK and INCONCLUSIVE are answers; what is incomplete can be completed.
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [2, 4, 5])
    unit = (ROOT / "deploy/systemd/antiphon-nightly.service").read_text(encoding="utf-8")
    assert "RestartPreventExitStatus=2 4 5\n" in unit


def test_the_unit_runs_a_command_that_there_is():
    unit = (ROOT / "deploy/systemd/antiphon-nightly.service").read_text(encoding="utf-8")
    command = re.search(r"^ExecStart=/usr/local/bin/antiphon (.+)$", unit, re.M)[1].split()
    done = subprocess.run([program("antiphon"), *command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_scaling_watches_queues_that_there_are():
    pools = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["pools"]
    watched = {
        trigger["metadata"]["queueName"]
        for document in DOCUMENTS.values()
        if document["kind"] == "ScaledObject"
        for trigger in document["spec"]["triggers"]
    }
    assert watched == {"antiphon.jobs.aggregate"} | {f"antiphon.jobs.{pool}" for pool in pools}
    known = json.loads((ROOT / "deploy/rabbitmq/definitions.json").read_text(encoding="utf-8"))
    assert {"antiphon.jobs.aggregate"} <= {queue["name"] for queue in known["queues"]}


def test_users_of_the_broker_have_the_grants_of_the_definitions():
    granted = {permission["user"]: {key: permission[key] for key in ("configure", "write", "read")} for permission in USERS["permissions"]}
    permissions = [document for document in DOCUMENTS.values() if document["kind"] == "Permission"]
    assert {one["spec"]["userReference"]["name"]: one["spec"]["permissions"] for one in permissions} == granted
    tags = {user["name"]: user["tags"] for user in USERS["users"]}
    users = [document for document in DOCUMENTS.values() if document["kind"] == "User"]
    assert {one["metadata"]["name"]: one["spec"].get("tags", []) for one in users} == tags


def test_each_role_logs_in_as_its_own_user_with_its_own_secrets():
    names = {user["name"] for user in USERS["users"]}
    files = set(re.findall(r'_file = "([^"]+)"', CONFIG.read_text(encoding="utf-8")))
    for name, container in CONTAINERS.items():
        secrets = {volume["name"]: volume["secret"]["secretName"] for volume in PODS[name]["volumes"] if "secret" in volume}
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        broker = next((variable["value"] for variable in container["env"] if variable["name"] == "ANTIPHON_BROKER"), None)
        # The viewer needs no broker, and so may not speak to it.
        assert (broker is None) == (container["name"] == "viewer")
        if broker:
            user = re.fullmatch(r"amqps://([a-z-]+)@rabbitmq:5671", broker)[1]
            assert user in names
            assert secrets["broker"] == user.replace("antiphon-", "antiphon-broker-")
        not_needed = [part for part, needs in (("/models/", container["name"] == "worker"), ("/broker", broker)) if not needs]
        needed = {path.rpartition("/")[0] for path in files if not any(part in path for part in not_needed)}
        assert needed <= mounted
        assert any(path.startswith("/secrets/broker") for path in mounted) == bool(broker)
        assert ("/secrets/models" in mounted) == (container["name"] == "worker"), "only workers see the keys of models"
