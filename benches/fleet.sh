#!/bin/bash
# Times a fleet by AWS Step Functions, end to end: the stack and the state machines of packaging/aws in moto's interpreter, the simulator as CloudHSM.
# Once by fleet.asl.json with a ceremony, once more by fleet-distributed.asl.json, which finds all claimed. It needs what the suite needs (tests/README.md).
#
#   benches/fleet.sh [N]     50 clusters
set -euo pipefail
cd "$(dirname "$0")/.."
HSMBOOT_FLEET=${1:-50} cargo test --release --locked --all-features --test stepfunctions -- --nocapture a_large_fleet
