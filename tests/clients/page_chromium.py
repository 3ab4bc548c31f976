#!/usr/bin/env python3
"""Looks at the simulator's page in headless Chromium, by WebDriver and the standard library alone.

    page_chromium.py HSMBOOT [--screenshot FILE] [--keep DIRECTORY]

HSMBOOT is the program; `chromedriver`, `chromium` and `openssl` are taken from PATH. Each check prints one line, `ok NAME` or
`FAILED NAME: reason`; the exit code is 1 if one has failed. `--screenshot` writes the documentation's picture, `--keep` others.
"""

import argparse
import base64
import collections
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
# Far more seconds than anything takes, on a machine that is busy with other things too.
HANGS = 600
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# WebDriver's names of keys (W3C WebDriver, 17.4.2).
ENTER, TAB = "\ue007", "\ue004"


class Refused(Exception):
    """The answer was not 200."""


def post(url, body, headers=()):
    request = urllib.request.Request(url, json.dumps(body).encode(), dict(headers))
    try:
        with DIRECT.open(request, timeout=HANGS) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        raise Refused(error.read().decode()) from None


def eventually(what, true, seconds=HANGS):
    """Waits for a condition. The bound is for the failure: nothing depends on how long it takes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = true()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"never came: {what}")


class Simulator:
    """`hsmboot simulate`."""

    def __init__(self, program, listen="127.0.0.1:0"):
        command = [program, "simulate", "--listen", listen]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        assert line.startswith("listening on "), line
        self.url = line.removeprefix("listening on ")

    def call(self, action, body, region="us-east-1"):
        scope = f"AKIDEXAMPLE/20260101/{region}/cloudhsm/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"BaldrApiService.{action}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00",
        }
        return post(self.url + "/", body, headers)

    def refused(self, action, body):
        try:
            self.call(action, body)
        except (Refused, OSError):
            return
        raise AssertionError(f"{action} was not refused")

    def control(self, command, body):
        return post(f"{self.url}/_control/{command}", body)

    def cluster(self, tags=(), region="us-east-1", hsm_type="hsm1.medium", subnets=1):
        ids = [f"subnet-0a1b2c{number}d" for number in range(3, 3 + subnets)]
        body = {"HsmType": hsm_type, "SubnetIds": ids}
        if tags:
            body["TagList"] = [{"Key": key, "Value": value} for key, value in tags]
        return self.call("CreateCluster", body, region)["Cluster"]["ClusterId"]

    def hsm(self, cluster, region="us-east-1", zone="a"):
        eventually("the cluster", lambda: self.state(cluster) != "CREATE_IN_PROGRESS")
        return self.call("CreateHsm", {"ClusterId": cluster, "AvailabilityZone": region + zone}, region)["Hsm"]["HsmId"]

    def describe(self, cluster, region="us-east-1"):
        return self.call("DescribeClusters", {"Filters": {"clusterIds": [cluster]}}, region)["Clusters"][0]

    def state(self, cluster):
        """As the page is told it: such requests are not listed."""
        with DIRECT.open(self.url + "/_page/data", timeout=HANGS) as answer:
            places = json.loads(answer.read())["places"]
        return next((one["state"] for place in places for one in place["clusters"] if one["id"] == cluster), None)

    def csr(self, cluster, region="us-east-1"):
        def there():
            with DIRECT.open(f"{self.url}/_page/certificates?cluster={cluster}", timeout=HANGS) as answer:
                return any(node["id"] == "ClusterCsr" for node in json.loads(answer.read())["nodes"])

        eventually("a CSR", there)
        return self.describe(cluster, region)["Certificates"]["ClusterCsr"]

    def backup(self, cluster, region="us-east-1"):
        """An ACTIVE cluster is backed up every day: one passes."""
        self.control("advance", {"Seconds": 86400})

        def made():
            backups = self.call("DescribeBackups", {"Filters": {"clusterIds": [cluster], "states": ["READY"]}}, region)["Backups"]
            return backups and backups[0]["BackupId"]

        return eventually("a backup", made)

    def initialize(self, cluster, directory, region="us-east-1", owner="Example Corp"):
        """The guide's own commands, then InitializeCluster."""
        path = lambda name: os.path.join(directory, name)
        Path(path("cluster.csr")).write_text(self.csr(cluster, region))
        openssl = lambda *arguments: subprocess.run(["openssl", *arguments], check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3652", "-subj", f"/O={owner}/CN=Example CloudHSM CA",
                "-keyout", path("ca.key"), "-out", path("ca.crt"))
        openssl("x509", "-req", "-days", "3652", "-in", path("cluster.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial",
                "-out", path("cluster.crt"))
        texts = {"SignedCert": Path(path("cluster.crt")).read_text(), "TrustAnchor": Path(path("ca.crt")).read_text()}
        self.call("InitializeCluster", {"ClusterId": cluster, **texts}, region)
        eventually("INITIALIZED", lambda: self.state(cluster) == "INITIALIZED")

    def stop(self):
        self.process.kill()
        self.process.wait()


class Browser:
    """One session of chromedriver."""

    def __init__(self, profile):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        port = None
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                port = found[1]
                break
        assert port, "chromedriver did not start"
        self.base = f"http://127.0.0.1:{port}"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--no-proxy-server", "--hide-scrollbars", f"--user-data-dir={profile}"]
        options = {"args": flags, "binary": next(filter(os.path.exists, self.candidates()), "chromium")}
        logs = {"browser": "ALL", "performance": "ALL"}
        always = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": logs}
        self.session = None
        self.session = self.begin({"capabilities": {"alwaysMatch": always}})

    def begin(self, wanted):
        """The session's id. A browser that starts for the first time on a busy machine can take longer than chromedriver waits for it."""
        for _ in range(4):
            try:
                return self.send("/session", wanted)["sessionId"]
            except AssertionError as error:
                refused = error
                print(f"the browser does not start: {error}", file=sys.stderr, flush=True)
        raise refused

    @staticmethod
    def candidates():
        return [os.path.join(directory, "chromium") for directory in os.environ.get("PATH", "").split(os.pathsep)]

    def send(self, path, body=None, method="POST"):
        base = self.base + (f"/session/{self.session}" if self.session else "")
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with DIRECT.open(request, timeout=HANGS) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()[:400]}") from None

    def open(self, url):
        self.send("/url", {"url": url})

    def run(self, script, *arguments):
        return self.send("/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector="body"):
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText).join('\\n')", selector)

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)

    def press(self, *keys):
        actions = [action for key in keys for action in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})]
        self.send("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def cdp(self, command, **parameters):
        return self.send("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def log(self, kind):
        return self.send("/se/log", {"type": kind})

    def view(self, width, height, dark=False, scale=1):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.cdp("Emulation.setEmulatedMedia", features=features)

    def picture(self, file):
        # Two frames: the layout has then been drawn.
        self.send("/execute/async", {"script": "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))", "args": []})
        Path(file).write_bytes(base64.b64decode(self.send("/screenshot", method="GET")))

    def close(self):
        try:
            self.send("", method="DELETE")
        finally:
            self.driver.kill()
            self.driver.wait()


class Checks:
    """The page as somebody who looks at it finds it. They run in this order: each goes on where the last one stopped."""

    def __init__(self, simulator, browser, program, directory):
        self.simulator, self.browser, self.program, self.directory = simulator, browser, program, directory

    def clusters_appear_without_a_reload(self):
        browser = self.browser
        browser.open(self.simulator.url + "/")
        eventually("Live", lambda: browser.text("#connection") == "Live")
        assert "create-cluster" in browser.text("#places"), "the empty page says how to begin"
        browser.run("window.sameDocument = true")
        self.cluster = self.simulator.cluster([("Name", "stand-in")])
        eventually("the cluster", lambda: self.cluster in browser.text("#places"))
        assert browser.run("return window.sameDocument === true"), "it was reloaded"

    def states_change_live_and_are_announced(self):
        browser, states = self.browser, lambda: self.browser.text(f"#{self.cluster} tr.summary .state")
        eventually("UNINITIALIZED", lambda: states() == "UNINITIALIZED")
        self.simulator.control("set-state", {"ClusterId": self.cluster, "State": "DEGRADED"})
        eventually("DEGRADED", lambda: states() == "DEGRADED")
        assert browser.run("return document.getElementById('announcement').textContent") == f"{self.cluster} is now DEGRADED"
        self.simulator.control("set-state", {"ClusterId": self.cluster, "State": "UNINITIALIZED"})
        eventually("UNINITIALIZED", lambda: states() == "UNINITIALIZED")

    def a_cluster_opens_by_keyboard_alone(self):
        browser = self.browser
        browser.run("document.activeElement.blur()")
        for _ in range(12):
            browser.press(TAB)
            if browser.run("return document.activeElement.className === 'disclose'"):
                break
        assert browser.run("return document.activeElement.textContent") == self.cluster, "the tabulator key does not reach the cluster"
        outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", "the focus is not to be seen"
        browser.press(ENTER)
        assert browser.run("return document.activeElement.getAttribute('aria-expanded')") == "true"
        assert "subnet-0a1b2c3d" in browser.text(".panel")

    def the_focus_stays_when_the_cluster_changes(self):
        browser = self.browser
        self.simulator.hsm(self.cluster)
        eventually("the HSM", lambda: browser.count(".inner .state[data-kind=good]") == 1)
        assert browser.run("return document.activeElement.textContent") == self.cluster, "the focus went elsewhere"

    def the_chain_shows_the_csrs_five_attributes_in_one_rdn(self):
        browser = self.browser
        self.simulator.csr(self.cluster)
        eventually("seven certificates", lambda: browser.count(".node") == 7)
        subject = browser.text(".certificate dd:first-of-type")
        assert re.fullmatch(r"C=US \+ ST=CA \+ O=Cavium \+ OU=N3FIPS \+ L=SanJose, CN=HSM:[0-9A-F]{30}:PARTN:1\\, for FIPS mode", subject), subject
        pem = browser.run("return document.querySelector('.certificate pre').textContent")
        assert pem == self.simulator.csr(self.cluster), "the PEM is not the API's"

    def the_chain_says_which_key_signed_what(self):
        browser = self.browser
        nodes = browser.run("return [...document.querySelectorAll('.node')].map(e => [e.dataset.node, e.querySelector('.keys').innerText.replace(/\\s+/g, ' ')])")
        assert dict(nodes) == {
            "AwsRoot": "key A signed by itself",
            "ManufacturerRoot": "key B signed by itself",
            "ManufacturerRootReissue": "key B signed by itself",
            "AwsHardwareCertificate": "key C signed by key A",
            "ManufacturerHardwareCertificate": "key C signed by key B",
            "HsmCertificate": "key D signed by key C",
            "ClusterCsr": "key D signed by itself",
        }, nodes
        # One from AWS's root, two from the manufacturer's two, two from the hardware certificates.
        assert browser.count(".chain path[marker-end]") == 5
        assert browser.count(".chain path.same") == 3

    def certificates_are_chosen_by_keyboard(self):
        browser = self.browser
        for _ in range(20):
            browser.press(TAB)
            if browser.run("return document.activeElement.dataset.node === 'ManufacturerRoot'"):
                break
        browser.press(ENTER)
        shown = browser.text(".certificate")
        assert "Manufacturer root, first issue" in shown and "RSA 2048, exponent 65537" in shown, shown
        assert browser.run("return document.activeElement.getAttribute('aria-pressed')") == "true"
        assert "expired" in browser.text("[data-node=ManufacturerRoot]")
        serial, digest = (browser.run("return [...document.querySelectorAll('.certificate dt')].find(e => e.textContent === arguments[0]).nextSibling.textContent", name)
                          for name in ("Serial", "SHA-256"))
        root = self.simulator.control("roots", {})["ManufacturerRoot"]
        told = subprocess.run(["openssl", "x509", "-noout", "-serial", "-fingerprint", "-sha256"], input=root, text=True, capture_output=True, check=True).stdout
        assert f"serial={serial}\n" in told and digest in told.replace(":", ""), (serial, digest, told)

    def hostile_text_is_text_and_runs_nothing(self):
        browser = self.browser
        # The API takes no such tag (its pattern), so it is put in on the way; the region and the action get through as they are.
        browser.run("""
            const [hostile, real] = [arguments[0], window.fetch];
            window.fetch = async (...asked) => {
              const answer = await real(...asked);
              if (answer.status !== 200) return answer;
              return new Response((await answer.text()).replaceAll('"stand-in"', JSON.stringify(hostile)));
            };
        """, HOSTILE)
        region = "<script>owned()"
        self.simulator.cluster([("Name", "stand-in")], region)
        self.simulator.refused(HOSTILE[:70], {})
        eventually("the tag", lambda: f"Name = {HOSTILE}" in browser.run("return document.body.textContent"))
        eventually("the region", lambda: region in browser.text("h2"))
        eventually("the action", lambda: HOSTILE[:70] in browser.text("#request-rows"))
        assert browser.count("main img, main script") == 0
        assert browser.run("return document.title") == "hsmboot simulator", "a script has run"

    def requests_are_listed_with_how_they_ended(self):
        browser, simulator = self.browser, self.simulator
        simulator.refused("DeleteCluster", {"ClusterId": self.cluster})
        simulator.control("fault", {"Fault": "throttling", "Action": "DescribeBackups"})
        simulator.refused("DescribeBackups", {})
        simulator.control("fault", {"Fault": "close-before", "Action": "ListTags"})
        simulator.refused("ListTags", {})
        rows = lambda: browser.run("return [...document.querySelectorAll('#request-rows tr')].map(row => [...row.cells].map(cell => cell.textContent))")
        eventually("ListTags", lambda: rows()[0][1] == "ListTags")
        (cut, throttled, refused) = rows()[:3]
        assert cut[2] == "cut" and cut[4] == "close-before", cut
        assert throttled[1:5] == ["DescribeBackups", "400", "ThrottlingException", "throttling"], throttled
        assert refused[1:5] == ["DeleteCluster", "400", "CloudHsmInvalidRequestException", ""], refused
        assert refused[6:8] == ["us-east-1", "123456789012"] and re.fullmatch("[0-9a-f-]{36}", refused[8]), refused
        assert any(row[1] == "CreateCluster" and row[2] == "200" for row in rows())

    def initialization_replaces_the_chain(self):
        browser = self.browser
        self.simulator.initialize(self.cluster, self.directory, owner="<img src=x onerror=owned()>")
        eventually("the new chain", lambda: browser.count(".node") == 2)
        assert "signed by key A" in browser.text("[data-node=ClusterCertificate]").replace("\n", " ")
        browser.click("[data-node=ClusterCertificate]")
        shown = browser.text(".certificate")
        assert "O=\\<img src\\=x onerror\\=owned()\\>, CN=Example CloudHSM CA" in shown and "C=US + ST=CA + O=Cavium" in shown, shown

    def the_page_fits_a_narrow_screen(self):
        browser = self.browser
        browser.view(390, 844)
        assert browser.run("return document.documentElement.scrollWidth") <= 390, "the page scrolls sideways"
        clipped = browser.run("return [...document.querySelectorAll('.panel, .node, .certificate')].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.className)")
        assert clipped == [], clipped
        browser.view(1280, 900)

    def text_stands_out_in_light_and_dark(self):
        """WCAG 2.1, 1.4.3: 4.5 to 1."""
        browser = self.browser
        for dark in (False, True):
            browser.view(1280, 900, dark)
            low = browser.run(CONTRAST)
            assert low == [], (dark, low)
        browser.view(1280, 900)

    def nothing_moves_for_those_who_ask_for_that(self):
        browser = self.browser
        browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        self.simulator.control("set-state", {"ClusterId": self.cluster, "State": "UPDATE_IN_PROGRESS"})
        eventually("UPDATE_IN_PROGRESS", lambda: "UPDATE_IN_PROGRESS" in browser.text(f"#{self.cluster} tr.summary"))
        name = f"return getComputedStyle(document.querySelector('#{self.cluster} tr.summary .state'), '::before').animationName"
        assert browser.run(name) == "none"
        browser.cdp("Emulation.setEmulatedMedia", features=[])
        assert browser.run(name) == "turn"

    def nothing_is_asked_of_anybody_else_and_nothing_complains(self):
        browser = self.browser
        urls = []
        for entry in browser.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        # Before the page there was the browser's own empty one.
        foreign = [url for url in urls if not url.startswith((self.simulator.url + "/", "data:", "chrome:"))]
        assert urls and foreign == [], foreign
        complaints = [entry for entry in browser.log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        assert complaints == [], complaints

    def backups_are_listed_with_their_copies(self):
        browser, simulator = self.browser, self.simulator
        cluster = simulator.cluster([("Name", "kept")], "eu-central-1")
        simulator.hsm(cluster, "eu-central-1")
        simulator.initialize(cluster, self.directory, "eu-central-1")
        simulator.control("activate", {"ClusterId": cluster})
        made = simulator.backup(cluster, "eu-central-1")
        copy = simulator.call("CopyBackupToRegion", {"BackupId": made, "DestinationRegion": "eu-north-1"}, "eu-central-1")
        assert copy["DestinationBackup"]["SourceBackup"] == made
        rows = lambda: browser.run("return [...document.querySelectorAll('table[aria-label^=Backups] tbody tr')].map(row => row.innerText.replace(/\\s+/g, ' '))")
        eventually("the backup", lambda: any(f"{made} READY {cluster}" in row for row in rows()))
        eventually("its copy", lambda: any(f"{made} in eu-central-1 copied" in row for row in rows()))

    def a_restart_is_survived(self):
        browser = self.browser
        self.simulator.stop()
        eventually("Disconnected", lambda: browser.text("#connection") == "Disconnected")
        self.simulator.__init__(self.program, self.simulator.url.removeprefix("http://"))
        eventually("Live", lambda: browser.text("#connection") == "Live")
        assert browser.run("return window.sameDocument === true"), "it was reloaded"
        eventually("the old cluster to go", lambda: self.cluster not in browser.text("#places"))
        new = self.simulator.cluster()
        eventually("the new cluster", lambda: new in browser.text("#places"))

    def run(self):
        failed = 0
        for name in [name for name in vars(Checks) if not name.startswith("_") and name != "run"]:
            try:
                getattr(self, name)()
                print(f"ok {name}", flush=True)
            except Exception as error:  # Whatever it is, it is this check's failure.
                failed += 1
                print(f"FAILED {name}: {' '.join(str(error).split()) or type(error).__name__}", flush=True)
        return failed


def indexed(png):
    """The same picture in 256 colours, which takes a third of the room (PNG specification, 4.5 and 9.2)."""
    at, chunks = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    width, height, _, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    step = {2: 3, 6: 4}[kind]
    raw = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    above, pixels = bytearray(width * step), []
    for row in range(height):
        start = row * (width * step + 1)
        way, line = raw[start], bytearray(raw[start + 1 : start + 1 + width * step])
        for i in range(len(line)):
            a, b, c = (line[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, nearest)[way]) & 255
        pixels.append([bytes(line[i : i + 3]) for i in range(0, len(line), step)])
        above = line
    counts = collections.Counter(pixel for line in pixels for pixel in line)
    apart = lambda one, other: sum((x - y) ** 2 for x, y in zip(one, other))
    # The frequent ones, then whatever is least like any of those: a small red mark stays red.
    palette = [colour for colour, _ in counts.most_common(160)]
    left = {colour: min(apart(colour, known) for known in palette) for colour in counts}
    while len(palette) < min(256, len(counts)):
        palette.append(max(left, key=left.get))
        left = {colour: min(distance, apart(colour, palette[-1])) for colour, distance in left.items()}
    near = {colour: min(range(len(palette)), key=lambda i: apart(palette[i], colour)) for colour in counts}
    packed = zlib.compress(b"".join(b"\0" + bytes(near[pixel] for pixel in line) for line in pixels), 9)
    out = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)), (b"PLTE", b"".join(palette)), (b"IDAT", packed), (b"IEND", b"")]
    return png[:8] + b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in out)


