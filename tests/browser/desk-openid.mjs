// Signing in at the desk by OpenID Connect, against a real provider (oidc-provider), on the machine's own clock.
import fs from "node:fs";
import path from "node:path";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Gateway, Reader, SOURCE, expect, openBrowser, tell } from "./lib.mjs";

const shots = process.cwd();
const browser = await openBrowser();
const providers = [];
let number = 0;

const person = (id, email, more = {}) => ({ id, given: "Kaisa", family: "Esimerkki", language: "fi", contacts: [{ channel: "email", value: email }], ...more });
const role = (id, name, more = {}) => ({ person: id, role: name, organisation: name === "principal" ? "kjk" : "kjk-a", from: "2020-01-01", ...more });
const roster = {
  organisations: [
    { id: "kj", kind: "municipality", name: "Kuusijoki", timezone: "Europe/Helsinki", languages: ["fi", "sv"] },
    { id: "kjk", kind: "school", parent: "kj", name: "Kuusijoen koulu", phone: "+358400000010" },
    { id: "kjk-a", kind: "group", parent: "kjk", name: "JOPO A" },
  ],
  people: [
    person("T1", "Opettaja@example.org"),
    person("T2", "yhteinen@example.org"),
    person("T3", "yhteinen@example.org"),
    person("T4", "entinen@example.org"),
    person("T5", "unverified-subject@example.org"),
    person("G1", "huoltaja@example.org"),
    person("P1", "oppilas@example.org", { born: "2011-05-04" }),
  ],
  roles: [role("T1", "teacher"), role("T2", "teacher"), role("T3", "coach"), role("T4", "teacher", { until: "2021-06-01" }), role("T5", "teacher"), role("P1", "pupil")],
  guardians: [{ pupil: "P1", guardian: "G1" }],
};

// A provider whose one client is the gateway, and a gateway that knows it.
async function start({ client = {}, config = "", secret = true, conformIdTokenClaims = true } = {}) {
  const folder = path.join(shots, `gateway-${++number}`);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "roster.json"), JSON.stringify(roster));
  fs.writeFileSync(path.join(folder, "secret"), "hush: a/b+c%d\n");
  const provider = spawn(process.execPath, [path.join(SOURCE, "tests/browser/openid-provider.mjs")], {
    stdio: ["pipe", "pipe", fs.openSync(path.join(folder, "provider.log"), "a")],
  });
  providers.push(provider);
  const lines = createInterface({ input: provider.stdout })[Symbol.asyncIterator]();
  const issuer = (await lines.next()).value;
  const gateway = await Gateway.start(folder, {
    roster: path.join(folder, "roster.json"),
    config: [
      "desk:",
      "  openid:",
      `    issuer: ${issuer}`,
      "    client_id: kapula",
      "    name: Kuusijoen kunta",
      secret ? `    client_secret_file: ${path.join(folder, "secret")}` : "",
      config,
    ].join("\n"),
  });
  provider.stdin.write(
    `${JSON.stringify({
      conformIdTokenClaims,
      clients: [
        {
          client_id: "kapula",
          ...(secret ? { client_secret: "hush: a/b+c%d" } : {}),
          redirect_uris: [`${gateway.url}/desk/openid/return`],
          ...client,
        },
      ],
    })}\n`,
  );
  expect((await lines.next()).value === "ready", "the provider is ready");
  return { gateway, issuer, provider, folder };
}

async function stop({ gateway, provider }) {
  provider.kill();
  await gateway.stop();
}

const button = "Kirjaudu: Kuusijoen kunta";
const reader = (options = {}) => new Reader(browser, { language: "fi", ...options, shots });

// Opens the sign-in page and lets the browser go on to the provider's.
async function leave(world, one) {
  expect((await one.open(`${world.gateway.url}/desk/sign-in`)) === 200, "the sign-in page");
  await one.context.route(/^https:\/\/fonts\./, (route) => route.abort());
  await one.context.clearCookies({ domain: "localhost" }); // the provider knows nobody from before
  await one.page.getByRole("button", { name: button }).click();
  await one.page.waitForURL((url) => url.href.startsWith(`${world.issuer}/interaction/`));
}

// Signs in there as LOGIN; the browser comes back by itself.
async function answer(world, one, login) {
  await one.page.getByPlaceholder("Enter any login").fill(login);
  await one.page.getByPlaceholder("and password").fill("x");
  await one.page.getByRole("button", { name: "Sign-in" }).click();
  await one.page.getByRole("button", { name: "Continue" }).click();
}

