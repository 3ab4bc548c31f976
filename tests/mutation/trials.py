"""Trials of mutants that are built into one program: which tests come by which, and whether one of them fails."""

import collections
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import threading
import time

WORKERS = os.cpu_count() or 1
# Tests that take long wait for the most part: several go on at once.
THREADS = 4
# A test that takes longer than this is left out: a mutant that nothing else notices would wait for it.
LONG = 45
# What a test program says of a test that fails, and of its own end where it does not come to that.
FAILED = re.compile(r"^test (\S+).* \.\.\. FAILED$", re.M)
PANICKED = re.compile(r"panicked|has overflowed its stack|memory allocation of \d+ bytes failed")
# A mutant that runs in a circle is given up after ten times as long as its tests take, and never after less than this.
SECONDS = 20
MEMORY = 8 << 30


class Test:
    """One test of a test program: how long it takes, and which places it comes by."""

    def __init__(self, program, name):
        self.program, self.name, self.seconds, self.reached = program, name, 0.0, set()
        # The test target, "hsmboot" for the library's own tests.
        self.suite = re.sub(r"-[0-9a-f]{16}$", "", program.name)


class Trials:
    """The tests of some targets of a program with mutants, run once each to see what they come by."""

    def __init__(self, program, targets, say):
        self.program, self.say, self.lock = program, say, threading.Lock()
        self.scratch = program.tree.parent / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        self.caught = collections.Counter()
        self.place_of = {number: place for place, numbers in program.places.items() for number in numbers}
        self.tests = self.all_tests(targets)
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            alike = list(pool.map(self.observe, self.tests))
        if failed := [f"{test.program.name} {test.name}" for test, passed in zip(self.tests, alike) if not passed]:
            raise SystemExit("these tests do not pass on unchanged code:\n" + "\n".join(failed))
        say(f"{len(self.tests)} tests, one after the other, {time.monotonic() - began:.0f} s")
        for test in self.tests:
            if test.seconds > LONG:
                say(f"left out, since it takes {test.seconds:.0f} s: {test.suite} {test.name}")
        self.tests = [test for test in self.tests if test.seconds <= LONG]

    def all_tests(self, targets):
        ran, messages = self.program.cargo("test", "--no-run", *targets)
        if ran.returncode:
            raise SystemExit(f"the tests do not compile:\n{ran.stderr[-6000:]}")
        programs = [pathlib.Path(m["executable"]) for m in messages if m.get("reason") == "compiler-artifact" and m["profile"]["test"] and m["executable"]]
        tests = []
        for program in programs:
            listed = subprocess.run([program, "--list", "--format", "terse"], cwd=self.program.tree, env=self.program.environment, capture_output=True, text=True)
            names = re.findall(r"^(.+): test$", listed.stdout, re.M)
            # A suite that these features leave empty would let every mutant live.
            if not names:
                raise SystemExit(f"{program.name} has no tests")
            tests += [Test(program, name) for name in names]
        return tests

    def run(self, program, names, seconds, settings, threads=1):
        """Runs tests of a program: gives its status (None if it ran too long) and what it printed."""
        place = self.scratch / f"{threading.get_ident()}"
        place.mkdir(exist_ok=True)
        environment = self.program.environment | {"TMPDIR": str(place), "CARGO_MANIFEST_DIR": str(self.program.tree)} | settings
        bounded = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        child = subprocess.Popen([program, "--exact", "--test-threads", str(threads), *names], cwd=self.program.tree, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=bounded)
        try:
            printed, _ = child.communicate(timeout=seconds)
            return child.returncode, printed.decode(errors="replace")
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
            shutil.rmtree(place, ignore_errors=True)

    def observe(self, test):
        """Runs a test alone, and notes which places it comes by. Tells whether it passed."""
        record = self.scratch / f"{id(test)}.reached"
        began = time.monotonic()
        status, _ = self.run(test.program, [test.name], 600, {"MUTANTS_REACHED": str(record)})
        test.seconds = time.monotonic() - began
        if record.exists():
            test.reached = {int(line) for line in record.read_text().split()}
        if status == 0:
            return True
        # The record itself may be in the way: then the test is run for every place.
        test.reached = set(self.program.places)
        return self.run(test.program, [test.name], 600, {})[0] == 0

    def rounds(self, number, file, suites):
        """The tests of suites that come by a mutant, in rounds: those that have caught others of that file and the quick ones first."""
        those = [test for test in self.tests if self.place_of[number] in test.reached and test.suite in ("hsmboot", *suites)]
        those.sort(key=lambda test: (-min(3, self.caught[file, test]), test.seconds))
        budget = 0.6
        while those:
            several, spent = [], 0.0
            while those and (not several or spent + those[0].seconds <= budget):
                spent += those[0].seconds
                several.append(those.pop(0))
            budget *= 4
            yield several, spent

    def end(self, tests, seconds, number):
        """How a run of tests of one program ends with a mutant, and the tests that this is about.

        A program may fail for another reason: the disk is full, or the machine is busy. So the same tests must pass without the mutant, and the
        failure must be a test's or a panic. Else nobody knows: `unsure`.
        """
        program, names = tests[0].program, [test.name for test in tests]
        status, printed = self.run(program, names, seconds, {"MUTANT": str(number)}, THREADS)
        if status == 0:
            return "missed", tests
        failed = [test for test in tests if test.name in FAILED.findall(printed)]
        tests = failed or tests
        if status is not None and not failed and not PANICKED.search(printed):
            return "unsure", tests
        status_without, _ = self.run(program, [test.name for test in tests], seconds, {}, THREADS)
        if status_without != 0:
            return "unsure", tests
        return ("timeout" if status is None else "caught"), tests

    def trial(self, number, file, suites):
        """Tries one mutant: how it ended, and the test that noticed it."""
        unsure = None
        for several, spent in self.rounds(number, file, suites):
            by_program = collections.defaultdict(list)
            for test in several:
                by_program[test.program].append(test)
            for tests in by_program.values():
                how, about = self.end(tests, max(SECONDS, 10 * spent), number)
                by = f"{about[0].suite} {about[0].name}"
                if how == "unsure":
                    unsure = unsure or by
                elif how != "missed":
                    with self.lock:
                        self.caught[file, about[0]] += 1
                    return how, by
        return ("unsure", unsure) if unsure else ("missed", None)

    def each(self, mutants, suites, done):
        """Tries mutants, several at once, each with its suites; calls `done` with each as it ends. `done` says whether to go on."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            waiting = {pool.submit(self.trial, number, mutant["file"], suites[number]): number for number, mutant in mutants.items()}
            for future in concurrent.futures.as_completed(waiting):
                if not done(waiting[future], *future.result()):
                    for other in waiting:
                        other.cancel()
                    return
