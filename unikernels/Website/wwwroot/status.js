// Draws the guest's figures from /status.json, once a second. No library: an SVG path for each series. A module, so that its names are its own.

const kept = 120;               // samples, one a second
const width = 480, height = 150, left = 44, right = 6, top = 8, bottom = 18;
const states = ["ESTABLISHED", "SYN-RECEIVED", "FIN-WAIT-2", "CLOSE-WAIT", "TIME-WAIT", "other"];

const count = n => n.toLocaleString("en", { maximumFractionDigits: n < 10 && n % 1 ? 1 : 0 });

function octets(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) { n /= 1000; unit++; }
  return n.toLocaleString("en", { maximumFractionDigits: unit && n < 100 ? 1 : 0 }) + " " + units[unit];
}

function duration(seconds) {
  const s = Math.floor(seconds), d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
  if (d) return `${d} d ${h} h`;
  if (h) return `${h} h ${m} min`;
  return m ? `${m} min ${s % 60} s` : `${s} s`;
}

// The least round number that is not below n: 1, 2 or 5 times a power of ten.
function ceiling(n) {
  if (n <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].map(f => f * power).find(c => c >= n);
}

function element(name, attributes, parent) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  parent?.append(e);
  return e;
}

class Chart {
  constructor(id, names, format, least = 1) {
    this.section = document.getElementById(id);
    this.title = this.section.querySelector("h2").firstChild.textContent.trim();
    this.now = this.section.querySelector("h2 span");
    this.format = format;
    this.least = least;
    this.series = names.map(name => ({ name, values: [] }));
    this.svg = element("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" }, this.section);
    for (const y of [0, 0.5, 1]) element("line", { class: "grid", x1: left, x2: width - right, y1: this.y(y), y2: this.y(y) }, this.svg);
    this.labels = [1, 0.5, 0].map(y => element("text", { x: left - 6, y: this.y(y) + 4, "text-anchor": "end" }, this.svg));
    element("text", { x: left, y: height - 3 }, this.svg).textContent = "2 min ago";
    element("text", { x: width - right, y: height - 3, "text-anchor": "end" }, this.svg).textContent = "now";
    this.series.forEach((s, i) => {
      s.area = element("path", { class: `area s${i}` }, this.svg);
      s.line = element("path", { class: `line s${i}` }, this.svg);
    });
    // Text must keep its shape while the drawing is as wide as its place.
    new ResizeObserver(() => this.fit()).observe(this.svg);
    if (names.length > 1) this.makeKey();
  }

  makeKey() {
    const key = document.createElement("ul");
    key.className = "key";
    this.series.forEach((s, i) => {
      const item = document.createElement("li"), mark = document.createElement("i");
      mark.className = `s${i}`;
      s.key = document.createElement("span");
      item.append(mark, s.key);
      key.append(item);
    });
    this.section.append(key);
  }

  fit() {
    const box = this.svg.getBoundingClientRect();
    if (!box.width) return;
    const x = (width / box.width) / (height / box.height);
    for (const text of this.svg.querySelectorAll("text")) {
      const at = Number(text.getAttribute("x"));
      text.setAttribute("transform", `translate(${at} 0) scale(${x} 1) translate(${-at} 0)`);
    }
  }

  y(share) { return height - bottom - share * (height - top - bottom); }

  add(values) {
    values.forEach((value, i) => {
      this.series[i].values.push(value);
      if (this.series[i].values.length > kept) this.series[i].values.shift();
    });
    this.draw();
  }

  draw() {
    const most = ceiling(Math.max(this.least, ...this.series.flatMap(s => s.values)));
    this.labels.forEach((label, i) => label.textContent = this.format(most * (1 - i / 2)));
    const step = (width - left - right) / (kept - 1);
    for (const s of this.series) {
      const first = width - right - (s.values.length - 1) * step;
      const points = s.values.map((v, i) => `${(first + i * step).toFixed(1)} ${this.y(v / most).toFixed(1)}`).join("L");
      s.line.setAttribute("d", "M" + points);
      s.area.setAttribute("d", `M${first.toFixed(1)} ${this.y(0)}L${points}L${width - right} ${this.y(0)}Z`);
      if (s.key) s.key.textContent = `${s.name} ${this.format(s.values.at(-1))}`;
    }
    const now = this.series.map(s => `${this.series.length > 1 ? s.name + " " : ""}${this.format(s.values.at(-1))}`);
    if (this.series.length === 1) this.now.textContent = now[0];
    this.svg.setAttribute("aria-label", `${this.title}, now: ${now.join(", ")}`);
  }
}

