// Pupils and messages at the desk: looked up by a name, the year in pictures, a word taken by telephone, a pause, steps of
// the pupil's own; the log of messages and one message's chain; what is another school's, a case's, or a protected pupil's.
import fs from "node:fs";
import path from "node:path";
import { Gateway, SOURCE, expect, openBrowser, tell } from "./lib.mjs";
import { Staff } from "./desk.mjs";

const sample = path.join(SOURCE, "gateway/sample");
const shots = process.cwd();
const browser = await openBrowser();
const day = "2026-11-23";
const email = (name) => `${name}@example.org`;
const teacher = email("marjut.kallioharju"), secretary = email("leena.hirsikoski"), protector = email("sanna.vuorensola");
const principal = email("timo.alhonsaari"), curator = email("riikka.saarelainen");

// The sample municipality with its term, at 09:20 of its Monday, three pupils missing from the first lesson; the substitute
// has an address. One for all stories.
let shared;
async function start() {
  if (shared) return shared;
  const made = JSON.parse(fs.readFileSync(path.join(sample, "roster.json"), "utf8"));
  made.people.find((p) => p.id === "V1").contacts.push({ channel: "email", value: email("ville.harjukangas") });
  const roster = path.join(shots, "roster.json");
  fs.writeFileSync(roster, JSON.stringify(made));
  const gateway = await Gateway.start(path.join(shots, "gateway"), { roster, from: `${day}T06:30` });
  gateway.verb("import", "events", path.join(sample, "term.ndjson"), "--virtual-clock", `${day}T06:30`);
  await gateway.until(`${day}T08:10:00+02:00`);
  for (const [pupil, by] of [["P03", "T1"], ["P20", "T3"], ["P21", "T3"]])
    await gateway.send("attendance.marked", { pupil, day, lesson: 1, mark: "absent", by }, `${day}T08:10:00+02:00`);
  await until(gateway, "09:20");
  return (shared = gateway);
}

const until = (gateway, time) => gateway.until(`${day}T${time}:00+02:00`);
const rows = (gateway, query) => JSON.parse(gateway.sql(query) || "[]");
// What must stand on a page that is looked at elsewhere.
async function says(staff, wanted, unwanted = []) {
  const text = await staff.text();
  for (const each of wanted) expect(text.includes(each), `“${each}” is not in:\n${text}`);
  for (const each of unwanted) expect(!text.includes(each), `“${each}” is in:\n${text}`);
}
const messageOf = (gateway, rule, pupil) =>
  rows(gateway, `SELECT g.id FROM message g JOIN message_notice k ON k.message = g.id JOIN notice n ON n.id = k.notice
    JOIN rule_match m ON m.id = n.match WHERE m.rule = '${rule}' AND m.pupil = '${pupil}' ORDER BY g.id LIMIT 1`)[0]?.id;

