#!/bin/bash
# `cargo bench`, and the median of each bench that it ran, as criterion wrote it. Prints them as JSON, in nanoseconds.
#
#   benches/engine.sh [--record]      --record writes them into docs/performance.md as well
set -euo pipefail
cd "$(dirname "$0")/.."
record=false
[ "${1:-}" = --record ] && record=true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What an earlier run has left is older than this.
touch "$work/began"
cargo bench --locked --bench engine >&2
python3 - "${CARGO_TARGET_DIR:-target}/criterion" "$work/began" >"$work/figures.json" <<'PYTHON'
import json, os, pathlib, sys

results, began = pathlib.Path(sys.argv[1]), os.stat(sys.argv[2]).st_mtime
medians = {}
for file in sorted(results.glob("**/new/estimates.json")):
    if file.stat().st_mtime >= began:
        name = json.loads(file.with_name("benchmark.json").read_text())["full_id"]
        medians[name] = json.loads(file.read_text())["median"]["point_estimate"]
json.dump(medians, sys.stdout, indent=2)
print()
PYTHON
cat "$work/figures.json"
if $record; then
    python3 benches/record.py cargo-bench "$work/figures.json"
fi
