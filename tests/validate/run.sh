#!/usr/bin/env bash
# Antiphon on four tiny real language models with a known answer, and on a data set of 450 prompts. See docs/validation.md.
# Needs python3, a C++ compiler and cmake, and in $ANTIPHON_SHARED (default: ../shared) the folders models/ and data/.
# ANTIPHON=path takes a binary that is built already.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=tests/validate
target=${CARGO_TARGET_DIR:-target}
work=$target/validate
shared=${ANTIPHON_SHARED:-../shared}
antiphon=$(realpath -m "${ANTIPHON:-$target/debug/antiphon}")
models=(knower reteller sibling novice)
started=()

# Ends what was started here, by process id, however the script ends.
stop() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop EXIT
trap 'exit 130' INT TERM

fail() { echo "validate: $1" >&2; exit 1; }

for file in data/model_spec.md data/xstest_prompts.csv "${models[@]/#/models/}"; do
    case $file in models/*) file=$file.gguf ;; esac
    [ -f "$shared/$file" ] || fail "$shared/$file is missing; set ANTIPHON_SHARED to the folder with data/ and models/"
done

[ -n "${ANTIPHON:-}" ] || cargo build --quiet --package antiphon

mkdir -p "$work"
if ! "$work/venv/bin/python" -c 'import llama_cpp.server' 2>/dev/null; then
    echo "validate: installing llama-cpp-python into $work/venv; compiling it takes 10 to 20 minutes the first time"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet 'llama-cpp-python[server]'
fi

# Results of an earlier validation would be resumed instead of asked for.
rm -rf "$work/store"
cp "$here"/*.suite.yaml "$shared/data/model_spec.md" "$shared/data/xstest_prompts.csv" "$work/"
python3 -B "$here/xstest_voices.py" "$work/xstest_prompts.csv" "$work/xstest.voices.yaml"

# All ports are held at once while they are chosen, so that they differ.
read -r -a ports < <(python3 - "$((${#models[@]} + 1))" <<'PYTHON'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(socket.getsockname()[1] for socket in held))
PYTHON
)

# Waits until `url` answers, or fails with the log of the process `pid`.
await() {
    local name=$1 pid=$2 url=$3
    for _ in $(seq 240); do
        curl --silent --fail --noproxy '*' --output /dev/null "$url" && return
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.5
    done
    tail -n 20 "$work/$name.log" >&2
    fail "$name does not answer; its log is $work/$name.log"
}

config=$work/antiphon.toml
printf '[http]\ntimeout = "2m"\n' >"$config"
for at in "${!models[@]}"; do
    model=${models[$at]} port=${ports[$at]}
    # Unbuffered output, so that the log says all if the server dies; an alias, so that no path becomes the model's name.
    PYTHONUNBUFFERED=1 "$work/venv/bin/python" -m llama_cpp.server --model "$shared/models/$model.gguf" --model_alias "$model" \
        --host 127.0.0.1 --port "$port" --n_ctx 1024 --n_threads 1 >"$work/$model.log" 2>&1 &
    started+=($!)
    cat >>"$config" <<TOML

[providers.$model]
api = "openai-compatible"
dialect = "llama-cpp"
base_url = "http://127.0.0.1:$port/v1"

[targets.$model]
provider = "$model"
model = "$model"
pool = "$model"

# The server works on one request at a time.
[pools.$model]
concurrency = 1
TOML
done

sim_port=${ports[${#models[@]}]}
"$antiphon" sim "$work/xstest.voices.yaml" --listen "127.0.0.1:$sim_port" --quiet >"$work/sim.log" 2>&1 &
started+=($!)
cat >>"$config" <<TOML

[providers.sim]
api = "openai"
base_url = "http://127.0.0.1:$sim_port/v1"
send_sample_key = true
TOML
for voice in wary frank; do
    printf '\n[targets.%s]\nprovider = "sim"\nmodel = "%s"\npool = "sim"\n' "$voice" "$voice" >>"$config"
done
printf '\n[pools.sim]\nconcurrency = 16\n' >>"$config"

for at in "${!models[@]}"; do
    await "${models[$at]}" "${started[$at]}" "http://127.0.0.1:${ports[$at]}/v1/models"
done
await sim "${started[${#models[@]}]}" "http://127.0.0.1:$sim_port/_sim/stats"

# Words FROM..TO of the document, as a text of their own.
words() { python3 -c 'import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
found = list(re.finditer(r"\S+", text))[int(sys.argv[2]):int(sys.argv[3])]
print(text[found[0].start():found[-1].end()])' "$work/model_spec.md" "$1" "$2"; }

# Suites for three parts of the document; the other document is a part that neither holds that part nor was learned by heart.
words 30000 38000 >"$work/late.md"
words 12000 20000 >"$work/early.md"
for part in 0..8000:late 20000..28000:late 30000..38000:early; do
    range=${part%:*} other=${part#*:}
    (cd "$work" && "$antiphon" recall new --config antiphon.toml --force --document model_spec.md \
        --words "$range" --other "$other.md" --targets "$(IFS=,; echo "${models[*]}")" --completion --no-known --cuts 24 --users 8 --reference-words 30 \
        --passage-words 60,30 --max-tokens 80 --temperature 1 --out "know-${range%..*}.suite.yaml" >/dev/null)
done

for suite in recall xstest know-0 know-20000 know-30000 grow; do
    # In the background, since bash hears a signal while it waits, but not while a program runs.
    "$antiphon" --config "$config" --store "$work/store" run "$work/$suite.suite.yaml" --run "$suite" --yes --grace 5s &
    started+=($!)
    wait $!
done

python3 -B "$here/check.py" "$work/store"
