// A placement from the agreement to the certificate: guardian, supervisor, principal and pupil on their pages.
import path from "node:path";
import { Gateway, Reader, SOURCE, expect, openBrowser, tell } from "./lib.mjs";

const roster = path.join(SOURCE, "tests/rules/base.json");
const shots = process.cwd();
const browser = await openBrowser();
let number = 0;

const fi = {
  language: "fi", pupil: "P1", name: "Aino", guardian: "G1", supervisor: "S1", principal: "R1", teacher: "T1", workplace: "W1",
  nameLabel: "Nimesi", agree: "Olen lukenut sopimuksen ja hyväksyn sen", send: "Lähetä minulle koodi", codeLabel: "Koodi, kuusi numeroa",
  confirm: "Vahvista", signed: "allekirjoituksesi on tallennettu", wrong: "Koodi on väärä", absent: "Ei täällä", late: "Myöhässä",
  told: "Koululle on kerrottu", week: "Viikko ja tunnit", confirmWeek: "Vahvista viikko", weekDone: "viikko on vahvistettu",
  here: "Olen täällä", thanks: "Tulosi on merkitty", byPupil: "oppilas kuittasi itse", sheet: "Tulostettava lappu: Aino", scan: "Kuittaa tulosi",
  word: "Vapaa sana", evaluated: "arviointi on tallennettu", choose: "kiitettävä", certificate: "Todistus työpaikkajaksosta",
  calendar: "Työpäivät omaan kalenteriin", make: "Tee kalenterilinkki", ready: "Kalenterilinkkisi on valmis",
};
const sv = {
  language: "sv", pupil: "P8", name: "Vilma", guardian: "G14", supervisor: "S2", principal: "R2", teacher: "T2", workplace: "W2",
  nameLabel: "Ditt namn", agree: "Jag har läst avtalet och godkänner det", send: "Skicka en kod till mig", codeLabel: "Kod, sex siffror",
  confirm: "Bekräfta", signed: "din underskrift är sparad", wrong: "Koden är fel", absent: "Inte här", late: "Sen",
  told: "Skolan har fått veta", week: "Veckan och timmarna", confirmWeek: "Bekräfta veckan", weekDone: "veckan är bekräftad",
  here: "Jag är här", thanks: "Din ankomst är antecknad", byPupil: "eleven kvitterade själv", sheet: "Blad att skriva ut: Vilma", scan: "Kvittera din ankomst",
  word: "Fritt ord", evaluated: "bedömningen är sparad", choose: "berömlig", certificate: "Intyg över praktikperiod",
  calendar: "Praktikdagarna till min kalender", make: "Gör en kalenderlänk", ready: "Din kalenderlänk är klar",
};

const day = (date, time) => `${date}T${time}:00+02:00`;

// A placement of Tuesdays and Wednesdays that begins on 24 November, planned a fortnight before; its three messages.
async function planned(words) {
  const from = day("2026-11-09", "07:00");
  const gateway = await Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from });
  await gateway.until(day("2026-11-09", "12:00"));
  await gateway.send("placement.planned", {
    placement: "PL 1/ä", pupil: words.pupil, workplace: words.workplace, weekdays: [2, 3], from: "2026-11-24", until: "2026-12-02",
  }, day("2026-11-09", "12:00"));
  await gateway.until(day("2026-11-10", "08:05"));
  return gateway;
}

const code = (gateway, person) =>
  JSON.parse(gateway.sql(`SELECT text FROM message WHERE person = '${person}' ORDER BY id DESC LIMIT 1`))[0].text.match(/\b\d{6}\b/)[0];

async function enterCode(gateway, reader, words, person, shot) {
  await reader.check(`${shot}-code`);
  const right = code(gateway, person);
  const wrong = right === "000000" ? "000001" : "000000";
  await reader.page.getByLabel(words.codeLabel).fill(wrong);
  expect((await reader.press(words.confirm)) === 422, "a wrong code is refused");
  await reader.check(`${shot}-code-wrong`, { says: [words.wrong] });
  await reader.page.getByLabel(words.codeLabel).fill(right);
  expect((await reader.press(words.confirm)) === 200, "the right code is taken");
}

async function sign(gateway, words, rule, person, options) {
  const reader = new Reader(browser, { ...options, language: words.language, shots });
  expect((await reader.open(gateway.link(rule, person))) === 200, `${person} opens the agreement`);
  await reader.check(`sign-${person}`, { says: [words.name] });
  await reader.page.getByLabel(words.nameLabel).fill("O'Neil <b>&amp; \"Öhman\"");
  await reader.page.getByLabel(words.agree).check();
  expect((await reader.press(words.send)) === 200, "a code is sent");
  await enterCode(gateway, reader, words, person, `sign-${person}`);
  await reader.check(`signed-${person}`, { says: [words.signed] });
  await reader.close();
}

async function signAll(gateway, words, options) {
  await sign(gateway, words, "placement-agreement", words.guardian, options);
  await sign(gateway, words, "placement-agreement", words.supervisor, options);
  await sign(gateway, words, "placement-agreement", words.principal, options);
  const parties = JSON.parse(gateway.sql("SELECT party, by FROM agreement_signature ORDER BY party"));
  expect(JSON.stringify(parties.map((p) => p.by)) === JSON.stringify([words.guardian, words.principal, words.supervisor]),
    `each party signed: ${JSON.stringify(parties)}`);
}

