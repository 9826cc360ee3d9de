#!/usr/bin/env bash
# Installs what the tests need and is not there yet, and says what: Debian packages, and Python libraries into the folder given.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1

# Package → a command of it that shows that it is there.
declare -A wanted=([build-essential]=cc [chromium]=chromium [python3]=python3)
missing=()
for package in "${!wanted[@]}"; do
    command -v "${wanted[$package]}" >/dev/null || missing+=("$package")
done
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if ((${#missing[@]})); then
    root=()
    if ((EUID != 0)); then root=(sudo); fi
    if ! command -v apt-get >/dev/null || { ((EUID != 0)) && ! command -v sudo >/dev/null; }; then
        echo "error: the tests need ${missing[*]}; install them (they are Debian's names) and try again" >&2
        exit 2
    fi
    echo "installing Debian packages: ${missing[*]}"
    # shellcheck disable=SC2024
    {
        "${root[@]}" apt-get update -q
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
    } </dev/null >"${TMPDIR:-/tmp}/antiphon-apt.log" 2>&1 || {
        tail -20 "${TMPDIR:-/tmp}/antiphon-apt.log" >&2
        echo "error: could not install ${missing[*]}" >&2
        exit 1
    }
fi

# The stamp is the list that was installed: a changed list installs again.
requirements=tests/python/requirements.txt
if ! cmp --silent "$requirements" "$venv/installed.txt"; then
    echo "installing into $venv: $(grep -v '^#' "$requirements" | tr '\n' ' ')"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" </dev/null
    cp "$requirements" "$venv/installed.txt"
fi
