// A guardian's page, from the alert to its answer.
import path from "node:path";
import { Gateway, Reader, SOURCE, expect, openBrowser, tell } from "./lib.mjs";

const roster = path.join(SOURCE, "tests/rules/base.json");
const from = "2026-11-23T07:00:00+02:00";
const shots = process.cwd();
const browser = await openBrowser();
let number = 0;

// A missing first lesson of PUPIL, told at a quarter past nine to GUARDIAN: the gateway and the link.
async function alerted(pupil, guardian) {
  const gateway = await Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from });
  await gateway.until("2026-11-23T08:50:00+02:00");
  await gateway.send("attendance.marked", { pupil, day: "2026-11-23", lesson: 1, mark: "absent", by: "T1" }, "2026-11-23T08:50:00+02:00");
  await gateway.until("2026-11-23T09:16:00+02:00");
  return { gateway, link: gateway.link("absence-alert", guardian) };
}

async function sick({ pupil, guardian, language, width, scheme, button, says, thanks }) {
  const { gateway, link } = await alerted(pupil, guardian);
  const reader = new Reader(browser, { language, width, scheme, shots });
  expect((await reader.open(link)) === 200, "the page opens");
  await reader.check("answer-asked", { says });
  expect((await reader.press(button)) === 200, "the answer is taken");
  await reader.check("answer-explained", { says: [thanks] });
  await gateway.until("2026-11-23T12:00:00+02:00");
  expect(gateway.told("absence-ladder").length === 0, "an explained absence climbs no ladder");
  expect(gateway.sql("SELECT class FROM explanation").includes('"health"'), "the explanation is a fact");
  await reader.close();
  await gateway.stop();
}

async function didNotKnow({ pupil, guardian, staff, language, width, scheme, button, thanks, found }) {
  const { gateway, link } = await alerted(pupil, guardian);
  const reader = new Reader(browser, { language, width, scheme, shots });
  await reader.open(link);
  expect((await reader.press(button)) === 200, "the answer is taken");
  await reader.check("answer-did-not-know", { says: [thanks] });
  await gateway.until("2026-11-23T09:20:00+02:00");
  expect(gateway.told("absence-ladder", staff).length === 1, `${staff} is told that the guardian does not know`);
  await gateway.send("pupil.located", { pupil, at: "2026-11-23T09:30:00+02:00", by: staff, where: "at-school" }, "2026-11-23T09:30:00+02:00");
  await gateway.until("2026-11-23T09:31:00+02:00");
  await reader.open(link);
  await reader.check("answer-found", { says: [found] });
  await gateway.until("2026-11-23T12:00:00+02:00");
  expect(gateway.told("absence-ladder", "R1").length === 0, "a pupil who is found climbs no further");
  await reader.close();
  await gateway.stop();
}

// Everything else behind the link, page by page.
async function around({ pupil, guardian, language, width, scheme, words }) {
  const { gateway, link } = await alerted(pupil, guardian);
  const reader = new Reader(browser, { language, width, scheme, shots });
  await reader.open(link);
  await reader.follow(words.sent);
  await reader.check("sent", { says: [words.why] });
  await reader.follow(words.report);
  await reader.check("report");
  await reader.page.getByLabel(words.until).selectOption("2026-11-25");
  expect((await reader.press(words.leave)) === 200, "the report is taken");
  await reader.check("reported", { says: [words.reported] });
  expect(gateway.sql("SELECT class, ends - starts AS s FROM explanation").includes('"s":259200'), "three whole days are explained");
  await reader.follow(words.settings);
  await reader.check("settings");
  await reader.page.getByLabel(words.firstDay).check();
  await reader.page.getByLabel(words.quietFrom).selectOption("19");
  await reader.page.getByLabel(words.quietUntil).selectOption("9");
  expect((await reader.press(words.save)) === 200, "the choice is saved");
  await reader.check("settings-saved", { says: [words.saved] });
  expect(gateway.sql("SELECT choice FROM person_choice").includes("first-day-and-changes"), "the choice is a row");
  expect(gateway.sql("SELECT group_concat(choice) AS c FROM person_choice WHERE choice GLOB 'quiet-*'").includes("quiet-from-19,quiet-until-9"), "the hours are rows");
  expect((await reader.page.getByLabel(words.quietFrom).inputValue()) === "19", "the page shows the hours that were chosen");
  await reader.follow(words.changeContact);
  await reader.check("contact");
  await reader.page.getByLabel(words.contactLabel).fill("040 <b>0");
  expect((await reader.press(words.send)) === 422, "what is no number is refused");
  await reader.check("contact-wrong", { says: [words.contactWrong] });
  await reader.page.getByLabel(words.contactLabel).fill("040 000 0999");
  expect((await reader.press(words.send)) === 200, "a code is sent");
  const texts = () => JSON.parse(gateway.sql(`SELECT address, text FROM message WHERE person = '${guardian}' ORDER BY id DESC`));
  const old = texts()[0].address;
  await reader.page.getByLabel(words.codeLabel).fill(texts()[0].text.match(/\b\d{6}\b/)[0]);
  expect((await reader.press(words.confirm)) === 200, "the contact is changed");
  expect(gateway.sql(`SELECT value FROM contact WHERE person = '${guardian}'`).includes("+358400000999"), "the new number is a row");
  expect(texts()[0].address === old, "the old number is told of it");
  await reader.close();
  await gateway.stop();
}

