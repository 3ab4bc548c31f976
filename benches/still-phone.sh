#!/bin/sh
# How long a phone that is held still takes to read a request from a terminal: the table of
# docs/performance.md. The phone is computed (tests/carry/optics.rs), and so is the terminal
# (tests/carry/emulator.rs). zbarimg reads the same pictures, where it is installed.
set -eu
cd "$(dirname "$0")/.."
HSMBOOT_STILL_PHONE=1 cargo test "$@" --all-features --test carry still_phone:: -- --nocapture |
    grep '^|'
