"""Strikes the program: see `run`."""

import collections
import random
import re
import shutil
import subprocess

import power
import strace
from relay import Relay
from scenes import TIMELESS, Fault, Missed, Reference, World, must, scenes

# What calls of files can fail with (open(2), write(2), fsync(2)).
FAILURES = {"full": ["ENOSPC", "EDQUOT"], "io": ["EIO"]}
FILES = [*strace.WRITING, "read", "pread64", "getdents64", "flock", "newfstatat", "fstat", "statx"]
# So often a place is drawn anew that a run did not come by: runs differ by a few calls.
DRAWS = 5
DAY, YEAR = 86400, 31557600
JUMPS = [60, -60, 3600, -3600, 2 * DAY, -2 * DAY, 5 * YEAR, -5 * YEAR, 40 * YEAR, -50 * YEAR, 2000 * YEAR, 9000 * YEAR]


class Campaign:
    def __init__(self, program, directory, env, seed, say):
        self.world, self.say, self.dice = World(program, directory, env), say, random.Random(seed)
        self.directory, self.env, self.program = directory, env, program
        self.scenes = scenes(self.world.cluster)
        self.references, self.traces = {}, {}
        self.counts, self.findings, self.last = collections.Counter(), [], "before a strike"

    def reference(self, scene):
        if scene.name not in self.references:
            self.references[scene.name] = Reference(self.world, scene)
        return self.references[scene.name]

    def words(self, scene, url):
        return [self.program, *(url if word == "URL" else word for word in scene.words)]

    def traced(self, scene, kind, of):
        """The calls that a scene makes, with their numbers, by a run in which all goes well."""
        if (scene.name, kind) not in self.traces:
            log, stage = self.directory / "log", self.world.stage(scene)
            with self.world.service(scene) as service:
                strace.run(self.words(scene, service.url), stage, self.env, log, of)
            self.traces[scene.name, kind] = list(strace.numbered(log)), stage
        return self.traces[scene.name, kind]

    def each(self, kind, count, strike, among=None):
        """Strikes `count` times, each scene in its turn."""
        among = among or self.scenes
        for number in range(count):
            scene = among[number % len(among)]
            try:
                how = self.until_struck(kind, strike, scene)
                self.counts[kind] += 1
                self.counts[kind, how] += 1
            except (Fault, subprocess.TimeoutExpired) as fault:
                self.counts[kind, "findings"] += 1
                self.findings.append(f"{kind} {number}, {scene.name}: {self.last}\n{fault}")
                self.say(self.findings[-1])
                kept = self.directory / f"finding-{len(self.findings)}"
                shutil.copytree(self.directory / "stage", kept, symlinks=True)
            if (number + 1) % 50 == 0:
                self.say(f"{kind}: {number + 1} of {count}")

    def until_struck(self, kind, strike, scene):
        """Strikes until it took place, and says how the struck command ended. One that never does is a finding."""
        for _ in range(DRAWS):
            try:
                return strike(scene, self.reference(scene), random.Random(self.dice.getrandbits(32)))
            except Missed:
                self.counts[kind, "drawn anew"] += 1
        raise Fault(f"{DRAWS} times no fault took place")

    def look(self, done, ends, reference, stage, service, struck, said=""):
        """Looks at what a run has left, struck or not."""
        must(done.returncode in ends and "panicked" not in said, f"it ended with {done.returncode}\n{said}")
        reference.as_left(stage)
        if done.returncode == 0:
            reference.as_said(stage, service)
        if not struck:
            must(done.returncode == 0, f"nothing struck, and it ended with {done.returncode}\n{said}")
            raise Missed

    def kill(self, scene, reference, dice):
        """SIGKILL as one of the calls begins: half of the times one that writes."""
        numbered, _ = self.traced(scene, "all", ["all"])
        writing = [entry for entry in numbered if entry[1].name in strace.WRITING or entry[1].name.startswith("send")]
        number, call = dice.choice(writing if dice.random() < 0.5 else numbered)
        self.last = f"killed at {call.name} {number}"
        stage = self.world.stage(scene)
        with self.world.service(scene) as service:
            done = strace.run(self.words(scene, service.url), stage, self.env, self.directory / "log", [call.name],
                             f"{call.name}:signal=KILL:when={number}")
            self.look(done, (0, -9), reference, stage, service, strace.killed(self.directory / "log"), text_of(done))
            reference.run_again(stage, service)
        return "struck"

    def cut(self, scene, reference, dice):
        """The same, and what was not synced is lost. Or the command has said that all is well, and it must be there after a cut."""
        numbered, stage = self.traced(scene, "all", ["all"])
        first = next(at for at, (_, call) in enumerate(numbered) if changes_a_file(call, stage))
        number, call = dice.choice([entry for entry in numbered[first:] if entry[1].name in strace.WRITING or entry[1].name.startswith("send")])
        to_its_end = dice.random() < 0.25
        if to_its_end:
            number = 60000  # there are not so many
        self.last = f"power cut at {call.name} {number}"
        stage, log = self.world.stage(scene), self.directory / "log"
        disk = power.Disk(stage)
        with self.world.service(scene) as service:
            done = strace.run(self.words(scene, service.url), stage, self.env, log, sorted({*strace.FOLLOWED, call.name}),
                             f"{call.name}:signal=KILL:when={number}")
            ended = not strace.killed(log)
            must(done.returncode == (0 if ended else -9), f"it ended with {done.returncode}\n{text_of(done)}")
            if ended and not to_its_end:
                raise Missed
            disk.replay(log)
            seen = {str(path): path.read_bytes() for path in stage.rglob("*") if path.is_file()}
            model = {path: bytes(file.content) for path, file in disk.names.items() if file is not None}
            must(seen == model, f"the model of the disk is wrong about {[path for path in {*seen, *model} if seen.get(path) != model.get(path)]}")
            disk.learn_numbers()
            found = disk.after_a_cut(dice, least=ended)
            as_it_was = {path: file and bytes(file.content) for path, file in disk.names.items()}
            all_there = {path: entry and entry[0] for path, entry in found.items()} == as_it_was
            shutil.rmtree(stage)
            stage.mkdir()
            disk.write(found)
            reference.as_left(stage)
            events = stage / "events.jsonl"
            if events.exists() and events.read_bytes().startswith(b"\0"):
                events.unlink()  # the program refuses such a file, and says so
            if ended:
                reference.as_said(stage, service, but={"events.jsonl"})
            reference.run_again(stage, service)
        return "after the end" if ended else "struck as all was on the disk" if all_there else "struck"

    def disk(self, kind):
        def fail(scene, reference, dice):
            """A call about a file fails, once or from then on."""
            numbered, stage = self.traced(scene, "files", FILES)
            inside = "".join(f"\\x{octet:02x}" for octet in str(stage).encode())
            # Each relative path is shown with the directory here, and so is each that is not relative; without a directory it is of here.
            elsewhere, relative = re.compile(r'^AT_FDCWD<[^>]*>, (?="\\x2f)'), re.compile(r'^"(?!\\x2f|")')
            of_a_file_here = lambda call: relative.match(call.arguments) or inside in elsewhere.sub("", call.arguments) + call.result
            own = [of_a_file_here(call) for _, call in numbered]
            # Where another thread's call of that name and number is about something else, that may be the one that fails.
            others = {(call.name, number) for (number, call), of_ours in zip(numbered, own) if not of_ours}
            number, call = dice.choice([entry for entry, of_ours in zip(numbered, own) if of_ours and (entry[1].name, entry[0]) not in others])
            failure, on = dice.choice(FAILURES[kind]), dice.choice(["", "+"])
            self.last = f"{call.name} {number}{on} fails with {failure}"
            stage = self.world.stage(scene)
            with self.world.service(scene) as service:
                done = strace.run(self.words(scene, service.url), stage, self.env, self.directory / "log", [call.name],
                                 f"{call.name}:error={failure}:when={number}{on}")
                struck = any(of_a_file_here(call) for call in strace.injected(self.directory / "log"))
                self.look(done, (0, 1, 3, 4, 5, 6, 7, 8), reference, stage, service, struck, text_of(done))
                reference.run_again(stage, service)
            return f"ended with {done.returncode}"
        return fail

    def clock(self, scene, reference, dice):
        """The clock jumps between two of its readings, and is right again afterwards."""
        readings = self.readings(scene)
        must(readings, "the library of clock.c notes no reading of the clock")
        at, by, log = dice.randint(1, readings), dice.choice(JUMPS), self.directory / "readings"
        self.last = f"the clock jumps by {by} s at its reading {at}"
        stage = self.world.stage(scene)
        log.unlink(missing_ok=True)
        with self.world.service(scene) as service:
            done = self.world.hsmboot(scene.words, stage, env=self.world.later(by, at, log), url=service.url)
            noted = log.read_text() if log.exists() else ""
            must("!" in noted or len(noted) < at, f"the clock of {len(noted)} readings did not jump at {at}: {noted}")
            self.look(done, (0, 2, 3, 4, 5, 6, 7, 8), reference, stage, service, "!" in noted, done.stderr)
            self.last += f", it ended with {done.returncode}: {done.stderr[-400:]}"
            # The service refuses a certificate that is not valid yet, or not any more: it is asked once more with another.
            reference.run_again(stage, service, after_a_jump=True, refused=re.findall(r"(\w+) was refused", done.stderr))
        return f"ended with {done.returncode}"

    def readings(self, scene):
        """How often a scene reads the clock, in a run in which it goes right."""
        if (scene.name, "clock") not in self.traces:
            log = self.directory / "readings"
            log.unlink(missing_ok=True)
            with self.world.service(scene) as service:
                self.world.well(scene.words, self.world.stage(scene), env=self.world.later(0, log=log), url=service.url)
            self.traces[scene.name, "clock"] = log.stat().st_size if log.exists() else 0
        return self.traces[scene.name, "clock"]

    def network(self, scene, reference, dice):
        """Something between the program and the service breaks, at some octet of what either says."""
        if (scene.name, "network") not in self.traces:
            with self.world.service(scene) as service, Relay(service.url) as relay:
                self.world.well(scene.words, self.world.stage(scene), url=relay.url)
                self.traces[scene.name, "network"] = relay.passed
        passed = self.traces[scene.name, "network"]
        # The one that has no --timeout would wait for the SDK's.
        kinds = [kind for kind in Relay.KINDS if kind != "hold" or scene.name != "fetch"]
        back, fault = dice.random() < 0.5, dice.choice(kinds)
        at = dice.randrange(passed[back])
        self.last = f"{fault} at octet {at} of {'the answers' if back else 'the requests'}"
        stage = self.world.stage(scene)
        with self.world.service(scene) as service, Relay(service.url, fault, at, back) as relay:
            words = [*scene.words, "--timeout", "4"] if fault == "hold" else scene.words
            done = self.world.hsmboot([*words, "--output", "json"], stage, url=relay.url)
            self.look(done, (0, 6, 7), reference, stage, service, relay.struck, done.stdout + done.stderr)
            if done.returncode:
                must(re.search(r'"retry": "same-command"', done.stdout), f"it does not say that the same command goes on\n{done.stdout}")
            # By the same address: a creation is remembered with it.
            reference.run_again(stage, service, url=relay.url)
        return f"ended with {done.returncode}"

    def online(self):
        return [scene for scene in self.scenes if "URL" in scene.words]

    def commit(self):
        """The commit that the program says it is of."""
        said = subprocess.run([self.program, "--version"], env=self.env, capture_output=True, check=True, text=True).stdout
        found = re.search(r"^commit +([0-9a-f]{8})", said, re.MULTILINE)
        return found[1] if found else "unknown"

    def timed(self):
        return [scene for scene in self.scenes if scene.name not in TIMELESS]


def changes_a_file(call, stage):
    """Whether there is something to lose from this call on."""
    made = call.name != "openat" or re.search(r"O_(CREAT|TMPFILE)\b", call.arguments)
    return call.name in strace.WRITING and made and "".join(f"\\x{octet:02x}" for octet in str(stage).encode()) in call.arguments


def text_of(done):
    return done.stderr.decode("utf-8", "replace")
