// lib: a gateway of a test's own on a virtual clock, a browser, and checks that every page must pass.
// Node's standard library, playwright-core and axe-core alone; MODULES names the folder that holds both.
import { spawn, execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";

const require = createRequire(path.join(process.env.MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axeSource = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const KAPULA = process.env.KAPULA;
export const SOURCE = process.env.SOURCE_DIR;
const PAGE_MAX_BYTES = 30000;
const SMALLEST_TARGET = 44;

export function fail(text) {
  throw new Error(text);
}

export function expect(condition, text) {
  if (!condition) fail(text);
}

// ---- the gateway

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Gateway {
  constructor(folder) {
    this.folder = folder;
    this.db = path.join(folder, "kapula.db");
    this.count = 0;
  }

  verb(...args) {
    return execFileSync(KAPULA, [...args, "--db", this.db], { encoding: "utf8" });
  }

  // FROM: the virtual clock's start; without it the machine's time holds. CONFIG: a file's text.
  static async start(folder, { roster, from, config }) {
    const gateway = new Gateway(folder);
    fs.mkdirSync(folder, { recursive: true });
    const clock = from ? ["--virtual-clock", from] : [];
    gateway.verb("import", "roster", roster, ...clock);
    const token = (scope) =>
      JSON.parse(gateway.verb("tokens", "create", "--name", "test", "--scope", scope, "--json")).token;
    gateway.events = token("events:write");
    gateway.clock = token("clock:write");
    gateway.port = await freePort();
    gateway.url = `http://127.0.0.1:${gateway.port}`;
    const log = fs.openSync(path.join(folder, "gateway.log"), "a");
    if (config) fs.writeFileSync(path.join(folder, "kapula.yaml"), config);
    const file = config ? ["--config", path.join(folder, "kapula.yaml")] : [];
    gateway.process = spawn(KAPULA, ["serve", "--db", gateway.db, "--port", String(gateway.port), ...clock, ...file], {
      stdio: ["ignore", "pipe", log],
    });
    Gateway.all.push(gateway);
    await new Promise((resolve, reject) => {
      gateway.process.stdout.once("data", resolve);
      gateway.process.once("exit", () => reject(new Error(`the gateway does not start: see ${folder}/gateway.log`)));
    });
    return gateway;
  }

  // What a failed story leaves running ends with the test.
  static all = [];
  static killAll() {
    for (const each of Gateway.all) if (each.process.exitCode === null) each.process.kill("SIGKILL");
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    const code = await ended;
    expect(code === 0, `the gateway ended with ${code}: see ${this.folder}/gateway.log`);
  }

  async send(type, data, time) {
    const event = { specversion: "1.0", id: `t${++this.count}`, source: "test", type: `kapula.${type}`, data, time };
    const response = await fetch(`${this.url}/v1/events`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.events}`, "Content-Type": "application/cloudevents+json" },
      body: JSON.stringify(event),
    });
    const answer = await response.json();
    expect(answer.accepted === 1, `${type} was not taken: ${JSON.stringify(answer)}`);
  }

  async until(time) {
    const response = await fetch(`${this.url}/v1/clock`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.clock}`, "Content-Type": "application/json" },
      body: JSON.stringify({ until: time }),
    });
    expect(response.ok, `POST /v1/clock: ${response.status} ${await response.text()}`);
  }

  messages() {
    return JSON.parse(this.verb("messages", "--json"));
  }

  // The messages of RULE to PERSON, the oldest first.
  told(rule, person) {
    return this.messages()
      .filter((m) => m.rule === rule && (!person || m.recipient === person))
      .sort((a, b) => a.id - b.id);
  }

  // The link of the last message of RULE to PERSON.
  link(rule, person) {
    const last = this.told(rule, person).pop() ?? fail(`no ${rule} to ${person}`);
    const text = JSON.parse(this.verb("messages", "show", String(last.id), "--json")).text;
    return text.match(/http:\/\/\S+\/[rwpsc]\/[\w-]+/)?.[0] ?? fail(`no link in: ${text}`);
  }

  sql(query) {
    return execFileSync("sqlite3", ["-readonly", "-json", this.db, query], { encoding: "utf8" }).trim();
  }

  // As another program would.
  write(statement) {
    execFileSync("sqlite3", ["-cmd", ".timeout 10000", this.db, statement]);
  }
}

// ---- the browser

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

