#!/usr/bin/env bash
# Installs what is needed and not there yet, and says what. Without an argument: what a build needs. With
# `--broker`: RabbitMQ besides. With a folder: what the tests need, Debian packages and, into that folder, Python libraries; Prometheus goes
# beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
broker= venv=
case ${1:-} in
    --broker) broker=yes ;;
    *) venv=${1:-} ;;
esac

if ! command -v "${CARGO:-cargo}" >/dev/null; then
    echo "error: there is no cargo; https://rustup.rs installs it, and rust-toolchain.toml says which version" >&2
    exit 2
fi

# Package → a command of it that shows that it is there.
declare -A wanted=([build-essential]=cc)
[[ -z $venv$broker ]] || wanted+=([rabbitmq-server]=/usr/lib/rabbitmq/bin/rabbitmq-server)
[[ -z $venv ]] || wanted+=([chromium]=chromium [python3]=python3)
missing=()
for package in "${!wanted[@]}"; do
    command -v "${wanted[$package]}" >/dev/null || missing+=("$package")
done
[[ -z $venv ]] || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if ((${#missing[@]})); then
    root=()
    if ((EUID != 0)); then root=(sudo); fi
    if ! command -v apt-get >/dev/null || { ((EUID != 0)) && ! command -v sudo >/dev/null; }; then
        echo "error: ${missing[*]} is needed; install it (by Debian's name) and try again" >&2
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

[[ -n $venv ]] || exit 0

update=(apt-get update -q)
((EUID == 0)) || update=(sudo "${update[@]}")
# Unpacked instead of installed: the package would start a service that scrapes this machine for good.
unpack_prometheus() {
    local folder=$1 work log=${TMPDIR:-/tmp}/antiphon-apt.log
    [[ ! -x $folder/usr/bin/promtool ]] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "error: prometheus is needed; put \`prometheus\` and \`promtool\` into $folder/usr/bin and try again" >&2
        exit 2
    fi
    echo "unpacking Debian's prometheus into $folder"
    work=$(mktemp -d)
    # Its list of packages may be old, or not there.
    (cd "$work" && { apt-get download -q prometheus || { "${update[@]}" && apt-get download -q prometheus; }; }) </dev/null >"$log" 2>&1 || {
        tail -20 "$log" >&2
        echo "error: could not download Debian's prometheus" >&2
        exit 1
    }
    mkdir -p "$folder"
    dpkg-deb -x "$work"/prometheus_*.deb "$folder"
    rm -r "$work"
}
unpack_prometheus "$(dirname "$venv")/prometheus"

# The stamp is the list that was installed: a changed list installs again.
install() {
    local requirements=$1 venv=$2
    if ! cmp --silent "$requirements" "$venv/installed.txt"; then
        echo "installing into $venv: $(grep -v '^#' "$requirements" | tr '\n' ' ')"
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" </dev/null
        cp "$requirements" "$venv/installed.txt"
    fi
}
install tests/python/requirements.txt "$venv"
install tests/python/inspect/requirements.txt "$venv-inspect"
