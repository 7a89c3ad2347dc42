// A case across the county boundary: message, code, acknowledged, contacted, handed over with permission, a support person.
import path from "node:path";
import { Gateway, Reader, SOURCE, expect, openBrowser, tell } from "./lib.mjs";

const roster = path.join(SOURCE, "tests/rules/base.json");
const shots = process.cwd();
let number = 0;
const browser = await openBrowser();
const day = (date, time) => `${date}T${time}:00+02:00`;
const words = {
  fi: { send: "Lähetä minulle koodi", code: "Koodi, kuusi numeroa", confirm: "Vahvista", acknowledge: "Otan tapauksen hoitaakseni",
    contacted: "Kirjaa yhteydenotto", handOver: "Siirrä tapaus", refused: "Lupaa tietojen siirtoon ei ole kirjattu", handed: "Tapaus on siirretty",
    over: "Linkki ei ole enää voimassa", next: "Seuraava yhteydenotto (ei pakollinen)" },
};

const code = (gateway, person) =>
  JSON.parse(gateway.sql(`SELECT text FROM message WHERE person = '${person}' ORDER BY id DESC LIMIT 1`))[0].text.match(/\b\d{6}\b/)[0];
const acts = (gateway) => JSON.parse(gateway.sql("SELECT act FROM case_act ORDER BY id") || "[]").map((a) => a.act).join(" ");

async function signIn(gateway, reader, url, person, w) {
  expect((await reader.open(url)) === 200, `${person} opens the link`);
  await reader.check(`case-closed-door-${person}`, { says: ["2026-0001"], lacks: ["Aino", "Kuusijoen koulu"] });
  expect((await reader.press(w.send)) === 200, "a code is sent");
  const sent = code(gateway, person);
  await reader.page.getByLabel(w.code).fill(sent === "000000" ? "000001" : "000000");
  expect((await reader.press(w.confirm)) === 422, "a wrong code is refused");
  await reader.page.getByLabel(w.code).fill(sent);
  expect((await reader.press(w.confirm)) === 200, "the right code is taken");
}

