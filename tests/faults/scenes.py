"""The commands that write, what each begins with, and what must hold when it was struck and run again."""

import collections
import io
import json
import pathlib
import re
import shutil
import subprocess
import tarfile
import urllib.request

ROOTS = ["--aws-root", "roots/aws-root.crt", "--manufacturer-root", "roots/manufacturer-root.crt"]
CA = ["--ca", "ca/customerCA.crt"]
KEY = [*CA, "--ca-key", "ca/customerCA.key"]
SUBNET = "subnet-0a1b2c3d4e5f60718"
ZONE = "us-east-1a"
# The scenes that ask nobody what time it is.
TIMELESS = ("pack", "unpack", "qr show", "man")
CLUSTER = re.compile(r"cluster-[2-7a-z]{11}_")

# `begins`: the directories that it begins with. `again`: what else the second run may say, and end with 8. `calls`: what the service has
# been asked for exactly once, in both runs together. `bundle`: a directory whose transcript must hold.
Scene = collections.namedtuple("Scene", "name words begins bundle calls again", defaults=[None, (), None])


def init(out, name, *more):
    return ["ca", "init", "--out", out, "--subject", f"CN={name}", "--no-passphrase", "--key-type", "p256", *more]


def scenes(cluster):
    once = ("InitializeCluster",)
    made = "there is a CA already"
    online = ["--endpoint-url", "URL", "--region", "us-east-1"]
    issuer = ["--issuer", "ca/customerCA.crt", "--issuer-key", "ca/customerCA.key"]
    elsewhere = ["--signed-cert", "signed.crt", "--trust-anchor", "ca/customerCA.crt"]
    new = ["--create", "--subnet-id", SUBNET, "--availability-zone", ZONE]
    return [
        Scene("ca init", init("new/ca", "CA"), [], again=made),
        Scene("ca init --issuer", init("new", "below", *issuer), ["ca"], again=made),
        Scene("ca init --force", init("ca", "another CA", "--force"), ["ca"]),
        Scene("verify --record", ["verify", "bundle", "--record", *ROOTS], ["bundle", "roots"], "bundle"),
        Scene("sign", ["sign", "bundle", "--seal", "--events", "events.jsonl", *KEY, *ROOTS], ["bundle", "ca", "roots"], "bundle"),
        Scene("import", ["import", "bundle", *elsewhere, *ROOTS], ["bundle", "ca", "roots", "signed.crt"], "bundle"),
        Scene("pack", ["pack", "signed", "-o", "packed.hsmboot"], ["signed"], "signed"),
        Scene("unpack", ["unpack", "packed.hsmboot", "new/bundle"], ["packed.hsmboot"], "new/bundle"),
        Scene("qr show", ["qr", "show", "signed", "-o", "codes.svg"], ["signed"], "signed"),
        Scene("report", ["report", "signed", "-o", "report.html", "--force", *CA, *ROOTS], ["signed", "ca", "roots"], "signed"),
        Scene("man", ["man", "--out", "pages"], []),
        Scene("fetch", ["fetch", "--cluster-id", cluster, "--bundle", "bundle", *online], [], "bundle"),
        Scene("submit", ["submit", "signed", *CA, *ROOTS, *online], ["signed", "ca", "roots"], "signed", once),
        Scene("bootstrap", ["bootstrap", "--cluster-id", cluster, "--bundle", "new/bundle", *KEY, *ROOTS, *online], ["ca", "roots"],
              "new/bundle", once),
        Scene("bootstrap, its own CA", ["bootstrap", "--cluster-id", cluster, "--bundle", "bundle", "--passphrase-file", "words",
                                        "--key-type", "p256", *ROOTS, *online], ["roots", "words"], "bundle", once),
        Scene("bootstrap --create", ["bootstrap", *new, "--bundle", "bundle", *KEY, *ROOTS, *online], ["ca", "roots"], "bundle",
              ("CreateCluster", "CreateHsm", *once)),
        Scene("handover", ["handover", "claimed", "--out", "clients", *CA], ["claimed", "ca"], "claimed"),
    ]


