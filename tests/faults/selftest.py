"""Each check of the campaign is seen to fail once, before it is relied on: one thing is spoiled, and the check that is about it must say so.

The checks are the calls of `must`, and what raises a `Fault` itself, in campaign.py and scenes.py: one that nothing here made fail is named.
"""

import ast
import contextlib
import pathlib
import random
import shutil
import socket
import subprocess
import threading
import time
import traceback
from unittest import mock

import campaign
import power
import strace
from relay import Relay
from scenes import TIMELESS, Fault, Missed, Reference, listing, whole

HERE = pathlib.Path(__file__).parent


def every_check_fails_once(run):
    """Ends the program unless each check bites. The run's places are drawn afterwards as if this had not been."""
    begun, dice = time.monotonic(), run.dice.getstate()
    test = SelfTest(run)
    test.reference_checks()
    test.second_runs()
    test.strikes()
    test.clocks()
    relays_strike(test)
    run.counts.clear()
    run.dice.setstate(dice)
    wrong = test.wrong + [f"nothing made this check fail: {place}" for place in sorted(all_checks() - test.seen)]
    if wrong:
        raise SystemExit("the campaign's own checks:\n" + "\n".join(wrong))
    run.say(f"{len(test.seen)} checks were each seen to fail, {time.monotonic() - begun:.0f} s")


def all_checks():
    """The places of all checks: file and line."""
    found = set()
    for name in ("campaign.py", "scenes.py"):
        for node in ast.walk(ast.parse((HERE / name).read_text())):
            asks = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "must"
            says = isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and getattr(node.exc.func, "id", "") == "Fault"
            # `must` has the one that is of no check.
            if asks or says and ast.unparse(node.exc) != "Fault(what)":
                found.add(f"{name}:{node.lineno}")
    return found


class Service:
    """A service that says what it was asked for."""

    def __init__(self, **calls):
        self.calls, self.url = calls, ""

    def control(self, _):
        return {"Calls": self.calls}


class Lowest(random.Random):
    """Draws the first of all."""

    def random(self):
        return 0.0


