#!/bin/bash
# Times one ceremony for many bundles: `sign DIR...` with an RSA-2048 file key under scrypt.
#
#   benches/many-bundles.sh [--record] [N [HSMBOOT]]     200 bundles, target/full/hsmboot; --record writes docs/performance.md
set -euo pipefail
project=$(realpath "$(dirname "$0")/..")
record=false
[ "${1:-}" = --record ] && record=true && shift
count=${1:-200}
hsmboot=$(realpath "${2:-$project/target/full/hsmboot}")
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

"$hsmboot" simulate --instant --roots roots >simulator.log 2>&1 &
until grep -q listening simulator.log; do sleep 0.1; done
export AWS_ENDPOINT_URL AWS_REGION=us-east-1
AWS_ENDPOINT_URL=$(sed -n 's/^listening on //p' simulator.log)
export HSMBOOT_AWS_ROOT=roots/aws-root.crt HSMBOOT_MANUFACTURER_ROOT=roots/manufacturer-root.crt

echo "making $count clusters" >&2
for _ in $(seq "$count"); do
    id=$("$hsmboot" cluster create --subnet-id subnet-0a1b2c3d --wait --output json 2>/dev/null |
        sed -n 's/.*"cluster_id": "\(.*\)".*/\1/p' | head -1)
    "$hsmboot" hsm create --cluster-id "$id" --availability-zone us-east-1a --wait >/dev/null 2>&1
    echo "$id"
done >ids
(umask 077; echo 'a passphrase for the bench' >passphrase)
"$hsmboot" ca init --out ca --subject CN=bench --key-type rsa-2048 --passphrase-file passphrase >/dev/null

seconds=
timed() {
    local began=$EPOCHREALTIME
    "$@" >out 2>err || { cat out err >&2; exit 1; }
    local took
    took=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $began }")
    printf '%-8s %s bundles in %s s\n' "$2" "$count" "$took"
    seconds+=${seconds:+, }"\"$2\": $took"
}
# shellcheck disable=SC2046  # ids have no blanks
timed "$hsmboot" fetch $(cat ids) --into stick
timed "$hsmboot" verify stick/*
timed "$hsmboot" sign stick/* --ca ca/customerCA.crt --ca-key ca/customerCA.key --passphrase-file passphrase
tail -1 out
timed "$hsmboot" submit stick/* --ca ca/customerCA.crt --yes
if $record; then
    printf '{"bundles": %s, "seconds": {%s}}' "$count" "$seconds" >figures.json
    (cd "$project" && python3 benches/record.py many-bundles "$dir/figures.json")
fi
