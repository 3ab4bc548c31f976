"""The page's buttons, its commands to copy, its progress bars and filters, and what pages of other origins get of them."""

import contextlib
import http.server
import itertools
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import threading

from chromium import REBOUND, Checks
from local import eventually
from simulator import Simulator

# Every control command that has an effect, with members that it would take.
ORDERS = {
    "create-cluster": {},
    "create-hsm": {"ClusterId": "{cluster}"},
    "initialize": {"ClusterId": "{cluster}"},
    "reset": {},
    "activate": {"ClusterId": "{cluster}"},
    "advance": {"Seconds": 31536000},
    "fault": {"Fault": "throttling"},
    "clear-faults": {},
    "set-state": {"ClusterId": "{cluster}", "State": "DEGRADED"},
}


class Controls(Checks):
    """What one does all day, by clicks alone. They run in this order: each begins with what it makes."""

    def __init__(self, simulator, browser, program, directory):
        self.simulator, self.browser, self.program, self.directory = simulator, browser, program, directory

    def a_button_makes_a_cluster_in_the_region_that_is_named(self):
        browser = self.browser
        self._open(self.simulator)
        self._reset()
        browser.run("document.getElementById('new-region').value = 'eu-west-1'")
        browser.click("#create-cluster")
        eventually("a cluster", lambda: browser.count("#places .disclose") == 1)
        self.cluster = browser.text("#places .disclose")
        assert browser.text("h2[id^=place]") == "eu-west-1"
        eventually("what came of it", lambda: browser.text("#control-note") == f"{self.cluster} is being created")
        eventually("UNINITIALIZED", lambda: self._state() == "UNINITIALIZED")
        browser.run("document.getElementById('new-region').value = 'no\\u202e region'")
        browser.click("#create-cluster")
        eventually("a refusal", lambda: browser.run("return document.getElementById('control-note').dataset.kind") == "bad")
        assert "create-cluster: " in browser.text("#control-note") and "\u202e" not in browser.text("#control-note"), browser.text("#control-note")

    def buttons_add_an_hsm_initialize_and_activate(self):
        browser = self.browser
        browser.click(f"#{self.cluster} .disclose")
        assert self._off() == ["Initialize with a test CA", "Activate"], "what cannot be done cannot be pressed"
        self._press("Add an HSM")
        eventually("the HSM", lambda: browser.count(".inner .state[data-kind=good]") == 1)
        eventually("its CSR", lambda: browser.count("[data-node=ClusterCsr]") == 1)
        self._press("Initialize with a test CA")
        eventually("INITIALIZED", lambda: self._state() == "INITIALIZED")
        eventually("its chain", lambda: browser.count("[data-node=ClusterCertificate]") == 1)
        assert "Test CA whose key is gone" in browser.text(".certificate"), "nobody takes it for a real one"
        self._press("Activate")
        eventually("ACTIVE", lambda: self._state() == "ACTIVE")
        self._press("Add an HSM")
        eventually("a second HSM", lambda: browser.count(".inner .state[data-kind=good]") == 2)

    def a_button_advances_the_clock(self):
        browser = self.browser
        before = browser.text("#clock")
        browser.click("#advance")
        eventually("another day", lambda: browser.text("#clock")[:10] > before[:10])
        # A cluster that is ACTIVE is backed up every day.
        eventually("its backup", lambda: browser.count("table[aria-label^=Backups] tbody tr") >= 1)

    def buttons_turn_faults_on_and_off(self):
        browser, simulator = self.browser, self.simulator
        on = lambda: browser.run("return [...document.querySelectorAll('#faults li')].map(e => e.firstChild.data)")
        self._fault("throttling", "TagResource", "3")
        eventually("a fault", lambda: on() == ["throttling: TagResource, 3 calls"])
        simulator.refused("TagResource", {})
        eventually("one less", lambda: on() == ["throttling: TagResource, 2 calls"])
        self._fault("internal-failure", "", "always")
        eventually("another", lambda: on() == ["throttling: TagResource, 2 calls", "internal-failure: any action, every call"])
        simulator.refused("DescribeClusters", {})
        browser.run("document.querySelector(\"[aria-label^='Off: internal-failure']\").click()")
        eventually("it is off, alone", lambda: on() == ["throttling: TagResource, 2 calls"])
        simulator.call("DescribeClusters", {})
        browser.click("#clear-faults")
        eventually("no fault", lambda: on() == ["None waits."])
        assert browser.run("return document.getElementById('clear-faults').disabled")

    def reset_is_pressed_twice_and_removes_everything(self):
        browser = self.browser
        browser.click("#reset")
        assert browser.text("#reset") == "Really remove everything?"
        eventually("it has gone back", lambda: browser.text("#reset") == "Reset")
        assert browser.count(f"#{self.cluster}") == 1, "one press alone removes nothing"
        self._reset()
        assert browser.text("#control-note") == "Everything is gone: clusters, backups, faults"

    def a_copied_command_is_the_one_beside_the_state(self):
        browser = self.browser
        cluster = self.simulator.cluster()
        eventually("its commands", lambda: browser.count(f"#{cluster} tr.summary .copies button") == 2)
        eventually("what comes next", lambda: "create-hsm" in browser.text(f"#{cluster} tr.summary .copies"))
        browser.cdp("Emulation.setFocusEmulationEnabled", enabled=True)
        browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        browser.click(f"#{cluster} tr.summary .copies button:last-child")
        eventually("it is said", lambda: browser.text(f"#{cluster} tr.summary .copies button:last-child") == "Copied")
        pasted = browser.run("return navigator.clipboard.readText()")
        assert pasted == self._commands(f"#{cluster} tr.summary")[1], pasted
        assert pasted.endswith(f"aws cloudhsmv2 create-hsm --cluster-id {cluster} --availability-zone us-east-1a --endpoint-url {self.simulator.url} --region us-east-1"), pasted
        # Where there is no clipboard, the command is shown and selected.
        browser.run("navigator.clipboard.writeText = () => Promise.reject(new Error('none'))")
        browser.click(f"#{cluster} tr.summary .copies button:first-child")
        eventually("it is selected", lambda: browser.run("return getSelection().toString()") == self._commands(f"#{cluster} tr.summary")[0])

    def every_command_beside_a_state_works_as_it_is_copied(self):
        """In a shell that knows nothing: no credentials, no region, no configuration."""
        browser, simulator = self.browser, self.simulator
        self._open(simulator)
        self._reset()
        for command in browser.run("return [...document.querySelectorAll('#places .command code')].map(e => e.textContent)"):
            self._runs(command)
        eventually("a cluster each", lambda: browser.count("#places .disclose") == 2)
        first, second = browser.text("#places .disclose").split()
        for cluster, which in ((first, 0), (second, 1)):
            self.cluster = cluster
            eventually("UNINITIALIZED", lambda: self._state() == "UNINITIALIZED")
            self._runs(self._commands(f"#{cluster} tr.summary")[which])
            eventually("its CSR", lambda: "fetch" in browser.text(f"#{cluster} tr.summary .copies"))
        self._run_all(f"#{first} tr.summary", ["hsmboot fetch", "aws cloudhsmv2 describe-clusters"])
        simulator.control("initialize", {"ClusterId": first})
        self.cluster = first
        eventually("INITIALIZED", lambda: self._state() == "INITIALIZED")
        self._run_all(f"#{first} tr.summary", ["hsmboot status", "aws cloudhsmv2 describe-clusters"])
        told = self._run_all(f"#{first} .inner", ["hsmboot cluster show", "aws cloudhsmv2 describe-clusters"])
        assert json.loads(told[1])[0]["HsmId"] == browser.text(f"#{first} .inner td:first-child").strip() or browser.count(f"#{first}.open") == 0, told[1]
        simulator.control("activate", {"ClusterId": first})
        simulator.control("advance", {"Seconds": 86400})
        backups = "table[aria-label^=Backups] tbody tr"
        eventually("a backup", lambda: browser.count(backups) == 1)
        told = self._run_all(backups, ["hsmboot backup list", "aws cloudhsmv2 describe-backups"])
        assert len(json.loads(told[1])["Backups"]) == 1, told[1]

    def a_command_for_a_hostile_region_runs_nothing_else(self):
        browser, simulator = self.browser, self.simulator
        # The API takes no such region, so it is put in on the way.
        hostile = "$(touch${IFS}owned)'`touch${IFS}owned`'"
        put_in(browser, {"stand-in-1": hostile})
        cluster = simulator.cluster(region="stand-in-1")
        eventually("it", lambda: browser.count(f"#{cluster}") == 1)
        commands = self._commands(f"#{cluster} tr.summary")
        assert any(f"--region={hostile}" in shlex.split(command) or hostile in shlex.split(command) for command in commands), commands
        for command in commands:
            self._run(command.replace("aws cloudhsmv2", "echo aws").replace("hsmboot", "echo hsmboot"))
        assert not os.path.exists(os.path.join(self.directory, "owned")), "a region's name was obeyed"
        # One that is an option's name stays a value.
        cluster = simulator.cluster(region="--yes")
        eventually("the other", lambda: browser.count(f"#{cluster}") == 1)
        for command in self._commands(f"#{cluster} tr.summary"):
            words = shlex.split(command)
            assert "--region=--yes" in words and not any(word.startswith("--yes") for word in words), command

    def a_transition_shows_its_progress(self):
        browser, simulator = self.browser, self.simulator
        cluster = simulator.cluster()
        eventually("the cluster", lambda: browser.count(f"#{cluster}") == 1)
        simulator.control("set-state", {"ClusterId": cluster, "State": "UPDATE_IN_PROGRESS", "Then": "UNINITIALIZED", "Seconds": 60})
        bar = f"#{cluster} tr.summary progress"
        eventually("the bar", lambda: browser.count(bar) == 1)
        value = lambda: browser.run("return document.querySelector(arguments[0]).value", bar)
        eventually("some of it", lambda: 0 < value() < 0.9)
        left = browser.text(f"#{cluster} tr.summary .progress")
        assert left.startswith("UNINITIALIZED in ") and left.endswith(" s"), left
        simulator.control("advance", {"Seconds": 30})
        eventually("half of it and more", lambda: value() > 0.5)
        simulator.control("advance", {"Seconds": 31})
        eventually("its end", lambda: browser.count(bar) == 0)

    def an_hsm_and_a_new_cluster_show_theirs(self):
        """On a simulator that takes its time."""
        browser = self.browser
        slow = Simulator(self.program, more=["--speed", "0.005"])
        try:
            self._open(slow)
            cluster = slow.cluster()
            eventually("the cluster's", lambda: browser.text(f"#{cluster} tr.summary .progress").startswith("UNINITIALIZED in "))
            assert "wait" in browser.text(f"#{cluster} tr.summary .copies"), "what to run meanwhile"
            slow.control("advance", {"Seconds": 600})
            browser.click(f"#{cluster} .disclose")
            eventually("UNINITIALIZED", lambda: "UNINITIALIZED" == browser.text(f"#{cluster} tr.summary .state"))
            self._press("Add an HSM")
            eventually("the HSM's", lambda: browser.count(f"#{cluster} .inner progress[value]") == 1)
            slow.control("advance", {"Seconds": 600})
            eventually("its end", lambda: browser.count(f"#{cluster} .inner progress") == 0)
        finally:
            slow.stop()
        self._open(self.simulator)

    def requests_are_filtered_by_action_and_outcome(self):
        browser, simulator = self.browser, self.simulator
        cluster = simulator.cluster()
        simulator.refused("DeleteCluster", {"ClusterId": "cluster-aaaaaaaaaaa"})
        simulator.call("DescribeClusters", {})
        simulator.control("fault", {"Fault": "close-before", "Action": "ListTags"})
        simulator.refused("ListTags", {"ResourceId": cluster})
        simulator.control("fault", {"Fault": "throttling", "Action": "ListTags"})
        simulator.refused("ListTags", {"ResourceId": cluster})
        simulator.call("ListTags", {"ResourceId": cluster})
        rows = lambda: browser.run("return [...document.querySelectorAll('#request-rows tr')].map(row => [row.cells[1].textContent, row.cells[2].textContent])")
        eventually("the last", lambda: rows()[:3] == [["ListTags", "200"], ["ListTags", "400"], ["ListTags", "cut"]])
        everything = len(rows())
        self._choose("action", "ListTags")
        assert [status for _, status in rows()][:3] == ["200", "400", "cut"] and {name for name, _ in rows()} == {"ListTags"}, rows()
        for outcome, wanted in (("answered", ["200"]), ("refused", ["400"]), ("cut", ["cut"]), ("fault", ["400", "cut"])):
            self._choose("outcome", outcome)
            assert [status for _, status in rows()] == wanted, (outcome, rows())
            assert f"{len(wanted)} of " in browser.text("#requests-summary"), "how many of all"
        self._choose("outcome", "refused")
        self._choose("action", "")
        assert ["DeleteCluster", "400"] in rows() and all(status in ("400", "500") for _, status in rows()), rows()
        simulator.refused("DeleteCluster", {"ClusterId": "cluster-bbbbbbbbbbb"})
        eventually("the choice stays", lambda: [name for name, _ in rows()].count("DeleteCluster") >= 2)
        self._choose("outcome", "")
        assert len(rows()) > everything, rows()

    def a_page_of_another_origin_can_order_nothing(self):
        """As a foreign site would try it: by fetch with and without permission, by forms, in a frame."""
        browser, simulator = self.browser, self.simulator
        cluster = simulator.cluster()
        eventually("UNINITIALIZED", lambda: simulator.state(cluster) == "UNINITIALIZED")
        simulator.control("fault", {"Fault": "throttling", "Action": "DeleteBackup", "Count": 7})
        before = simulator.all()
        with foreign_page(simulator.url, cluster) as (url, attempts):
            browser.log("browser")
            browser.open(url)
            eventually("its attempts", lambda: browser.run("return window.tried") == attempts, 60)
            eventually("the forms", lambda: browser.run("return window.sent") == 3 * len(ORDERS))
            refused = [entry["message"] for entry in browser.log("browser")]
            assert any("frame" in message for message in refused), f"it was framed: {refused}"
        assert unmoved(before, simulator.all())

    def a_name_that_is_pointed_here_can_order_nothing(self):
        """DNS rebinding: a page is loaded, then its name leads to the simulator. To the browser it calls its own origin."""
        browser = self.browser
        with served("<!doctype html><title>rebound</title>") as port:
            browser.open(f"http://{REBOUND}:{port}/")
            assert browser.run("return document.title") == "rebound"
        simulator = Simulator(self.program, f"127.0.0.1:{port}")
        try:
            cluster = simulator.cluster()
            eventually("UNINITIALIZED", lambda: simulator.state(cluster) == "UNINITIALIZED")
            before = simulator.all()
            ends = browser.run("""
                return Promise.all(Object.entries(arguments[0]).map(([command, members]) =>
                  fetch(`/_control/${command}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(members) })
                    .then(answer => answer.status, () => "no answer")));
            """, orders_for(cluster))
            assert len(ends) == len(ORDERS) and set(ends) <= {421, "no answer"}, ends
            assert unmoved(before, simulator.all())
        finally:
            simulator.stop()
        self._open(self.simulator)

    def _open(self, simulator):
        self.browser.open(simulator.url + "/")
        eventually("Live", lambda: self.browser.text("#connection") == "Live")

    def _reset(self):
        browser = self.browser
        browser.click("#reset")
        browser.click("#reset")
        eventually("an empty simulator", lambda: browser.count("#places .disclose") == 0 and "None yet" in browser.text("#places"))

    def _state(self):
        return self.browser.text(f"#{self.cluster} tr.summary .state")

    def _press(self, text):
        self.browser.run("[...document.querySelectorAll('.actions button')].find(e => e.textContent === arguments[0] && !e.disabled).click()", text)

    def _off(self):
        return self.browser.run("return [...document.querySelectorAll('.actions button')].filter(e => e.disabled).map(e => e.textContent)")

    def _choose(self, name, value):
        self.browser.run("const e = document.getElementById(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change'))", f"filter-{name}", value)

    def _fault(self, name, action, often):
        set_to = "document.getElementById(arguments[0]).value = arguments[1]"
        for field, value in (("fault-name", name), ("fault-action", action), ("fault-count", often)):
            self.browser.run(set_to, field, value)
        self.browser.click("#add-fault")

    def _commands(self, where):
        return self.browser.run("return [...document.querySelectorAll(arguments[0] + ' [data-command]')].map(e => e.dataset.command)", where)

    def _run_all(self, where, wanted):
        commands = self._commands(where)
        assert len(commands) == len(wanted) and all(want in command for want, command in zip(wanted, commands)), commands
        return [self._runs(command) for command in commands]

    def _runs(self, command):
        done = self._run(command)
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def _run(self, command):
        with tempfile.TemporaryDirectory() as home:
            os.symlink(os.path.abspath(self.program), os.path.join(home, "hsmboot"))
            os.symlink(shutil.which("aws"), os.path.join(home, "aws"))
            kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
            environment = {**kept, "PATH": f"{home}:{os.environ['PATH']}", "HOME": home, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "NO_PROXY": "127.0.0.1"}
            return subprocess.run(["sh", "-c", command], cwd=self.directory, env=environment, capture_output=True, text=True)


