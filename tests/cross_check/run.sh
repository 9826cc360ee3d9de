#!/usr/bin/env bash
# Compares the statistics with other libraries' on random inputs: see check.py. Arguments go on to it.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=tests/cross_check
target=${CARGO_TARGET_DIR:-target}
venv=$target/cross-check-venv

if ! command -v python3 >/dev/null || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    echo "error: python3 with venv is needed (Debian: python3 python3-venv)" >&2
    exit 2
fi
# The stamp is the list that was installed: a changed list installs again.
if ! cmp --silent "$here/requirements.txt" "$venv/installed.txt"; then
    echo "installing into $venv, about 700 MB: the libraries of $here/requirements.txt"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$here/requirements.txt" </dev/null
    cp "$here/requirements.txt" "$venv/installed.txt"
fi
"${CARGO:-cargo}" build --quiet --release --locked --package antiphon-stats --example cross_check
exec "$venv/bin/python" -B "$here/check.py" "$target/release/examples/cross_check" "$@"