class SelfTest:
    def __init__(self, run):
        self.run, self.world = run, run.world
        self.scenes = {scene.name: scene for scene in run.scenes}
        self.seen, self.wrong = set(), []

    @contextlib.contextmanager
    def fails(self, what, words):
        """What is done in this context must be a fault, in those words."""
        try:
            yield
        except Fault as fault:
            frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.name != "must"]
            self.seen.add(f"{pathlib.Path(frames[-1].filename).name}:{frames[-1].lineno}")
            if words not in str(fault):
                self.wrong.append(f"{what}: another fault is seen: {fault}")
        except Missed:
            self.wrong.append(f"{what}: nothing struck")
        else:
            self.wrong.append(f"{what}: nothing is said")

    def ended(self, name):
        """The stage of a scene that has ended well, as often as it is asked for."""
        reference, kept = self.run.reference(self.scenes[name]), self.run.directory / f"ended {name}"
        stage = self.run.directory / "stage"
        if not kept.exists():
            self.world.well(reference.scene.words, self.world.stage(reference.scene))
            shutil.copytree(stage, kept)
        shutil.rmtree(stage)
        shutil.copytree(kept, stage)
        return reference, stage

    def says(self, code, text=""):
        """The program does nothing and ends so, unless it is asked about a transcript."""
        real = self.world.hsmboot

        def lie(words, *all, **how):
            return real(words, *all, **how) if words[0] == "transcript" else subprocess.CompletedProcess(words, code, text, text)

        return mock.patch.object(self.world, "hsmboot", lie)

    def reference_checks(self):
        def spoiled(what, words, spoil, look=lambda reference, stage: reference.as_left(stage)):
            reference, stage = self.ended("import")
            look(reference, stage)  # nothing is said of what is not spoiled
            spoil(stage)
            with self.fails(what, words):
                look(reference, stage)

        said = lambda reference, stage: reference.as_said(stage, Service())
        half = lambda path: path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])
        some = lambda stage, pattern: next(path for path in sorted(stage.glob(pattern)) if str(path.relative_to(stage)) not in before)
        before = self.run.reference(self.scenes["import"]).before
        transcript = "bundle/transcript.jsonl"
        spoiled("a file that was there is gone", "is lost", lambda stage: (stage / "signed.crt").unlink())
        spoiled("a file that no command writes is changed", "is changed", lambda stage: half(stage / "signed.crt"))
        spoiled("a file of another name", "nobody writes", lambda stage: (stage / "stray").touch())
        spoiled("half a transcript", "is half-written", lambda stage: half(stage / transcript))
        spoiled("half a record", "is half-written", lambda stage: (stage / "bundle/verification.json").write_bytes(b"{"))
        spoiled("files of two clusters", "of two clusters", lambda stage: [(stage / f"cluster-{name * 11}_x").touch() for name in "ab"])
        spoiled("a temporary file", "is left", lambda stage: (stage / ".left").touch(), lambda reference, stage: reference.as_left(stage, hidden=False))
        spoiled("it ended with 0 without a file", "and lost", lambda stage: some(stage, "bundle/*.crt").unlink(), said)
        spoiled("it ended with 0 and changed nothing", "is as before", lambda stage: (stage / transcript).write_bytes(before[transcript]), said)
        spoiled("it ended with 0 and wrote twice", "written otherwise", lambda stage: twice(stage / transcript), said)
        for name in ("import", "sign", "pack", "qr show", "report", "ca init", "man"):
            reference = self.run.reference(self.scenes[name])
            for file in reference.after.keys() - reference.before.keys() - {"events.jsonl"}:
                self.is_incomplete(name, file, reference.after[file])
        with self.fails("the second run of a scene ends with 8", "a second time"):
            Reference(self.world, self.scenes["ca init"]._replace(again=None))
        with self.fails("the service was not asked", "InitializeCluster was asked for None times"):
            self.run.reference(self.scenes["submit"]).asked_once(Service())
        with self.fails("the service was asked twice", "InitializeCluster was asked for 2 times"):
            self.run.reference(self.scenes["submit"]).asked_once(Service(InitializeCluster=2))

    def is_incomplete(self, name, file, content):
        half = content[:len(content) // 2]
        for what, rest in {"half": half, "half, then zeros": half.ljust(len(content), b"\0"), "zeros": bytes(len(content)), "nothing": b""}.items():
            try:
                complete = whole(file, rest, content)
            except ValueError:
                continue
            if complete:
                self.wrong.append(f"{name}: {what} in {file} is taken for all of it")

    def second_runs(self):
        def again(what, words, code, text="", spoil=lambda stage: None, scene="import", well=True, **how):
            reference, stage = self.ended(scene)
            spoil(stage)
            believed = contextlib.nullcontext() if well else mock.patch.object(self.world, "well", lambda *_, **__: "")
            with self.fails(what, words), self.says(code, text), believed:
                reference.run_again(stage, Service(), **how)

        transcript = lambda stage: stage / "bundle/transcript.jsonl"
        again("the second run fails", "the same command again: 1", 1)
        again("the second run does nothing", "other files", 0, spoil=lambda stage: next(stage.glob("bundle/*CustomerHsmCertificate.crt")).unlink())
        again("the second run leaves a temporary file", "is left", 0, spoil=lambda stage: (stage / "bundle/.left").touch())
        again("the transcript does not hold", "'transcript', 'verify'", 0, spoil=lambda stage: twice(transcript(stage)))
        again("the transcript says a thing twice", "written otherwise", 0, spoil=lambda stage: twice(transcript(stage)), well=False)
        again("after a jump no date is named", "the dates are wrong", 8, "sign anew with --force", after_a_jump=True)
        again("after a jump --force is refused too", "with --force: 8", 8, "expired: sign anew with --force", after_a_jump=True)
        again("a CA is replaced unasked", "is not refused", 0, scene="ca init --force")
        old_key = lambda stage: shutil.copy(self.world.base / "ca/customerCA.key", stage / "ca/customerCA.key")
        again("the key of one CA, the certificate of another", "is one CA's", 8, spoil=old_key, scene="ca init --force")

    def strikes(self):
        run, real = self.run, strace.run

        def strike(kind, scene, lie, dice, times=1):
            """Strikes, with a lie in the place of what strace does, until that is seen."""
            with mock.patch.object(strace, "run", lie), mock.patch.object(campaign, "DRAWS", times):
                return run.until_struck("self-test", lambda *all: kind(*all[:2], dice), self.scenes[scene])

        def zero_for_one(*all):
            """The program says that all is well where it is not."""
            done = real(*all)
            done.returncode = 0 if done.returncode == 1 else done.returncode
            return done

        def other_end(*all):
            done = real(*all)
            done.returncode = 5
            return done

        def unseen(words, stage, *rest):
            done = real(words, stage, *rest)
            (stage / "unseen").touch()
            return done

        no_strike = lambda words, cwd, env, log, traced, *_: real(words, cwd, env, log, traced)
        for kind in ("full", "io"):
            dice = random.Random(1)
            with self.fails(f"{kind}: an exit of 1 is turned into 0", "said to be done"):
                for _ in range(10):
                    strike(run.disk(kind), "import", zero_for_one, dice)
            with self.fails(f"{kind}: strace makes no call fail", "no fault took place"):
                strike(run.disk(kind), "import", no_strike, dice)
        with self.fails("strace does not kill", "no fault took place"):
            strike(run.kill, "import", no_strike, random.Random(1))
        with self.fails("a killed program ends otherwise", "it ended with 5"):
            strike(run.kill, "import", other_end, random.Random(1))
        with self.fails("at a cut a program ends otherwise", "it ended with 5"):
            strike(run.cut, "import", other_end, random.Random(1))
        with self.fails("the model of the disk lacks a file", "the model of the disk is wrong"):
            strike(run.cut, "import", unseen, random.Random(1))
        with self.fails("nothing is synced, and the power is cut after the end", "said to be done"):
            with mock.patch.object(power.Disk, "on_sync", lambda *_: None):
                strike(run.cut, "import", real, Lowest())
        done = subprocess.CompletedProcess([], 8, "", "")
        with self.fails("it fails where nothing has struck", "nothing struck, and it ended with 8"):
            reference, stage = self.ended("import")
            run.look(done, (0, 8), reference, stage, Service(), struck=False)
        self.network()

    def network(self):
        scene, real = self.scenes["submit"], self.world.hsmboot
        reference = self.run.reference(scene)

        def silent(*all, **how):
            return subprocess.CompletedProcess([], 7, "", "") if real(*all, **how) else None

        dice = random.Random(1)
        self.run.network(scene, reference, dice)  # what passes in all is known from here on
        with self.fails("a broken connection, and no word of the same command", "does not say that the same command goes on"):
            with mock.patch.object(self.world, "hsmboot", silent):
                self.run.network(scene, reference, dice)

    def clocks(self):
        scene, later = self.scenes["report"], self.world.later
        reference, key = self.run.reference(scene), (scene.name, "clock")
        with self.fails("the library does nothing", "notes no reading"):
            with mock.patch.object(self.world, "later", lambda *_, **__: self.world.env):
                self.run.clock(scene, reference, random.Random(1))
        self.run.traces.pop(key)
        with self.fails("the clock is read, and does not jump", "did not jump"):
            with mock.patch.object(self.world, "later", lambda by, at=1, log=None: later(by, at + 1000, log)):
                self.run.clock(scene, reference, random.Random(1))
        self.run.traces.pop(key)
        asked = subprocess.run(["date", "+%s"], env=later(5 * campaign.YEAR), capture_output=True, check=True)
        if int(asked.stdout) < time.time() + 4 * campaign.YEAR:
            self.wrong.append("the library of clock.c notes a jump, and makes none")
        for name in TIMELESS:
            if self.run.readings(self.scenes[name]):
                self.wrong.append(f"{name} reads the clock: it is to be struck too (TIMELESS in scenes.py)")


def twice(transcript):
    """The last line stands there once more."""
    lines = transcript.read_bytes().splitlines(keepends=True)
    transcript.write_bytes(b"".join([*lines, lines[-1]]))


def relays_strike(test):
    """Both sides come to know of a reset and of a closed connection, whoever spoke; what waits goes on."""
    for back in (False, True):
        for fault, end in (("reset", "reset"), ("close", "closed"), ("wait", "all")):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                found = {}
                server = threading.Thread(target=lambda: found.update(service=hears(listener.accept()[0], speaks=back)))
                server.start()
                with Relay("http://127.0.0.1:%d" % listener.getsockname()[1], fault, 3, back) as relay:
                    client = socket.create_connection(relay.url.removeprefix("http://").split(":"))
                    found["client"] = hears(client, speaks=not back)
                    server.join()
                # The other only speaks: it need not hear of more than a reset.
                listens = "client" if back else "service"
                if not relay.struck or found[listens] != end or fault == "reset" and set(found.values()) != {"reset"}:
                    test.wrong.append(f"{fault} at an octet of {'the answer' if back else 'the request'}: {found}")


def hears(end, speaks):
    """How a connection ends for one side: it is reset, closed, or all has come."""
    with end:
        end.settimeout(3)
        try:
            if speaks:
                end.sendall(b"twelve bytes")
            heard = b""
            while len(heard) < 12 and (part := end.recv(100)):
                heard += part
            return "all" if len(heard) == 12 else "closed"
        except TimeoutError:
            return "nothing more"
        except ConnectionError:
            return "reset"
