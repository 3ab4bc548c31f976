#!/bin/bash
# `hsmboot simulate` against the common emulator of AWS services in Python, moto's server, turn by turn in one run: DescribeClusters with 25 clusters,
# 8 connections, the same request from the same client (wrk). Five of hsmboot's clusters carry an HSM's certificates, as the API's would; moto has none.
# Then the memory that 10,000 clusters take, and the time from the start of the process to its first answer.
#
#   benches/against-moto.sh [--record] [SECONDS] [ROUNDS]      seconds for each turn (5), turns of each (3); --record writes docs/performance.md
#
# Installs wrk (apt) if it is missing, and moto (PyPI) in an environment of its own in target/. HSMBOOT names another binary than the release build.
set -euo pipefail
cd "$(dirname "$0")/.."
record=false
[ "${1:-}" = --record ] && record=true && shift
seconds=${1:-5}
rounds=${2:-3}
connections=8

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
if ! command -v wrk >/dev/null; then
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wrk
fi
venv=target/moto-venv
if ! cmp -s benches/simulator/requirements.txt $venv/requirements.txt; then
    python3 -m venv --clear $venv
    $venv/bin/pip install -q -r benches/simulator/requirements.txt
    cp benches/simulator/requirements.txt $venv/requirements.txt
fi
if [ -z "${HSMBOOT:-}" ]; then
    cargo build --release --locked --quiet
    HSMBOOT=${CARGO_TARGET_DIR:-target}/release/hsmboot
fi

work=$(mktemp -d)
servers=()
stop() {
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap stop EXIT
harness() { python3 benches/simulator/harness.py "$@"; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
$venv/bin/moto_server -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
servers+=($!)
moto=http://127.0.0.1:$port
"$HSMBOOT" simulate >"$work/hsmboot.log" 2>"$work/hsmboot.err" &
servers+=($!)
for _ in $(seq 300); do
    if grep -q Running "$work/moto.log" && grep -q listening "$work/hsmboot.log"; then break; fi
    sleep 0.1
done
hsmboot=$(sed -n 's/^listening on //p' "$work/hsmboot.log")
printf 'moto     %s\n' "$(harness fill "$moto" 25 0)"
printf 'hsmboot  %s\n' "$(harness fill "$hsmboot" 25 5)"

load() { wrk -t1 -c$connections "-d${2}s" --latency -s benches/simulator/describe_clusters.lua "$1" | awk '/^RESULT/ { print $2, $3, $4, $5 }'; }
load "$moto" 1 >/dev/null
load "$hsmboot" 1 >/dev/null
for _ in $(seq "$rounds"); do
    load "$moto" "$seconds" >>"$work/moto.runs"
    load "$hsmboot" "$seconds" >>"$work/hsmboot.runs"
done
# The median of a column.
median() { sort -n -k"$2","$2" "$work/$1.runs" | awk -v n="$2" '{ v[NR] = $n } END { print v[int((NR + 1) / 2)] }'; }
failures() { awk '{ sum += $4 } END { print sum + 0 }' "$work/$1.runs"; }
for server in moto hsmboot; do
    printf '%-8s %s requests/s, p50 %s ms, p99 %s ms, %s failures (medians of %s turns of %s s, %s connections)\n' $server "$(median $server 1)" \
        "$(median $server 2)" "$(median $server 3)" "$(failures $server)" "$rounds" "$seconds" $connections
done
printf 'ratio    %s\n' "$(awk "BEGIN { printf \"%.1f\", $(median hsmboot 1) / $(median moto 1) }")"
[ "$(failures hsmboot)" = 0 ] || exit 1

kill "${servers[@]}" 2>/dev/null || true
servers=()
harness memory "$HSMBOOT" 10000 0 | tee "$work/empty"
harness memory "$HSMBOOT" 10000 100 | tee "$work/active"
harness start "$HSMBOOT" 20 | tee "$work/start"

if $record; then
    row() { printf '{"requests_per_second": %s, "p50_ms": %s, "p99_ms": %s}' "$(median "$1" 1)" "$(median "$1" 2)" "$(median "$1" 3)"; }
    printf '{"seconds": %s, "rounds": %s, "version": "%s", "hsmboot": %s, "moto": %s, "memory": "%s", "memory_with_hsms": "%s", "start": "%s"}' \
        "$seconds" "$rounds" "$($venv/bin/pip show moto | sed -n 's/^Version: //p')" "$(row hsmboot)" "$(row moto)" \
        "$(cat "$work/empty")" "$(cat "$work/active")" "$(cat "$work/start")" >"$work/figures.json"
    python3 benches/record.py against-moto "$work/figures.json"
fi