const around_fi = {
  sent: "Mitä minulle on lähetetty ja miksi", why: "Koulun on kerrottava", report: "Ilmoita poissaolo etukäteen", until: "Viimeinen päivä",
  leave: "Sovittu meno tai loma", reported: "poissaolo on ilmoitettu", settings: "Kieli, viestit ja yhteystiedot",
  firstDay: "Vain ensimmäisestä työpäivästä ja muutoksista", save: "Tallenna", quietFrom: "Alkaa klo", quietUntil: "Päättyy klo", saved: "Tallennettu.",
  changeContact: "Vaihda numero tai sähköpostiosoite", contactLabel: "Uusi numero tai osoite", send: "Lähetä minulle koodi",
  contactWrong: "ei ole puhelinnumero", codeLabel: "Koodi, kuusi numeroa", confirm: "Vahvista",
};
const around_sv = {
  sent: "Vad som har skickats till mig och varför", why: "Skolan ska berätta", report: "Anmäl frånvaro på förhand", until: "Sista dagen",
  leave: "Avtalat ärende eller ledighet", reported: "frånvaron är anmäld", settings: "Språk, meddelanden och kontaktuppgifter",
  firstDay: "Bara om den första praktikdagen och ändringar", quietFrom: "Börjar kl.", quietUntil: "Slutar kl.", save: "Spara", saved: "Sparat.",
  changeContact: "Byt nummer eller e-postadress", contactLabel: "Nytt nummer eller ny adress", send: "Skicka en kod till mig",
  contactWrong: "varken ett telefonnummer", codeLabel: "Kod, sex siffror", confirm: "Bekräfta",
};

// An invitation, answered.
async function meeting({ guardian, language, width, says, yes, coming }) {
  const gateway = await Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from });
  await gateway.until("2026-11-23T08:00:00+02:00");
  await gateway.send("meeting.planned", { meeting: "M 1", kind: "plan-talk", organisation: "kjk-a", title: "<b>HOPS</b> & sinä",
    starts: "2026-12-03T14:00:00+02:00", ends: "2026-12-03T15:00:00+02:00", place: "Luokka 1", participants: [guardian, "T1"] }, "2026-11-23T08:00:00+02:00");
  await gateway.until("2026-11-23T12:00:00+02:00");
  const reader = new Reader(browser, { language, width, shots });
  expect((await reader.open(gateway.link("meeting-invitation", guardian))) === 200, "the invitation opens");
  await reader.check("meeting", { says });
  expect((await reader.press(yes)) === 200, "the answer is taken");
  await reader.check("meeting-answered", { says: [coming] });
  expect(gateway.sql("SELECT person, answer FROM meeting_participant WHERE answer IS NOT NULL").includes(guardian), "the answer is a fact");
  await reader.close();
  await gateway.stop();
}