async function story(options) {
  const w = words.fi;
  const gateway = await Gateway.start(path.join(shots, `gateway-${++number}`), { roster, from: day("2026-11-23", "07:00") });
  await gateway.send("study.place.decided", { pupil: "P1", state: "none" }, day("2026-11-23", "07:00"));
  await gateway.until(day("2026-11-23", "12:00"));
  const file = JSON.parse(gateway.sql("SELECT id, owner FROM case_file"))[0];
  expect(file?.owner === "CU1", `the case is the curator's: ${JSON.stringify(file)}`);
  const url = gateway.link("study-place-missing", "CU1");
  expect(url.includes("/c/"), `the message leads to the case: ${url}`);

  const reader = new Reader(browser, { ...options, language: "fi", shots });
  await signIn(gateway, reader, url, "CU1", w);
  await reader.check("case-in", { says: ["Aino", w.acknowledge] });
  const cookies = await reader.context.cookies(url);
  const cookie = cookies.find((c) => c.name === "kapula-case");
  expect(cookie?.httpOnly && cookie.sameSite === "Strict" && new URL(url).pathname === cookie.path, `the cookie: ${JSON.stringify(cookies)}`);
  expect(!gateway.sql("SELECT hex(hash) AS h, hex(link) AS l FROM case_session").includes(cookie.value), "the session is kept as a hash");

  // Another browser with the link alone, or with a made-up cookie, may do nothing.
  for (const value of ["", "kapula-case=AAAAAAAAAAAAAAAAAAAAAA", `kapula-case=${"A".repeat(4000)}`, "kapula-case=%00';--"]) {
    const at = Math.floor(Date.parse(day("2026-11-23", "12:00")) / 1000);
    const answer = await fetch(url, { method: "POST", redirect: "manual", body: `at=${at}&act=close&outcome=resolved`,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Cookie: value } });
    expect(answer.status === 403 || answer.status === 400 || answer.status === 431, `without a session: ${answer.status}`);
    expect(!(await answer.text()).includes("Aino"), "without a session nothing is told");
  }
  expect(acts(gateway) === "", `nothing was done: ${acts(gateway)}`);

  // In the session too a form is checked, and the same form twice is one event.
  const at = Math.floor(Date.parse(day("2026-11-23", "12:00")) / 1000);
  const post = async (body) =>
    (await fetch(url, { method: "POST", redirect: "manual", body,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Cookie: `kapula-case=${cookie.value}` } })).status;
  expect((await post(`at=${at}&act=contacted&outcome=free+text`)) === 422, "an outcome of one's own is refused");
  expect((await post(`at=${at}&act=contacted&outcome=no-answer&next=2026-02-31`)) === 422, "a day that is none is refused");
  expect((await post(`at=${at}&act=contacted&outcome=no-answer&next=2025-01-01`)) === 422, "a day that is over is refused");
  expect((await post(`at=${at - 86400}&act=close&outcome=resolved`)) === 409, "a stale form is refused");
  expect((await post(`at=${at}&act=%3Cb%3E`)) === 400, "an act that is none is refused");
  expect(acts(gateway) === "", `nothing was done: ${acts(gateway)}`);

  expect((await reader.press(w.acknowledge)) === 200, "acknowledged");
  expect(acts(gateway) === "acknowledged", acts(gateway));
  await reader.page.getByLabel(w.next).fill("2026-12-01");
  expect((await reader.press(w.contacted)) === 200, "contacted");
  await reader.check("case-contacted", { says: ["Oppilas tavoitettu"] });
  expect((await post(`at=${at}&act=contacted&outcome=no-answer`)) === 303 && (await post(`at=${at}&act=contacted&outcome=no-answer`)) === 303, "sent twice");
  expect(acts(gateway) === "acknowledged contacted contacted", acts(gateway));

  await reader.page.locator("#to").selectOption("CU2");
  expect((await reader.press(w.handOver)) === 409, "no hand-over without permission");
  await reader.check("case-no-permission", { says: [w.refused] });

  // A support person sees what `sees` names, and may do nothing.
  await gateway.send("case.joined", { case: file.id, person: "K1", sees: "contacts", by: "CU1" }, day("2026-11-23", "12:00"));
  await gateway.until(day("2026-11-23", "12:30"));
  const support = new Reader(browser, { ...options, language: "fi", shots });
  const supportUrl = gateway.link("case-joined", "K1");
  await signIn(gateway, support, supportUrl, "K1", w);
  await support.check("case-support", { says: ["Aino", "Oppilas tavoitettu"], lacks: [w.acknowledge, w.contacted, w.handOver, "Mistä tapaus avautui", "Lupa siirtää", "Työpaikkajaksot"] });

  // A session is good for its own link alone.
  const foreign = await (await fetch(supportUrl, { headers: { Cookie: `kapula-case=${cookie.value}` } })).text();
  expect(!foreign.includes("Aino"), "another link's session opens nothing");

  await gateway.send("transfer.permitted", { pupil: "P1", by: "G1" }, day("2026-11-23", "12:30"));
  await signIn(gateway, reader, url, "CU1", w); // the first session is over
  await reader.page.locator("#to").selectOption("CU2");
  expect((await reader.press(w.handOver)) === 200, "handed over");
  await reader.check("case-handed", { says: [w.handed], lacks: ["Aino"] });
  expect((await reader.open(url)) === 410, "who has handed it over sees nothing");
  await reader.check("case-over", { says: [w.over], lacks: ["Aino", "2026-0001"] });

  await gateway.until(day("2026-11-24", "09:00"));
  const heir = new Reader(browser, { ...options, language: "fi", shots });
  const heirUrl = `${gateway.link("case-opened", "CU2")}?lang=fi`;
  await signIn(gateway, heir, heirUrl, "CU2", w);
  await heir.check("case-heir", { says: ["Aino", w.acknowledge] });

  await gateway.send("case.left", { case: file.id, person: "K1", by: "CU2" }, day("2026-11-24", "09:00"));
  expect((await support.open(supportUrl)) === 410, "who has left sees nothing");
  for (const each of [reader, support, heir]) await each.close();
  await gateway.stop();
}

await tell({
  "a case from hand to hand, on a small phone": () => story({ width: 320 }),
  "a case from hand to hand, in the dark": () => story({ scheme: "dark" }),
});
await browser.close();
