
(() => {
  const EVERY = 1000;
  const KEPT = 500;
  const KEPT_MILLIS = 600000;
  const $ = (id) => document.getElementById(id);

  // Everything goes in as text: no string ever becomes markup.
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined) element.append(child);
    }
    return element;
  }

  function svg(tag, attributes, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text) element.append(text);
    return element;
  }

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  const pad = (number, digits) => String(number).padStart(digits, "0");
  const moment = (millis) => new Date(millis).toISOString().slice(0, 19).replace("T", " ");
  const precise = (millis) => new Date(millis).toISOString().slice(11, 23);
  const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

  const KINDS = {
    ACTIVE: "good", INITIALIZED: "good", READY: "good", DEGRADED: "bad", DELETED: "gone", UNINITIALIZED: "open", PENDING_DELETION: "busy",
  };
  const state = (name) => h("span", { class: "state", "data-kind": KINDS[name] || "busy" }, name);

  // Makes the children of `parent` those of `items`, and leaves alone what has not changed: focus and selection stay.
  function keyed(parent, items, keyOf, make, update) {
    const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    let place = parent.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      let element = old.get(key);
      if (element) old.delete(key);
      else {
        element = make(item);
        element.dataset.key = key;
      }
      const text = JSON.stringify(item);
      if (element.shown !== text) {
        element.shown = text;
        update(element, item);
      }
      if (element === place) place = place.nextElementSibling;
      else parent.insertBefore(element, place);
    }
    for (const left of old.values()) left.remove();
  }

  // What has the focus inside an element that is about to be filled anew, by its name: its successor gets it.
  function focusIn(element) {
    const name = (one) => one.getAttribute("aria-label") || one.textContent;
    const had = element.contains(document.activeElement) ? document.activeElement : null;
    return () => {
      if (!had || had.isConnected) return;
      const [tag, named] = [had.tagName, name(had)];
      [...element.querySelectorAll(tag)].find((one) => name(one) === named)?.focus();
    };
  }

  let snapshot = null;
  let controls = null;
  let requests = [];
  const open = new Set();
  const chains = new Map();
  const chosen = new Map();

  /* Clusters */

  const CLUSTER_COLUMNS = [["Cluster"], ["State"], ["HSM type", "middle"], ["HSMs", "number middle"], ["VPC", "wide"], ["Created (UTC)", "wide"], ["Retention", "wide"]];
  const BACKUP_COLUMNS = [["Backup"], ["State"], ["Cluster", "middle"], ["Created (UTC)", "wide"], ["Deletion (UTC)", "middle"], ["Copied from", "wide"]];

  function table(columns, label) {
    const head = columns.map(([title, kind]) => h("th", { scope: "col", class: kind }, title));
    return h("div", { class: "frame" }, h("table", { class: "listing", "aria-label": label }, h("thead", null, h("tr", null, head))));
  }

  function makePlace(place) {
    const title = `place-${place.account}-${place.region}`;
    const clusters = table(CLUSTER_COLUMNS, `Clusters in ${place.region}`);
    const backups = table(BACKUP_COLUMNS, `Backups in ${place.region}`);
    const rows = h("tbody");
    backups.firstChild.append(rows);
    const section = h("section", { "aria-labelledby": title },
      h("div", { class: "heading" }, h("h2", { id: title }, place.region), h("p", { class: "muted" }, "account ", h("span", { class: "mono" }, place.account))),
      h("div", { class: "group" }, h("h3", null, "Clusters ", h("span", { class: "count" })), clusters),
      h("div", { class: "group" }, h("h3", null, "Backups ", h("span", { class: "count" })), backups));
    section.parts = { clusters: clusters.firstChild, backups: rows, groups: section.querySelectorAll(".group"), counts: section.querySelectorAll(".count") };
    return section;
  }

  const shownOf = (shown, all) => (shown.length < all ? `the newest ${shown.length} of ${all}` : String(all));

  function updatePlace(section, place) {
    const { clusters, backups, groups, counts } = section.parts;
    setText(counts[0], shownOf(place.clusters, place.clusterCount));
    setText(counts[1], shownOf(place.backups, place.backupCount));
    groups[0].hidden = place.clusterCount === 0;
    groups[1].hidden = place.backupCount === 0;
    const head = clusters.tHead;
    head.remove();
    const clustersHere = place.clusters.map((cluster) => ({ ...cluster, region: place.region }));
    keyed(clusters, clustersHere, (cluster) => cluster.id, makeCluster, updateCluster);
    clusters.prepend(head);
    const backupsHere = place.backups.map((backup) => ({ ...backup, region: place.region }));
    keyed(backups, backupsHere, (backup) => backup.id, () => h("tr"), updateBackup);
  }

  function makeCluster(cluster) {
    const body = h("tbody", { id: cluster.id });
    const button = h("button", { type: "button", class: "disclose", "aria-expanded": "false", "aria-controls": `detail-${cluster.id}` }, cluster.id);
    button.addEventListener("click", () => toggle(body, cluster.id, !open.has(cluster.id)));
    const panel = h("div", { class: "panel" });
    const detail = h("tr", { class: "detail", id: `detail-${cluster.id}`, hidden: "" }, h("td", { colspan: CLUSTER_COLUMNS.length }, panel));
    const facts = h("div", { class: "columns" });
    const chain = h("div", { class: "certificates bare" });
    const act = h("div");
    panel.append(act, facts, h("h3", null, "Certificates"), chain);
    const summary = h("tr", { class: "summary" });
    body.append(summary, detail);
    body.parts = { button, summary, detail, act, facts, chain };
    return body;
  }

  function updateCluster(body, cluster) {
    const { button, summary, act, facts } = body.parts;
    const refocus = focusIn(body);
    body.cluster = cluster;
    const commands = controls.clusterCommands(cluster, cluster.region);
    const cells = [
      h("div", { class: "standing" }, state(cluster.state), controls.clusterProgress(cluster), controls.copies(commands)), cluster.hsmType, String(cluster.hsms.length), h("span", { class: "mono" }, cluster.vpc),
      h("span", { class: "mono" }, moment(cluster.created)), `${cluster.retentionDays} days`,
    ];
    if (cluster.stateMessage) cells[0].append(h("div", { class: "note" }, cluster.stateMessage));
    // The button stays the element it is: it may have the focus.
    if (!summary.firstChild) summary.append(h("td", null, button));
    while (summary.children.length > 1) summary.lastChild.remove();
    cells.forEach((cell, index) => summary.append(h("td", { class: CLUSTER_COLUMNS[index + 1][1] }, cell)));
    act.replaceChildren(controls.clusterButtons(cluster), h("div", { class: "commands" }, commands.map(controls.command)));
    facts.replaceChildren(clusterFacts(cluster), hsmTable(cluster));
    refocus();
    if (open.has(cluster.id)) toggle(body, cluster.id, true);
  }

  function toggle(body, id, show) {
    const { button, detail } = body.parts;
    if (show) open.add(id);
    else open.delete(id);
    body.classList.toggle("open", show);
    button.setAttribute("aria-expanded", String(show));
    detail.hidden = !show;
    if (show) loadChain(body, id);
  }

  function pairs(list, kind) {
    return h("dl", { class: kind || "pairs" }, list.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
  }

  const tags = (list) => (list.length === 0 ? "none" : list.map((tag) => h("span", { class: "tag" }, `${tag.key} = ${tag.value}`)));

  function clusterFacts(cluster) {
    const mono = (text) => h("span", { class: "mono" }, text);
    const subnets = cluster.subnets.map((one) => h("div", null, mono(one.subnet), ` in ${one.zone}`));
    return h("div", null, h("h3", null, "Cluster"), pairs([
      ["State message", cluster.stateMessage], ["VPC", mono(cluster.vpc)], ["Subnets", subnets], ["Security group", mono(cluster.securityGroup)],
      ["Created (UTC)", mono(moment(cluster.created))], ["Backup retention", `${cluster.retentionDays} days`],
      ...cluster.choices, ["Tags", tags(cluster.tags)],
    ]));
  }

  function hsmTable(cluster) {
    const box = h("div", null, h("h3", null, "HSMs"));
    if (cluster.hsms.length === 0) {
      box.append(h("p", { class: "muted" }, cluster.state === "UNINITIALIZED" ? "None. The cluster's CSR comes with the first." : "None."));
      return box;
    }
    const columns = ["HSM", "State", "Zone", "Address", "Network interface"];
    const standing = (hsm) => h("div", { class: "standing" }, state(hsm.state), controls.hsmProgress(hsm), controls.copies(controls.hsmCommands(cluster, hsm, cluster.region)));
    const cells = (hsm) => [["mono", hsm.id], [null, standing(hsm)], [null, hsm.zone], ["mono", hsm.ip], ["mono", hsm.eni]];
    // On a phone each cell says what it is: there is no head.
    const rows = cluster.hsms.map((hsm) => h("tr", null, cells(hsm).map(([kind, content], index) => h("td", { class: kind, "data-column": columns[index] }, content))));
    box.append(h("div", { class: "holder" }, h("table", { class: "inner" }, h("thead", null, h("tr", null, columns.map((name) => h("th", { scope: "col" }, name)))), h("tbody", null, rows))));
    return box;
  }

  function updateBackup(row, backup) {
    const mono = (text) => h("span", { class: "mono" }, text);
    const origin = backup.origin && h("div", null, mono(backup.origin.backup), ` in ${backup.origin.region}`);
    const copied = backup.copied ? h("div", { class: "note" }, `copied ${moment(backup.copied)}`) : null;
    const restored = backup.restored ? h("div", { class: "note" }, `restored ${moment(backup.restored)}`) : null;
    const deletion = backup.deleteAt ? mono(moment(backup.deleteAt)) : backup.neverExpires ? "never expires" : "";
    const id = h("div", null, mono(backup.id), backup.tags.length > 0 ? h("div", null, tags(backup.tags)) : null);
    const standing = h("div", { class: "standing" }, state(backup.state), controls.backupProgress(backup), controls.copies(controls.backupCommands(backup, backup.region)));
    const refocus = focusIn(row);
    const cells = [id, standing, mono(backup.cluster), h("div", null, mono(moment(backup.created)), restored), deletion, h("div", null, origin, copied)];
    row.replaceChildren(...cells.map((cell, index) => h("td", { class: BACKUP_COLUMNS[index][1] }, cell)));
    refocus();
  }

  /* Certificates */

  async function loadChain(body, id) {
    const box = body.parts.chain;
    try {
      const answer = await fetch(`/_page/certificates?cluster=${encodeURIComponent(id)}`);
      if (!answer.ok) return;
      const text = await answer.text();
      if (box.shown === text) return drawEdges(box);
      box.shown = text;
      chains.set(id, JSON.parse(text).nodes);
      showChain(box, id);
    } catch {
      // The next answer that comes brings it again.
    }
  }

  function showChain(box, id) {
    const nodes = chains.get(id);
    const had = document.activeElement && box.contains(document.activeElement) ? document.activeElement.dataset.node : null;
    box.classList.toggle("bare", nodes.length === 0);
    if (nodes.length === 0) {
      box.replaceChildren(h("p", { class: "muted" }, "None now. They come with the first ACTIVE HSM, and again once the cluster is initialized."));
      return;
    }
    const chain = h("div", { class: "chain", role: "group", "aria-label": "Certificates, from the roots downwards" });
    for (const row of [...new Set(nodes.map((node) => node.row))]) {
      const tier = nodes.filter((node) => node.row === row);
      chain.append(h("div", { class: tier.length === 2 ? "tier pairwise" : "tier" }, tier.map((node) => nodeButton(box, id, node))));
    }
    const side = h("div", { class: "certificate", role: "region", "aria-label": "Certificate" });
    const legend = h("p", { class: "legend" }, "An arrow leads from the key that signed to what it signed. Dotted lines join what carries the same key.");
    box.replaceChildren(h("div", null, chain, legend), side);
    box.parts = { chain, side };
    const last = nodes[nodes.length - 1];
    choose(box, id, nodes.some((node) => node.id === chosen.get(id)) ? chosen.get(id) : last.id);
    new ResizeObserver(() => drawEdges(box)).observe(chain);
    if (had) chain.querySelector(`[data-node="${had}"]`)?.focus();
  }

  const keyMark = (letter) => h("span", { class: "key" }, letter);
  const expired = (node) => node.notAfter !== null && node.notAfter * 1000 < now();

  function nodeButton(box, id, node) {
    const signer = node.selfSigned ? h("span", null, "signed by itself") : h("span", null, "signed by key ", keyMark(node.signedBy || "?"));
    const button = h("button", { type: "button", class: "node", "data-node": node.id, "aria-pressed": "false" },
      h("strong", null, node.title), h("span", { class: "keys" }, h("span", null, "key ", keyMark(node.key)), signer),
      expired(node) ? h("span", { class: "expired" }, "expired") : null);
    button.addEventListener("click", () => choose(box, id, node.id));
    return button;
  }

  function choose(box, id, nodeId) {
    chosen.set(id, nodeId);
    const node = chains.get(id).find((one) => one.id === nodeId);
    for (const button of box.parts.chain.querySelectorAll(".node")) {
      button.setAttribute("aria-pressed", String(button.dataset.node === nodeId));
    }
    const pem = h("pre", { tabindex: "0", "aria-label": "PEM" }, node.pem);
    const copy = h("button", { type: "button", class: "copy" }, "Copy PEM");
    copy.addEventListener("click", () => controls.copyText(copy, "PEM", node.pem, () => pem));
    const fields = node.fields.map((field) => [field.name, field.value]);
    box.parts.side.replaceChildren(h("div", { class: "title" }, h("h4", null, node.title, " ", h("span", { class: "muted mono" }, node.id)), copy), pairs(fields), pem);
    drawEdges(box);
  }

  function drawEdges(box) {
    const chain = box.parts && box.parts.chain;
    const nodes = chain && chains.get(chain.closest("tbody") && chain.closest("tbody").id);
    if (!nodes || chain.offsetWidth === 0) return;
    chain.querySelector("svg")?.remove();
    const frame = chain.getBoundingClientRect();
    const at = new Map([...chain.querySelectorAll(".node")].map((button) => {
      const r = button.getBoundingClientRect();
      return [button.dataset.node, { left: r.left - frame.left, right: r.right - frame.left, top: r.top - frame.top, bottom: r.bottom - frame.top, x: (r.left + r.right) / 2 - frame.left }];
    }));
    const picture = svg("svg", { "aria-hidden": "true" });
    const marker = svg("marker", { id: `arrow-${chain.closest("tbody").id}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" });
    marker.append(svg("path", { d: "M0 0.5 8 4 0 7.5z" }));
    picture.append(marker);
    const current = chosen.get(chain.closest("tbody").id);
    for (const node of nodes) {
      const to = at.get(node.id);
      node.issuers.forEach((issuer, index) => {
        const from = at.get(issuer);
        const spread = (index - (node.issuers.length - 1) / 2) * 36;
        const end = to.x + spread;
        const middle = (from.bottom + to.top) / 2;
        const d = `M${from.x} ${from.bottom} C${from.x} ${middle + 6} ${end} ${middle - 6} ${end} ${to.top - 1}`;
        const lit = node.id === current ? "lit" : "";
        picture.append(svg("path", { d, class: lit, "marker-end": `url(#${marker.id})` }));
      });
    }
    nodes.forEach((node, index) => {
      const next = nodes[index + 1];
      if (!next || next.key !== node.key || next.issuers.includes(node.id)) return;
      const [a, b] = [at.get(node.id), at.get(next.id)];
      if (node.row === next.row) {
        const y = (a.top + Math.min(a.bottom, b.bottom)) / 2;
        picture.append(svg("path", { d: `M${a.right} ${y} H${b.left}`, class: "same" }));
        if (b.left - a.right > 60) picture.append(svg("text", { x: (a.right + b.left) / 2, y: y - 6, "text-anchor": "middle" }, "same key"));
      } else {
        picture.append(svg("path", { d: `M${a.x} ${a.bottom} V${b.top}`, class: "same" }));
        picture.append(svg("text", { x: a.x + 8, y: (a.bottom + b.top) / 2 + 4 }, "same key"));
      }
    });
    chain.prepend(picture);
  }

  /* Requests */

  const isAnswered = (request) => request.end === "answered" && request.status === 200;
  const OUTCOMES = {
    answered: isAnswered, refused: (request) => request.end === "answered" && request.status !== 200, cut: (request) => request.end !== "answered",
    fault: (request) => request.faults.length > 0,
  };

  // The choice stays when new actions come.
  function showActions() {
    const select = $("filter-action");
    const named = [...new Set(requests.map((request) => request.action))].filter((name) => name !== "").sort();
    const known = [...select.options].slice(1).map((option) => option.value);
    if (select.value !== "" && !named.includes(select.value)) named.push(select.value);
    if (named.join() !== known.join()) {
      const value = select.value;
      select.replaceChildren(select.options[0], ...named.map((name) => h("option", { value: name }, name)));
      select.value = value;
    }
  }

  function showRequests() {
    const limit = performance.now() - KEPT_MILLIS;
    requests = requests.filter((request) => request.begun > limit).slice(-KEPT);
    showActions();
    const [action, outcome] = [$("filter-action").value, $("filter-outcome").value];
    const shown = requests.filter((request) => (action === "" || request.action === action) && (outcome === "" || OUTCOMES[outcome](request)));
    keyed($("request-rows"), shown.toReversed(), (request) => String(request.number), () => h("tr"), updateRequest);
    const failed = shown.filter((request) => !isAnswered(request)).length;
    const count = shown.length === requests.length ? String(shown.length) : `${shown.length} of ${requests.length}`;
    setText($("requests-summary"), requests.length === 0 ? "None in the last ten minutes" : `${count} in the last ten minutes, ${failed} not answered with 200`);
  }

  function updateRequest(row, request) {
    const took = request.micros < 10000 ? `${(request.micros / 1000).toFixed(2)} ms` : `${Math.round(request.micros / 1000)} ms`;
    const ends = { closed: "cut", abandoned: "client left" };
    const cells = [
      ["mono", h("time", { title: moment(request.at) }, precise(request.at))], [null, request.action || "(none)"],
      [request.status === 200 ? null : "error", request.status === null ? ends[request.end] || request.end : String(request.status)],
      ["error", request.error || ""], ["middle", request.faults.join(", ")], ["number middle", took], ["wide", request.region], ["wide mono", request.account],
      ["wide mono", request.requestId || ""],
    ];
    row.replaceChildren(...cells.map(([kind, content]) => h("td", { class: kind }, content)));
  }

  /* Live */

  const now = () => (snapshot ? snapshot.now + performance.now() - snapshot.received : Date.now());

  function announce(text) {
    $("announcement").textContent = text;
  }

  // What a listener would want to hear: clusters that came, went or changed their state.
  function changes(before, after) {
    const states = (places) => new Map(places.flatMap((place) => place.clusters.map((cluster) => [cluster.id, cluster.state])));
    const [was, is] = [states(before), states(after)];
    const said = [];
    for (const [id, name] of is) if (was.get(id) !== name) said.push(was.has(id) ? `${id} is now ${name}` : `new: ${id}, ${name}`);
    for (const id of was.keys()) if (!is.has(id)) said.push(`${id} is gone`);
    return said.slice(0, 3).join("; ");
  }

  function connection(name, text) {
    if ($("connection").dataset.state === name) return;
    $("connection").dataset.state = name;
    setText($("connection"), text);
  }

  function showClock() {
    if (!snapshot) return;
    setText($("clock"), `${moment(now())} UTC`);
    controls.showProgress();
  }

  function take(data) {
    const received = performance.now();
    const restarted = !snapshot || snapshot.instance !== data.instance;
    const before = restarted ? [] : snapshot.places;
    if (restarted) {
      requests = [];
      chains.clear();
    }
    if (snapshot && restarted) announce("The simulator has been restarted");
    else if (snapshot && data.places) announce(changes(before, data.places));
    snapshot = { ...data, places: data.places || before, received };
    for (const request of data.requests) requests.push({ ...request, begun: Math.round(received - request.ageMillis), ageMillis: 0 });
    showClock();
    setText($("version"), data.version);
    setText($("speed"), data.speed === null ? "instant" : `${data.speed}\u00d7`);
    controls.learn(data);
    if (data.places) showPlaces();
    showRequests();
    controls.showProgress();
  }

  function showPlaces() {
    const places = $("places");
    if (snapshot.places.length > 0) {
      if (places.firstElementChild && !places.firstElementChild.dataset.key) places.replaceChildren();
      keyed(places, snapshot.places, (place) => `${place.account}/${place.region}`, makePlace, updatePlace);
      return;
    }
    const commands = controls.firstCommands().map(controls.command);
    places.replaceChildren(h("section", null, h("div", { class: "heading" }, h("h2", null, "Clusters")),
      h("div", { class: "frame empty" }, "None yet. The button above makes one, and so does each of these. It will appear here.", commands)));
  }

  let timer = null;

  // After a button: what came of it shows at once.
  function soon() {
    if (timer === null) return;
    clearTimeout(timer);
    poll();
  }

  async function poll() {
    timer = null;
    let next = EVERY;
    try {
      const since = snapshot ? encodeURIComponent(snapshot.token) : "";
      const answer = await fetch(`/_page/data?since=${since}`, { signal: AbortSignal.timeout(10000) });
      if (!answer.ok) throw new Error(String(answer.status));
      if (answer.status === 200) take(await answer.json());
      else showRequests();
      connection("live", "Live");
    } catch {
      connection("lost", "Disconnected");
      next = 2 * EVERY;
    }
    // A page that nobody looks at asks for nothing.
    if (document.hidden) document.addEventListener("visibilitychange", poll, { once: true });
    else timer = setTimeout(poll, next);
  }

  controls = makeControls({ h, setText, announce, now, soon });
  for (const id of ["filter-action", "filter-outcome"]) $(id).addEventListener("change", showRequests);
  setText($("endpoint"), location.origin);
  setInterval(showClock, 250);
  poll();
})();