# The texts whose colour is too near to their background's.
CONTRAST = """
const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const low = [];
for (const e of document.querySelectorAll('body *')) {
  if (!e.offsetWidth || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest('script, style, .unseen, .skip')) continue;
  const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) low.push(`${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}: ${ratio.toFixed(2)}`);
}
return low;
"""


def pictures(program, browser, directory, screenshot, keep):
    """What the documentation shows: two regions, every kind of state, a chain, requests of every end."""
    simulator = Simulator(program)
    try:
        active = simulator.cluster([("Name", "payments"), ("env", "staging")], subnets=3)
        simulator.hsm(active)
        simulator.initialize(active, directory)
        for zone in "bc":
            simulator.hsm(active, zone=zone)
        simulator.control("activate", {"ClusterId": active})
        made = simulator.backup(active)
        simulator.call("CopyBackupToRegion", {"BackupId": made, "DestinationRegion": "eu-west-1"})
        west = simulator.cluster([("Name", "signing")], "eu-west-1", "hsm2m.medium", 2)
        simulator.control("set-state", {"ClusterId": west, "State": "DEGRADED"})
        simulator.control("fault", {"Fault": "throttling", "Action": "DescribeClusters"})
        simulator.refused("DescribeClusters", {})
        simulator.control("fault", {"Fault": "delay", "Millis": 150, "Action": "CreateCluster"})
        shown = simulator.cluster([("Name", "code-signing"), ("owner", "platform")], subnets=2)
        eventually("UNINITIALIZED", lambda: simulator.state(shown) == "UNINITIALIZED")
        simulator.control("fault", {"Fault": "close-after", "Action": "CreateHsm"})
        simulator.refused("CreateHsm", {"ClusterId": shown, "AvailabilityZone": "us-east-1a"})
        simulator.refused("DeleteCluster", {"ClusterId": shown})
        simulator.csr(shown)
        browser.view(1200, 1700)
        browser.open(simulator.url + "/")
        eventually("the page", lambda: browser.count(f"#{shown}") == 1)
        browser.click(f"#{shown} .disclose")
        eventually("the chain", lambda: browser.count(".node") == 7)
        if screenshot:
            browser.picture(screenshot)
            Path(screenshot).write_bytes(indexed(Path(screenshot).read_bytes()))
        if keep:
            views = {"light": (1240, 1310, False), "dark": (1240, 1310, True), "narrow": (390, 2400, False), "middle": (900, 1700, True)}
            for name, (width, height, dark) in views.items():
                browser.view(width, height, dark)
                browser.picture(os.path.join(keep, f"{name}.png"))
            browser.view(1500, 1000)
            browser.click(f"#{shown} .disclose")
            browser.click(f"#{active} .disclose")
            eventually("the other chain", lambda: browser.count(f"#{active} .node") == 2)
            browser.picture(os.path.join(keep, "claimed.png"))
    finally:
        simulator.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--screenshot")
    parser.add_argument("--keep")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        simulator = Simulator(given.program)
        try:
            browser = Browser(os.path.join(directory, "profile"))
            try:
                browser.view(1280, 900)
                failed = Checks(simulator, browser, given.program, directory).run()
                if given.screenshot or given.keep:
                    pictures(given.program, browser, directory, given.screenshot, given.keep)
            finally:
                browser.close()
        finally:
            simulator.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
