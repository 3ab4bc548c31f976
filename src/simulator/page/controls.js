"use strict";
// What one does all day: the page's buttons, the commands to copy beside each state, and the progress of what is under way.
// A button orders what `/_control/` has for every program. Only pages of this very origin may: the simulator looks at Host, Origin, Sec-Fetch-Site and
// the content type, and no other page can send that type here without asking first.
const makeControls = ({ h, setText, announce, now, soon }) => {
  const $ = (id) => document.getElementById(id);

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
    button.disabled = true;
    note("…", "busy");
    try {
      note(done(await order(command, members)), "good");
    } catch (reason) {
      note(`${command}: ${reason.message}`, "bad");
    }
    button.disabled = false;
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

  function showFaults(data) {
    fill($("fault-name"), data.knownFaults);
    fill($("fault-action"), data.knownActions);
    $("faults").replaceChildren(...(data.faults.length === 0 ? [h("li", { class: "muted" }, "None waits.")] : data.faults.map((rule) => h("li", { class: "tag" }, ruleText(rule)))));
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

  const at = (region) => `--endpoint-url ${location.origin} --region ${region}`;
  const aws = (words, region) => `aws cloudhsmv2 ${words} ${at(region)}`;
  const hsmboot = (words, region) => `hsmboot ${words} ${at(region)}`;

  function clusterCommands(cluster, region) {
    const id = cluster.id;
    const look = aws(`describe-clusters --filters clusterIds=${id}`, region);
    switch (cluster.state) {
      case "CREATE_IN_PROGRESS":
        return [hsmboot(`wait ${id} --for UNINITIALIZED`, region), look];
      case "UNINITIALIZED":
        if (cluster.hsms.length === 0) return [aws(`create-hsm --cluster-id ${id} --availability-zone ${cluster.subnets[0]?.zone || `${region}a`}`, region), hsmboot(`status ${id}`, region)];
        if (!cluster.hsms.some(isActive)) return [hsmboot(`wait ${id} --for csr`, region), look];
        return [hsmboot(`fetch ${id}`, region), look];
      case "INITIALIZE_IN_PROGRESS":
        return [hsmboot(`wait ${id} --for INITIALIZED`, region), look];
      default:
        return [hsmboot(`status ${id}`, region), look];
    }
  }

  const hsmCommand = (cluster, hsm, region) => aws(`delete-hsm --cluster-id ${cluster.id} --hsm-id ${hsm.id}`, region);
  const backupCommand = (backup, region) => aws(`describe-backups --filters backupIds=${backup.id}`, region);

  async function copyText(button, element, name) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(element.textContent);
      setText(button, "Copied");
      announce(`${name} copied`);
    } catch {
      // Only secure contexts have a clipboard: the text is selected instead.
      getSelection().selectAllChildren(element);
      setText(button, "Selected");
      announce(`${name} selected: press Control C to copy it`);
    }
    setTimeout(() => setText(button, before), 2000);
  }

  function command(text) {
    const code = h("code", { title: text }, text);
    const copy = h("button", { type: "button", class: "copy", "aria-label": `Copy: ${text}` }, "Copy");
    copy.addEventListener("click", () => copyText(copy, code, "Command"));
    return h("div", { class: "command" }, code, copy);
  }

  /* Progress */

  function progress(from, to, label) {
    return to === null || to === undefined ? null : h("progress", { max: "1", "data-from": from, "data-to": to, "aria-label": label });
  }

  const clusterProgress = (cluster) => cluster.next && progress(cluster.since, cluster.next.at, `${cluster.id} on the way to ${cluster.next.state}`);
  const hsmProgress = (hsm) => progress(hsm.from, hsm.due, `${hsm.id} on the way`);

  // What is due and has not come waits for a key: nobody knows how long.
  function showProgress() {
    for (const bar of document.querySelectorAll("progress[data-to]")) {
      const [from, to] = [Number(bar.dataset.from), Number(bar.dataset.to)];
      if (now() >= to || to <= from) bar.removeAttribute("value");
      else bar.value = (now() - from) / (to - from);
      bar.title = now() >= to ? "about to end" : `${Math.ceil((to - now()) / 1000)} s left`;
    }
  }

  listen();
  return { clusterButtons, clusterCommands, hsmCommand, backupCommand, command, copyText, clusterProgress, hsmProgress, showFaults, showProgress };
};

