"use strict";
// What one does all day: the page's buttons, the commands to copy beside each state, and the progress of what is under way.
// A button orders what `/_control/` has for every program. Only pages of this very origin may: the simulator looks at Host, Origin, Sec-Fetch-Site and
// the content type, and no other page can send that type here without asking first.
const makeControls = ({ h, setText, announce, now, soon }) => {
  const $ = (id) => document.getElementById(id);
  let known = null;

  async function order(command, members) {
    const answer = await fetch(`/_control/${command}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(members) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.Message || told.message || `refused with ${answer.status}`);
    return told;
  }

  function note(text, kind) {
    $("control-note").dataset.kind = kind;
    setText($("control-note"), text);
  }

  // Orders something, and says what came of it.
  async function act(button, command, members, done) {
    const focused = document.activeElement === button;
    button.disabled = true;
    note("…", "busy");
    try {
      note(done(await order(command, members)), "good");
    } catch (reason) {
      note(`${command}: ${reason.message}`, "bad");
    }
    button.disabled = false;
    // A button that is off loses the focus.
    if (focused && document.activeElement === document.body) button.focus();
    soon();
  }

  function button(text, press, disabled) {
    const made = h("button", { type: "button", class: "do" }, text);
    made.disabled = Boolean(disabled);
    made.addEventListener("click", () => press(made));
    return made;
  }

  /* For all */

  function fill(select, options) {
    if (select.options.length > 1) return;
    select.append(...options.map((name) => h("option", { value: name }, name)));
  }

  function ruleText(rule) {
    const often = rule.count === null ? "every call" : rule.count === 1 ? "one call" : `${rule.count} calls`;
    const drawn = rule.percent === null || rule.percent === 100 ? "" : `, ${rule.percent}%`;
    return `${rule.fault}: ${rule.action || "any action"}, ${often}${drawn}`;
  }

  // The fault of one rule goes off by itself: the rest waits on.
  function faultItem(rule) {
    const off = h("button", { type: "button", class: "off", "aria-label": `Off: ${ruleText(rule)}` }, "off");
    const members = rule.action ? { Fault: rule.fault, Action: rule.action } : { Fault: rule.fault };
    off.addEventListener("click", () => act(off, "clear-faults", members, () => `${rule.fault} is off`));
    return h("li", { class: "tag" }, ruleText(rule), " ", off);
  }

  // What the simulator says of itself: what can fail, who may call it, and how most clusters are made.
  function learn(data) {
    known = data;
    fill($("fault-name"), data.knownFaults);
    fill($("fault-action"), data.knownActions);
    const none = h("li", { class: "muted" }, "None waits.");
    $("faults").replaceChildren(...(data.faults.length === 0 ? [none] : data.faults.map(faultItem)));
    $("clear-faults").disabled = data.faults.length === 0;
  }

  function listen() {
    const press = (id, what) => $(id).addEventListener("click", () => what($(id)));
    press("create-cluster", (me) => act(me, "create-cluster", { Region: $("new-region").value }, (told) => `${told.ClusterId} is being created`));
    press("advance", (me) => {
      const chosen = $("advance-by").selectedOptions[0];
      act(me, "advance", { Seconds: Number(chosen.value) }, () => `The clock is ${chosen.textContent} further`);
    });
    press("add-fault", (me) => {
      const members = { Fault: $("fault-name").value };
      if ($("fault-action").value) members.Action = $("fault-action").value;
      if ($("fault-count").value === "always") members.Percent = 100;
      else members.Count = Number($("fault-count").value);
      act(me, "fault", members, () => `${members.Fault} is on`);
    });
    press("clear-faults", (me) => act(me, "clear-faults", {}, () => "All faults are off"));
    // It takes everything away: it is pressed twice.
    press("reset", (me) => {
      if (me.dataset.sure) {
        delete me.dataset.sure;
        setText(me, "Reset");
        act(me, "reset", {}, () => "Everything is gone: clusters, backups, faults");
        return;
      }
      me.dataset.sure = "yes";
      setText(me, "Really remove everything?");
      announce("Press again to remove all clusters, backups and faults");
      setTimeout(() => {
        delete me.dataset.sure;
        setText(me, "Reset");
      }, 4000);
    });
  }

  /* For a cluster */

  const isActive = (hsm) => hsm.state === "ACTIVE";

  function clusterButtons(cluster) {
    const open = cluster.state === "UNINITIALIZED";
    const lasting = ["UNINITIALIZED", "INITIALIZED", "ACTIVE", "DEGRADED"].includes(cluster.state);
    const id = { ClusterId: cluster.id };
    return h("div", { class: "actions", role: "group", "aria-label": `What to do with ${cluster.id}` },
      button("Add an HSM", (me) => act(me, "create-hsm", id, (told) => `${told.HsmId} is being created`), !lasting),
      button("Initialize with a test CA", (me) => act(me, "initialize", id, () => `${cluster.id} is being initialized`), !open || !cluster.hsms.some(isActive)),
      button("Activate", (me) => act(me, "activate", id, () => `${cluster.id} is ACTIVE`), cluster.state !== "INITIALIZED"));
  }

  /* Commands */

  // As a shell takes it for one word. A region can be any text that somebody has signed for.
  const word = (text) => (/^[\w.,:\/=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  // What begins with a dash would be read as an option of its own.
  const option = (name, value) => (value.startsWith("-") ? [`${name}=${value}`] : [name, value]);
  const at = (region) => ["--endpoint-url", location.origin, ...option("--region", region)];
  const line = (words) => words.map(word).join(" ");

  // Where any credentials do, the aws CLI wants some all the same. They keep the user's own out of it, too.
  function aws(words, region) {
    const any = known.anyCredentials ? "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any " : "";
    return { label: `aws ${words[0]}`, text: any + line(["aws", "cloudhsmv2", ...words, ...at(region)]) };
  }

  function hsmboot(words, region, named = 1) {
    return { label: line(["hsmboot", ...words.slice(0, named)]), text: line(["hsmboot", ...words, ...at(region)]) };
  }

  // Beside each state: what comes next by hsmboot and by AWS's own program, or where it is to be seen.
  function clusterCommands(cluster, region) {
    const id = cluster.id;
    const look = aws(["describe-clusters", "--filters", `clusterIds=${id}`], region);
    const wait = (state) => hsmboot(["wait", id, "--for", state], region);
    switch (cluster.state) {
      case "CREATE_IN_PROGRESS":
        return [wait("uninitialized"), look];
      case "UNINITIALIZED":
        if (cluster.hsms.length === 0) {
          const zone = option("--availability-zone", cluster.subnets[0]?.zone || `${region}a`);
          return [hsmboot(["hsm", "create", id, ...zone], region, 2), aws(["create-hsm", "--cluster-id", id, ...zone], region)];
        }
        return [cluster.hsms.some(isActive) ? hsmboot(["fetch", id], region) : wait("csr"), look];
      case "INITIALIZE_IN_PROGRESS":
        return [wait("initialized"), look];
      case "DELETE_IN_PROGRESS":
        return [wait("deleted"), look];
      default:
        return [hsmboot(["status", id], region), look];
    }
  }

  function hsmCommands(cluster, hsm, region) {
    const only = ["--query", `Clusters[].Hsms[?HsmId=='${hsm.id}'][]`];
    return [hsmboot(["cluster", "show", cluster.id], region, 2), aws(["describe-clusters", "--filters", `clusterIds=${cluster.id}`, ...only], region)];
  }

  function backupCommands(backup, region) {
    return [hsmboot(["backup", "list", "--cluster-id", backup.cluster], region, 2), aws(["describe-backups", "--filters", `backupIds=${backup.id}`], region)];
  }

  function firstCommands() {
    const { HsmType, Mode, SubnetIds } = known.newCluster;
    const mode = Mode ? ["--mode", Mode] : [];
    const others = aws(["create-cluster", "--hsm-type", HsmType, ...mode, "--subnet-ids", ...SubnetIds], known.region);
    // hsmboot makes none of hsm1.medium, as AWS does not.
    return Mode ? [hsmboot(["cluster", "create", "--mode", Mode.toLowerCase(), "--subnet-id", ...SubnetIds], known.region, 2), others] : [others];
  }

  function copied(button, before, said) {
    setText(button, said);
    setTimeout(() => setText(button, before), 2000);
  }

  // Only secure contexts have a clipboard: elsewhere the text is selected instead.
  async function copyText(button, name, text, shown) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      copied(button, before, "Copied");
      announce(`${name} copied`);
    } catch {
      getSelection().selectAllChildren(shown());
      copied(button, before, "Selected");
      announce(`${name} selected: press Control C to copy it`);
    }
  }

  // A command in full, with its button.
  function command({ label, text }) {
    const code = h("code", null, text);
    const copy = h("button", { type: "button", class: "copy", "aria-label": `Copy ${label}: ${text}` }, "Copy");
    copy.addEventListener("click", () => copyText(copy, "Command", text, () => code));
    return h("div", { class: "command" }, code, copy);
  }

  // Commands beside a state: a button each, named by what it copies.
  function copies(commands) {
    const box = h("div", { class: "copies" });
    const buttons = commands.map(({ label, text }) => {
      const name = h("span", null, label);
      const copy = h("button", { type: "button", class: "copy icon", title: `Copy: ${text}`, "aria-label": `Copy ${label}: ${text}`, "data-command": text }, name);
      copy.addEventListener("click", () => copyText(name, "Command", text, () => {
        box.querySelector("code")?.remove();
        const code = h("code", null, text);
        box.append(code);
        return code;
      }));
      return copy;
    });
    box.append(...buttons);
    return box;
  }

  /* Progress */

  function progress(from, to, label, after) {
    if (to === null || to === undefined) return null;
    const bar = h("progress", { max: "1", "data-from": from, "data-to": to, "aria-label": label });
    return h("div", { class: "progress" }, bar, h("span", { class: "note", "data-after": after || null }));
  }

  const clusterProgress = (cluster) => cluster.next && progress(cluster.since, cluster.next.at, `${cluster.id} on the way to ${cluster.next.state}`, cluster.next.state);
  const hsmProgress = (hsm) => progress(hsm.from, hsm.due, `${hsm.id} on the way`);
  const backupProgress = (backup) => progress(backup.from, backup.due, `${backup.id} on the way`);

  function span(millis) {
    const seconds = Math.ceil(millis / 1000);
    if (seconds < 120) return `${seconds} s`;
    if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
    return seconds < 172800 ? `${Math.ceil(seconds / 3600)} h` : `${Math.ceil(seconds / 86400)} days`;
  }

  // What is due and has not come waits for a key: nobody knows how long.
  function showProgress() {
    for (const bar of document.querySelectorAll("progress[data-to]")) {
      const [from, to] = [Number(bar.dataset.from), Number(bar.dataset.to)];
      if (now() >= to || to <= from) bar.removeAttribute("value");
      else bar.value = Math.max(0, (now() - from) / (to - from));
      const left = bar.nextElementSibling;
      const after = left.dataset.after ? `${left.dataset.after} ` : "";
      setText(left, now() >= to ? `${after}any moment` : `${after}in ${span(to - now())}`);
    }
  }

  listen();
  return { clusterButtons, clusterCommands, hsmCommands, backupCommands, firstCommands, command, copies, copyText, clusterProgress, hsmProgress, backupProgress, learn, showProgress };
};
