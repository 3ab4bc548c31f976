"""Headless Chromium, by WebDriver and the standard library alone."""

import base64
import collections
import json
import os
import re
import struct
import subprocess
import sys
import urllib.error
import urllib.request
import zlib
from pathlib import Path

from local import DIRECT, HANGS

# WebDriver's names of keys (W3C WebDriver, 17.4.2).
ENTER, TAB = "\ue007", "\ue004"
# A name that the browser takes for this machine's, as after a change of its address (DNS rebinding).
REBOUND = "rebind.example.com"


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
                 "--disable-component-update", "--disable-sync", "--no-proxy-server", "--hide-scrollbars", f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1", f"--user-data-dir={profile}"]
        options = {"args": flags, "binary": next(filter(os.path.exists, self.candidates()), "chromium")}
        logs = {"browser": "ALL", "performance": "ALL"}
        hangs = {"script": HANGS * 1000, "pageLoad": HANGS * 1000}
        always = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": logs, "timeouts": hangs}
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
    """Each public method of a subclass is a check, in their order; each prints one line."""

    def run(self, left_out=()):
        """How many have failed."""
        failed = 0
        for name in [name for name in vars(type(self)) if not name.startswith("_") and name not in left_out]:
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
