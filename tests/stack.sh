#!/usr/bin/env bash
# The local stack in the background: `stack.sh up FOLDER PROGRAM`, `stack.sh down FOLDER`. Its log, its environment and what it stores are in
# the folder.
set -euo pipefail
folder=$2
pid_file=$folder/pid

# The process that was started here, if it still runs: a number alone may have gone to somebody else.
running() {
    [[ -s $pid_file ]] && pid=$(<"$pid_file") && [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == *"/examples/stack"* ]]
}

up() {
    if running; then
        echo "the stack is there already (process $pid)"
    else
        mkdir -p "$folder"
        rm -f "$folder/environment"
        setsid "$1" "$folder" </dev/null >"$folder/log" 2>&1 &
        pid=$!
        echo "$pid" >"$pid_file"
        until [[ -s $folder/environment ]]; do
            if ! kill -0 "$pid" 2>/dev/null; then
                tail -20 "$folder/log" >&2
                echo "error: the stack did not start; its log is $folder/log" >&2
                exit 1
            fi
            sleep 0.2
        done
    fi
    cat <<TEXT

RabbitMQ, an S3 server and two simulated models run on this machine. For a fleet of your own, in each terminal:

    source $folder/environment

    antiphon doctor                                        # is everything there?
    antiphon coordinator                                   # one terminal
    antiphon worker                                        # one or more terminals
    antiphon submit configs/demo.suite.yaml --run first --wait
    antiphon report first

\`antiphon\` is target/debug/antiphon, which \`make demo\` builds, or target/release/antiphon after
\`cargo build --release -p antiphon\`. What it sets:

$(sed -E "s/(AWS_SECRET_ACCESS_KEY|STACK_MODEL_KEY)='[^']*'/\1='…'/; s#(amqp://[^:]*:)[^@]*@#\1…@#; s/^/    /" "$folder/environment")

\`make stack-down\` stops exactly these; what they stored stays in $folder/s3.
TEXT
}

down() {
    if ! running; then
        echo "there is no stack"
        exit 0
    fi
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    rm -f "$pid_file" "$folder/environment"
    echo "stopped the stack (process $pid); what it stored is in $folder/s3"
}

case $1 in
    up) up "$3" ;;
    down) down ;;
    *) echo "usage: stack.sh up FOLDER PROGRAM | down FOLDER" >&2; exit 2 ;;
esac