// The consent to a trip, asked for five days before it.
async function consent({ pupil, guardian, language, width, give, given }) {
  const gateway = await Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from: "2026-11-16T07:00:00+02:00" });
  const at = "2026-11-16T08:00:00+02:00";
  await gateway.until(at);
  await gateway.send("meeting.planned", { meeting: "M2", kind: "trip", organisation: "kj", title: "Luontokoulu",
    starts: "2026-11-27T09:00:00+02:00", ends: "2026-11-27T14:00:00+02:00", participants: [pupil, "T1"] }, at);
  await gateway.send("consent.asked", { consent: "C1", meeting: "M2", pupil, by: "T1" }, at);
  await gateway.until("2026-11-23T08:05:00+02:00");
  const reader = new Reader(browser, { language, width, shots });
  expect((await reader.open(gateway.link("consent-missing", guardian))) === 200, "the consent opens");
  await reader.check("consent", { says: ["Luontokoulu"] });
  expect((await reader.press(give)) === 200, "the answer is taken");
  await reader.check("consent-given", { says: [given] });
  expect(gateway.sql("SELECT state, by FROM consent").includes(`"given","by":"${guardian}"`), "the consent is a fact");
  await reader.close();
  await gateway.stop();
}

// The answer page in the languages that families read.
async function inEveryLanguage() {
  const { gateway, link } = await alerted("P1", "G1");
  for (const language of ["en", "ru", "uk", "ar", "so", "et"]) {
    const reader = new Reader(browser, { language, width: 320, scheme: "light", shots });
    expect((await reader.open(`${link}?lang=${language}`)) === 200, `${language}: the page opens`);
    expect((await reader.page.locator("html").getAttribute("lang")) === language, `${language}: the page is in it`);
    expect((await reader.page.locator("html").getAttribute("dir")) === (language === "ar" ? "rtl" : "ltr"), `${language}: direction`);
    await reader.check("answer", { says: ["Aino"] });
    await reader.close();
  }
  await gateway.stop();
}

const fi = { pupil: "P1", guardian: "G1", staff: "T1", language: "fi" };
const sv = { pupil: "P8", guardian: "G14", staff: "T2", language: "sv" };

await tell({
  "around, in Finnish on a small phone": () => around({ ...fi, width: 320, words: around_fi }),
  "around, in Swedish": () => around({ ...sv, scheme: "dark", words: around_sv }),
  "in every language": inEveryLanguage,
  "consent, in Finnish": () => consent({ pupil: "P1", guardian: "G1", language: "fi", give: "Annan suostumuksen", given: "Olet antanut suostumuksen." }),
  "consent, in Swedish on a small phone": () =>
    consent({ pupil: "P8", guardian: "G14", language: "sv", width: 320, give: "Jag ger mitt samtycke", given: "Du har gett ditt samtycke." }),
  "meeting, in Finnish on a small phone": () =>
    meeting({ guardian: "G1", language: "fi", width: 320, says: ["<b>HOPS</b> & sinä", "Pääsetkö paikalle?"], yes: "Tulen", coming: "Olet tulossa." }),
  "meeting, in Swedish": () => meeting({ guardian: "G14", language: "sv", says: ["Kan du komma?"], yes: "Jag kommer", coming: "Du kommer." }),
  "sick, in Arabic on a small phone": () =>
    sick({ pupil: "P7", guardian: "G13", language: "ar", width: 320, button: "مرض", says: ["أين Amina؟"], thanks: "شكر" }),
  "sick, in Finnish": () => sick({ ...fi, button: "Hän on sairas", says: ["Missä Aino on?", "8.00–8.45"], thanks: "Kiitos!" }),
  "sick, in Swedish on a small phone": () =>
    sick({ ...sv, width: 320, scheme: "dark", button: "Barnet är sjukt", says: ["Var är Vilma?"], thanks: "Tack!" }),
  "did not know, in Finnish on a small phone": () =>
    didNotKnow({ ...fi, width: 320, button: "En tiennyt tästä", thanks: "selvittää asiaa", found: "Aino on koulussa." }),
  "did not know, in Swedish": () =>
    didNotKnow({ ...sv, button: "Jag visste inte om det här", thanks: "reder ut saken", found: "Vilma är i skolan." }),
});
await browser.close();
