// The day at the desk: the roll in ten taps, from an alert to "located", a protected pupil's confirmation, a group that is
// away, and what is wrong, foreign, late or twice.
import path from "node:path";
import { Gateway, Reader, SOURCE, expect, openBrowser, tell } from "./lib.mjs";
import { Staff } from "./desk.mjs";

const roster = path.join(SOURCE, "gateway/sample/roster.json");
const shots = process.cwd();
const browser = await openBrowser();
const day = "2026-11-23";
const email = (name) => `${name}@example.org`;
const teacher = email("marjut.kallioharju"), protector = email("sanna.vuorensola"), principal = email("timo.alhonsaari");
let number = 0;

const start = (from) => Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from: `${day}T${from}:00+02:00` });
const until = (gateway, time) => gateway.until(`${day}T${time}:00+02:00`);
const marks = (gateway, where) =>
  JSON.parse(gateway.sql(`SELECT pupil, mark, lesson FROM attendance_mark WHERE in_force = 1 AND ${where} ORDER BY pupil`) || "[]");

// One tap of the roll, answered by the gateway.
async function tap(page, pupil, mark) {
  const [response] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === "POST" && r.url().includes("/desk/roll")),
    page.locator(`[id="t-${mark}-${pupil}"]`).click(),
  ]);
  expect(response.status() === 303, `${pupil} ${mark}: ${response.status()}`);
}

const group = Array.from({ length: 10 }, (_, i) => `P${String(i + 1).padStart(2, "0")}`);

// The teacher's whole day with one missing pupil.
async function roll() {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language: "fi", shots }).signIn(gateway, teacher);
  const page = staff.page;
  await staff.follow("Läsnäolot");
  await staff.check("roll-empty", { says: ["JOPO A", "Tunti 1", "Aino Lehtola", "Kaikki paikalla", "0 / 10"] });
  for (const pupil of group) await tap(page, pupil, { P01: "absent", P02: "late", P03: "elsewhere" }[pupil] ?? "here");
  await page.getByText("10 / 10").waitFor();
  await staff.check("roll-taken", { says: ["Tallennettu", "10 / 10"], lacks: ["Kaikki paikalla"] });
  const taken = marks(gateway, "lesson = 1");
  expect(taken.length === 10, `ten marks: ${JSON.stringify(taken)}`);
  expect(taken.filter((m) => m.mark === "absent").map((m) => m.pupil).join() === "P01", "one is absent");
  expect(taken.find((m) => m.pupil === "P02").mark === "late" && taken.find((m) => m.pupil === "P03").mark === "present", "late, and present elsewhere");
  expect((await page.locator("[id='t-elsewhere-P03']").getAttribute("aria-pressed")) === "true", "elsewhere stays pressed");

  // The page of the day, in a browser that heeds the page's own policy, waits.
  const context = await browser.newContext({ locale: "fi", viewport: { width: 1200, height: 800 } });
  await context.addCookies(await staff.context.cookies());
  const desk = await context.newPage();
  const faults = [];
  desk.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await desk.goto(`${gateway.url}/desk/today`);
  await desk.getByText("Kenellekään ei ole vielä kerrottu.").waitFor();
  await desk.evaluate(() => (window.stays = true));
  await until(gateway, "09:16");
  expect(gateway.told("absence-alert", "G01").length === 1, "the guardian is told");
  await desk.getByText("Johanna Lehtola (huoltaja), tekstiviesti").waitFor();
  await desk.getByText("Seuraavaksi klo 10.15").waitFor();
  await staff.open(`${gateway.url}/desk/today`);
  await staff.check("today-missing", { says: ["Ei tiedetä missä", "Aino Lehtola", "+358\u00a040\u00a0000\u00a00165", "Minä hoidan tämän"] });

  // The guardian answers on a page of her own; the desk shows it without being loaded again.
  const guardian = new Reader(browser, { language: "fi", shots });
  await guardian.open(gateway.link("absence-alert", "G01"));
  expect((await guardian.press("En tiennyt tästä")) === 200, "the answer is taken");
  await guardian.close();
  await desk.getByText("Johanna Lehtola: ei tiennyt").waitFor();
  await desk.getByRole("button", { name: "Minä hoidan tämän" }).click();
  await desk.getByText("Marjut Kallioharju: hoitaa asiaa").waitFor();
  await desk.evaluate(() => (window.stays = true));
  await until(gateway, "09:40");
  expect(gateway.told("absence-ladder", "R1").length === 0, "who has taken it spares the principal");

  // Somebody else finds her: the desk that waits is told.
  await staff.open(`${gateway.url}/desk/today`);
  expect((await staff.press("Koulussa")) === 200, "located");
  await staff.check("today-located", { says: ["Kirjattu.", "Kaikista poissa olevista tiedetään", "koulussa"] });
  await desk.getByText("Kaikista poissa olevista tiedetään").waitFor();
  expect(await desk.evaluate(() => window.stays === true), "the page was not loaded again");
  expect(faults.length === 0, `the page's policy: ${faults.join("\n")}`);
  expect(gateway.sql("SELECT place, by FROM located").includes('"at-school","by":"T1"'), "who said where");
  await until(gateway, "11:30");
  expect(gateway.told("absence-ladder", "R1").length === 0, "the ladder has ended");

  // She was there all the time: the mark is mended, the guardian is told so.
  await staff.open(`${gateway.url}/desk/roll?of=kjk-a&day=${day}&kind=1`);
  await tap(page, "P01", "here");
  await until(gateway, "11:35");
  expect(gateway.told("absence-correction", "G01").length === 1, "the alert is taken back");
  await desk.getByRole("listitem").filter({ hasText: "Aino Lehtola" }).filter({ hasText: "paikalla" }).waitFor();
  await context.close();
  await staff.close();
  await gateway.stop();
}

