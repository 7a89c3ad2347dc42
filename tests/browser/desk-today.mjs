// The page of the day: how it looks, what waits on it, for whom it is not; what is wrong, foreign, late or twice.
import path from "node:path";
import { Gateway, Reader, SOURCE, expect, openBrowser, tell } from "./lib.mjs";
import { Staff } from "./desk.mjs";

const roster = path.join(SOURCE, "gateway/sample/roster.json");
const shots = process.cwd();
const browser = await openBrowser();
const day = "2026-11-23";
const email = (name) => `${name}@example.org`;
const teacher = email("marjut.kallioharju");
let number = 0;

const start = (from) => Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from: `${day}T${from}:00+02:00` });
const until = (gateway, time) => gateway.until(`${day}T${time}:00+02:00`);
const marks = (gateway, where) =>
  JSON.parse(gateway.sql(`SELECT pupil, mark, lesson FROM attendance_mark WHERE in_force = 1 AND ${where} ORDER BY pupil`) || "[]");

// Who has no part in the day is told what waits for them, and may not ask for more.
async function others(gateway) {
  const staff = await new Staff(browser, { language: "fi", width: 320, shots }).signIn(gateway, email("riikka.saarelainen"));
  await staff.open(`${gateway.url}/desk/today`);
  await staff.check("today-other", { says: ["Mikään ei odota sinua"], lacks: ["Läsnäolot", "Aino"] });
  expect((await staff.open(`${gateway.url}/desk/roll?of=kjk-a`)) === 403, "the roll is not theirs");
  expect((await staff.open(`${gateway.url}/desk/today?of=kjk-a`)) === 200, "nor is a group's day");
  await staff.check("today-other-of", { lacks: ["Aino"] });
  expect((await staff.page.evaluate(async () => (await fetch("/desk/live?after=0")).status)) === 403, "nor waiting");
  await staff.close();
}

// On a narrow phone and a wide screen, in both languages, light and dark.
async function looks() {
  const gateway = await start("08:10");
  await gateway.send("attendance.marked", { pupil: "P01", day, lesson: 1, mark: "absent", by: "T1" }, `${day}T08:10:00+02:00`);
  await gateway.send("attendance.marked", { pupil: "P11", day, lesson: 1, mark: "absent", by: "T2" }, `${day}T08:10:00+02:00`);
  await until(gateway, "09:20");
  for (const [who, language, width, scheme, says] of [
    ["timo.alhonsaari", "fi", 1200, "light", ["JOPO A", "JOPO B", "Aino Lehtola"]],
    ["timo.alhonsaari", "fi", 320, "dark", ["JOPO A", "JOPO B"]],
    ["gunilla.ostersund", "sv", 1200, "dark", ["Markera närvaron"]],
    ["gunilla.ostersund", "sv", 320, "light", ["Markera närvaron"]],
  ]) {
    const staff = await new Staff(browser, { language, width, scheme, shots }).signIn(gateway, email(who));
    await staff.check("today", { says });
    await staff.open(`${gateway.url}/desk/roll`);
    await staff.check("roll", { says: language === "fi" ? ["Valitse ryhmä", "JOPO B"] : ["Alla är här"] });
    await staff.close();
  }
  const head = await new Staff(browser, { language: "fi", shots }).signIn(gateway, email("timo.alhonsaari"));
  await head.open(`${gateway.url}/desk/roll`);
  await head.follow("Kuusijoen koulu, Kuusijoen koulu"); // the school's own pupils are a group of their own
  await head.check("roll-school", { says: ["Kuusijoen koulu", "0 / 1"], lacks: ["Valitse ryhmä"] });
  await head.open(`${gateway.url}/desk/today?of=kjk`);
  await head.check("today-school", { says: ["JOPO A", "JOPO B", "Merkitse läsnäolot"] });
  await head.close();
  await others(gateway);
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

await tell({
  "a register that is not read": stale,
  hostile,
  "looks, and who has no part in the day": looks,
  "what did not arrive, what came back": waiting,
});
await browser.close();
