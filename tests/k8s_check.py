"""Renders the overlays and holds every document against the schemas of Kubernetes, strictly. `make k8s-check`.

Custom resources (RabbitMQ, KEDA, Prometheus) are held against the schemas in the folder given, one file KIND_VERSION.json each, in small letters;
whatever has none is named. Needs kubectl, or kustomize, from 1.25 or 4.5 on.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator

HERE = Path(__file__).resolve().parents[1] / "k8s"
OVERLAYS = sorted(path.parent for path in HERE.glob("overlays/*/kustomization.yaml"))
# Kubernetes' own groups have no dot, or end so; all others are custom.
OWN = ("k8s.io",)
VERSION = "1.32"


def is_custom(document):
    group = document["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(OWN)


def render(overlay):
    """The documents of an overlay, as `kubectl apply -k` would send them."""
    for command in (["kubectl", "kustomize"], ["kustomize", "build"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, str(overlay)], capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{overlay.relative_to(HERE)} can't be rendered:\n{done.stderr}")
            return [document for document in yaml.safe_load_all(done.stdout) if document]
    sys.exit("neither kubectl nor kustomize is there; install one to render the overlays: https://kubectl.docs.kubernetes.io/installation")


def problems(document, schemas):
    """What is wrong with a document, and whether there was anything to hold it against."""
    if not is_custom(document):
        try:
            kubernetes_validate.validate(document, VERSION, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            return [str(getattr(error, "message", error))], True
        return [], True
    version = document["apiVersion"].rpartition("/")[2]
    schema = schemas and schemas / f"{document['kind'].lower()}_{version}.json"
    if not schema or not schema.is_file():
        return [], False
    validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    found = validator.iter_errors(document)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in found], True


def main():
    schemas = Path(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else None
    if schemas and not schemas.is_dir():
        sys.exit(f"{schemas} is no folder of schemas")
    wrong, left_out = 0, set()
    for overlay in OVERLAYS:
        documents = render(overlay)
        held = 0
        for document in documents:
            found, had_schema = problems(document, schemas)
            held += had_schema
            if not had_schema:
                left_out.add(f"{document['apiVersion']} {document['kind']}")
            for problem in found:
                wrong += 1
                print(f"{overlay.name}: {document['kind']} {document['metadata']['name']}: {problem}")
        print(f"{overlay.name}: {held} of {len(documents)} documents held against their schemas")
    for kind in sorted(left_out):
        print(f"left out, since there is no schema for it: {kind}")
    if left_out and not schemas:
        print("give the folder with the schemas of custom resources: make k8s-check CRD_SCHEMAS=FOLDER")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
