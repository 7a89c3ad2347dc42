// The day at the desk: the roll in ten taps, from an alert to "located", a protected pupil's confirmation, a group that is
// away. What else the page of the day shows stands in desk-today.
import path from "node:path";
import { Gateway, Reader, SOURCE, expect, openBrowser, tell } from "./lib.mjs";
import { Staff } from "./desk.mjs";

const roster = path.join(SOURCE, "gateway/sample/roster.json");
const shots = process.cwd();
const browser = await openBrowser();
const day = "2026-11-23";
const email = (name) => `${name}@example.org`;
const teacher = email("marjut.kallioharju"), protector = email("sanna.vuorensola");
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

// A change of another school wakes nobody here; one of a protected pupil does.
async function wakes(gateway, staff) {
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
}

// Nothing about a protected pupil leaves before somebody at school has looked at it.
async function confirm() {
  const gateway = await start("08:10");
  const staff = await new Staff(browser, { language: "fi", width: 320, shots }).signIn(gateway, protector);
  await wakes(gateway, staff);
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

await tell({
  "a group that is away": away,
  "a protected pupil's message is confirmed": confirm,
  "the roll without scripts": plain,
  "the roll, an alert, an answer, located, corrected": roll,
});
await browser.close();