const charts = {
  requests: new Chart("chart-requests", ["requests"], count),
  octets: new Chart("chart-octets", ["in", "out"], octets, 1000),
  connections: new Chart("chart-connections", states, count),
  retransmissions: new Chart("chart-retransmissions", ["segments"], count),
  heap: new Chart("chart-heap", ["heap", "committed"], octets, 1e6),
  drops: new Chart("chart-drops", ["packets"], count),
};

const show = (id, text) => { document.getElementById(id).textContent = text; };
const sum = object => Object.values(object).reduce((a, b) => a + b, 0);

function byState(all) {
  const open = Object.entries(all).filter(([state]) => state !== "LISTEN" && state !== "CLOSED");
  return states.map(s => s === "other" ? open.filter(([state]) => !states.includes(state)).reduce((a, [, n]) => a + n, 0) : all[s] ?? 0);
}

function showReasons(drops) {
  const rows = Object.entries(drops).sort((a, b) => b[1] - a[1]);
  if (!rows.length) return;
  const total = sum(drops);
  document.getElementById("reasons").replaceChildren(...rows.map(([reason, n]) => {
    const row = document.createElement("tr");
    const cells = [reason, count(n), document.createElement("meter")].map(c => { const td = document.createElement("td"); td.append(c); return td; });
    const meter = cells[2].firstChild;
    meter.max = total;
    meter.value = n;
    meter.setAttribute("aria-label", `${Math.round(100 * n / total)} % of all drops`);
    row.append(...cells);
    return row;
  }));
}

let last;

function take(status) {
  const connections = byState(status.tcp.states);
  show("uptime", duration(status.uptime));
  show("requests", count(status.http.requests));
  show("connections", count(sum(connections)));
  show("dropped", count(sum(status.drops)));
  show("buffers", status.pool.capacity ? `${count(100 * status.pool.inUse / status.pool.capacity)} %` : "–");
  showReasons(status.drops);
  charts.connections.add(connections);
  charts.heap.add([status.gc.heap, status.gc.committed]);
  // Figures that start again mean another guest: what it has done since is not a rate yet.
  if (last && status.uptime > last.uptime) {
    const rate = (now, before) => Math.max(0, (now - before) / (status.uptime - last.uptime));
    charts.requests.add([rate(status.http.requests, last.http.requests)]);
    charts.octets.add([rate(status.tcp.octetsIn, last.tcp.octetsIn), rate(status.tcp.octetsOut, last.tcp.octetsOut)]);
    charts.retransmissions.add([rate(status.tcp.retransmissions, last.tcp.retransmissions)]);
    charts.drops.add([rate(sum(status.drops), sum(last.drops))]);
  }
  last = status;
}

async function poll() {
  const link = document.getElementById("link");
  try {
    const response = await fetch("/status.json", { cache: "no-store", signal: AbortSignal.timeout(3000) });
    if (!response.ok) throw new Error(response.status);
    take(await response.json());
    if (link.textContent !== "live") link.textContent = "live";
    link.classList.remove("lost");
  } catch {
    if (!link.classList.contains("lost")) link.textContent = "no answer from the guest; trying again";
    link.classList.add("lost");
  }
  setTimeout(poll, 1000);
}

poll();