// Everybody at once and then one, without any script; the one goes back; a lesson later the pupil has come.
async function plain() {
  const gateway = await start("08:10");
  const staff = new Staff(browser, { language: "fi", width: 320, scheme: "dark", shots });
  staff.context = await browser.newContext({ locale: "fi", viewport: { width: 320, height: 740 }, deviceScaleFactor: 2, colorScheme: "dark", bypassCSP: true, javaScriptEnabled: false });
  await staff.signIn(gateway, teacher);
  await staff.open(`${gateway.url}/desk/roll`);
  expect((await staff.press("Kaikki paikalla")) === 200, "everybody");
  expect(marks(gateway, "lesson = 1 AND mark = 'present'").length === 10, "ten are here");
  await staff.page.locator("[id='t-absent-P05']").click();
  await staff.page.waitForURL(/#p-P05$/);
  expect(marks(gateway, "lesson = 1 AND mark = 'absent'").map((m) => m.pupil).join() === "P05", "one is not");
  expect((await staff.page.locator("[id='t-absent-P05']").getAttribute("aria-pressed")) === "true", "pressed");
  await staff.page.locator("[id='t-here-P05']").click();
  await staff.page.waitForURL(/#p-P05$/);
  await staff.page.locator("[id='t-absent-P05']").click();
  await staff.page.waitForURL(/#p-P05$/);
  expect(marks(gateway, "lesson = 1 AND mark = 'absent'").map((m) => m.pupil).join() === "P05", "the last tap counts");
  await staff.close();
  await gateway.stop();
}

// The pages on a narrow phone and a wide screen, in both languages, light and dark.
async function looks({ who, language, width, scheme, url, name, says }) {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language, width, scheme, shots }).signIn(gateway, email(who));
  await gateway.send("attendance.marked", { pupil: "P01", day, lesson: 1, mark: "absent", by: "T1" }, `${day}T08:10:00+02:00`);
  await gateway.send("attendance.marked", { pupil: "P11", day, lesson: 1, mark: "absent", by: "T2" }, `${day}T08:10:00+02:00`);
  await until(gateway, "09:20");
  await staff.open(`${gateway.url}${url}`);
  await staff.check(name, { says });
  await staff.close();
  await gateway.stop();
}

// Nothing about a protected pupil leaves before somebody at school has looked at it.
async function confirm() {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language: "fi", width: 320, shots }).signIn(gateway, protector);
  await staff.follow("Läsnäolot");
  await tap(staff.page, "P20", "absent");
  await staff.open(`${gateway.url}/desk/today`);
  await staff.page.evaluate(() => (window.stays = true));
  await until(gateway, "09:16");
  await staff.page.getByRole("heading", { name: "Odottaa vahvistusta" }).waitFor();
  expect(await staff.page.evaluate(() => window.stays === true), "the hold is shown without loading again");
  await staff.check("today-confirm", { says: ["turvakielto", "Iida Lehmuskallio", "Vahvista ja lähetä", "(linkki)"], lacks: ["http"] });
  expect(!(await staff.page.locator("main").innerText()).includes("Tuohilam"), "the page of a protected pupil names no place");
  expect(JSON.parse(gateway.sql("SELECT state FROM message WHERE person = 'G35'"))[0].state === "held", "it waits");
  expect((await staff.press("Vahvista ja lähetä")) === 200, "confirmed");
  await until(gateway, "09:18");
  expect(JSON.parse(gateway.sql("SELECT state FROM message WHERE person = 'G35'"))[0].state !== "held", "it has left");
  expect(gateway.sql("SELECT answer, by FROM answer").includes('"confirmed","by":"T3"'), "who confirmed it");
  await staff.close();
  await gateway.stop();
}