// The first story: three signatures, nobody comes, the supervisor says so, the teacher is told.
async function notHere(words, options) {
  const gateway = await planned(words);
  await signAll(gateway, words, options);
  await gateway.until(day("2026-11-24", "09:25"));
  expect(gateway.told("placement-reminder", words.guardian).length === 1, "the guardian was reminded the evening before");
  const reader = new Reader(browser, { ...options, language: words.language, shots });
  expect((await reader.open(gateway.link("placement-no-show", words.supervisor))) === 200, "the supervisor opens the page");
  await reader.check("work-asked", { says: [words.name] });
  expect((await reader.press(words.absent)) === 200, "the mark is taken");
  await reader.check("work-absent", { says: [words.told] });
  await gateway.until(day("2026-11-24", "09:30"));
  expect(gateway.told("placement-no-show", words.teacher).length === 1, "the teacher is told");
  expect((await reader.press(words.late)) === 200, "a mark may be changed");
  await reader.follow(words.week);
  await reader.check("week");
  expect((await reader.press(words.confirmWeek)) === 200, "the week is confirmed");
  await reader.check("week-confirmed", { says: [words.weekDone] });
  await reader.follow(words.calendar);
  await reader.check("calendar-asked");
  expect((await reader.press(words.make)) === 200, "a calendar link is made");
  await reader.check("calendar-made", { says: [words.ready] });
  const url = await reader.page.locator(".text").innerText();
  expect((await fetch(url)).status === 200, "the calendar opens");
  await reader.close();
  await gateway.stop();
}

// The second: the pupil checks in by the code on the wall; at the end evaluation and certificate.
async function toCertificate(words, options) {
  const gateway = await planned(words);
  await signAll(gateway, words, options);
  await gateway.until(day("2026-11-23", "07:35"));
  const reader = new Reader(browser, { ...options, language: words.language, shots });
  await reader.open(gateway.link("placement-reminder", words.supervisor));
  await reader.check("work-nobody");
  await reader.follow(words.sheet);
  await reader.check("sheet", { says: [words.scan] });
  const pdf = await reader.page.pdf({ format: "A4", preferCSSPageSize: true });
  expect((pdf.toString("latin1").match(/\/Type\s*\/Page\b/g) ?? []).length === 1, "the sheet is one page");
  const wall = await readWall(gateway, words);
  await reader.close();

  await gateway.until(day("2026-11-24", "08:58"));
  const pupil = new Reader(browser, { ...options, language: words.language, shots });
  expect((await pupil.open(wall)) === 200, "the wall's address opens");
  await pupil.check("wall-open", { says: [words.name] });
  expect((await pupil.press(words.here)) === 200, "the check-in is taken");
  await pupil.check("wall-here", { says: [words.thanks] });
  await gateway.until(day("2026-11-24", "09:40"));
  expect(gateway.told("placement-no-show").length === 0, "nobody is asked about a pupil who is there");
  await reader.open(gateway.link("placement-reminder", words.supervisor));
  await reader.check("work-here", { says: [words.byPupil] });

  await gateway.until(day("2026-12-02", "16:00"));
  expect((await reader.open(gateway.link("placement-evaluation", words.supervisor))) === 200, "the form opens");
  await reader.check("evaluate");
  for (const group of await reader.page.locator("fieldset").all()) await group.getByLabel(words.choose).check();
  await reader.page.getByLabel(words.word, { exact: true }).fill("Hyvä <script>alert(1)</script> {{pupil}} työ\nja rivi");
  expect((await reader.press(words.send)) === 200, "a code is sent");
  await enterCode(gateway, reader, words, words.supervisor, "evaluate");
  await reader.check("evaluated", { says: [words.evaluated] });
  await gateway.send("certificate.issued", { placement: "PL 1/ä", by: words.teacher }, day("2026-12-02", "16:05"));
  await gateway.until(day("2026-12-03", "09:00"));
  const guardian = new Reader(browser, { ...options, language: words.language, shots });
  expect((await guardian.open(gateway.link("placement-certificate", words.guardian))) === 200, "the certificate opens");
  await guardian.check("certificate", { says: [words.certificate, words.name, "<script>alert(1)</script> {{pupil}}"] });
  const paper = await guardian.page.pdf({ format: "A4", preferCSSPageSize: true });
  expect((paper.toString("latin1").match(/\/Type\s*\/Page\b/g) ?? []).length === 1, "the certificate is one page");
  await guardian.close();
  await reader.close();
  await pupil.close();
  await gateway.stop();
}

// What the QR says, by its own SVG drawn large and read as modules would be too much here: the address is derived from
// the database as the page does it.
async function readWall(gateway, words) {
  const { createHmac } = await import("node:crypto");
  const secret = JSON.parse(gateway.sql("SELECT value FROM meta WHERE name = 'page_secret'"))[0].value;
  const mac = createHmac("sha256", secret).update(`wall\n${words.pupil}\n\nPL 1/ä`).digest();
  return `${gateway.url}/p/${mac.subarray(0, 16).toString("base64url")}`;
}

await tell({
  "not here, in Finnish": () => notHere(fi, {}),
  "not here, in Swedish on a small phone": () => notHere(sv, { width: 320, scheme: "dark" }),
  "to the certificate, in Finnish on a small phone": () => toCertificate(fi, { width: 320 }),
  "to the certificate, in Swedish": () => toCertificate(sv, { scheme: "dark" }),
});
await browser.close();