// A teacher looks a pupil up, takes a guardian's word by telephone, authorises, pauses messages, sets steps.
async function page() {
  const w = { tab: "Oppilaat", search: "Hae", like: "Etu- tai sukunimen alku", none: "Tällä nimellä ei löytynyt ketään.", explain: "Kirjaa selvitys", saved: "Tallennettu.",
    open: "Odottaa selvitystä", restricted: "Tälle huoltajalle ei saa kertoa mitään", by: "Selvityksen antoi", pause: "Tauko viesteihin", hold: "Aloita tauko",
    held: "Viestit tästä oppilaasta ovat tauolla", release: "Lopeta tauko", reason: "Muu syy omin sanoin (ei terveystietoja)", own: "Oppilaan omat poissaolorajat",
    save: "Ota rajat käyttöön", set: "Oma raja", rising: "Anna joka portaaseen", end: "Palaa yhteisiin rajoihin", table: "Luvut kuukausittain",
    choose: "Valitse poissaolon syy.", wrongDay: "Anna tauon viimeinen päivä" };
  const gateway = await start();
  const staff = await new Staff(browser, { language: "fi", width: 320, shots }).signIn(gateway, teacher);

  await staff.at("/pupils");
  await staff.check("pupils", { says: [w.tab, "Veera"], lacks: ["Jere"] });
  await staff.page.getByLabel(w.like).fill("hiet");
  await staff.press(w.search);
  await staff.check("pupils-found", { says: ["Hietaniitty Veera"], lacks: ["Lehtola"] });
  await staff.page.getByLabel(w.like).fill("nevaranta"); // of the other school
  await staff.press(w.search);
  await says(staff, [w.none], ["Jere"]);

  await staff.at("/pupil?of=P03");
  await staff.check("pupil", { says: ["Veera Hietaniitty", w.open, w.restricted, "Minna Hietaniitty", "Kahvila Korvapuusti"],
    lacks: ["0170", "harri.korvenoja"] }); // how to reach who must not be told is nobody's business
  expect((await staff.page.locator("svg.heat[role=img]").count()) === 2, "a picture of each half of the year");
  const titles = await staff.page.locator("svg[role=img]").evaluateAll((all) => all.map((svg) => [svg.querySelector("title")?.textContent, svg.querySelector("desc")?.textContent]));
  expect(titles.every(([title, about]) => title && about), `each picture says what it is: ${JSON.stringify(titles)}`);
  await staff.page.getByText(w.table).click();
  expect((await staff.page.locator("table tbody tr").count()) >= 4, "the same by month");
  await staff.page.evaluate(() => document.querySelectorAll("form").forEach((form) => form.setAttribute("novalidate", "")));
  expect((await staff.press(w.explain)) === 422, "no reason is chosen beforehand");
  await says(staff, [w.choose]);
  await staff.page.locator("#class-2026-11-23").selectOption("leave");
  await staff.page.getByLabel(w.by).first().selectOption("G05");
  expect((await staff.press(w.explain)) === 200, "explained by telephone");
  await says(staff, [w.saved]);
  expect(rows(gateway, "SELECT class, by FROM explanation WHERE pupil = 'P03' ORDER BY id DESC LIMIT 1")[0]?.by === "G05", "whose word it was");

  await staff.page.getByText(w.pause).click();
  await staff.page.locator("#reason").selectOption("other");
  await staff.page.getByLabel(w.reason).fill('<script>alert("x")</script> & "lomalla"');
  await staff.page.locator("#pause-until").fill("2026-11-01");
  await staff.page.evaluate(() => document.querySelectorAll("form").forEach((form) => form.setAttribute("novalidate", "")));
  expect((await staff.press(w.hold)) === 422, "a day that is over");
  await says(staff, [w.wrongDay]);
  await staff.page.locator("#reason").selectOption("other");
  await staff.page.getByLabel(w.reason).fill('<script>alert("x")</script> & "lomalla"');
  await staff.page.locator("#pause-until").fill("2026-11-30");
  expect((await staff.press(w.hold)) === 200, "held");
  await staff.check("pupil-held", { says: [w.held, '<script>alert("x")</script> & "lomalla"', "Marjut"] });
  expect((await staff.press(w.release)) === 200, "released");
  await says(staff, [w.saved], [w.held]);

  await staff.page.getByText(w.own, { exact: true }).click();
  await staff.page.locator("#first").fill("60");
  await staff.page.locator("#own-until").fill("2027-01-31");
  expect((await staff.press(w.save)) === 422, "steps that fall");
  await staff.check("pupil-own-wrong", { says: [w.rising] });
  expect((await staff.page.locator("#first").inputValue()) === "60", "what was typed stands there still");
  await staff.page.locator("#first").fill("40");
  expect((await staff.press(w.save)) === 200, "steps of one's own");
  await says(staff, [w.saved, `${w.set} 40`]);
  expect(rows(gateway, "SELECT value, until FROM pupil_parameter WHERE pupil = 'P03' AND name = 'first'")[0]?.value === "40", "they count");
  await staff.page.getByText(w.own, { exact: true }).click();
  expect((await staff.press(w.end)) === 200, "the common ones again");
  expect(rows(gateway, "SELECT * FROM pupil_parameter WHERE pupil = 'P03'").length === 0, "none of their own");
  await staff.close();
}