// "Away today" of a group: nobody is asked where its pupils are; when it ends they are asked again.
async function away() {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language: "fi", shots }).signIn(gateway, teacher);
  await staff.page.getByText("Poissa tänään tai suljettu").click();
  await staff.page.getByLabel("Kuka tai mikä ryhmä").selectOption("group:kjk-a");
  await staff.page.getByLabel("Syy").selectOption("closed");
  await staff.check("today-hold");
  await staff.page.getByLabel("Viimeinen päivä").fill("2026-11-20");
  await staff.page.evaluate(() => document.querySelector("#hold form").setAttribute("novalidate", ""));
  expect((await staff.press("Pysäytä viestit")) === 422, "a day that is over");
  await staff.check("today-hold-wrong", { says: ["Viimeisen päivän pitää olla"] });
  expect((await staff.page.getByLabel("Syy").inputValue()) === "closed", "what was chosen stands there still");
  await staff.page.getByLabel("Viimeinen päivä").fill(day);
  expect((await staff.press("Pysäytä viestit")) === 200, "held");
  await staff.check("today-held", { says: ["Viestit on pysäytetty.", "viestit pysäytetty: Suljettu tänään", "JOPO A"], lacks: ["ei merkintää"] });
  expect(gateway.sql("SELECT kind, subject, reason, by FROM hold").includes('"group","subject":"kjk-a","reason":"closed","by":"T1"'), "the hold");
  await gateway.send("attendance.marked", { pupil: "P01", day, lesson: 1, mark: "absent", by: "T1" }, `${day}T08:10:00+02:00`);
  await until(gateway, "09:30");
  expect(gateway.told("absence-alert").length === 0, "nobody is asked");
  await staff.open(`${gateway.url}/desk/roll`);
  await staff.check("roll-held", { says: ["Poissa, ei merkitä"] });
  await staff.open(`${gateway.url}/desk/today`);
  expect((await staff.press("Lopeta pysäytys: JOPO A")) === 200, "ended");
  await staff.check("today-released", { says: ["Viestit lähtevät taas.", "Kaikki viestit lähtevät."] });
  await gateway.send("attendance.marked", { pupil: "P02", day, lesson: 3, mark: "absent", by: "T1" }, `${day}T09:55:00+02:00`);
  await until(gateway, "10:55");
  expect(gateway.told("absence-alert", "G03").length === 1, "guardians are asked again");
  await staff.close();
  await gateway.stop();
}

// What did not arrive, with whom to call; what people sent back, until somebody has read it.
async function waiting() {
  const gateway = await start("08:10");
  await gateway.send("attendance.marked", { pupil: "P08", day, lesson: 1, mark: "absent", by: "T1" }, `${day}T08:10:00+02:00`);
  await until(gateway, "09:16");
  gateway.write(`UPDATE message SET state = 'failed', reason = 'receipt', changed = ${Date.parse(`${day}T09:16:00+02:00`) / 1000} WHERE person = 'G15'`);
  gateway.write(`UPDATE contact SET state = 'bad', bad_since = ${Date.parse(`${day}T09:16:00+02:00`) / 1000}, bad_reason = 'blocked' WHERE person = 'G15' AND channel = 'sms'`);
  await gateway.send("reply.received", { from: "+358400000999", answer: "unclear", text: "Kuka <b>kysyy</b>?" }, `${day}T09:16:00+02:00`);
  const staff = await new Staff(browser, { language: "fi", width: 320, scheme: "dark", shots }).signIn(gateway, email("leena.hirsikoski"));
  const number = (text) => text.replaceAll(" ", "\u00a0");
  await staff.check("today-waiting", { says: ["Maarit Kantomaa", number("+358 40 000 0179"), "ei mennyt perille", "numero on estetty"] });
  const replies = JSON.parse(gateway.sql("SELECT organisation, state FROM reply"));
  await staff.close();
  const wide = new Staff(browser, { language: "fi", shots });
  if (replies[0].organisation === "kj") {
    gateway.write(`UPDATE reply SET organisation = 'kjk'`);
  }
  await wide.signIn(gateway, email("leena.hirsikoski"));
  await wide.check("today-replies", { says: ["Kuka <b>kysyy</b>?", number("+358 40 000 0999"), "tuntemattomasta numerosta"] });
  expect((await wide.press("Luettu")) === 200, "read");
  await wide.check("today-replies-read", { says: ["Vastaus on merkitty luetuksi."], lacks: ["kysyy"] });
  expect(gateway.sql("SELECT state, seen_by FROM reply").includes('"seen","seen_by":"E1"'), "who has read it");
  await wide.close();
  await gateway.stop();
}

