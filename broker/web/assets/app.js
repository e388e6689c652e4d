"use strict";
// The page: a view for each part of the address after #, drawn from /api/ and
// drawn again every few seconds. Everything from outside becomes a text node or
// the value of a property; there is no markup made of strings.

const refreshMs = 3000;
const main = document.getElementById("main");

// el makes an element; what is no node among the children becomes text.
function el(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props || {})) {
    if (k === "data") Object.assign(e.dataset, v);
    else if (v !== undefined) e[k] = v;
  }
  e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function rate(n) { return (n < 10 ? short : whole).format(n < 10 ? n : Math.round(n)) + "/s"; }

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return short.format(n) + " " + units[i];
}

function duration(ms) {
  const s = Math.floor(ms / 1000);
  if (s < 1) return Math.max(0, Math.round(ms)) + " ms";
  if (s < 120) return s + " s";
  if (s < 7200) return Math.floor(s / 60) + " min";
  if (s < 172800) return Math.floor(s / 3600) + " h";
  return Math.floor(s / 86400) + " days";
}

function time(ms) { return ms > 0 ? new Date(ms).toLocaleString("sv-SE") : "–"; }

function link(parts, params) {
  let hash = "#/" + parts.map(encodeURIComponent).join("/");
  const query = new URLSearchParams(params || {}).toString();
  return query ? hash + "?" + query : hash;
}

// A cell is {text or node, number (for tests and colour), kind}.
function num(n, text, hot) {
  return { className: "num" + (n === 0 ? " zero" : hot ? " hot" : ""), data: { value: n }, node: text === undefined ? whole.format(n) : text };
}
function plain(node) { return { node }; }

// table draws rows of cells below a head of names; "n:" begins a column of numbers.
function table(name, head, rows, empty) {
  if (rows.length === 0) return el("p", { className: "notice" }, empty);
  const names = head.map((h) => h.replace(/^n:/, ""));
  return el("div", { className: "card flush" }, el("table", { data: { table: name } },
    el("thead", null, el("tr", null, head.map((h, i) => el("th", { className: h.startsWith("n:") ? "num" : "" }, names[i])))),
    el("tbody", null, rows.map((row) => el("tr", { data: { key: row.key } }, row.cells.map((c, i) =>
      el("td", { className: c.className || "", data: { label: names[i], ...c.data } }, c.node)))))));
}

function tag(text, kind) { return el("span", { className: "tag " + (kind || "") }, text); }

function definitions(pairs) {
  return el("dl", null, pairs.map(([k, v]) => [el("dt", null, k), el("dd", null, v)]));
}

function tile(label, value, note, props) {
  props = props || {};
  return el(props.href ? "a" : "div", { className: "tile", href: props.href, data: { tile: label } },
    el("div", { className: "label" }, label),
    el("div", { className: "value" + (props.bad ? " bad" : ""), data: { value: props.exact === undefined ? value : props.exact } }, value),
    el("div", { className: "note" }, note || ""));
}