// The same pages on a wide screen, in Swedish and dark.
async function looks() {
  const gateway = await start();
  const staff = await new Staff(browser, { language: "sv", width: 1200, scheme: "dark", shots }).signIn(gateway, protector);
  await staff.post("/language", { ...(await staff.hidden()), language: "sv", back: "today" });
  await staff.at("/pupils");
  await staff.check("pupils", { says: ["Elever", "Jere"], lacks: ["Veera"] });
  await staff.at("/pupil?of=P21"); // 48 hours of concern
  await staff.check("pupil", { says: ["Jere Nevaranta", "Frånvaro som följs upp", "nått", "Godkänn frånvaron", "Äldre outredda", "Paus i meddelandena"] });
  await staff.page.getByText("Paus i meddelandena").click();
  await staff.page.getByText("Elevens egna frånvarogränser").click();
  await staff.check("pupil-forms", { says: ["Ta gränserna i bruk", "Börja pausen"] });
  await staff.close();
}

// Another school's pupil, a form that is stale or sent twice, values that are none: the status, and nothing changes.
async function foreign() {
  const gateway = await start();
  const staff = await new Staff(browser, { language: "fi", shots }).signIn(gateway, teacher);
  for (const of of ["P21", "P11", "G05", "nobody", "", "%27%3B--", "P03%00", "x".repeat(300)])
    expect((await staff.at(`/pupil?of=${of}`)) === 404, `${of} is none of theirs`);
  expect((await staff.at("/pupils?of=kjk-b")) === 404 && (await staff.at("/pupils?of=tuo")) === 404, "nor is their group");
  await staff.at("/pupil?of=P12");
  await staff.at("/pupil?of=P01");
  const hidden = await staff.hidden();
  const state = () => gateway.sql("SELECT (SELECT count(*) FROM event WHERE source = 'kapula:desk') AS e, (SELECT count(*) FROM hold) AS h, (SELECT count(*) FROM desk_setting) AS s, (SELECT count(*) FROM explanation) AS x");
  const before = state();
  const own = { act: "own", first: "40", second: "50", third: "60", fourth: "70", until: "2027-01-31", "seen-first": "0", "seen-second": "0", "seen-third": "0", "seen-fourth": "0" };
  for (const [fields, status, where = "P01"] of [
    [{ act: "explain", day: "2026-10-29", class: "ill" }, 422],
    [{ act: "explain", day: "29.10.", class: "health" }, 422],
    [{ act: "explain", day: "2026-10-29", class: "health", by: "G05" }, 422], // another child's guardian
    [{ act: "explain", day: "2026-10-28", class: "health" }, 409], // nothing is missed on that day
    [{ act: "authorise", day: "2026-10-28", class: "leave" }, 409],
    [{ act: "hold", reason: "pause" }, 422],
    [{ act: "hold", reason: "pause", until: "2036-01-01" }, 422],
    [{ act: "hold", reason: "other", text: "x".repeat(201), until: "2026-11-30" }, 422],
    [{ ...own, first: "0" }, 422],
    [{ ...own, first: "9999" }, 422],
    [{ ...own, first: "1e3" }, 422],
    [{ ...own, until: "2026-11-22" }, 422],
    [{ ...own, "seen-first": "7" }, 409],
    [{ act: "<b>" }, 400],
    [{ act: "hold", reason: "pause", until: "2026-11-30", csrf: "0" }, 403],
    [{ act: "hold", reason: "pause", until: "2026-11-30", at: "1-0" }, 409],
    [{ act: "hold", reason: "pause", until: "2026-11-30" }, 404, "P21"],
    [{ act: "release" }, 404, "P21"],
  ]) {
    const got = await staff.post(`/pupil?of=${where}`, { ...hidden, ...fields });
    expect(got === status, `${JSON.stringify(fields)}: ${got} instead of ${status}`);
  }
  expect(state() === before, `nothing changes: ${before} ${state()}`);
  const twice = { ...hidden, act: "hold", reason: "pause", until: "2026-11-30" };
  expect((await staff.post("/pupil?of=P01", twice)) === 303 && (await staff.post("/pupil?of=P01", twice)) === 303, "sent twice");
  expect(rows(gateway, "SELECT * FROM hold WHERE subject = 'P01'").length === 1, "is one pause");
  await staff.close();

  const coordinator = await new Staff(browser, { language: "fi", shots }).signIn(gateway, email("hanna.valjanen"));
  expect((await coordinator.at("/pupil?of=P01")) === 403 && (await coordinator.at("/messages")) === 403, "a coordinator sees no pupil and no message");
  await coordinator.close();
  const other = await new Staff(browser, { language: "fi", shots }).signIn(gateway, curator);
  for (const where of ["/pupils", "/pupil?of=P01", "/messages", "/message?of=1"]) expect((await other.at(where)) === 403, `${where} is no curator's`);
  await other.close();
}