// What axe-core finds by the rules of WCAG 2.2 AA.
async function accessibility(page) {
  // The page's own policy forbids scripts; the checker is no script of the page.
  return page.evaluate(
    async ([source]) => {
      // eslint-disable-next-line no-eval
      (0, eval)(source);
      const result = await window.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      });
      return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`);
    },
    [axeSource],
  );
}

// Targets that a thumb would miss: smaller than 44 pixels and no link within a sentence.
async function smallTargets(page) {
  return page.evaluate((least) => {
    const found = [];
    for (const each of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")) {
      const target = each.closest("label") ?? each;
      const box = target.getBoundingClientRect();
      if (box.right <= 0) continue; // off the screen until it is focused
      if (box.width && (box.height < least || box.width < least)) found.push(`${each.outerHTML.slice(0, 80)} ${box.width}x${box.height}`);
    }
    return found;
  }, SMALLEST_TARGET);
}

// A reader on a device: a context without scripts of pages, in a language, on a narrow phone or not, light or dark.
export class Reader {
  constructor(browser, { language = "fi", width = 412, scheme = "light", shots }) {
    this.browser = browser;
    this.options = { language, width, scheme };
    this.shots = shots;
  }

  async open(url) {
    const { language, width, scheme } = this.options;
    this.context ??= await this.browser.newContext({
      locale: language,
      viewport: { width, height: 740 },
      deviceScaleFactor: 2,
      colorScheme: scheme,
      bypassCSP: true,
    });
    this.page ??= await this.context.newPage();
    this.page.setDefaultTimeout(10000);
    const response = await this.page.goto(url);
    return response.status();
  }

  // One form's button, by its text; the status of the page that follows.
  async press(text) {
    const [response] = await Promise.all([
      this.page.waitForResponse((r) => r.request().isNavigationRequest() && r.status() !== 303),
      this.page.getByRole("button", { name: text, exact: true }).click(),
    ]);
    await this.page.waitForLoadState();
    return response.status();
  }

  async follow(text) {
    const [response] = await Promise.all([
      this.page.waitForResponse((r) => r.request().isNavigationRequest()),
      this.page.getByRole("link", { name: text, exact: true }).click(),
    ]);
    await this.page.waitForLoadState();
    return response.status();
  }

  async text() {
    return this.page.locator("body").innerText();
  }

  // Everything that each page must hold to, and a picture of it.
  async check(name, { says = [], lacks = [] } = {}) {
    const text = await this.text();
    for (const each of says) expect(text.includes(each), `${name}: “${each}” is not in:\n${text}`);
    for (const each of lacks) expect(!text.includes(each), `${name}: “${each}” is in:\n${text}`);
    await this.look(name);
    const size = (await (await fetch(this.page.url())).arrayBuffer()).byteLength;
    const sheet = await this.page.locator("link[rel=stylesheet]").getAttribute("href");
    const style = (await (await fetch(new URL(sheet, this.page.url()))).arrayBuffer()).byteLength;
    expect(size + style <= PAGE_MAX_BYTES, `${name}: ${size + style} bytes, over ${PAGE_MAX_BYTES}`);
    expect((await this.page.locator("script:not([src='/desk.js'])").count()) === 0, `${name}: has a script`);
  }

  // A picture; no wider than the screen, nothing that axe-core finds, no target that a thumb would miss.
  async look(name) {
    const { language, width, scheme } = this.options;
    await this.page.screenshot({ path: path.join(this.shots, `${name}-${language}-${width}-${scheme}.png`), fullPage: true });
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide <= 0, `${name}: ${wide} pixels wider than the screen`);
    const violations = await accessibility(this.page);
    expect(violations.length === 0, `${name}: axe-core:\n${violations.join("\n")}`);
    const small = await smallTargets(this.page);
    expect(small.length === 0, `${name}: targets too small:\n${small.join("\n")}`);
  }

  async close() {
    await this.context?.close();
    this.context = this.page = undefined;
  }
}

// Runs STORIES one after the other, each told by its name.
export async function tell(stories) {
  const wanted = process.argv[2];
  let failed = 0;
  for (const [name, story] of Object.entries(stories)) {
    if (wanted && !name.includes(wanted)) continue;
    try {
      await story();
      console.log(`ok ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED ${name}: ${error.stack}`);
    }
  }
  Gateway.killAll();
  process.exitCode = failed ? 1 : 0;
}