// A register that is not read holds what hangs on it, and the page says so.
async function stale() {
  const gateway = await start("08:00");
  await gateway.send("attendance.register.synced", { organisation: "kjk" }, `${day}T08:00:00+02:00`);
  await gateway.send("attendance.marked", { pupil: "P01", day, lesson: 1, mark: "absent", by: "T1" }, `${day}T08:00:00+02:00`);
  await until(gateway, "09:20");
  const staff = await new Staff(browser, { language: "fi", shots }).signIn(gateway, teacher);
  await staff.check("today-stale", { says: ["läsnäolotietoja ei ole luettu", "8.00", "Kenellekään ei ole vielä kerrottu.", "odottaa läsnäolotietoja"] });
  await staff.page.evaluate(() => (window.stays = true));
  await gateway.send("attendance.register.synced", { organisation: "kjk" }, `${day}T09:20:00+02:00`);
  await staff.page.getByText("Johanna Lehtola (huoltaja), tekstiviesti").waitFor();
  expect(await staff.page.evaluate(() => window.stays === true), "the page was not loaded again");
  expect(!(await staff.text()).includes("läsnäolotietoja"), "the register is fresh");
  // Whoever is signed out meanwhile is not left before a page that only looks as if it followed.
  const other = await staff.context.newPage();
  await other.goto(`${gateway.url}/desk/today`);
  await other.locator("summary").filter({ hasText: "Marjut" }).click();
  await other.getByRole("button", { name: "Kirjaudu ulos" }).click();
  await gateway.send("attendance.marked", { pupil: "P02", day, lesson: 1, mark: "late", by: "T1" }, `${day}T09:20:00+02:00`);
  await staff.page.waitForURL(/sign-in/, { timeout: 40000 });
  await staff.close();
  await gateway.stop();
}