// Who stands in sees the pupil and takes a guardian's word; what is planned, and the log, are not theirs.
async function substitute() {
  const gateway = await start();
  const staff = await new Staff(browser, { language: "fi", shots }).signIn(gateway, email("ville.harjukangas"));
  await staff.at("/pupil?of=P21");
  await staff.check("pupil-substitute", { says: ["Jere Nevaranta", "Kirjaa selvitys", "Vanhempia selvittämättä"], lacks: ["Hyväksy poissaolo", "Tauko viesteihin", "Oppilaan omat poissaolorajat"] });
  expect((await staff.page.locator('main a[href^="/desk/message"], main a[href^="/desk/placement"]').count()) === 0, "no way to what is not theirs");
  const hidden = await staff.hidden();
  for (const act of ["authorise", "hold", "release", "own", "own-end"])
    expect((await staff.post("/pupil?of=P21", { ...hidden, act, day: "2026-11-19", class: "leave", reason: "pause", until: "2026-11-30" })) === 403, `${act} is not theirs`);
  expect((await staff.post("/pupil?of=P21", { ...hidden, act: "explain", day: "2026-11-19", class: "health" })) === 303, "a word by telephone is");
  expect((await staff.at("/messages")) === 403 && (await staff.at("/pupil?of=P01")) === 404, "the log, the other school");
  await staff.close();
}

// A protected pupil: a name, and nothing that says where.
async function protectedPupil() {
  const gateway = await start();
  const staff = await new Staff(browser, { language: "fi", width: 320, scheme: "dark", shots }).signIn(gateway, protector);
  const hidden = ["Vihervarpu", "Pajatie", "suvi.lehmuskallio@example.org"];
  await staff.at("/pupil?of=P20");
  await staff.check("pupil-protected", { says: ["Iida Lehmuskallio", "Turvakielto", "Suvi Lehmuskallio", "Työpaikkajaksot"], lacks: hidden });
  expect(!(await staff.page.content()).includes("Vihervarpu"), "nor in the picture");
  await staff.at(`/message?of=${messageOf(gateway, "absence-alert", "P20")}`);
  await staff.check("message-protected", { says: ["odottaa henkilökunnan vahvistusta", "…97"], lacks: [...hidden, "0197"] });
  const reminder = messageOf(gateway, "placement-reminder", "P20");
  if (reminder) {
    await staff.at(`/message?of=${reminder}`);
    await staff.check("message-protected-place", { lacks: hidden });
  }
  await staff.close();
}

