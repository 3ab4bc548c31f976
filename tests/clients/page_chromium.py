#!/usr/bin/env python3
"""Looks at the simulator's page in headless Chromium, by WebDriver and the standard library alone.

    page_chromium.py HSMBOOT [--screenshot FILE] [--keep DIRECTORY]

HSMBOOT is the program; `chromedriver`, `chromium` and `openssl` are taken from PATH. Each check prints one line, `ok NAME` or
`FAILED NAME: reason`; the exit code is 1 if one has failed. `--screenshot` writes the documentation's picture, `--keep` others.
"""

import argparse
import contextlib
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from chromium import CONTRAST, ENTER, TAB, Browser, Checks, indexed
from local import eventually
from simulator import Simulator

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


class Looks(Checks):
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
        for _ in range(30):
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
        for _ in range(40):
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
        eventually("the arrows on a phone", lambda: browser.run("return [...document.querySelectorAll('.chain path[marker-end]')].filter(e => e.checkVisibility() && e.getBoundingClientRect().height > 5).length") == 1)
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

    def buttons_do_what_one_does_all_day(self):
        """Create, add an HSM, initialize, activate, advance, faults, reset: by clicks alone."""
        browser, simulator = self.browser, self.simulator
        note = lambda: browser.text("#control-note")
        browser.click("#reset")
        assert note() != "Everything is gone: clusters, backups, faults", "one press alone removes nothing"
        browser.click("#reset")
        eventually("an empty simulator", lambda: browser.count("#places .disclose") == 0 and "None yet" in browser.text("#places"))
        browser.click("#create-cluster")
        eventually("a cluster", lambda: browser.count("#places .disclose") == 1)
        cluster = browser.text("#places .disclose")
        state = lambda: browser.text(f"#{cluster} tr.summary .state")
        command = lambda: browser.text(f"#{cluster} tr.summary .command code")
        eventually("UNINITIALIZED", lambda: state() == "UNINITIALIZED")
        assert command().startswith(f"aws cloudhsmv2 create-hsm --cluster-id {cluster} --availability-zone us-east-1a --endpoint-url http://"), command()
        browser.click(f"#{cluster} .disclose")
        press = lambda text: browser.run("[...document.querySelectorAll('.actions button')].find(e => e.textContent === arguments[0] && !e.disabled).click()", text)
        assert browser.run("return [...document.querySelectorAll('.actions button')].filter(e => e.disabled).map(e => e.textContent)") == ["Initialize with a test CA", "Activate"]
        press("Add an HSM")
        eventually("the HSM", lambda: browser.count(".inner .state[data-kind=good]") == 1)
        # What is to be copied is taken by the program that it names.
        self.runs(command(), ["fetch"])
        press("Initialize with a test CA")
        eventually("INITIALIZED", lambda: state() == "INITIALIZED")
        eventually("its chain", lambda: browser.count("[data-node=ClusterCertificate]") == 1)
        self.runs(command(), ["status"])
        press("Activate")
        eventually("ACTIVE", lambda: state() == "ACTIVE")
        before = browser.text("#clock")
        browser.click("#advance")
        eventually("another day", lambda: browser.text("#clock")[:10] > before[:10])
        browser.run("document.getElementById('fault-name').value = 'throttling'; document.getElementById('fault-action').value = 'ListTags'")
        browser.click("#add-fault")
        eventually("the fault", lambda: browser.text("#faults") == "throttling: ListTags, one call")
        browser.click("#clear-faults")
        eventually("no fault", lambda: browser.text("#faults") == "None waits.")
        simulator.control("reset", {})
        eventually("nothing", lambda: browser.count("#places .disclose") == 0)

    def runs(self, command, wanted):
        words = command.split()
        assert words[0] == "hsmboot" and words[1:2] == wanted, command
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
        done = subprocess.run([self.program, *words[1:]], cwd=self.directory, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def a_transition_shows_its_progress(self):
        browser, simulator = self.browser, self.simulator
        cluster = simulator.cluster()
        eventually("the cluster", lambda: browser.count(f"#{cluster}") == 1)
        simulator.control("set-state", {"ClusterId": cluster, "State": "UPDATE_IN_PROGRESS", "Then": "UNINITIALIZED", "Seconds": 60})
        bar = f"#{cluster} tr.summary progress"
        eventually("the bar", lambda: browser.count(bar) == 1)
        eventually("some of it", lambda: 0 < browser.run("return document.querySelector(arguments[0]).value", bar) < 0.9)
        assert browser.run("return document.querySelector(arguments[0]).title", bar).endswith("s left")
        simulator.control("advance", {"Seconds": 61})
        eventually("its end", lambda: browser.count(bar) == 0)

    def requests_are_filtered_by_action_and_outcome(self):
        browser, simulator = self.browser, self.simulator
        simulator.refused("DeleteCluster", {"ClusterId": "cluster-aaaaaaaaaaa"})
        rows = lambda: browser.run("return [...document.querySelectorAll('#request-rows tr')].map(row => [row.cells[1].textContent, row.cells[2].textContent])")
        eventually("the refusal", lambda: rows()[0] == ["DeleteCluster", "400"])
        choose = lambda name, value: browser.run("const e = document.getElementById(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change'))", f"filter-{name}", value)
        choose("action", "CreateCluster")
        assert rows() and {action for action, _ in rows()} == {"CreateCluster"}, rows()
        choose("outcome", "refused")
        choose("action", "")
        assert rows() and all(status != "200" for _, status in rows()), rows()
        assert " of " in browser.text("#requests-summary"), "how many of all"
        choose("outcome", "")

    def a_page_of_another_origin_can_order_nothing(self):
        """As a foreign site would try it: by fetch with and without permission, and by a form."""
        browser, simulator = self.browser, self.simulator
        cluster = simulator.cluster()
        with foreign_page(simulator.url) as url:
            browser.open(url)
            eventually("its attempts", lambda: browser.run("return window.tried") == 4)
        for name in ("browser", "performance"):
            browser.log(name)
        browser.open(simulator.url + "/")
        eventually("Live", lambda: browser.text("#connection") == "Live")
        eventually("the cluster", lambda: cluster in browser.text("#places"))
        browser.run("window.sameDocument = true")

    def a_restart_is_survived(self):
        browser = self.browser
        self.simulator.stop()
        eventually("Disconnected", lambda: browser.text("#connection") == "Disconnected")
        self.simulator.__init__(self.program, self.simulator.url.removeprefix("http://"), CHAIN_OF)
        eventually("Live", lambda: browser.text("#connection") == "Live")
        assert browser.run("return window.sameDocument === true"), "it was reloaded"
        eventually("the old cluster to go", lambda: self.cluster not in browser.text("#places"))
        new = self.simulator.cluster()
        eventually("the new cluster", lambda: new in browser.text("#places"))

@contextlib.contextmanager
def foreign_page(target):
    """A page on another port of this machine that orders `reset`."""
    page = f"""<!doctype html><title>foreign</title><iframe name=f></iframe>
<form id=t action="{target}/_control/reset" method=post enctype="text/plain" target=f><input name='{{"a":"' value='"}}'></form>
<script>
window.tried = 0;
const count = () => window.tried++;
for (const mode of ["cors", "no-cors"])
  for (const type of ["application/json", "text/plain"])
    fetch("{target}/_control/reset", {{method: "POST", mode, headers: {{"content-type": type}}, body: "{{}}"}}).then(count, count);
document.getElementById("t").submit();
</script>"""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


# The edition whose chains have most to show: a root in two issues, one of them expired.
CHAIN_OF = "2022-06-06"


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
        west = simulator.cluster([("Name", "signing")], "eu-west-1", 2)
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
        eventually("the chain", lambda: browser.count(".node") == 6)
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
        simulator = Simulator(given.program, reference=CHAIN_OF)
        try:
            browser = Browser(os.path.join(directory, "profile"))
            try:
                browser.view(1280, 900)
                failed = Looks(simulator, browser, given.program, directory).run()
                if given.screenshot or given.keep:
                    pictures(given.program, browser, directory, given.screenshot, given.keep)
            finally:
                browser.close()
        finally:
            simulator.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