async function comeBack(world, one) {
  await one.page.waitForURL((url) => url.href.startsWith(`${world.gateway.url}/desk`));
  await one.page.waitForLoadState();
}

const session = async (world, one) => (await one.context.cookies(`${world.gateway.url}/desk`)).find((c) => c.name === "kapula-desk");
const waiting = (world) => JSON.parse(world.gateway.sql("SELECT count(*) AS n FROM openid_request"))[0].n;
const sessions = (world) => JSON.parse(world.gateway.sql("SELECT count(*) AS n FROM desk_session"))[0].n;
const log = (world) => fs.readFileSync(path.join(world.folder, "gateway.log"), "utf8");

async function signIn(options, readerOptions) {
  const world = await start(options);
  const one = reader(readerOptions);
  await one.open(`${world.gateway.url}/desk/sign-in`);
  await one.check("openid-sign-in", { says: [button] });
  await leave(world, one);
  await answer(world, one, options.login ?? "opettaja");
  await comeBack(world, one);
  await one.check("openid-in", { says: ["Tänään", "Kaisa"] });
  const cookie = await session(world, one);
  expect(cookie?.httpOnly && cookie.sameSite === "Lax" && cookie.path === "/desk", `the cookie: ${JSON.stringify(cookie)}`);
  const row = JSON.parse(world.gateway.sql("SELECT person, how FROM desk_session"));
  expect(row.length === 1 && row[0].person === (options.person ?? "T1") && row[0].how === "openid", `the session: ${JSON.stringify(row)}`);
  expect(waiting(world) === 0, "nobody is waited for");
  expect(!(await one.context.cookies(`${world.gateway.url}/desk/openid`)).some((c) => c.name === "kapula-openid"), "the way's cookie is gone");
  expect((await one.open(`${world.gateway.url}/desk`)) === 200 && one.page.url() === `${world.gateway.url}/desk`, "stays in");
  await one.close();
  await stop(world);
  expect(!/example\.org|opettaja|Kaisa/i.test(log(world)), `the log names somebody:\n${log(world)}`);
}

// The address at which the browser comes back, not used up: without its cookie nothing is, and that is put back afterwards.
async function catchReturn(world, one, login) {
  await leave(world, one);
  const cookie = (await one.context.cookies(`${world.gateway.url}/desk/openid`)).find((c) => c.name === "kapula-openid");
  await one.context.clearCookies({ name: "kapula-openid" });
  const before = waiting(world);
  await answer(world, one, login);
  await comeBack(world, one);
  expect(waiting(world) === before, "without a cookie nothing is used up");
  await one.context.addCookies([cookie]);
  return new URL(one.page.url());
}

const stale = "Kirjautuminen oli vanhentunut, käytetty tai aloitettu toisessa selaimessa.";
const refused = "Kirjautumista ei voitu vahvistaa.";

async function goTo(world, one, url, status, words) {
  const answered = await one.open(String(url));
  const text = await one.text();
  expect(answered === status && text.includes(words), `${url.search.slice(0, 200)}: ${answered}, not ${status} with “${words}”:\n${text}`);
  expect(text.includes(button), "and the way in is offered again");
  expect(!(await session(world, one)), "and nobody is in");
}

async function refusesPeople() {
  const world = await start();
  const cases = {
    tuntematon: "Tunnustasi ei ole Kapulan henkilökunnassa",
    huoltaja: "Tunnustasi ei ole Kapulan henkilökunnassa",
    oppilas: "Tunnustasi ei ole Kapulan henkilökunnassa",
    entinen: "Tunnustasi ei ole Kapulan henkilökunnassa",
    yhteinen: "Tunnustasi ei ole Kapulan henkilökunnassa", // of two people
    "unverified-opettaja": "Kirjautumispalvelu ei ole vahvistanut sähköpostiosoitettasi",
  };
  for (const [login, words] of Object.entries(cases)) {
    const one = reader();
    await leave(world, one);
    const back = one.page.waitForResponse((r) => r.url().startsWith(`${world.gateway.url}/desk/openid/return`));
    await answer(world, one, login);
    expect((await back).status() === 403, `${login}: ${(await back).status()}`);
    await comeBack(world, one);
    const text = await one.text();
    expect(text.includes(words), `${login}: “${words}” is not in:\n${text}`);
    expect(!(await session(world, one)), `${login} is in`);
    if (login === "tuntematon") await one.check("openid-unknown", { says: [words, button] });
    await one.close();
  }
  expect(sessions(world) === 0, "nobody is in");
  expect(!/example\.org|huoltaja|Kaisa/i.test(log(world)), `the log names somebody:\n${log(world)}`);
  await stop(world);
}