class Simulator:
    """The service: a program of its own, which nothing strikes."""

    def __init__(self, program, env, state, roots=None):
        words = [program, "simulate", "--instant", "--state", str(state)]
        words += ["--roots", str(roots)] if roots else []
        self.program = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.program.stdout.readline().strip().removeprefix("listening on ")

    def control(self, command, **members):
        request = urllib.request.Request(f"{self.url}/_control/{command}", json.dumps(members).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.kill()
        self.program.wait()


class Nobody:
    url = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Fault(Exception):
    """Something is lost, doubled or half-written, or the same command does not end well."""


class Missed(Exception):
    """The strike did not take place: the run did not come by the place that was drawn for it."""


def must(true, what):
    if not true:
        raise Fault(what)


class World:
    """A directory with all that scenes begin with, and how the program is run."""

    def __init__(self, program, directory, env):
        self.program, self.directory, self.env = program, directory, env
        self.state, self.base = directory / "state", directory / "base"
        self.base.mkdir(parents=True)
        (self.base / "words").write_text("a passphrase of some length\n")
        (self.base / "words").chmod(0o600)
        self.clock = directory / "clock.so"
        source = pathlib.Path(__file__).parent / "clock.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(self.clock), str(source), "-ldl"], check=True)
        self.prepare()

    def hsmboot(self, words, cwd, env=None, url=None):
        words = [url if word == "URL" else word for word in words]
        return subprocess.run([self.program, *words], cwd=cwd, env=env or self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=120)

    def later(self, seconds, reading=1, log=None):
        """The environment in which the clock is so much ahead, from its so-manyeth reading on. `log`: where the readings are noted."""
        noted = {"FAULT_CLOCK_LOG": str(log)} if log else {}
        return {**self.env, "LD_PRELOAD": str(self.clock), "FAULT_CLOCK_AT": str(reading), "FAULT_CLOCK_BY": str(seconds), **noted}

    def well(self, words, cwd, **more):
        done = self.hsmboot(words, cwd, **more)
        must(done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def prepare(self):
        base = self.base
        with Simulator(self.program, self.env, self.state, base / "roots") as simulator:
            online = ["--endpoint-url", simulator.url, "--region", "us-east-1"]
            made = self.well(["cluster", "create", "--subnet-id", SUBNET, "--output", "json", *online], base)
            self.cluster = json.loads(made)["cluster"]["cluster_id"]
            self.well(["hsm", "create", "--cluster-id", self.cluster, "--availability-zone", ZONE, "--wait", *online], base)
            self.well(init("ca", "CA"), base)
            self.well(["fetch", "--cluster-id", self.cluster, "--bundle", "bundle", *online], base)
            shutil.copytree(base / "bundle", base / "signed")
            self.well(["sign", "signed", *KEY, *ROOTS], base)
            shutil.copy(base / "signed" / f"{self.cluster}_CustomerHsmCertificate.crt", base / "signed.crt")
            self.well(["pack", "signed", "-o", "packed.hsmboot"], base)
            shutil.copy(self.state, self.directory / "ready")
            shutil.copytree(base / "signed", base / "claimed")
            self.well(["submit", "claimed", *CA, *ROOTS, *online], base)
        (self.directory / "ready").replace(self.state)

    def stage(self, scene):
        """An empty place with what the scene begins with."""
        stage = self.directory / "stage"
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir()
        for name in scene.begins:
            source = self.base / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, stage / name)
        return stage

    def service(self, scene):
        """A service that knows the one cluster, whoever used an earlier one; none for who needs none."""
        if "URL" not in scene.words:
            return Nobody()
        used = self.directory / "used"
        shutil.copy(self.state, used)
        return Simulator(self.program, self.env, used)


def listing(stage):
    """Every file here. A cluster that is made has another id each time."""
    found = {}
    for path in sorted(stage.rglob("*")):
        if path.is_file():
            name = CLUSTER.sub("ID_", str(path.relative_to(stage)))
            must(name not in found, f"{name} is there of two clusters")
            found[name] = path.read_bytes()
    return found


# What each run may write anew.
RECORDS = ("verification.json", "receipt.json", "creation.json")


def written(listed):
    """How often the transcripts say that each file was written, but for records."""
    counts = collections.Counter()
    for name, content in listed.items():
        if name.endswith("transcript.jsonl"):
            for line in content.splitlines():
                outputs = json.loads(line).get("outputs", {})
                counts.update(CLUSTER.sub("ID_", output) for output in outputs if output not in RECORDS)
    return counts


def members(archive):
    """The files in a bundle that is one file. What is cut or zeros has fewer."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            return {member.name: opened.extractfile(member).read() for member in opened if member.isfile()}
    except tarfile.TarError as fault:
        raise ValueError(fault) from fault


def whole(name, content, expected):
    """Whether a file is complete: of its kind, and as long as its kind is."""
    if name.endswith(".json"):
        return isinstance(json.loads(content), dict) and content.endswith(b"\n")
    if name.endswith(".jsonl"):
        return content.endswith(b"\n") and all(isinstance(json.loads(line), dict) for line in content.splitlines())
    if name.endswith((".crt", ".csr", ".key", ".pem")):
        blocks = rb"(-----BEGIN ([A-Z0-9 ]+)-----\n[A-Za-z0-9+/=\n]+-----END \2-----\n)+"
        return re.fullmatch(blocks, content) is not None and content.count(b"-----END ") == expected.count(b"-----END ")
    if name.endswith((".html", ".svg")):
        return content.rstrip().endswith((b"</html>", b"</svg>"))
    if name.endswith(".hsmboot"):
        those, due = members(content), members(expected)
        return those.keys() == due.keys() and all(whole(name, those[name], due[name]) for name in due) and content.endswith(bytes(1024))
    return content == expected


class Reference:
    """What a scene leaves where nothing strikes."""

    def __init__(self, world, scene):
        self.world, self.scene = world, scene
        stage = world.stage(scene)
        self.before = listing(stage)
        with world.service(scene) as simulator:
            world.well(scene.words, stage, url=simulator.url)
            self.after = listing(stage)
            second = world.hsmboot(scene.words, stage, url=simulator.url)
        must(self.ended_well(second), f"{scene.name}, a second time: {second.returncode}\n{second.stderr}")

    def ended_well(self, done):
        return done.returncode == 0 or self.scene.again is not None and done.returncode == 8 and self.scene.again in done.stderr

    def as_left(self, stage, hidden=True):
        """What was struck has harmed nothing, and shows nothing half-written."""
        left = listing(stage)
        for name, content in self.before.items():
            must(name in left, f"{name} is lost")
            if name not in self.after or self.after[name] == content:
                must(left[name] == content, f"{name} is changed")
        for name, content in left.items():
            if "/." in "/" + name:
                must(hidden, f"{name} is left")
                continue
            must(name in self.after, f"{name}: nobody writes such a file")
            if name == "events.jsonl":
                continue  # half a line may stay in it: the next begins on a line of its own
            try:
                complete = content == self.before.get(name) or whole(name, content, self.after[name])
            except ValueError as fault:
                raise Fault(f"{name} is half-written: {fault}") from fault
            must(complete, f"{name} is half-written: {content[-60:]}")

    def as_said(self, stage, simulator, but=()):
        """What was struck has ended with 0: all is there, what it changes is changed, and the service was asked. `but`: what may be lost."""
        left = listing(stage)
        must(left.keys() >= self.after.keys() - set(but), f"said to be done, and lost: {self.after.keys() - left.keys()}")
        for name in self.before.keys() & self.after.keys():
            must(self.after[name] == self.before[name] or left[name] != self.before[name], f"said to be done, and {name} is as before")
        must(written(left) == written(self.after), f"said to be done, and written otherwise: {written(left)}")
        self.asked_once(simulator, "said to be done, and ")

    def asked_once(self, simulator, when="", refused=()):
        """The service was asked once for all; once more for what it has refused."""
        asked = simulator.control("calls")["Calls"] if self.scene.calls else {}
        for action in self.scene.calls:
            must(asked.get(action) == 1 + (action in refused), f"{when}{action} was asked for {asked.get(action)} times")

    def run_again(self, stage, simulator, url=None, after_a_jump=False, refused=()):
        """The same command ends well, and all is there, once. What was signed by a clock that was wrong is not valid now, and no
        certificate is replaced unasked: the command says so, and ends well with --force, or, for a CA, in another place."""
        if "--force" in self.scene.words and self.scene.begins == ["ca"]:
            # Whoever only looks finds the old CA or the new one, and never the key of one and the certificate of the other.
            looked = self.world.hsmboot(init("ca", "a third CA"), stage)
            must(looked.returncode == 8, f"without --force a CA is not refused: {looked.returncode}\n{looked.stderr}")
            openssl = lambda *words: subprocess.run(["openssl", *words], cwd=stage / "ca", check=True, capture_output=True).stdout
            pair = openssl("pkey", "-in", "customerCA.key", "-pubout"), openssl("x509", "-in", "customerCA.crt", "-noout", "-pubkey")
            must(pair[0] == pair[1], "the key is one CA's, and the certificate another's")
        done = self.world.hsmboot(self.scene.words, stage, url=url or simulator.url)
        if done.returncode == 7 and "nobody knows whether it was heard" in done.stderr:
            # Struck as it was about to ask for a cluster. It waits until that request can take no effect any more: 15 minutes.
            later = self.world.later(16 * 60)
            simulator.control("advance", Seconds=16 * 60)
            done = self.world.hsmboot(self.scene.words, stage, url=url or simulator.url, env=later)
        if after_a_jump and done.returncode == 8 and re.search("sign anew with --force|with --force it is signed again", done.stderr):
            must(re.search("not (yet )?valid|expired", done.stderr), f"it does not say that the dates are wrong\n{done.stderr}")
            done = self.world.hsmboot([*self.scene.words, "--force"], stage, url=url or simulator.url)
            must(done.returncode == 0, f"with --force: {done.returncode}\n{done.stderr}")
            self.all_is_there(stage, simulator, refused)
            return
        if after_a_jump and done.returncode == 5 and "this is about time" in done.stderr:
            self.as_left(stage, hidden=False)
            return  # a CA that this very run made with a wrong clock: it is not made anew over its key
        must(self.ended_well(done), f"the same command again: {done.returncode}\n{done.stdout}{done.stderr}")
        left = self.all_is_there(stage, simulator, refused)
        must(written(left) == written(self.after), f"written otherwise: {written(left)}")

    def all_is_there(self, stage, simulator, refused):
        self.as_left(stage, hidden=False)
        left = listing(stage)
        must(left.keys() == self.after.keys(), f"other files: {left.keys() ^ self.after.keys()}")
        if self.scene.bundle and f"{self.scene.bundle}/transcript.jsonl" in left:
            self.world.well(["transcript", "verify", self.scene.bundle], stage)
        self.asked_once(simulator, refused=refused)
        return left
