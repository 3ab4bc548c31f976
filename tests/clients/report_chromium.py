#!/usr/bin/env python3
"""Looks at pages of `hsmboot report` in headless Chromium, by WebDriver and the standard library alone.

    report_chromium.py HSMBOOT FIXTURES [--axe FILE] [--pictures DIRECTORY [--pictures-only]] [--keep DIRECTORY]

HSMBOOT is the program, FIXTURES the directory `fixtures/verify`. Each check prints one line, `ok NAME` or `FAILED NAME: reason`; the exit code is 1
if one has failed. `--axe` is axe-core's `axe.min.js`; without it that check is not run. `--pictures` writes the documentation's pictures, from a
bundle of `hsmboot simulate`, and needs pypdfium2 for the printed page; `--keep` leaves the pages themselves.
"""

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from chromium import CONTRAST, ENTER, TAB, Browser, Checks, indexed
from local import eventually
from simulator import Simulator

CLUSTER = "cluster-hsmboottest"
# Markup, quotes, and letters that reorder or hide text.
HOSTILE = "\"'></title></style></svg><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><style>*{color:red}</style><!--\u202e\u200b"
# As far as a command line takes it.
TYPED = HOSTILE.removesuffix("\u202e\u200b")


class Pages:
    """Bundles in every state, each with its page."""

    def __init__(self, program, fixtures, directory):
        self.program, self.fixtures, self.directory = program, Path(fixtures), Path(directory)
        (self.directory / "pass").write_text("a passphrase for the tests\n")
        self.hsmboot("ca", "init", "--out", "ca", "--subject", "CN=Example CloudHSM CA,O=Example", "--key-type", "p256", "--passphrase-file", "pass")
        self.good = self.page("good", "verified--never-expires", self.sign, self.claim)
        self.fetched = self.page("fetched", "verified--never-expires")
        self.rejected = self.page("rejected", "hardware.same-key--another-card", at="2026-06-01T00:00:00Z")
        self.unread = self.page("unread", "pem.hsm--two-blocks", at="2026-06-01T00:00:00Z")
        self.changed = self.page("changed", "verified--never-expires", self.sign, self.claim, self.change)
        self.hostile = self.page("hostile", "verified--never-expires", self.sign_hostile, self.claim_hostile)
        self.chained = self.page("chained", "verified--never-expires", lambda name: self.sign_under(name, 2), self.claim)
        self.long = self.page("long", "verified--never-expires", lambda name: self.sign_under(name, 4), self.claim)
        self.unlinked = self.page("unlinked", "verified--never-expires", lambda name: self.sign_under(name, 4), self.unlink)
        self.chains = [self.chained, self.long, self.unlinked]
        self.all = [self.good, self.fetched, self.rejected, self.unread, self.changed, self.hostile, *self.chains]
        self.fleet = self.fleet_page("good", "fetched", "rejected", "unread", "changed", "hostile", "long", "nowhere")

    def hsmboot(self, *words, code=0):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run([self.program, *words], cwd=self.directory, env=environment, capture_output=True, text=True)
        assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"

    def roots(self, bundle):
        """Apart from the bundle: a root that lies in it proves nothing."""
        return "--aws-root", f"{bundle}-roots/aws-root.crt", "--manufacturer-root", f"{bundle}-roots/manufacturer-root.crt"

    def page(self, name, fixture, *steps, at=None):
        shutil.copytree(self.fixtures / fixture, self.directory / name)
        (self.directory / f"{name}-roots").mkdir()
        for root in ("aws-root.crt", "manufacturer-root.crt"):
            shutil.move(self.directory / name / root, self.directory / f"{name}-roots" / root)
        for step in steps:
            step(name)
        moment = ["--at", at] if at else []
        self.hsmboot("report", name, "-o", f"{name}.html", *self.roots(name), *moment)
        return (self.directory / f"{name}.html").as_uri()

    def fleet_page(self, *names):
        """All of them on one page, with one that is not there."""
        roots = []
        for name in names[:-1]:
            for option, file in zip(("--aws-root", "--manufacturer-root"), self.roots(name)[1::2]):
                roots += [option, file]
        self.hsmboot("report", *names, "-o", "pages", "--ca", "ca/customerCA.crt", *roots, code=4)
        return (self.directory / "pages/index.html").as_uri()

    def sign(self, bundle, *more):
        ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key", "--passphrase-file", "pass"]
        self.hsmboot("sign", bundle, *ca, *self.roots(bundle), "--operator", "Grace Hopper", *more)

    def sign_under(self, bundle, size):
        """Under a chain of so many: a root, CAs of openssl's, and one of `ca init --issuer`."""
        openssl = lambda words: subprocess.run(["openssl", *words.split()], cwd=self.directory, capture_output=True, check=True)
        path = lambda name: self.directory / f"{bundle}-{name}"
        new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        path("ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
        openssl(f"req -x509 {new} -subj /O=Example/CN=Root -days 7300 -keyout {bundle}-1.key -out {bundle}-1.crt")
        for at in range(2, size):
            openssl(f"req -new {new} -subj /O=Example/CN=Policy-{at} -keyout {bundle}-{at}.key -out {bundle}-{at}.csr")
            openssl(f"x509 -req -in {bundle}-{at}.csr -CA {bundle}-{at - 1}.crt -CAkey {bundle}-{at - 1}.key -CAcreateserial -days 5000 -sha256 -extfile {bundle}-ext -out {bundle}-{at}.crt")
        path("above.crt").write_text("".join(path(f"{at}.crt").read_text() for at in range(size - 1, 0, -1)))
        name = "CN=The CA of Example Bank that signs for its CloudHSM cluster alone,O=Example"
        self.hsmboot("ca", "init", "--out", f"{bundle}-ca", "--subject", name, "--key-type", "p256", "--passphrase-file", "pass", "--issuer", f"{bundle}-above.crt",
                     "--issuer-key", f"{bundle}-{size - 1}.key")
        self.hsmboot("sign", bundle, "--ca", f"{bundle}-ca/chainCA.crt", "--ca-key", f"{bundle}-ca/customerCA.key", "--passphrase-file", "pass", *self.roots(bundle))

    def unlink(self, bundle):
        """The chain without its second certificate."""
        path = self.directory / bundle / "customerCA.crt"
        end = "-----END CERTIFICATE-----\n"
        blocks = [block + end for block in path.read_text().split(end)[:-1]]
        path.write_text("".join(blocks[:1] + blocks[2:]))

    def sign_hostile(self, bundle):
        self.hsmboot("sign", bundle, "--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key", "--passphrase-file", "pass", "--unverified", "--reason",
                     TYPED, "--operator", TYPED)

    def claim(self, bundle, text=None):
        """What `submit` would have written."""
        response = json.loads((self.directory / bundle / "response.json").read_text())
        certificate = response["signed_cert_sha256"]
        receipt = {
            "format": "hsmboot-receipt/1", "cluster_id": CLUSTER, "region": text or "eu-central-1", "tool": text or "hsmboot test", "outcome": text or "claimed",
            "submitted_at": "2026-05-01T12:00:00Z", "confirmed_at": "2026-05-01T12:00:09Z", "state": text or "INITIALIZED",
            "answer": {"state": text or "INITIALIZE_IN_PROGRESS", "state_message": text or "Cluster is initializing."}, "signed_cert_sha256": certificate,
            "trust_anchor_sha256": response["ca_fingerprint"], "cluster_certificate_sha256": text or certificate, "verdict": text or "verified",
        }
        (self.directory / bundle / "receipt.json").write_text(json.dumps(receipt))

    def claim_hostile(self, bundle):
        self.claim(bundle, HOSTILE)
        with open(self.directory / bundle / "transcript.jsonl", "a") as transcript:
            transcript.write(HOSTILE + "\n")

    def change(self, bundle):
        path = self.directory / bundle / "transcript.jsonl"
        path.write_text(path.read_text().replace("Grace", "Mallory").replace("\"step\":1", "\"step\":2"))


class Looks(Checks):
    """The pages as their readers find them: on a screen, on paper, by keyboard, by ear."""

    def __init__(self, pages, browser, axe):
        self.pages, self.browser, self.axe = pages, browser, axe

    def nothing_is_asked_for_and_nothing_complains(self):
        for page in [*self.pages.all, self.pages.fleet]:
            self.browser.log("performance"), self.browser.log("browser")
            self.browser.open(page)
            messages = [json.loads(entry["message"])["message"] for entry in self.browser.log("performance")]
            urls = [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]
            assert set(urls) <= {page}, urls
            complaints = self.browser.log("browser")
            assert complaints == [], complaints
            assert self.browser.run("return document.scripts.length + document.querySelectorAll('link, iframe, object, embed, img, form, [style]').length") == 0

    def the_policy_is_in_force(self):
        """As if something had got into the page: it is refused, and so the policy is read as it was meant."""
        self.browser.open(self.pages.good)
        self.browser.run("""
            window.seen = [];
            document.addEventListener('securitypolicyviolation', event => window.seen.push(event.effectiveDirective));
            document.body.setAttribute('style', 'color: rgb(1, 2, 3)');
            const add = (name, attributes) => document.body.append(Object.assign(document.createElement(name), attributes));
            add('style', {textContent: 'body { color: rgb(1, 2, 3) }'});
            add('img', {src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw='});
            add('script', {textContent: 'window.ran = true'});
            add('base', {href: 'https://example.invalid/'});
        """)
        wanted = {"style-src-attr", "style-src-elem", "img-src", "script-src-elem", "base-uri"}
        eventually(f"a refusal by {wanted}", lambda: wanted <= set(self.browser.run("return window.seen")))
        left = self.browser.run("return [getComputedStyle(document.body).color === 'rgb(1, 2, 3)', window.ran === true, document.baseURI.startsWith('file:')]")
        assert left == [False, False, True], left

    def hostile_input_is_text_alone(self):
        self.browser.open(self.pages.hostile)
        found = self.browser.run("""
            const all = [...document.querySelectorAll('*')];
            return {
              title: document.title,
              handlers: all.filter(e => [...e.attributes].some(a => a.name.startsWith('on') || a.name === 'style' || a.name === 'src')).length,
              elements: [...new Set(all.map(e => e.localName))],
              styles: document.querySelectorAll('style').length,
              texts: document.body.textContent.split("<script>document.title='owned'</script>").length - 1,
              hidden: /[\\u202a-\\u202e\\u200b-\\u200f]/.test(document.documentElement.outerHTML),
              // But the first one, which is the program's mark.
              comments: document.createNodeIterator(document.documentElement, NodeFilter.SHOW_COMMENT).nextNode() === null,
            }""")
        assert found["title"] == f"Verified against roots you gave: bundle of {CLUSTER}", found["title"]
        assert (found["handlers"], found["styles"], found["hidden"], found["comments"]) == (0, 1, False, True), found
        assert found["texts"] >= 10, found["texts"]
        strange = set(found["elements"]) & {"script", "img", "iframe", "object", "embed", "link", "form", "input", "button", "base", "foreignObject", "animate", "set"}
        assert not strange, strange

    def text_stands_out_in_light_and_dark(self):
        """WCAG 2.1, 1.4.3: text 4.5 to 1. 1.4.11: symbols and strokes 3 to 1."""
        for page in [*self.pages.all, self.pages.fleet]:
            for dark in (False, True):
                self.browser.view(1280, 900, dark)
                self.browser.open(page)
                low = self.browser.run(CONTRAST) + self.browser.run(DRAWN_CONTRAST)
                assert low == [], (page, dark, low)
        self.browser.view(1280, 900)

    def landmarks_headings_and_names_are_there_for_who_cannot_see(self):
        for page in (self.pages.good, self.pages.rejected):
            self.browser.open(page)
            nodes = [node for node in self.browser.cdp("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
            role = lambda node: node.get("role", {}).get("value")
            name = lambda node: node.get("name", {}).get("value", "")
            roles = [role(node) for node in nodes]
            for landmark in ("banner", "navigation", "main", "contentinfo"):
                assert roles.count(landmark) == 1, (landmark, roles.count(landmark))
            assert [name(node) for node in nodes if role(node) == "navigation"] == ["Contents"]
            level = lambda node: next(one["value"]["value"] for one in node["properties"] if one["name"] == "level")
            levels = [level(node) for node in nodes if role(node) == "heading"]
            assert levels[0] == 1 and levels.count(1) == 1 and all(below <= above + 1 for above, below in zip(levels, levels[1:])), levels
            assert all(name(node) for node in nodes if role(node) in ("link", "heading", "region", "table", "image", "img")), "everything has its name"
            regions = [name(node) for node in nodes if role(node) == "region"]
            assert "The chain of certificates" in regions and "Transcript" in regions, regions
            picture = next(node for node in nodes if role(node) in ("image", "img", "SvgRoot"))
            assert "chain of certificates of" in name(picture) and "ties" in name(picture) + picture.get("description", {}).get("value", ""), picture
            tables = self.browser.run("return [...document.querySelectorAll('table')].map(t => [t.querySelectorAll('thead th[scope=col]').length, t.tBodies[0].rows.length, t.querySelectorAll('tbody th[scope=row]').length])")
            assert tables and all(columns >= 3 and rows == headed for columns, rows, headed in tables), tables
            assert self.browser.run("return document.documentElement.lang") == "en"
            assert self.browser.run("return [...document.querySelectorAll('nav a')].every(a => document.querySelector(a.getAttribute('href')))"), "the contents lead somewhere"

    def the_keyboard_reaches_the_report_at_once_and_shows_where_it_is(self):
        self.browser.open(self.pages.good)
        self.browser.press(TAB)
        first = self.browser.run("const e = document.activeElement; return [e.className, e.getBoundingClientRect().left >= 0, getComputedStyle(e).outlineStyle]")
        assert first == ["skip", True, "solid"], first
        self.browser.press(ENTER)
        assert self.browser.run("return document.activeElement.id") == "main"
        self.browser.press(TAB)
        reached = self.browser.run("return [document.activeElement.className, getComputedStyle(document.activeElement).outlineStyle]")
        assert reached == ["pan", "solid"], f"what scrolls sideways can be scrolled by keyboard: {reached}"

    def the_page_fits_narrow_and_wide_screens(self):
        for page in [*self.pages.all, self.pages.fleet]:
            for width in (320, 768, 1280):
                self.browser.view(width, 900)
                self.browser.open(page)
                assert self.browser.run("return document.documentElement.scrollWidth") <= width, (page, width)
                wide = self.browser.run(OUTSIDE, width)
                assert wide == [], (page, width, wide)
        self.browser.view(1280, 900)

    def text_stays_within_its_box_in_the_picture(self):
        for page in (self.pages.good, self.pages.fetched, self.pages.rejected, self.pages.unread, *self.pages.chains):
            for width in (1280, 390):
                self.browser.view(width, 900)
                self.browser.open(page)
                cut = self.browser.run(CUT)
                assert cut == [], (page, width, cut)
        self.browser.view(1280, 900)

    def on_a_phone_the_chain_is_stacked_and_all_of_it_is_seen(self):
        """No half of it stands beside the other: each box is as broad as the screen, or nearly, and nothing has to be pushed aside."""
        for page in self.pages.all:
            self.browser.view(390, 900)
            self.browser.open(page)
            boxes = self.browser.run("return [...document.querySelectorAll('.chain .node > rect')].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect()).map(b => [b.left, b.right, b.top, b.bottom])")
            assert len(boxes) >= 9, (page, len(boxes))
            assert all(left >= 0 and right <= 390 and right - left > 280 for left, right, *_ in boxes), (page, boxes)
            assert all(bottom < top for (*_, bottom), (_, _, top, _) in zip(boxes, boxes[1:])), f"one below the other: {page} {boxes}"
            ties = self.browser.run("const of = text => [...document.querySelectorAll(text)].map(e => e.dataset.tie).sort().join(); return [of('.chain .pan .tie'), of('.narrow .tie')]")
            assert ties[0] == ties[1], f"the same ties as in the broad picture: {ties}"
        self.browser.view(1280, 900)

    def the_first_printed_page_stands_alone(self):
        """Verdict, chain, fingerprints and signatures are on it, and the rest is an appendix."""
        width, height = int(178 / 25.4 * 96), 265 / 25.4 * 96
        for page in self.pages.all:
            self.browser.cdp("Emulation.setDeviceMetricsOverride", width=width, height=int(height), deviceScaleFactor=1, mobile=False)
            self.browser.cdp("Emulation.setEmulatedMedia", media="print")
            self.browser.open(page)
            ends = self.browser.run("return ['.verdict', '.cover .picture', '.cover .facts', '.cover .sign'].map(name => document.querySelector(name).getBoundingClientRect().bottom)")
            assert ends == sorted(ends) and ends[0] > 0, ends
            # Texts of somebody who means harm are as long as he likes.
            assert ends[-1] <= height or page == self.pages.hostile, f"{page} ends at {ends[-1]} of {height}"
            after = self.browser.run("return [getComputedStyle(document.querySelector('.cover')).breakAfter, document.querySelector('.appendix').checkVisibility(), document.querySelector('#signatures').checkVisibility()]")
            assert after == ["page", True, False], after
            letters = self.browser.run("return 10.5 * document.querySelector('.cover .picture').getScreenCTM().a / 96 * 25.4")
            assert letters >= 2.0, f"letters of {letters} mm"
        self.browser.cdp("Emulation.setEmulatedMedia", media="")
        self.browser.view(1280, 900)
        self.browser.open(self.pages.good)
        assert not self.browser.run("return document.querySelector('.cover').checkVisibility() || document.querySelector('.appendix').checkVisibility()")

    def a_step_is_titled_by_what_was_done_and_by_whom(self):
        self.browser.open(self.pages.good)
        titles = self.browser.run("return [...document.querySelectorAll('.steps h3')].map(e => e.textContent)")
        assert titles == ["Signed by Grace Hopper"], titles
        self.browser.open(self.pages.chained)
        title, colour, plain = self.browser.run("const e = document.querySelector('.steps .unnamed'); return [e.parentNode.textContent, getComputedStyle(e).color, getComputedStyle(e.parentNode).color]")
        assert title == "Signed by: not named" and colour != plain, (title, colour, plain)

    def a_chain_has_a_box_for_each_certificate_the_root_on_top(self):
        for page, size in ((self.pages.good, 1), (self.pages.chained, 2), (self.pages.long, 4), (self.pages.unlinked, 3)):
            for width in (1280, 390):
                self.browser.view(width, 900)
                self.browser.open(page)
                found = self.browser.run(OWNERS)
                assert len(found["boxes"]) == size, (page, found)
                numbers = [int(title.split(":")[0].split(" ")[-1]) for title, *_ in found["boxes"]] if size > 1 else [1]
                assert numbers == list(range(size, 0, -1)), f"the root on top, the CA that signs at the bottom: {found}"
                for (_, left, _, bottom), (_, next_left, top, _) in zip(found["boxes"], found["boxes"][1:]):
                    assert abs(left - next_left) < 1 and top > bottom, f"one below the other: {found}"
                assert len(found["arrows"]) == size - 1
                for (top, bottom), (_, _, _, above), (_, _, below, _) in zip(found["arrows"], found["boxes"], found["boxes"][1:]):
                    assert abs(top - above) < 2 and -2 < below - bottom < 12, f"each arrow leads from one box to the next: {found}"
                assert all(abs(gap) < 1 for gap in found["gaps"]), f"on a screen the picture is one: {found}"
                smallest = 9.6 * min(found["scales"])
                assert smallest >= 8, f"letters of {smallest} pixels"
        self.browser.view(1280, 900)

    def a_fleets_rows_lead_to_the_clusters_pages(self):
        self.browser.open(self.pages.fleet)
        rows = self.browser.run("return [...document.querySelectorAll('.fleet tbody tr')].map(r => [r.cells.length, r.querySelector('a')?.href ?? null, r.textContent])")
        assert [cells for cells, *_ in rows] == [6] * 8, rows
        links = [link for _, link, _ in rows]
        assert links[-1] is None and len(set(links)) == 8, "each row but that of the missing one has its link"
        for link, (_, _, text) in zip(links[:-1], rows):
            self.browser.open(link)
            title = self.browser.run("return document.title")
            assert title.endswith(f" of {CLUSTER}") and title.split(":")[0] in text, (title, text)
        for width in (390, 1280):
            self.browser.view(width, 900)
            self.browser.open(self.pages.fleet)
            cut = self.browser.run("return [...document.querySelectorAll('.fleet :is(th, td)')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)")
            assert cut == [], (width, cut)
        self.browser.view(1280, 900)
        # On paper too nothing runs out of its cell or off the sheet.
        width = int(178 / 25.4 * 96)
        self.browser.cdp("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.browser.cdp("Emulation.setEmulatedMedia", media="print")
        outside = self.browser.run(OUTSIDE, width)
        self.browser.cdp("Emulation.setEmulatedMedia", media="")
        self.browser.view(1280, 900)
        assert outside == [], outside

    def it_prints_on_a4_and_nothing_is_cut_off(self):
        # A sheet without its margins: 210 mm less twice 16, 297 less 15 and 17, at 96 to the inch.
        width, height = int(178 / 25.4 * 96), int(265 / 25.4 * 96)
        for page in self.pages.all:
            self.browser.open(page)
            pdf = base64.b64decode(self.browser.cdp("Page.printToPDF", preferCSSPageSize=True)["data"])
            boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
            assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}, boxes
            pages = len(re.findall(rb"/Type /Page\b(?!s)", pdf))
            assert 6 <= pages <= 24, pages
            self.browser.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
            self.browser.cdp("Emulation.setEmulatedMedia", media="print")
            outside = self.browser.run(OUTSIDE, width) + self.browser.run(CUT)
            assert outside == [], (page, outside)
            # Of a picture in two parts, the second can have a page without a heading.
            heights = self.browser.run("return [...document.querySelectorAll('.chain .pan .picture')].map(e => e.getBoundingClientRect().height)")
            assert all(high <= most / 25.4 * 96 + 1 for high, most in zip(heights, (222, 235))), f"the picture is {heights} high, and does not fit a page"
            # Letters as large as in the picture of one certificate, or nearly: 2.0 mm of the 11 units that most have.
            scale = self.browser.run("return Math.min(...[...document.querySelectorAll('.chain .pan .picture')].map(e => e.getScreenCTM().a))")
            assert page not in self.pages.chains or 11 * scale / 96 * 25.4 >= 2.0, f"the letters of {page} are {11 * scale / 96 * 25.4} mm high"
            assert self.browser.run("return getComputedStyle(document.querySelector('nav')).display") == "none"
            narrow = self.browser.run("return [...document.querySelectorAll('.ties > li')].filter(e => getComputedStyle(e).minWidth !== '100%').length")
            assert narrow == 0, "beside a picture that goes on the next page there is no room for words"
            split = self.browser.run("return [...document.querySelectorAll('.told, .standing, h2, h3, h4')].filter(e => e.checkVisibility()).filter(e => getComputedStyle(e).breakInside !== 'avoid' || getComputedStyle(e).breakAfter !== 'avoid').map(e => e.textContent.slice(0, 40))")
            assert split == [], f"a note or a heading is split, or left alone at the foot of a page: {split}"
            self.browser.cdp("Emulation.setEmulatedMedia", media="")
            self.browser.view(1280, 900)

    def in_black_and_white_the_shapes_tell(self):
        """Whatever the colours: a line that holds, one that is broken, not judged, recorded, not there."""
        shapes = {}
        self.browser.cdp("Emulation.setEmulatedMedia", media="print")
        for page in self.pages.all:
            self.browser.open(page)
            for state, shape in self.browser.run(SHAPES):
                shapes.setdefault(state, set()).add(json.dumps(shape))
        self.browser.cdp("Emulation.setEmulatedMedia", media="")
        assert set(shapes) == {"holds", "broken", "unjudged", "recorded", "missing"}, set(shapes)
        for one in shapes:
            for other in shapes:
                assert one == other or not shapes[one] & shapes[other], f"{one} and {other} look alike: {shapes[one] & shapes[other]}"
        assert all(json.loads(shape)["cross"] and json.loads(shape)["gap"] >= 20 for shape in shapes["broken"]), shapes["broken"]
        # Nor do the symbols differ by colour alone.
        symbols = self.browser.run("return [...document.querySelectorAll('symbol')].map(s => s.innerHTML)")
        assert len(symbols) == len(set(symbols)) == 8

    def axe_finds_nothing(self):
        source = Path(self.axe).read_text()
        for page in [*self.pages.all, self.pages.fleet]:
            for dark in (False, True):
                self.browser.view(1280, 900, dark)
                self.browser.open(page)
                # What a test runs is not under the page's policy.
                self.browser.send("/execute/sync", {"script": source, "args": []})
                found = self.browser.send("/execute/async", {"script": "axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(arguments[0])", "args": []})
                violations = [(one["id"], [node["target"] for node in one["nodes"]][:4]) for one in found["violations"]]
                assert violations == [], (page, dark, violations)
                assert len(found["passes"]) > 20, "axe has looked"
        self.browser.view(1280, 900)


# What stands outside the page's width, but for what scrolls in a frame of its own.
OUTSIDE = """
const outside = [];
for (const e of document.querySelectorAll('body *')) {
  const box = e.getBoundingClientRect();
  const frame = e.closest('.pan');
  if (e.closest('.skip, .symbols, .picture, .unseen') || (frame && frame !== e && getComputedStyle(frame).overflowX === 'auto') || !box.width) continue;
  if (box.right > arguments[0] + 0.5 || box.left < -0.5) outside.push(`${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`);
}
return outside;
"""

# The boxes of the trust anchor's certificates from the top, the arrows between them, the gaps between the picture's parts, and how large each part is drawn.
OWNERS = """
const box = e => e.getBoundingClientRect(), seen = text => [...document.querySelectorAll(text)].filter(e => e.checkVisibility());
const parts = seen('.picture');
const titles = seen('.picture .title').filter(t => t.textContent.startsWith('Trust anchor'));
const arrows = seen('.picture .tie[data-tie^=above-]');
return {
  boxes: titles.map(t => [t.textContent, ...(b => [b.left, b.top, b.bottom])(box(t.closest('.node').querySelector('rect')))]).sort((a, b) => a[2] - b[2]),
  arrows: arrows.map(a => [...a.querySelectorAll('.line')].map(box)).map(all => [Math.min(...all.map(b => b.top)), Math.max(...all.map(b => b.bottom))]).sort((a, b) => a[0] - b[0]),
  gaps: parts.slice(1).map((part, at) => box(part).top - box(parts[at]).bottom),
  scales: parts.map(part => part.getScreenCTM().a),
};
"""

# Text of the picture that its box, or the picture, cuts off; and text that runs into a box which is not its own.
CUT = """
const cut = [];
const seen = text => [...document.querySelectorAll(text)].filter(e => e.checkVisibility());
const boxes = seen('.picture .node > rect').map(rect => [rect.parentNode, rect.getBoundingClientRect()]);
for (const text of seen('.picture text')) {
  const node = text.closest('.node'), t = text.getBoundingClientRect(), p = text.closest('.picture').getBoundingClientRect();
  const within = (o, i) => i.left >= o.left - 1 && i.right <= o.right + 1 && i.top >= o.top - 1 && i.bottom <= o.bottom + 1;
  const own = node && node.querySelector('rect').getBoundingClientRect();
  if (!within(own || p, t)) cut.push(`${text.textContent} is cut off`);
  for (const [other, b] of boxes) {
    if (other !== node && t.left < b.right - 2 && t.right > b.left + 2 && t.top < b.bottom - 3 && t.bottom > b.top + 3) cut.push(`${text.textContent} runs into ${other.textContent.slice(0, 30)}`);
  }
}
return cut;
"""

# How each tie is drawn, without its colours.
SHAPES = """
return [...document.querySelectorAll('.chain .pan .tie')].map(tie => {
  const lines = [...tie.querySelectorAll('.line')], style = getComputedStyle(lines[0]), head = tie.querySelector('.head');
  const boxes = lines.map(line => line.getBBox());
  const gaps = boxes.flatMap(a => boxes.map(b => Math.max(b.y - a.y - a.height, b.x - a.x - a.width)));
  const fill = head && getComputedStyle(head).fill;
  const hollow = head && fill === getComputedStyle(document.body).backgroundColor;
  return [tie.classList[1], {cross: !!tie.querySelector('.cross'), gap: tie.querySelector('.cross') ? Math.max(...gaps, 20) : 0, dashes: style.strokeDasharray, hollow: !!hollow}];
});
"""

# As CONTRAST, for what is drawn: text on its box or on the page 4.5 to 1, strokes and symbols 3 to 1.
DRAWN_CONTRAST = """
const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
const page = parse(getComputedStyle(document.body).backgroundColor), low = [];
const behind = e => { const node = e.closest('.node'); return node ? parse(getComputedStyle(node.querySelector('rect')).fill) : page; };
const judge = (e, colour, back, least) => { const found = ratio(parse(colour), back); if (found < least) low.push(`${e.getAttribute('class')} ${e.textContent.slice(0, 30)}: ${found.toFixed(2)}`); };
for (const e of document.querySelectorAll('.picture text')) judge(e, getComputedStyle(e).fill, behind(e), 4.5);
for (const e of document.querySelectorAll('.picture .cross, .picture .tie:not(.missing) .line, .picture .node:not(.missing) > rect')) judge(e, getComputedStyle(e).stroke, page, 3);
for (const e of document.querySelectorAll('.picture use')) judge(e, getComputedStyle(e).color, behind(e), 3);
for (const e of document.querySelectorAll('.icon')) {
  let back = e; while (back && parse(getComputedStyle(back).backgroundColor)[3] === 0) back = back.parentElement;
  judge(e, getComputedStyle(e).color, parse(getComputedStyle(back).backgroundColor), 3);
}
return low;
"""


def pictures(program, browser, out):
    """What the documentation shows: a claim that succeeded, its chain alone, the same with a certificate of another card, and its first printed page."""
    import pypdfium2

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        simulator = Simulator(program)
        environment = {**os.environ, "AWS_ENDPOINT_URL": simulator.url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
        hsmboot = lambda *words: subprocess.run([program, *words], cwd=directory, env=environment, capture_output=True, text=True, check=True)
        path = lambda name: os.path.join(directory, name)
        try:
            os.mkdir(path("roots"))
            roots = simulator.control("roots", {})
            Path(path("roots/aws-root.crt")).write_text(roots["AwsRoot"])
            Path(path("roots/manufacturer-root.crt")).write_text(roots["ManufacturerRoot"])
            trust = ["--aws-root", "roots/aws-root.crt", "--manufacturer-root", "roots/manufacturer-root.crt"]
            ids, requests, read_out = [], [], lambda member, *words: json.loads(hsmboot(*words, "--output", "json").stdout)[member]
            for name in ("claimed", "other"):
                ids.append(simulator.cluster(region="eu-central-1"))
                simulator.hsm(ids[-1], region="eu-central-1")
                simulator.csr(ids[-1], region="eu-central-1")
                requests.append(read_out("fingerprint", "fetch", "--cluster-id", ids[-1], "--bundle", name, "--operator", "Ada Lovelace"))
            Path(path("pass")).write_text("a passphrase for the pictures\n")
            hsmboot("ca", "init", "--out", "ca", "--subject", "CN=Example Bank CloudHSM Root 2026,OU=Key Management,O=Example Bank AG,C=DE", "--key-type", "p384", "--passphrase-file", "pass")
            response = read_out("response_fingerprint", "sign", "claimed", "--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key", "--passphrase-file", "pass",
                                "--seal", "--operator", "Grace Hopper", "--expect", requests[0], *trust)
            hsmboot("submit", "claimed", "--ca", "ca/customerCA.crt", "--operator", "Ada Lovelace", "--expect", response, *trust)
            hsmboot("report", "claimed", "-o", "report.html", "--ca", "ca/customerCA.crt", *trust)
            # Somebody joins two chains: the AWS hardware certificate is another card's.
            part = "AwsHardwareCertificate.crt"
            shutil.copy(path(f"other/{ids[1]}_{part}"), path(f"claimed/{ids[0]}_{part}"))
            hsmboot("report", "claimed", "-o", "rejected.html", "--ca", "ca/customerCA.crt", *trust)
            shown = (("report", "report.png", "body"), ("report", "report-chain.png", ".chain .pan"), ("rejected", "report-rejected.png", "#chain"))
            for name, file, top in shown:
                browser.view(1000, 1000)
                browser.open(Path(path(f"{name}.html")).as_uri())
                # Down to the picture's end.
                end = top if top == ".chain .pan" else "figure"
                high = "return document.querySelector(arguments[1]).getBoundingClientRect().bottom - document.querySelector(arguments[0]).getBoundingClientRect().top"
                browser.view(1000, int(browser.run(high, top, end)) + (60 if top == "body" else 24))
                browser.run("document.querySelector(arguments[0]).scrollIntoView()", top)
                browser.picture(os.path.join(out, file))
            browser.view(390, 900)
            browser.open(Path(path("report.html")).as_uri())
            browser.view(390, int(browser.run("return document.querySelector('.narrow').getBoundingClientRect().height")) + 70)
            browser.run("document.querySelector('#chain').scrollIntoView()")
            browser.picture(os.path.join(out, "report-phone.png"))
            browser.view(1000, 1000)
            browser.run("const e = document.querySelector('.steps'); scrollTo(0, e.getBoundingClientRect().top + scrollY - 30)")
            browser.picture(os.path.join(out, "report-transcript.png"))
            browser.open(Path(path("report.html")).as_uri())
            pdf = base64.b64decode(browser.cdp("Page.printToPDF", preferCSSPageSize=True)["data"])
            pypdfium2.PdfDocument(pdf)[0].render(scale=1.5).to_pil().convert("L").save(os.path.join(out, "report-print.png"), optimize=True)
            for file in [*(file for _, file, _ in shown), "report-phone.png", "report-transcript.png"]:
                picture = Path(out) / file
                picture.write_bytes(indexed(picture.read_bytes()))
        finally:
            simulator.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("fixtures")
    parser.add_argument("--axe")
    parser.add_argument("--pictures")
    parser.add_argument("--pictures-only", action="store_true")
    parser.add_argument("--keep")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        os.mkdir(os.path.join(directory, "pages"))
        pages = Pages(given.program, given.fixtures, os.path.join(directory, "pages"))
        if given.keep:
            for page in Path(directory, "pages").glob("*.html"):
                shutil.copy(page, given.keep)
        browser = Browser(os.path.join(directory, "profile"))
        try:
            browser.view(1280, 900)
            failed = 0 if given.pictures_only else Looks(pages, browser, given.axe).run(() if given.axe else ("axe_finds_nothing",))
            if given.pictures:
                pictures(given.program, browser, given.pictures)
        finally:
            browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
