#!/bin/bash
# `hsmboot sign` as a whole process against the sequence of openssl commands that the AWS guide documents, turn by turn in one run, on the same
# bundle with an unencrypted RSA-2048 CA key. It measures the files that ship: packaging/static's and packaging/full's.
#
#   benches/against-openssl.sh [ROUNDS]            50 rounds; prints medians, ratios and peak memory, as JSON. Needs openssl and GNU time
#   benches/against-openssl.sh --record [ROUNDS]   writes them into docs/performance.md as well
set -euo pipefail
cd "$(dirname "$0")/.."
record=false
[ "${1:-}" = --record ] && record=true && shift
rounds=${1:-50}
packaging/static --quiet >&2
packaging/full --quiet >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from=fixtures/verify/verified--reissued-root
mkdir "$work/bundle"
cp "$from"/cluster-*_* "$work/bundle/"
# Beside the bundle: a root that lies in it proves nothing, and is refused.
cp "$from"/*-root.crt "$work/"
target/static/hsmboot ca init --quiet --out "$work/ca" --subject CN=Bench --key-type rsa-2048 --no-passphrase >/dev/null 2>&1
python3 benches/turns.py "$work" "$rounds" 'air-gapped' "$PWD/target/static/hsmboot" full "$PWD/target/full/hsmboot" >"$work/figures.json"
cat "$work/figures.json"
if $record; then
    python3 benches/record.py against-openssl "$work/figures.json"
fi
