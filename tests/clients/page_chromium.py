#!/usr/bin/env python3
"""Looks at the simulator's page in headless Chromium, by WebDriver and the standard library alone.

    page_chromium.py HSMBOOT [--pictures DIRECTORY [--pictures-only]] [--keep DIRECTORY] [--without CHECK]

HSMBOOT is the program; `chromedriver`, `chromium` and `openssl` are taken from PATH. Each check prints one line, `ok NAME` or
`FAILED NAME: reason`; the exit code is 1 if one has failed. `--pictures` writes the documentation's pictures, `--keep` others.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from chromium import CONTRAST, ENTER, TAB, Browser, Checks, indexed
from local import eventually
from page_controls import Controls, put_in
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

    def the_arrows_lead_from_key_to_key_on_a_phone(self):
        """The chain of seven, as narrow as phones are: each arrow begins at a box's lower edge and ends at another's upper one."""
        browser = self.browser
        browser.view(390, 844)
        eventually("five arrows", lambda: len(browser.run(ARROWS)) == 5)
        eventually("from box to box", lambda: sorted(browser.run(ARROWS)) == [
            ["AwsHardwareCertificate", "HsmCertificate"], ["AwsRoot", "AwsHardwareCertificate"], ["ManufacturerHardwareCertificate", "HsmCertificate"],
            ["ManufacturerRoot", "ManufacturerHardwareCertificate"], ["ManufacturerRootReissue", "ManufacturerHardwareCertificate"],
        ], 60)
        browser.view(1280, 900)

    def it_cannot_be_missed_that_this_is_a_rehearsal(self):
        browser = self.browser
        assert browser.text(".rehearsal").startswith("A rehearsal: nothing trusts this simulator."), browser.text(".rehearsal")
        for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
            browser.view(width, 844, dark)
            for down in (0, 100000):
                browser.run("scrollTo(0, arguments[0])", down)
                eventually("it is on top of everything", lambda: browser.run("""
                    const box = document.querySelector('.rehearsal').getBoundingClientRect();
                    return box.top === 0 && box.left === 0 && box.right === innerWidth && document.elementFromPoint(innerWidth / 2, box.height / 2).closest('.rehearsal') !== null;
                """), 60)
        browser.run("scrollTo(0, 0)")
        browser.view(1280, 900)

    def hostile_text_is_text_and_runs_nothing(self):
        browser = self.browser
        # The API takes no such tag and no such region (their patterns), so they are put in on the way; the action gets through as it is.
        region = "<script>owned()"
        put_in(browser, {"stand-in": HOSTILE, "stand-in-1": region})
        self.simulator.cluster([("Name", "stand-in")], "stand-in-1")
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
        wide = browser.run("return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility()).map(e => `${e.tagName} ${e.className}`)")
        assert browser.run("return document.documentElement.scrollWidth") <= 390, f"the page scrolls sideways: {wide}"
        eventually("the arrow", lambda: browser.run(ARROWS) == [["TrustAnchor", "ClusterCertificate"]], 60)
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
        rows = lambda: browser.run("""return [...document.querySelectorAll('table[aria-label^=Backups] tbody tr')].map(row => [row.cells[0].innerText.trim(),
            row.querySelector('.state').textContent, row.cells[2].textContent, row.cells[5].textContent])""")
        eventually("the backup", lambda: [made, "READY", cluster, ""] in rows())
        eventually("its copy", lambda: any(source.startswith(f"{made} in eu-central-1copied") for *_, source in rows()))

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

# From which box each arrow that is seen leads to which: by where its ends are.
ARROWS = """
const boxes = [...document.querySelectorAll('.chain .node')].map(e => [e.dataset.node, e.getBoundingClientRect()]);
const at = (x, y, edge) => (boxes.find(([, box]) => x > box.left - 1 && x < box.right + 1 && Math.abs(y - box[edge]) < 3 && box.left >= 0 && box.right <= innerWidth) || ['nothing'])[0];
return [...document.querySelectorAll('.chain path[marker-end]')].filter(e => e.checkVisibility() && e.getTotalLength() > 8).map(e => {
  const frame = e.ownerSVGElement.getBoundingClientRect();
  const [from, to] = [e.getPointAtLength(0), e.getPointAtLength(e.getTotalLength())];
  return [at(frame.left + from.x, frame.top + from.y, 'bottom'), at(frame.left + to.x, frame.top + to.y, 'top')];
});
"""

# The edition whose chains have most to show: a root in two issues, one of them expired.
CHAIN_OF = "2022-06-06"


def pictures(program, browser, directory, pictures, keep):
    """What the documentation shows: two regions, every kind of state, a fault that waits, a chain, requests of every end."""
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
        simulator.control("set-state", {"ClusterId": west, "State": "UPDATE_IN_PROGRESS", "Then": "ACTIVE", "Seconds": 240})
        simulator.control("fault", {"Fault": "internal-failure", "Action": "InitializeCluster", "Count": 2})
        browser.view(1200, 1700)
        browser.open(simulator.url + "/")
        eventually("the page", lambda: browser.count(f"#{shown}") == 1)
        browser.click(f"#{shown} .disclose")
        eventually("the chain", lambda: browser.count(".node") == 6)
        if pictures:
            for name, (width, height, dark) in {"simulator": (1240, 2240, False), "simulator-phone": (390, 1500, True)}.items():
                browser.view(width, height, dark)
                browser.run("(innerWidth < 600 ? document.getElementById(arguments[0]) : document.body).scrollIntoView()", shown)
                file = Path(pictures, f"{name}.png")
                browser.picture(file)
                file.write_bytes(indexed(file.read_bytes()))
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
    parser.add_argument("--pictures")
    parser.add_argument("--pictures-only", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--without", action="append", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        simulator, today = Simulator(given.program, reference=CHAIN_OF), Simulator(given.program)
        try:
            browser = Browser(os.path.join(directory, "profile"))
            try:
                browser.view(1280, 900)
                failed = 0
                for checks, one in () if given.pictures_only else ((Looks, simulator), (Controls, today)):
                    failed += checks(one, browser, given.program, directory).run(given.without)
                if given.pictures or given.keep:
                    pictures(given.program, browser, directory, given.pictures, given.keep)
            finally:
                browser.close()
        finally:
            simulator.stop()
            today.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
