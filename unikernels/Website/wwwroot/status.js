// Draws the guest's figures from /status.json, once a second. No library: an SVG path for each series. A module, so that its names are its own.

const kept = 120;               // samples, one a second
const height = 152, left = 62, right = 8, top = 10, bottom = 20;        // pixels
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

// The least round number that is not below n, and whose half is round too.
function ceiling(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 4, 6, 8, 10].map(f => f * power).find(c => c >= n);
}

function element(name, attributes, parent) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  parent?.append(e);
  return e;
}

class Chart {
  constructor(id, names, format) {
    this.section = document.getElementById(id);
    this.title = this.section.querySelector("h2").firstChild.textContent.trim();
    this.now = this.section.querySelector("h2 span");
    this.format = format;
    this.series = names.map(name => ({ name, values: [] }));
    this.width = 480;
    this.svg = element("svg", { role: "img", "aria-label": this.title }, this.section);
    this.grid = [1, 0.5, 0].map(share => ({
      line: element("line", { class: "grid", x1: left, y1: this.y(share), y2: this.y(share) }, this.svg),
      label: element("text", { x: left - 8, y: this.y(share) + 4, "text-anchor": "end" }, this.svg),
      share,
    }));
    element("text", { x: left, y: height - 4 }, this.svg).textContent = "2 min ago";
    this.end = element("text", { y: height - 4, "text-anchor": "end" }, this.svg);
    this.end.textContent = "now";
    this.series.forEach((s, i) => {
      s.area = element("path", { class: `area s${i}` }, this.svg);
      s.line = element("path", { class: `line s${i}` }, this.svg);
    });
    if (names.length > 1) this.makeKey();
    // A unit of the drawing is a pixel, however wide its place is: lines and letters keep their shape.
    new ResizeObserver(() => { this.width = this.svg.clientWidth || this.width; this.draw(); }).observe(this.svg);
    this.draw();
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

  y(share) { return height - bottom - share * (height - top - bottom); }

  add(values) {
    values.forEach((value, i) => {
      this.series[i].values.push(value);
      if (this.series[i].values.length > kept) this.series[i].values.shift();
    });
    this.draw();
  }

  draw() {
    const edge = this.width - right, step = (edge - left) / (kept - 1);
    const most = ceiling(Math.max(2, ...this.series.flatMap(s => s.values)));
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.end.setAttribute("x", edge);
    for (const { line, label, share } of this.grid) {
      line.setAttribute("x2", edge);
      label.textContent = this.format(most * share);
    }
    if (!this.series[0].values.length) return;
    for (const s of this.series) {
      const first = edge - (s.values.length - 1) * step;
      const points = s.values.map((v, i) => `${(first + i * step).toFixed(1)} ${this.y(v / most).toFixed(1)}`).join("L");
      s.line.setAttribute("d", "M" + points);
      s.area.setAttribute("d", `M${first.toFixed(1)} ${this.y(0)}L${points}L${edge} ${this.y(0)}Z`);
      if (s.key) s.key.textContent = `${s.name} ${this.format(s.values.at(-1))}`;
    }
    const now = this.series.map(s => `${this.series.length > 1 ? s.name + " " : ""}${this.format(s.values.at(-1))}`);
    if (this.series.length === 1) this.now.textContent = now[0];
    this.svg.setAttribute("aria-label", `${this.title}, now: ${now.join(", ")}`);
  }
}

const charts = {
  requests: new Chart("chart-requests", ["requests"], count),
  octets: new Chart("chart-octets", ["in", "out"], octets),
  connections: new Chart("chart-connections", states, count),
  retransmissions: new Chart("chart-retransmissions", ["segments"], count),
  heap: new Chart("chart-heap", ["heap", "committed"], octets),
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
  show("refused", count(status.http.refused));
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
    link.classList.remove("lost", "idle");
  } catch {
    if (!link.classList.contains("lost")) link.textContent = "no answer from the guest; trying again";
    link.classList.add("lost");
  }
  setTimeout(poll, 1000);
}

poll();