// A secretary reads the log and one message's chain.
async function log() {
  const w = { heading: "Viestiloki", search: "Hae", alert: "Poissaolo tunnilta", chain: "Miksi viesti lähti", marked: "Läsnäolo merkittiin", fired: "Sääntö täyttyi",
    written: "Viesti kirjoitettiin", none: "Viestejä ei löytynyt." };
  const gateway = await start();
  const staff = await new Staff(browser, { language: "fi", width: 1200, shots }).signIn(gateway, secretary);
  await staff.at("/messages");
  await staff.check("messages", { says: [w.heading, w.alert, "Veera Hietaniitty"], lacks: ["Jere Nevaranta", "Lehmuskallio"] });
  await staff.page.locator("#like").fill("hietan");
  await staff.page.locator("#name").selectOption("absence-alert");
  await staff.page.locator("#day").fill(day);
  expect((await staff.press(w.search)) === 200, "found");
  await staff.check("messages-found", { says: ["Veera Hietaniitty"], lacks: ["Lehtola"] });
  expect((await staff.page.locator("#name").inputValue()) === "absence-alert", "what is looked for stands there still");
  await staff.follow(w.alert);
  await staff.check("message", { says: ["Minna Hietaniitty", "+358\u00a040\u00a0000\u00a00169", w.chain, w.marked, w.fired, w.written, "sandbox", "/r/…"] });
  expect(!/\/r\/[\w-]{10}/.test(await staff.page.content()), "the link in the text is masked");
  expect(rows(gateway, "SELECT subject FROM desk_audit WHERE page = 'message' AND person = 'E1'")[0]?.subject === "P03", "who saw it is on record");
  for (const where of ["/messages?kind=cancelled&day=2020-01-01", "/messages?like=%25", "/messages?start=1-1", "/messages?name=%27%3B--"]) {
    expect((await staff.at(where)) === 200, where);
    await says(staff, [w.none], ["Hietaniitty"]);
  }
  await staff.check("messages-none");
  for (const where of ["/messages?start=x", "/messages?start=-5--7", "/messages?day=2026-02-31", "/messages?kind=%3Cb%3E"]) expect((await staff.at(where)) === 200, where);

  // Another school's message, one that is none, and one to a curator are not there.
  const theirs = messageOf(gateway, "absence-alert", "P21");
  const signs = rows(gateway, "SELECT id FROM message WHERE text LIKE '%/desk/enter%' LIMIT 1")[0].id;
  expect(theirs, "the other school's alert");
  for (const of of [theirs, signs, 0, -1, 999999, "x", "1x", "", "99999999999999999999"])
    expect((await staff.at(`/message?of=${of}`)) === 404, `message ${of}`);
  await gateway.send("study.place.decided", { pupil: "P05", state: "none" }, `${day}T09:20:00+02:00`);
  await until(gateway, "09:40");
  const secret = rows(gateway, "SELECT id FROM message WHERE person = 'K1' ORDER BY id DESC LIMIT 1")[0]?.id;
  expect(secret, "the curator is told of a case");
  expect((await staff.at(`/message?of=${secret}`)) === 404, "what a curator got");
  await staff.at("/messages");
  await says(staff, [], ["Riikka"]);
  await staff.close();

  // The teacher of the group, who has no part in the case, sees it neither there nor on the pupil's page.
  const reader = await new Staff(browser, { language: "fi", shots }).signIn(gateway, principal);
  await reader.at("/pupil?of=P05");
  await says(reader, [], ["Riikka", "2026-00"]);
  await reader.close();
}

async function logLooks() {
  const gateway = await start();
  const staff = await new Staff(browser, { language: "sv", width: 320, scheme: "dark", shots }).signIn(gateway, secretary);
  await staff.post("/language", { ...(await staff.hidden()), language: "sv", back: "today" });
  await staff.at("/messages?name=absence-alert");
  await staff.check("messages", { says: ["Meddelandelogg", "Frånvaro från en lektion", "Veera Hietaniitty"], lacks: ["Jere Nevaranta"] });
  await staff.follow("Frånvaro från en lektion");
  await staff.check("message", { says: ["Varför meddelandet skickades", "Närvaron antecknades", "Regeln uppfylldes", "Meddelandet skrevs", "/r/…"] });
  await staff.close();
}

await tell({
  "a pupil's page on a small phone": page,
  "a pupil's page on a screen, in Swedish and dark": looks,
  "what is foreign, stale or twice": foreign,
  "who stands in": substitute,
  "a protected pupil": protectedPupil,
  "the log of messages on a small phone, in Swedish and dark": logLooks,
  "the log of messages on a screen": log,
  "the gateway ends well": async () => shared?.stop(),
});
await browser.close();