async function refusesTricks() {
  const world = await start();
  const one = reader();

  // Changed on the way; then the true one, in the same browser, which was not spent by that.
  let url = await catchReturn(world, one, "opettaja");
  for (const [name, value] of [["state", "A".repeat(43)], ["state", ""], ["state", "A".repeat(3000)], ["state", "<script>"], ["state", "%00"]]) {
    const changed = new URL(url);
    changed.searchParams.set(name, value);
    await goTo(world, one, changed, 403, stale);
  }
  expect(waiting(world) === 1, "still waited for");
  const head = await fetch(url, { method: "HEAD" });
  expect(head.status === 403 && waiting(world) === 1, `HEAD: ${head.status}`);

  // Without the cookie: a link scanner, or somebody who found the address.
  const stranger = reader();
  await goTo(world, stranger, url, 403, stale);
  expect(waiting(world) === 1, "a stranger without a cookie spends nothing");

  // In a browser that has begun on its own: the address is somebody else's.
  const other = reader();
  await catchReturn(world, other, "opettaja");
  await goTo(world, other, url, 403, stale);
  expect(waiting(world) === 1, "an address that came to the wrong browser is spent");
  await goTo(world, one, url, 403, stale);

  // Somebody else's code with one's own state: PKCE and the nonce.
  url = await catchReturn(world, one, "opettaja");
  const third = reader();
  const theirs = await catchReturn(world, third, "opettaja");
  url.searchParams.set("code", theirs.searchParams.get("code"));
  await goTo(world, one, url, 403, refused);

  // Another issuer's answer, and one that does not say whose it is (RFC 9207).
  for (const iss of ["https://evil.example.org", undefined]) {
    url = await catchReturn(world, one, "opettaja");
    if (iss) url.searchParams.set("iss", iss);
    else url.searchParams.delete("iss");
    await goTo(world, one, url, 403, refused);
  }

  // Made-up codes, also long ones, and none at all.
  for (const code of ["x", "x".repeat(3500), "%00%0d%0a&client_id=x", ""]) {
    url = await catchReturn(world, one, "opettaja");
    url.searchParams.set("code", code);
    await goTo(world, one, url, 403, code ? refused : "Kirjautuminen keskeytyi.");
  }

  // The true answer once, and never again.
  url = await catchReturn(world, one, "opettaja");
  expect((await one.open(String(url))) === 200 && one.page.url() === `${world.gateway.url}/desk`, `in: ${one.page.url()}`);
  expect(sessions(world) === 1, "one session");
  const again = await one.context.request.get(String(url), { maxRedirects: 0 });
  expect(again.status() === 403 && sessions(world) === 1, `replayed: ${again.status()}`);
  const elsewhere = reader();
  await goTo(world, elsewhere, url, 403, stale);

  for (const each of [one, stranger, other, third, elsewhere]) await each.close();
  await stop(world);
  expect(!/example\.org|opettaja|Kaisa/i.test(log(world).replace(/evil\.example\.org/g, "")), `the log names somebody:\n${log(world)}`);
}