// What is foreign, stale, twice or no form: its status, and nothing changes.
async function hostile() {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language: "fi", shots }).signIn(gateway, teacher);
  const cookie = (await staff.context.cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
  const field = async (name) => staff.page.locator(`main input[name=${name}]`).first().inputValue();
  await gateway.send("attendance.marked", { pupil: "P01", day, lesson: 1, mark: "absent", by: "T1" }, `${day}T08:10:00+02:00`);
  await gateway.send("attendance.marked", { pupil: "P11", day, lesson: 1, mark: "absent", by: "T2" }, `${day}T08:10:00+02:00`);
  await until(gateway, "09:20");
  await staff.open(`${gateway.url}/desk/today`);
  const csrf = await field("csrf"), at = await field("at");
  const get = async (url) => (await fetch(`${gateway.url}${url}`, { headers: { cookie }, redirect: "manual" })).status;
  const post = async (url, fields, headers = { cookie }) =>
    (await fetch(`${gateway.url}${url}`, { method: "POST", body: new URLSearchParams({ csrf, at, ...fields }), headers, redirect: "manual" })).status;
  const facts = () =>
    gateway.sql("SELECT (SELECT count(*) FROM event) AS e, (SELECT count(*) FROM hold) AS h, (SELECT count(*) FROM answer) AS a," +
      " (SELECT count(*) FROM located) AS l, (SELECT count(*) FROM attendance_mark) AS m, (SELECT count(*) FROM desk_elsewhere) AS w");
  const refused = async (status, url, fields, headers) => {
    const before = facts(), was = await post(url, fields, headers);
    expect(was === status, `${JSON.stringify(fields)} at ${url}: ${was}, not ${status}`);
    expect(facts() === before, `${JSON.stringify(fields)} changed something`);
  };
  const lesson = `/desk/roll?of=kjk-a&day=${day}&kind=2`;

  for (const of of ["kjk-b", "tuo-a", "tuo", "kj", "nothing", "<b>", "x".repeat(240)]) {
    expect((await get(`/desk/today?of=${encodeURIComponent(of)}`)) === 404, `today of ${of}`);
    expect((await get(`/desk/roll?of=${encodeURIComponent(of)}`)) === 404, `roll of ${of}`);
    await refused(404, `/desk/roll?of=${encodeURIComponent(of)}&day=${day}&kind=2`, { act: "rest" });
    await refused(404, "/desk/today", { act: "hold", who: `group:${of}`, reason: "closed", until: day });
  }
  for (const pupil of ["P11", "P20", "G01", "T1", "nobody", "", "<b>"]) {
    await refused(404, "/desk/today", { act: "locate", pupil, where: "at-home" });
    await refused(404, "/desk/today", { act: "explain", pupil, class: "health" });
    await refused(404, "/desk/today", { act: "take", pupil });
    await refused(404, "/desk/today", { act: "confirm", pupil, rule: "absence-alert" });
    await refused(404, "/desk/today", { act: "hold", who: `pupil:${pupil}`, reason: "away", until: day });
    await refused(404, "/desk/today", { act: "release", who: `pupil:${pupil}` });
    await refused(404, lesson, { act: "tap", pupil, tap: "absent" });
  }
  await refused(422, "/desk/today", { act: "locate", pupil: "P01", where: "in <b>Rome</b>" });
  await refused(422, "/desk/today", { act: "authorise", pupil: "P01", class: "unexplained" });
  await refused(422, "/desk/today", { act: "hold", who: "person:G01", reason: "away", until: day });
  await refused(422, "/desk/today", { act: "hold", who: "group:kjk-a", reason: "<script>", until: day });
  for (const last of ["", "2026-11-22", "2099-01-01", "2026-02-30", "tomorrow", "'; DROP TABLE hold; --"])
    await refused(422, "/desk/today", { act: "hold", who: "group:kjk-a", reason: "away", until: last });
  await refused(422, lesson, { act: "tap", pupil: "P01", tap: "gone" });
  await refused(409, "/desk/today", { act: "locate", pupil: "P02", where: "at-home" }); // is not missing
  await refused(409, "/desk/today", { act: "take", pupil: "P02" }); // nobody was told
  await refused(409, "/desk/today", { act: "confirm", pupil: "P01", rule: "absence-alert" }); // nothing waits
  await refused(409, "/desk/today", { act: "release", who: "group:kjk-a" }); // is not held
  await refused(409, "/desk/today", { act: "seen", reply: "1" });
  await refused(400, "/desk/today", { act: "erase", pupil: "P01" });
  await refused(400, lesson, { act: "erase" });
  await refused(409, `/desk/roll?of=kjk-a&day=${day}&kind=39`, { act: "tap", pupil: "P01", tap: "here" }); // no such lesson
  await refused(409, "/desk/roll?of=kjk-a&day=2026-11-24&kind=2", { act: "tap", pupil: "P01", tap: "here" }); // tomorrow
  await refused(409, "/desk/roll?of=kjk-a&day=2026-09-01&kind=2", { act: "rest" }); // long ago
  const day_old = `${Number(at.split("-")[0]) - 13 * 3600}-00000000`;
  await refused(409, "/desk/today", { act: "locate", pupil: "P01", where: "at-home", at: day_old });
  await refused(409, lesson, { act: "rest", at: day_old });
  await refused(403, lesson, { act: "rest", csrf: "0".repeat(32) });
  await refused(303, lesson, { act: "rest" }, {}); // nobody has signed in

  // The same form sent twice is one; a tap that comes late again does not undo a later one.
  const marked = () => JSON.parse(gateway.sql("SELECT count(*) AS n FROM attendance_mark WHERE pupil = 'P04'"))[0].n;
  const first = { act: "tap", pupil: "P04", tap: "absent", at: `${at.split("-")[0]}-00000001` };
  for (let i = 0; i < 3; i++) expect((await post(lesson, first)) === 303, "absent");
  expect(marked() === 1, "one mark");
  expect((await post(lesson, { ...first, tap: "here", at: `${at.split("-")[0]}-00000002` })) === 303, "here");
  expect((await post(lesson, first)) === 303, "the first once more");
  expect(marks(gateway, "pupil = 'P04'")[0].mark === "present", "the last tap counts");
  for (let i = 0; i < 2; i++) expect((await post("/desk/today", { act: "locate", pupil: "P01", where: "at-home" })) === 303, "located");
  expect(JSON.parse(gateway.sql("SELECT count(*) AS n FROM located"))[0].n === 1, "located once");

  // Waiting is for who has signed in and has a part in the day.
  const live = (url, headers) => fetch(`${gateway.url}${url}`, { headers });
  expect((await live("/desk/live?after=0", {})).status === 401, "nobody waits who has not signed in");
  const told = await live("/desk/live?after=0", { cookie });
  expect(told.status === 200 && told.headers.get("content-type") === "text/event-stream", "an event stream");
  expect(/^retry: \d+\nid: \d+\nevent: change\n/.test(await told.text()), "an event");
  await staff.close();
  await gateway.stop();
}