async function api(path, params) {
  const query = new URLSearchParams(params || {}).toString();
  const response = await fetch("api/" + path + (query ? "?" + query : ""), { headers: { Accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

// ---- overview

function highest(points) { return Math.max(1, ...points.map((p) => Math.max(p.put, p.get))); }

function chart(points, nowMs) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("class", "chart");
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  const top = highest(points);
  for (const y of [1, 20, 39]) {
    const line = document.createElementNS(ns, "line");
    for (const [k, v] of Object.entries({ x1: 0, x2: 100, y1: y, y2: y })) line.setAttribute(k, v);
    svg.append(line);
  }
  for (const [name, pick] of [["out", (p) => p.get], ["in", (p) => p.put]]) {
    const line = document.createElementNS(ns, "polyline");
    line.setAttribute("class", name);
    line.setAttribute("points", points.map((p) => (100 - (nowMs - p.atMs) / 6000).toFixed(2) + "," + (39 - 37 * pick(p) / top).toFixed(2)).join(" "));
    svg.append(line);
  }
  return svg;
}

async function overview() {
  const o = await api("overview");
  const now = o.history[o.history.length - 1] || { put: 0, get: 0 };
  const c = o.counts, s = o.store;
  return [
    el("h1", null, o.cluster + " ", el("span", { className: "sub" }, o.broker + " · " + o.addr)),
    o.notReady ? el("p", { className: "notice bad" }, "Not ready: " + o.notReady) : null,
    el("div", { className: "tiles" },
      tile("Messages in", whole.format(o.put.total), rate(o.put.perSecond) + ", last minute", { exact: o.put.total }),
      tile("Messages out", whole.format(o.get.total), rate(o.get.perSecond) + ", last minute", { exact: o.get.total }),
      tile("Not consumed", whole.format(c.lag), "over all groups", { href: "#/groups", exact: c.lag }),
      tile("Dead letters", whole.format(c.deadLetters), c.deadLetters ? "somebody should look" : "none", { href: "#/dlq", exact: c.deadLetters, bad: c.deadLetters > 0 }),
      tile("Topics", whole.format(c.topics), "without the system's", { href: "#/topics", exact: c.topics }),
      tile("Groups online", c.onlineGroups + " of " + c.groups, whole.format(c.consumers) + " consumers, " + whole.format(c.producers) + " producers", { href: "#/groups", exact: c.onlineGroups })),
    el("div", { className: "card" },
      el("div", { className: "legend" },
        el("span", null, el("i", { className: "in" }), "in ", el("b", null, rate(now.put))),
        el("span", null, el("i", { className: "out" }), "out ", el("b", null, rate(now.get))),
        el("span", null, "last ten minutes, at most " + rate(highest(o.history)))),
      chart(o.history, o.nowMs)),
    el("div", { className: "columns" },
      el("div", { className: "card" }, el("h2", null, "Broker"), definitions([
        ["Name", o.broker + " (id " + o.brokerId + ")"], ["Address", o.addr], ["Role", o.role],
        ["Permission", (o.readable ? "read " : "") + (o.writeable ? "write" : "") || "none"], ["Answers as", o.version],
        ["Name servers", o.nameServers && o.nameServers.join(", ") || "none"], ["Runs for", duration(o.nowMs - o.bootMs)],
        ["Pulls that wait", whole.format(c.heldPulls)], ["Half messages", whole.format(c.halfMessages)]])),
      el("div", { className: "card" }, el("h2", null, "Store"), definitions([
        ["Log", bytes(s.maxOffset - s.minOffset)], ["Oldest message", s.earliestMs > 0 ? duration(o.nowMs - s.earliestMs) + " old" : "none"],
        ["Flush", o.flushDiskType + (s.flushBehindBytes ? ", " + bytes(s.flushBehindBytes) + " behind" : ", up to date")],
        ["Queues and index", s.dispatchBehindBytes ? bytes(s.dispatchBehindBytes) + " behind" : "up to date"],
        ["Disk", s.diskRatio < 0 ? "unknown" : Math.round(s.diskRatio * 100) + " % used, " + bytes(s.diskFree) + " free"],
        ["99 % of puts within", s.putLatency99.toLocaleString("en", { maximumFractionDigits: 3 }) + " ms"], ["Puts refused", whole.format(s.putFailed)]]))),
  ];
}

// ---- topics

async function topics(parts, params) {
  const list = await api("topics", { q: params.get("q") || "", kind: params.get("kind") === null ? "normal" : params.get("kind"), page: params.get("page") || 0 });
  return [
    table("topics", ["Topic", "n:Queues", "n:Messages", "n:In", "n:Bytes in", "n:Groups", "Permission"], list.items.map((t) => ({ key: t.name, cells: [
      plain(el("span", null, el("a", { href: link(["topic", t.name]) }, t.name), t.kind === "normal" ? "" : " ", t.kind === "normal" ? "" : tag(t.kind))),
      num(t.queues), num(t.messages), num(t.put.perSecond, rate(t.put.perSecond)), num(t.bytes.perSecond, bytes(t.bytes.perSecond) + "/s"), num(t.groups),
      plain(t.perm || "none")] })), "No topic has such a name."),
    pager(list),
  ];
}

async function topic(parts) {
  const t = await api("topic", { name: parts[1], size: 200 });
  return [
    el("h1", null, t.name, " ", tag(t.kind), t.order ? tag("ordered") : null),
    el("div", { className: "tiles" },
      tile("Messages kept", whole.format(t.messages), "in " + t.queues + " queues", { exact: t.messages }),
      tile("In", rate(t.put.perSecond), bytes(t.bytes.perSecond) + "/s over the last minute", { exact: t.put.perSecond }),
      tile("In since the start", whole.format(t.put.total), bytes(t.bytes.total), { exact: t.put.total })),
    el("h2", null, "Who reads it"),
    table("readers", ["Group", "n:Not consumed", "n:Oldest", "n:Out"], t.readers.map((g) => ({ key: g.group, cells: [
      plain(groupName(g.group, g.online)), g.broadcast ? plain("broadcasting") : num(g.lag, undefined, true),
      num(g.latencyMs, g.lag ? duration(g.latencyMs) : "–"), num(g.get.perSecond, rate(g.get.perSecond))] })), "No group reads this topic."),
    el("h2", null, "Queues"),
    table("queues", ["Queue", "n:First", "n:Next", "n:Messages", ""], t.queueList.items.map((q) => ({ key: String(q.id), cells: [
      plain(String(q.id)), num(q.min), num(q.max), num(q.max - q.min),
      plain(q.max > q.min ? el("a", { href: link(["messages"], { topic: t.name, queue: q.id }) }, "last messages") : "")] })), "It has no queues."),
    t.queueList.total > t.queueList.items.length ? el("p", { className: "notice" }, "… and " + (t.queueList.total - t.queueList.items.length) + " queues more.") : null,
  ];
}

// ---- groups

function groupName(name, online) {
  return el("span", null, el("a", { href: link(["group", name]) }, name), " ", online ? tag("online", "good") : tag("offline"));
}

async function groups(parts, params) {
  const list = await api("groups", { q: params.get("q") || "", page: params.get("page") || 0 });
  return [
    table("groups", ["Group", "n:Clients", "n:Not consumed", "n:Oldest", "n:Out", "Topics"], list.items.map((g) => ({ key: g.name, cells: [
      plain(groupName(g.name, g.online)), num(g.clients), g.model === "BROADCASTING" ? plain("broadcasting") : num(g.lag, undefined, true),
      num(g.latencyMs, g.lag ? duration(g.latencyMs) : "–"), num(g.get.perSecond, rate(g.get.perSecond)),
      { className: "wide", node: g.topics.join(", ") + (g.topicCount > g.topics.length + 1 ? " …" : "") }] })), "No such group is online or has offsets here."),
    pager(list),
  ];
}

function lagBar(q) {
  const share = q.max > 0 ? Math.max(0, Math.min(1, q.consumed / q.max)) : 1;
  const fill = el("i");
  fill.style.width = (share * 100).toFixed(1) + "%";
  return el("div", { className: "bar" + (q.lag > 0 ? " late" : ""), title: (share * 100).toFixed(1) + " % consumed" }, fill);
}

// inOrder puts the retry topic last: what a group is there for comes first.
function inOrder(topics) {
  const retry = (t) => t.topic.startsWith("%RETRY%") ? 1 : 0;
  return topics.slice().sort((a, b) => retry(a) - retry(b));
}

async function group(parts) {
  const g = await api("group", { name: parts[1] });
  return [
    el("h1", null, g.name, " ", g.online ? tag("online", "good") : tag("offline"), " ", g.model ? tag(g.model.toLowerCase()) : null),
    el("div", { className: "tiles" },
      tile("Not consumed", whole.format(g.lag), "messages", { exact: g.lag, bad: g.lag > 0 }),
      tile("Oldest of them", g.lag ? duration(g.latencyMs) : "–", "since it was stored", { exact: g.latencyMs }),
      tile("Out", rate(g.get.perSecond), "over the last minute", { exact: g.get.perSecond }),
      tile("Clients", whole.format(g.clients), { CONSUME_PASSIVELY: "push", CONSUME_ACTIVELY: "pull" }[g.consumeType] || "", { exact: g.clients })),
    inOrder(g.topicList).map((t) => [
      el("h2", null, el("a", { href: link(["topic", t.topic]) }, t.topic), " ",
        el("span", { className: "sub" }, whole.format(t.lag) + " not consumed" + (t.sendBack ? ", " + whole.format(t.sendBack) + " sent back" : ""))),
      table("lag " + t.topic, ["Queue", "n:Consumed up to", "n:Next", "n:Not consumed", "Progress"], t.queues.map((q) => ({ key: String(q.id), cells: [
        plain(String(q.id)), num(q.consumed), num(q.max), num(q.lag, undefined, true), { className: "wide", node: lagBar(q) }] })), "Its members keep their own offsets."),
      t.cut ? el("p", { className: "notice" }, "… there are more queues.") : null]),
    el("h2", null, "Clients"),
    table("clients", ["Client", "Address", "Language", "Version"], g.clientList.map((c) => ({ key: c.id, cells: [
      plain(c.id), plain(c.addr), plain(c.language), plain(c.version)] })), "Nobody of this group is connected."),
  ];
}

// ---- messages

function message(m) {
  const note = [whole.format(m.body.size) + " bytes", m.body.note, m.body.hex ? "no text: hexadecimal" : "", m.body.cut ? "cut" : ""].filter(Boolean).join(", ");
  return el("div", { className: "card message", data: { key: m.offsetMsgId } },
    el("h2", null, el("a", { href: link(["topic", m.topic]) }, m.topic), el("span", { className: "sub" }, "queue " + m.queueId + ", offset " + m.queueOffset),
      m.tags ? tag(m.tags) : null, m.reconsumeTimes ? tag("tried " + m.reconsumeTimes + " times", "bad") : null),
    definitions([["Message id", el("span", { className: "mono" }, m.uniqKey || m.offsetMsgId)],
      m.uniqKey ? ["Offset id", el("span", { className: "mono" }, m.offsetMsgId)] : null,
      m.keys ? ["Keys", m.keys] : null, ["Stored", time(m.storeMs)], ["Born", time(m.bornMs) + " at " + m.bornHost]].filter(Boolean)),
    el("pre", { data: { body: "" } }, m.body.text), el("div", { className: "sub" }, note),
    el("details", null, el("summary", null, "Properties"), definitions(Object.entries(m.properties).sort())));
}

async function messages(parts, params) {
  if (!params.get("id") && !params.get("topic")) return [el("p", { className: "notice" }, "Give a message id, or a topic with a key, or a topic with the number of a queue.")];
  const query = {};
  for (const k of ["topic", "key", "id", "queue", "offset", "size"]) if (params.get(k)) query[k] = params.get(k);
  const list = await api("messages", query);
  const inQueue = !query.id && !query.key;
  const items = inQueue ? list.items.slice().reverse() : list.items;
  return [
    inQueue ? el("div", { className: "tools" }, el("span", { className: "sub" }, "newest first, of offsets " + list.min + " to " + (list.max - 1)),
      step(list, query, items.length && items[items.length - 1].queueOffset > list.min, "older", (o) => Math.max(list.min, o - 32), Math.min),
      step(list, query, items.length && items[0].queueOffset < list.max - 1, "newer", (o) => o + 1, Math.max)) : null,
    items.length ? items.map(message) : el("p", { className: "notice" }, "Nothing found."),
  ];
}

function step(list, query, possible, label, next, pick) {
  const at = possible ? next(pick(...list.items.map((m) => m.queueOffset))) : 0;
  return el("button", { disabled: !possible, onclick: () => { location.hash = link(["messages"], { ...query, offset: at }); } }, label);
}

async function dlq(parts, params) {
  const list = await api("dlq", { page: params.get("page") || 0 });
  return [
    el("h1", null, "Dead letters ", el("span", { className: "sub" }, "messages a group gave up after its tries")),
    table("dlq", ["Group", "n:Messages", "n:Ever", ""], list.items.map((d) => ({ key: d.group, cells: [
      plain(el("a", { href: link(["group", d.group]) }, d.group)), num(d.messages, undefined, true), num(d.total),
      plain(d.messages ? el("a", { href: link(["messages"], { topic: d.topic, queue: 0 }) }, "look at them") : "")] })), "No group has dead letters."),
    pager(list),
  ];
}

function pager(list) {
  if (list.total <= list.size) return null;
  const go = (page) => { const { parts, params } = route(); params.set("page", page); location.hash = link(parts, params); };
  return el("div", { className: "tools" },
    el("button", { disabled: list.page === 0, onclick: () => go(list.page - 1) }, "back"),
    el("span", { className: "sub" }, (list.page * list.size + 1) + " to " + (list.page * list.size + list.items.length) + " of " + whole.format(list.total)),
    el("button", { disabled: (list.page + 1) * list.size >= list.total, onclick: () => go(list.page + 1) }, "on"));
}

// ---- tools above a list; they stay while what is below is drawn again

function search(section, params, kinds) {
  const q = el("input", { type: "search", placeholder: "part of the name", value: params.get("q") || "", ariaLabel: "Search" });
  const kind = el("select", { ariaLabel: "Kind" }, kinds.map(([value, text]) => el("option", { value, selected: value === (params.get("kind") === null ? "normal" : params.get("kind")) }, text)));
  const go = () => { location.replace(link([section], kinds.length ? { q: q.value, kind: kind.value } : { q: q.value })); };
  q.oninput = go;
  kind.onchange = go;
  return el("div", { className: "tools" }, q, kinds.length ? kind : null);
}

function messageForm(params) {
  const field = (name, placeholder, className) => el("input", { name, placeholder, className: className || "", ariaLabel: placeholder, value: params.get(name) || "" });
  const fields = [field("topic", "topic"), field("key", "key"), field("id", "message id"), field("queue", "queue", "short")];
  const go = () => {
    const query = {};
    for (const f of fields) if (f.value.trim()) query[f.name] = f.value.trim();
    location.hash = link(["messages"], query);
    if (location.hash === drawn) draw();
  };
  for (const f of fields) f.onkeydown = (e) => { if (e.key === "Enter") go(); };
  return el("div", { className: "tools" }, fields, el("button", { className: "main", onclick: go }, "Find"));
}

const kinds = [["normal", "topics of users"], ["retry", "retry topics"], ["dlq", "dead letter topics"], ["system", "system topics"], ["", "all topics"]];
const views = {
  "": { draw: overview },
  topics: { draw: topics, title: "Topics", tools: (p) => search("topics", p, kinds) },
  topic: { draw: topic, nav: "topics" },
  groups: { draw: groups, title: "Consumer groups", tools: (p) => search("groups", p, []) },
  group: { draw: group, nav: "groups" },
  messages: { draw: messages, title: "Messages", tools: messageForm, once: true },
  dlq: { draw: dlq },
};

// ---- drawing

function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  let parts = [""];
  try { parts = path.split("/").map(decodeURIComponent); } catch { /* no such address */ }
  return { parts, params: new URLSearchParams(query || "") };
}

let drawn = null; // the address that is shown
let turn = 0;     // of the drawing that is under way; older ones are dropped
let timer = 0;

async function draw() {
  clearTimeout(timer);
  const mine = ++turn;
  const { parts, params } = route();
  const view = views[parts[0]] || views[""];
  const address = location.hash;
  let content;
  try {
    content = await view.draw(parts, params);
  } catch (err) {
    content = [el("p", { className: "notice bad" }, err instanceof TypeError ? "The broker does not answer." : err.message)];
  }
  if (mine !== turn) return;
  const section = parts[0];
  if (drawn === null || main.dataset.section !== section || view.once) {
    const tools = view.tools ? [el("h1", null, view.title), view.tools(params)] : [];
    main.replaceChildren(...tools, el("div", { id: "content" }));
    main.dataset.section = section;
  }
  document.getElementById("content").replaceChildren(...content.flat(3).filter(Boolean));
  drawn = address;
  for (const a of document.querySelectorAll("#nav a")) {
    const current = a.getAttribute("href") === "#/" + (view.nav || section);
    if (current) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
  }
  document.title = (parts[1] || view.title || "Overview") + " – Booster";
  document.body.dataset.ready = "yes";
  if (!view.once) timer = setTimeout(draw, refreshMs);
}

async function showState() {
  const state = document.getElementById("state");
  let text = "ready", good = true;
  try {
    const response = await fetch("readyz");
    good = response.ok;
    if (!good) text = "not ready";
    state.title = (await response.text()).trim();
  } catch {
    text = "not reachable";
    good = false;
  }
  state.textContent = text;
  state.className = "state " + (good ? "good" : "bad");
  setTimeout(showState, refreshMs);
}

window.addEventListener("hashchange", draw);
document.addEventListener("visibilitychange", () => { if (!document.hidden) draw(); });
draw();
showState();