async function cancels() {
  const world = await start();
  const one = reader();
  await leave(world, one);
  const back = one.page.waitForResponse((r) => r.url().startsWith(`${world.gateway.url}/desk/openid/return`));
  await one.page.getByRole("link", { name: /cancel/i }).click();
  expect((await back).status() === 403, "refused");
  await comeBack(world, one);
  await one.check("openid-cancelled", { says: ["Kirjautuminen keskeytyi.", button] });

  // The page in between, for whoever it does not lead on by itself.
  await one.context.route((url) => url.origin === world.issuer, (route) => route.fulfill({ status: 204 }));
  await one.open(`${world.gateway.url}/desk/sign-in?lang=sv`);
  expect((await one.press("Logga in: Kuusijoen kunta")) === 200, "the page in between");
  await one.check("openid-leaving", { says: ["Om sidan inte byts av sig själv", "Fortsätt: Kuusijoen kunta"] });
  const begun = await one.context.request.post(`${world.gateway.url}/desk/openid/begin?lang=sv`, { form: {} });
  expect(begun.status() === 200, `begin: ${begun.status()}`);
  const html = await begun.text();
  const to = new URL(html.match(/class="button main" href="([^"]+)"/)[1].replaceAll("&amp;", "&"));
  const asked = to.searchParams;
  expect(begun.headers().refresh === `0; url=${to}`, `Refresh: ${begun.headers().refresh}`);
  expect(asked.get("response_type") === "code" && asked.get("code_challenge_method") === "S256" && asked.get("scope") === "openid email", String(to));
  expect(asked.get("ui_locales") === "sv" && asked.get("redirect_uri") === `${world.gateway.url}/desk/openid/return`, String(to));
  for (const name of ["state", "nonce", "code_challenge"]) expect(/^[\w-]{43}$/.test(asked.get(name)), `${name}: ${asked.get(name)}`);
  expect(/kapula-openid=[\w-]{43}; Path=\/desk\/openid; Max-Age=600; HttpOnly; SameSite=Lax/.test(begun.headers()["set-cookie"]), begun.headers()["set-cookie"]);
  const kept = world.gateway.sql("SELECT hex(state) AS s, hex(secret) AS c FROM openid_request");
  expect(!kept.includes(asked.get("state")) && kept.length > 2, "the state is kept as a hash");

  // GET begins nothing.
  for (const method of ["GET", "HEAD"]) {
    const got = await fetch(`${world.gateway.url}/desk/openid/begin`, { method, redirect: "manual" });
    expect(got.status === 405 || got.status === 404, `${method} begin: ${got.status}`);
  }
  await one.close();

  // A provider that is gone: one sentence, soon, and the other way in stays open.
  world.provider.kill("SIGKILL");
  await new Promise((resolve) => world.provider.once("exit", resolve));
  const later = reader();
  const gone = await start({ config: "", client: {} });
  gone.provider.kill("SIGKILL");
  await new Promise((resolve) => gone.provider.once("exit", resolve));
  await later.open(`${gone.gateway.url}/desk/sign-in`);
  expect((await later.press(button)) === 503, "no provider");
  await later.check("openid-down", { says: ["Kirjautumispalvelu ei vastaa.", "Lähetä kirjautumislinkki"] });
  await later.close();
  await gone.gateway.stop();
  await world.gateway.stop();
}

// Tokens made with the client's secret are refused, though a provider may be set so.
async function refusesHmac() {
  const world = await start({ client: { id_token_signed_response_alg: "HS256" } });
  const one = reader();
  const url = await catchReturn(world, one, "opettaja");
  await goTo(world, one, url, 403, refused);
  expect(log(world).includes("not signed by RS256, PS256 or ES256"), log(world));
  await one.close();
  await stop(world);
}

async function wrongSecret() {
  const world = await start({ client: { client_secret: "another" } });
  const one = reader();
  const url = await catchReturn(world, one, "opettaja");
  await goTo(world, one, url, 403, refused);
  expect(log(world).includes("invalid_client") && !log(world).includes("hush"), log(world));
  await one.close();
  await stop(world);
}

async function doctor() {
  const world = await start();
  const file = path.join(world.folder, "kapula.yaml");
  expect(/^well +sign-in +the OpenID provider answers$/m.test(world.gateway.verb("doctor", "--config", file)), "doctor: well");
  await stop(world);
  let said = "";
  try {
    world.gateway.verb("doctor", "--config", file);
  } catch (error) {
    said = String(error.stdout);
  }
  expect(/^ill +sign-in +OpenID: .*see whether the provider can be reached$/m.test(said), `doctor: ill: ${said}`);
}

await tell({
  "signed in by Basic and RS256, the address from the user info": () => signIn({}, {}),
  "signed in by a secret in the form and PS256, the address in the token": () =>
    signIn({ client: { token_endpoint_auth_method: "client_secret_post", id_token_signed_response_alg: "PS256" }, conformIdTokenClaims: false }, { width: 320 }),
  "signed in without a secret and by ES256, in the dark": () =>
    signIn({ client: { token_endpoint_auth_method: "none", id_token_signed_response_alg: "ES256" }, secret: false }, { scheme: "dark" }),
  "signed in by a claim that names the person": () =>
    signIn({ config: "    claim: sub\n    match: person\n", login: "T1", person: "T1" }, {}),
  "refused: people who are not let in": refusesPeople,
  "refused: answers that are not believed": refusesTricks,
  "refused: cancelled there, and a provider that is gone": cancels,
  "signed in by nobody: tokens made with a shared secret": refusesHmac,
  "signed in by nobody: a secret that is wrong": wrongSecret,
  "signed in, says the doctor": doctor,
});
for (const each of providers) each.kill();
await browser.close();