def put_in(browser, texts):
    """From here on the page reads other texts than the simulator sends: each in the place of its stand-in."""
    browser.run("""
        const [texts, real] = [Object.entries(arguments[0]), window.fetch];
        window.fetch = async (...asked) => {
          const answer = await real(...asked);
          if (answer.status !== 200) return answer;
          const put = (text, [standIn, other]) => text.replaceAll(JSON.stringify(standIn), () => JSON.stringify(other));
          return new Response(texts.reduce(put, await answer.text()));
        };
    """, texts)


def unmoved(before, after):
    """But for the time that passes."""
    assert before["places"] == after["places"], (before["places"], after["places"])
    assert before["faults"] == after["faults"], (before["faults"], after["faults"])
    calls = lambda told: [(one["number"], one["action"]) for one in told["requests"]]
    assert calls(before) == calls(after), "a call has come"
    assert after["now"] - before["now"] < 86400000, "the clock has been moved"
    return True


def orders_for(cluster):
    return json.loads(json.dumps(ORDERS).replace("{cluster}", cluster))


@contextlib.contextmanager
def foreign_page(target, cluster):
    """A page on another port of this machine that orders all there is; and the number of its attempts by `fetch`."""
    orders = orders_for(cluster)
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
    forms = "".join(
        f"""<iframe name=f{at}></iframe><form action="{target}/_control/{command}" method=post enctype="{kind}" target=f{at}>
            <input name='{json.dumps(members)[:-1] + (", " if members else "") + '"a":"'}' value='"}}'></form>"""
        for at, ((command, members), kind) in enumerate(itertools.product(orders.items(), kinds)))
    page = f"""<!doctype html><title>foreign</title><iframe src="{target}/"></iframe>{forms}
<script>
window.tried = window.sent = 0;
const count = () => window.tried++;
for (const [command, members] of Object.entries({json.dumps(orders)}))
  for (const mode of ["cors", "no-cors", "same-origin"])
    for (const type of ["application/json", "text/plain"])
      fetch(`{target}/_control/${{command}}`, {{method: "POST", mode, headers: {{"content-type": type}}, body: JSON.stringify(members)}}).then(count, count);
for (const form of document.forms) {{
  document.querySelector(`[name=${{form.target}}]`).addEventListener("load", () => window.sent++, {{once: true}});
  form.submit();
}}
</script>"""

    with served(page) as port:
        yield f"http://127.0.0.1:{port}/", 6 * len(orders)


@contextlib.contextmanager
def served(page):
    """A page on a port of this machine."""

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
            yield server.server_port
        finally:
            server.shutdown()
