// Placements, meetings and the network at the desk: a plan with warnings is saved, a day moves and the supervisor's calendar
// with it, a meeting is planned and answered, a survey is opened; in Finnish and Swedish, wide and narrow, light and dark.
import path from "node:path";
import { Gateway, SOURCE, expect, openBrowser, tell } from "./lib.mjs";
import { Staff } from "./desk.mjs";

const roster = path.join(SOURCE, "gateway/sample/roster.json");
const term = path.join(SOURCE, "gateway/sample/term.ndjson");
const shots = process.cwd();
const browser = await openBrowser();
const now = "2026-11-23T08:00:00+02:00";
let number = 0;

const fi = {
  language: "fi", teacher: "marjut.kallioharju@example.org", group: "kjk-a", pupil: "P01", name: "Aino Lehtola", workplace: "W02",
  supervisor: "S02", try: "Tarkista suunnitelma", anyway: "Tallenna silti", warned: "Kesto on 0 viikkoa", card: "työturvallisuuskortti",
  days: "2 työpäivää", planned: "Jakso on suunniteltu", draft: "Sopimus on luonnos", move: "Siirrä päivä", moved: "Päivä on siirretty",
  from: "siirretty päivältä 12.1.", sheet: "Näytä lappu", checkIn: "Kuittaa tulosi", plan: "Sovi tapaaminen", invited: "Tapaaminen on sovittu",
  answered: "Vastaus on merkitty", note: "Merkitse vastaus", asked: "jatko-opintosuunnitelma puuttuu", wrong: "Valitse ainakin yksi viikonpäivä",
  sides: "Valitse, ketkä kutsutaan", survey: "Avaa kysely", opened: "Kysely on avattu", visits: "Työn seuraaminen",
};
const sv = {
  language: "sv", teacher: null, group: "aln-a", pupil: "P29", name: null, workplace: "W02",
  supervisor: "S02", try: "Kontrollera planen", anyway: "Spara ändå", warned: "Längden är 0 veckor", card: "arbetssäkerhet",
  days: "2 praktikdagar", planned: "Perioden är planerad", draft: "Avtalet är ett utkast", move: "Flytta dagen", moved: "Dagen är flyttad",
  from: "flyttad från 12 jan.", sheet: "Visa bladet", checkIn: "Kvittera din ankomst", plan: "Boka mötet", invited: "Mötet är bokat",
  answered: "Svaret är antecknat", note: "Anteckna svaret", asked: "Ännu det här läsåret", wrong: "Välj minst en veckodag",
  sides: "Välj vem som bjuds in", visits: "Jobbskuggning",
};

async function start() {
  const gateway = await Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from: now });
  gateway.verb("import", "events", term, "--virtual-clock", now);
  await gateway.until("2026-11-23T08:01:00+02:00");
  return gateway;
}

const rows = (gateway, query) => JSON.parse(gateway.sql(query) || "[]");
const mail = (gateway, person) => rows(gateway, `SELECT value FROM contact WHERE person = '${person}' AND channel = 'email'`)[0].value;

// Where the calendar has the day of the placement that was planned for DAY.
async function inCalendar(url, placement, day) {
  const text = (await (await fetch(url)).text()).replace(/\r?\n[ \t]/g, "");
  const event = text.split("BEGIN:VEVENT").find((each) => each.includes(`UID:pl-${placement}-${day}@`));
  return event?.match(/DTSTART[^:]*:(\d{8})/)[1];
}

