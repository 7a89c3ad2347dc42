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

const fi = { pupil: "P1", guardian: "G1", staff: "T1", language: "fi" };
const sv = { pupil: "P8", guardian: "G14", staff: "T2", language: "sv" };

await tell({
  "sick, in Finnish": () => sick({ ...fi, button: "Hän on sairas", says: ["Missä Aino on?", "8.00–8.45"], thanks: "Kiitos!" }),
  "sick, in Swedish on a small phone": () =>
    sick({ ...sv, width: 320, scheme: "dark", button: "Barnet är sjukt", says: ["Var är Vilma?"], thanks: "Tack!" }),
  "did not know, in Finnish on a small phone": () =>
    didNotKnow({ ...fi, width: 320, button: "En tiennyt tästä", thanks: "selvittää asiaa", found: "Aino on koulussa." }),
  "did not know, in Swedish": () =>
    didNotKnow({ ...sv, button: "Jag visste inte om det här", thanks: "reder ut saken", found: "Vilma är i skolan." }),
});
await browser.close();
