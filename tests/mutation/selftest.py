"""Each end of a trial is seen once, before trials are relied on: with test programs that are scripts, and a cargo that is one."""

import collections
import contextlib
import json
import os
import pathlib
import tempfile
import threading
import time
import types
from unittest import mock

import trials

# What a test program does: with a mutant ($1 is set), and without one.
FAILS = 'echo "test a ... FAILED"; exit 101'
PROGRAMS = {
    "caught": (FAILS, "exit 0"),
    "caught by a panic": ("echo \"thread 'a' panicked at src/x.rs\"; kill -ABRT $$", "exit 0"),
    "missed": ("exit 0", "exit 0"),
    "timeout": ("sleep 30", "exit 0"),
    "unsure, it fails without the mutant too": (FAILS, FAILS),
    "unsure, it takes too long without the mutant too": ("sleep 30", "sleep 30"),
    "unsure, no test has failed": ("exit 1", "exit 0"),
    "unsure, another test has failed": ('echo "test b ... FAILED"; exit 101', "exit 0"),
    "unsure, and the test does not run any more": (FAILS, "exit 1"),
}
# cargo-mutants: it has tried two, and goes on with a third without end.
CARGO = """#!/bin/sh
[ "$1" = mutants ] || exit 0
while [ "$1" != --output ]; do shift; done
mkdir -p "$2/mutants.out/log"
echo 'test a ... FAILED' >"$2/mutants.out/log/one.log"
echo 'no space left on device' >"$2/mutants.out/log/two.log"
cat >"$2/mutants.out/outcomes.json" <<'END'
{"outcomes": [{"scenario": "Baseline", "summary": "Success", "log_path": "log/none"},
 {"scenario": {"Mutant": {"name": "one"}}, "summary": "CaughtMutant", "log_path": "log/one.log"},
 {"scenario": {"Mutant": {"name": "two"}}, "summary": "CaughtMutant", "log_path": "log/two.log"}]}
END
exec sleep 60
"""


def each_end_is_seen(run):
    """Ends the program unless each trial ends as it must. `run`: the module."""
    with tempfile.TemporaryDirectory(prefix="hsmboot-mutation-") as place:
        place = pathlib.Path(place)
        wrong = [*ends_of_trials(place / "trials"), *left_to_cargo_mutants(run, place / "alone"), *what_is_kept(run, place / "kept")]
    if wrong:
        raise SystemExit("mutation tests do not do what they say:\n" + "\n".join(wrong))


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def ends_of_trials(place):
    place.mkdir()
    trial = trials.Trials.__new__(trials.Trials)
    trial.program = types.SimpleNamespace(tree=place, environment=dict(os.environ))
    trial.lock, trial.scratch, trial.place_of = threading.Lock(), place / "scratch", {1: 0}
    trial.scratch.mkdir()
    made = {}
    for number, (name, (mutant, without)) in enumerate(PROGRAMS.items()):
        text = f'#!/bin/sh\nif [ -n "$MUTANT" ]; then {mutant}; else {without}; fi\n'
        made[name] = trials.Test(script(place / f"suite{number}", text), "a")
        made[name].reached = {0}
    # One that nobody is sure of may be caught by another.
    cases = {name: [name] for name in PROGRAMS} | {"caught after all": ["unsure, no test has failed", "caught"]}
    cases |= {"unsure, since one is": ["missed", "unsure, no test has failed"]}
    with mock.patch.object(trials, "SECONDS", 1):
        for name, programs in cases.items():
            trial.tests, trial.caught = [made[program] for program in programs], collections.Counter()
            how, _ = trial.trial(1, "src/x.rs", [test.suite for test in trial.tests])
            if how != name.replace(",", " ").split()[0]:
                yield f"{name}: the trial ended with {how}"


def left_to_cargo_mutants(run, place):
    """What it has found counts at once, and it is ended when its time is over."""
    place.mkdir()
    script(place / "cargo", CARGO)
    found, begun = {}, time.monotonic()
    with contextlib.ExitStack() as changed:
        changed.enter_context(mock.patch.dict(os.environ, PATH=f"{place}:{os.environ['PATH']}"))
        for name, value in {"TREE": place, "RESULTS": place, "copy_tree": lambda: None, "say": lambda _: None}.items():
            changed.enter_context(mock.patch.object(run, name, value))
        run.try_alone(run.Part([], "suite"), ["one", "two", "three"], begun + 2, found.__setitem__)
    if found != {"one": "caught", "two": "unsure"}:
        yield f"of cargo-mutants there is {found}"
    if time.monotonic() - begun > 15:
        yield "cargo-mutants goes on when its time is over"


def what_is_kept(run, place):
    """What is tried again: who survived, of whom nobody is sure, and who was noticed by tests that are others now."""
    for folder in ("src", "tests/suite"):
        (place / folder).mkdir(parents=True)
    (place / "src/part.rs").write_text("fn part() {}\n#[cfg(test)]\nmod tests {}\n")
    (place / "tests/suite.rs").write_text('#[path = "suite/more.rs"]\nmod more;\n')
    (place / "tests/other").mkdir()
    (place / "tests/other/main.rs").write_text("fn other() {}\n")
    more = place / "tests/suite/more.rs"
    more.write_text("assert!(true);\n")
    part = run.Part(["src/part.rs"], "suite", "other")

    def forget():
        for cached in (run.sources_of, run.digest_of, run.tests_of):
            cached.cache_clear()

    def anew():
        forget()
        return run.Results("part", 9, "part")

    def opened(results):
        return {name for name in results.ended if results.open(name)}

    with contextlib.ExitStack() as changed:
        for name, value in {"TOP": place, "RESULTS": place, "PARTS": {"part": part}, "commit": lambda: "c0ffee00"}.items():
            changed.enter_context(mock.patch.object(run, name, value))
        results = anew()
        results.note("by suite", "caught", "suite a")
        results.note("by other", "caught", "other a")
        results.note("too long", "timeout", "suite a")
        results.note("by cargo-mutants", "caught")
        results.note("by unit tests", "caught", "hsmboot part::tests::a")
        results.note("no program", "unviable")
        results.note("alive", "missed")
        results.note("nobody knows", "unsure", "suite a")
        results.keep()
        always = {"alive", "nobody knows"}
        if opened(anew()) != always:
            yield f"tried again although nothing has changed: {opened(anew())}"
        more.write_text("\n")
        if opened(anew()) != always | {"by suite", "too long", "by cargo-mutants"}:
            yield f"tried again after a module of a suite has changed: {opened(anew())}"
        more.write_text("assert!(true);\n")
        # As files were written before: without what the tests were, and with another word.
        kept = json.loads(results.file.read_text())
        del kept["commits"]
        kept["mutants"] = {"old": {"how": "caught", "by": "suite a"}, "old, too long": {"how": "endless", "by": "suite a"}}
        results.file.write_text(json.dumps(kept))
        if opened(anew()) != {"old", "old, too long"}:
            yield f"of an older file is tried again: {opened(anew())}"
        if (row := run.figures()[0][0])[3:7] != [2, 0, 1, 1] or row[-1] != "not noted":
            yield f"the figures of an older file are {row}"
    forget()