async function eventually(what, text) {
  for (let i = 0; i < 100; i++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(false, text);
}

async function choose(staff, plan) {
  for (const [name, value] of Object.entries(plan)) {
    const field = staff.page.locator(`main form[method=post] [name=${name}]`);
    if (Array.isArray(value)) for (const each of value) await field.and(staff.page.locator(`[value="${each}"]`)).check();
    else if (name === "model") await staff.page.locator(`[name=model][value=${value}]`).check();
    else if ((await field.evaluate((each) => each.tagName)) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
}

async function placement(words, options) {
  const gateway = await start();
  const url = JSON.parse(gateway.verb("feeds", "create", "--for", words.supervisor, "--json", "--virtual-clock", now, "--base-url", gateway.url)).url;
  const staff = await new Staff(browser, { ...options, language: words.language, shots }).signIn(gateway, words.teacher ?? mail(gateway, "T4"));
  const page = staff.page;
  await staff.open(`${gateway.url}/desk/placements?of=${words.group}`);
  await staff.check("placements");
  await staff.open(`${gateway.url}/desk/plan-placement?of=${words.group}`);
  await staff.check("plan-placement");

  // What was typed stands there when something is wrong with it.
  const plan = { pupil: words.pupil, workplace: words.workplace, model: "block", from: "2027-01-11", until: "2027-01-15", starts: "07:00", ends: "16:30" };
  await choose(staff, plan);
  expect((await staff.press(words.try)) === 422, "a plan without weekdays was taken");
  await staff.check("plan-placement-wrong", { says: [words.wrong] });
  expect((await page.locator("[name=ends]").inputValue()) === "16:30", "what was typed is gone");

  const before = rows(gateway, "SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM placement_day) AS days");
  await choose(staff, { weekday: ["1", "2"] });
  expect((await staff.press(words.try)) === 200, "a plan is not tried");
  await staff.check("plan-placement-tried", { says: [words.days, words.warned] });
  expect(JSON.stringify(rows(gateway, "SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM placement_day) AS days"))
    === JSON.stringify(before), "trying a plan wrote something");
  expect((await staff.press(words.anyway)) === 200, "the plan is not saved");
  await staff.check("placement", { says: [words.planned, words.draft] });
  const id = new URL(page.url()).searchParams.get("of");

  // A day moves, and the supervisor's calendar has it elsewhere.
  await eventually(async () => (await inCalendar(url, id, "2027-01-12")) === "20270112", "the calendar lacks the day");
  await page.locator("#move-day").selectOption("2027-01-12");
  await page.locator("#to").fill("2027-01-14");
  expect((await staff.press(words.move)) === 200, "a day does not move");
  await staff.check("placement-moved", { says: [words.moved] });
  await eventually(async () => (await inCalendar(url, id, "2027-01-12")) === "20270114", "the calendar has the day where it was");
  await page.locator("details summary").last().click();
  await staff.check("placement-cancel-asked");
  await page.locator("[name=calendar]").check();
  expect((await staff.press(words.sheet)) === 200, "no sheet");
  await staff.check("placement-sheet", { says: [words.checkIn] });
  await staff.open(`${gateway.url}/desk/placements?of=${words.group}&month=2027-01`);
  await staff.check("placements-january", { says: [words.draft] });
  await staff.open(`${gateway.url}/desk/placements?of=${words.workplace}&kind=workplace&month=2027-01`);
  await staff.check("placements-workplace", { says: [words.draft] });
  await staff.open(`${gateway.url}/desk/placement?of=nobody`);
  await staff.check("placement-missing");
  await staff.close();
  await gateway.stop();
}

async function meeting(words, options) {
  const gateway = await start();
  const staff = await new Staff(browser, { ...options, language: words.language, shots }).signIn(gateway, words.teacher ?? mail(gateway, "T4"));
  const page = staff.page;
  await staff.open(`${gateway.url}/desk/meetings?of=${words.group}`);
  await staff.check("meetings", { says: [words.asked] });
  await staff.open(`${gateway.url}/desk/plan-meeting?of=${words.pupil}`);
  await staff.check("plan-meeting");
  await choose(staff, { kind: "plan-talk", title: "O'Neil <b>&amp; \"Öhman\"", date: "2026-12-09", starts: "14:30", ends: "15:15", place: "Luokka 2" });
  for (const each of await page.locator("[name=person]").all()) await each.uncheck();
  expect((await staff.press(words.plan)) === 422, "a meeting without anybody was taken");
  await staff.check("plan-meeting-wrong", { says: [words.sides] });
  expect((await page.locator("[name=title]").inputValue()) === "O'Neil <b>&amp; \"Öhman\"", "what was typed is gone");
  const guardian = rows(gateway, `SELECT guardian FROM guardian WHERE pupil = '${words.pupil}' AND restricted = 0 AND emergency_only = 0 AND notify = 1
    ORDER BY rank, guardian LIMIT 1`)[0].guardian;
  await choose(staff, { person: [words.pupil, guardian] });
  expect((await staff.press(words.plan)) === 200, "a meeting is not planned");
  await staff.check("meeting", { says: [words.invited, "O'Neil <b>&amp; \"Öhman\""] });
  await gateway.until("2026-11-23T08:10:00+02:00");
  expect(gateway.told("meeting-invitation", guardian).length === 1, "the guardian is not invited");
  await page.locator("#person").selectOption(guardian);
  await page.locator("[name=answer][value=yes]").check();
  expect((await staff.press(words.note)) === 200, "an answer is not taken");
  await staff.check("meeting-answered", { says: [words.answered, "1/2"] });
  for (const each of await page.locator("main details summary").all()) await each.click();
  await staff.check("meeting-open");
  await staff.open(`${gateway.url}/desk/meetings?month=2026-12`);
  await staff.check("meetings-december", { says: ["O'Neil"] });
  await staff.close();
  await gateway.stop();
}

async function network(words, options) {
  const gateway = await start();
  const staff = await new Staff(browser, { ...options, language: words.language, shots }).signIn(gateway, "hanna.valjanen@example.org");
  await staff.open(`${gateway.url}/desk/network?lang=sv`);
  await staff.check("network-sv", { says: [sv.visits] });
  await staff.open(`${gateway.url}/desk/network`);
  await staff.check("network", { says: [words.visits] });
  for (const each of await staff.page.locator("main details summary").all()) await each.click();
  await staff.check("network-open");
  await staff.page.locator("#audience").selectOption("kj-steering");
  await staff.page.locator("#closes").fill("2026-12-07");
  expect((await staff.press(words.survey)) === 200, "a survey is not opened");
  await staff.check("network-survey", { says: [words.opened] });
  expect(rows(gateway, "SELECT audience FROM survey WHERE closed IS NULL AND audience = 'kj-steering'").length === 1, "the survey");
  await staff.close();
  await gateway.stop();
}

await tell({
  "a placement, in Finnish": () => placement(fi, { width: 1200 }),
  "a placement, in Swedish on a small phone": () => placement(sv, { width: 320, scheme: "dark" }),
  "a meeting, in Finnish on a small phone": () => meeting(fi, { width: 320, scheme: "dark" }),
  "a meeting, in Swedish": () => meeting(sv, { width: 1200 }),
  "the network, in Finnish": () => network(fi, { width: 1200, scheme: "dark" }),
  "the network, on a small phone": () => network(fi, { width: 320 }),
});
await browser.close();
