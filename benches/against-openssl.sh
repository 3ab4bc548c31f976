#!/bin/bash
# `hsmboot sign` as a whole process against the sequence of openssl commands that the AWS guide documents, turn by turn in one run, on the same
# bundle with an unencrypted RSA-2048 CA key. Prints both medians, their ratio, and the peak memory of `verify` and `sign`.
#
#   benches/against-openssl.sh [ROUNDS]      needs openssl, and GNU time for the memory
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50}
cargo build --release --locked --quiet
cargo build --release --locked --quiet --no-default-features --target-dir target/offline
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from=fixtures/verify/verified--reissued-root
id=cluster-$(basename "$from"/*_ClusterCsr.csr _ClusterCsr.csr | cut -d- -f2-)
mkdir "$work/bundle"
cp "$from/$id"_* "$work/bundle/"
# Beside the bundle: a root that lies in it proves nothing, and is refused.
cp "$from"/*-root.crt "$work/"
target/release/hsmboot ca init --quiet --out "$work/ca" --subject CN=Bench --key-type rsa-2048 --no-passphrase >/dev/null 2>&1

# The AWS guide: "Verify HSM Identity" (two verify, two public keys, diff) and "Initialize the cluster" (x509 -req). Current openssl rejects the
# chains (docs/verification.md); it does its work all the same, so its outcome is left aside here.
documented() {
    local b=$work/bundle out=$work/out
    cat "$b/${id}_AwsHardwareCertificate.crt" "$work/aws-root.crt" >"$out.aws-chain"
    cat "$b/${id}_ManufacturerHardwareCertificate.crt" "$work/manufacturer-root.crt" >"$out.manufacturer-chain"
    openssl verify -CAfile "$out.aws-chain" "$b/${id}_HsmCertificate.crt" >/dev/null 2>&1 || true
    openssl verify -CAfile "$out.manufacturer-chain" "$b/${id}_HsmCertificate.crt" >/dev/null 2>&1 || true
    openssl x509 -in "$b/${id}_HsmCertificate.crt" -pubkey -noout >"$out.hsm.pub"
    openssl req -in "$b/${id}_ClusterCsr.csr" -pubkey -noout >"$out.csr.pub"
    diff "$out.hsm.pub" "$out.csr.pub"
    openssl x509 -req -days 3652 -in "$b/${id}_ClusterCsr.csr" -CA "$work/ca/customerCA.crt" -CAkey "$work/ca/customerCA.key" \
        -CAcreateserial -out "$out.signed.crt" 2>/dev/null
}

ours() {
    "$1" sign "$work/bundle" --ca "$work/ca/customerCA.crt" --ca-key "$work/ca/customerCA.key" --aws-root "$work/aws-root.crt" \
        --manufacturer-root "$work/manufacturer-root.crt" --quiet >/dev/null 2>&1
}
# Each round signs a bundle that is not signed yet.
fresh() { rm -f "$work"/bundle/*.json "$work"/bundle/*.jsonl "$work"/bundle/*Customer* "$work"/bundle/customerCA.crt "$work"/out.*; }

now() { date +%s%N; }
once() {
    local start
    start=$(now)
    "$@"
    echo $((($(now) - start) / 1000))
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for _ in $(seq "$rounds"); do
    fresh && once documented >>"$work/t.openssl"
    fresh && once ours target/release/hsmboot >>"$work/t.hsmboot"
    fresh && once ours target/offline/release/hsmboot >>"$work/t.offline"
done

openssl=$(median "$work/t.openssl")
hsmboot=$(median "$work/t.hsmboot")
offline=$(median "$work/t.offline")
printf 'rounds                             %s\n' "$rounds"
printf 'openssl, the documented sequence   %s us (%s)\n' "$openssl" "$(openssl version | cut -d' ' -f1-2)"
printf 'hsmboot sign                       %s us, ratio %s\n' "$hsmboot" "$(awk "BEGIN { printf \"%.1f\", $openssl / $hsmboot }")"
printf 'hsmboot sign, air-gapped build     %s us, ratio %s\n' "$offline" "$(awk "BEGIN { printf \"%.1f\", $openssl / $offline }")"

if [ -x /usr/bin/time ]; then
    for build in release offline/release; do
        peak=$(/usr/bin/time -f %M "target/$build/hsmboot" verify "$work/bundle" --aws-root "$work/aws-root.crt" \
            --manufacturer-root "$work/manufacturer-root.crt" --quiet 2>&1 >/dev/null | tail -1)
        printf 'peak memory of verify, %-15s %s KiB\n' "$build" "$peak"
        peak=$(/usr/bin/time -f %M "target/$build/hsmboot" sign "$work/bundle" --ca "$work/ca/customerCA.crt" --ca-key "$work/ca/customerCA.key" \
            --aws-root "$work/aws-root.crt" --manufacturer-root "$work/manufacturer-root.crt" --force --quiet 2>&1 >/dev/null | tail -1)
        printf 'peak memory of sign,   %-15s %s KiB\n' "$build" "$peak"
    done
else
    echo 'peak memory: /usr/bin/time is missing (Debian: time)'
fi