// A change of another school, or of no part of the day, wakes nobody; one of a protected pupil does.
async function wakes() {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language: "fi", shots }).signIn(gateway, protector);
  const cookie = (await staff.context.cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
  const after = await staff.page.locator("main").getAttribute("data-live");
  const waiting = fetch(`${gateway.url}/desk/live?after=${after}`, { headers: { cookie } }).then((r) => r.text());
  let answered = false;
  waiting.then(() => (answered = true));
  for (let lesson = 1; lesson <= 3; lesson++)
    await gateway.send("attendance.marked", { pupil: "P01", day, lesson, mark: "late", by: "T1" }, `${day}T08:10:00+02:00`);
  await until(gateway, "08:11");
  expect(!answered, "another school's marks wake nobody");
  await gateway.send("attendance.marked", { pupil: "P20", day, lesson: 1, mark: "late", by: "T3" }, `${day}T08:11:00+02:00`);
  expect((await waiting).includes("event: change"), "the protected pupil's mark does");
  await staff.close();
  await gateway.stop();
}

// Who has no part in the day is told what waits for them, and may not ask for more.
async function others() {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language: "fi", width: 320, shots }).signIn(gateway, email("riikka.saarelainen"));
  await staff.open(`${gateway.url}/desk/today`);
  await staff.check("today-other", { says: ["Mikään ei odota sinua"], lacks: ["Läsnäolot", "Aino"] });
  expect((await staff.open(`${gateway.url}/desk/roll?of=kjk-a`)) === 403, "the roll is not theirs");
  expect((await staff.open(`${gateway.url}/desk/today?of=kjk-a`)) === 200, "nor is a group's day");
  await staff.check("today-other-of", { lacks: ["Aino"] });
  expect((await staff.page.evaluate(async () => (await fetch("/desk/live?after=0")).status)) === 403, "nor waiting");
  await staff.close();
  await gateway.stop();
}

await tell({
  "a group that is away": away,
  "a protected pupil's message is confirmed": confirm,
  hostile,
  "looks, the principal in Finnish, wide": () =>
    looks({ who: "timo.alhonsaari", language: "fi", width: 1200, scheme: "light", url: "/desk/today", name: "today-groups", says: ["JOPO A", "JOPO B", "Aino Lehtola"] }),
  "looks, the principal on a small phone, in the dark": () =>
    looks({ who: "timo.alhonsaari", language: "fi", width: 320, scheme: "dark", url: "/desk/today", name: "today-groups", says: ["JOPO A", "JOPO B"] }),
  "looks, a Swedish roll": () =>
    looks({ who: "gunilla.ostersund", language: "sv", width: 320, scheme: "light", url: "/desk/roll", name: "roll", says: ["Alla är här"] }),
  "looks, a Swedish day, wide": () =>
    looks({ who: "gunilla.ostersund", language: "sv", width: 1200, scheme: "dark", url: "/desk/today", name: "today", says: ["Markera närvaron"] }),
  "a register that is not read": stale,
  "the roll without scripts": plain,
  "the roll, an alert, an answer, located, corrected": roll,
  "wakes those whom it concerns": wakes,
  "what did not arrive, what came back": waiting,
  "who has no part in the day": others,
});
await browser.close();
