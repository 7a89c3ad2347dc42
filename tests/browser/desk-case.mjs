// Cases at the desk: opened by a rule, acknowledged, contacted, a support person taken in, handed over with permission, closed.
import fs from "node:fs";
import path from "node:path";
import { Gateway, SOURCE, expect, openBrowser, tell } from "./lib.mjs";
import { Staff } from "./desk.mjs";

const shots = process.cwd();
const browser = await openBrowser();
const time = (clock, date = "2026-11-23") => `${date}T${clock}:00+02:00`;
const hostile = `"><script>document.title='x'</script>{{case.number}} '; DROP TABLE case_act;--`;
const words = {
  fi: { queue: "Tapaukset", fresh: "Uusi", acknowledge: "Otan tapauksen hoitaakseni", contacted: "Kirjaa yhteydenotto", outcome: "Koti tavoitettu",
    takeIn: "Ota tukihenkilö mukaan", join: "Ota mukaan", contacts: "yhteydenotot", permit: "Lupa on saatu", handOver: "Siirrä tapaus", handed: "Tapaus on siirretty",
    close: "Päätä tapaus", resolved: "Asia on hoidettu", closed: "Päätetty", none: "Sinulla ei ole avoimia tapauksia", forbidden: "ei kuulu tehtäviisi", pupil: "Oppilaan sivu",
    choose: "Valitse luettelosta", late: "myöhässä", nothing: "ei ole avattu sinulle tietoja", school: "Koulun tapaukset", why: "Opiskelupaikka puuttuu" },
  sv: { queue: "Ärenden", fresh: "Nytt", acknowledge: "Jag tar hand om ärendet", contacted: "Anteckna kontakten", outcome: "Hemmet nåddes",
    takeIn: "Ta med en stödperson", join: "Ta med", contacts: "kontakter", permit: "Tillstånd har getts", handOver: "Överlämna ärendet", handed: "Ärendet har överlämnats",
    close: "Avsluta ärendet", resolved: "Ärendet är skött", closed: "Avslutat", none: "Du har inga öppna ärenden", forbidden: "hör inte till dina uppgifter", pupil: "Elevens sida",
    choose: "Välj ur listan", late: "försenat", nothing: "inga uppgifter har öppnats", school: "Skolans ärenden", why: "Studieplats saknas" },
};
let number = 0;

const acts = (gateway, id) => JSON.parse(gateway.sql(`SELECT act FROM case_act WHERE case_id = '${id}' ORDER BY id`) || "[]").map((a) => a.act).join(" ");
const owner = (gateway, id) => JSON.parse(gateway.sql(`SELECT owner FROM case_file WHERE id = '${id}'`))[0].owner;
const seen = (gateway, person) =>
  JSON.parse(gateway.sql(`SELECT page, act, kind, subject, status FROM desk_audit WHERE person = '${person}' ORDER BY id`) || "[]");

// The roster of the scenarios, everybody of the staff with an address to sign in by.
function roster(folder) {
  const base = JSON.parse(fs.readFileSync(path.join(SOURCE, "tests/rules/base.json"), "utf8"));
  for (const person of base.people)
    if (/^(T1|SU1|R1|CU)/.test(person.id) && !person.contacts.some((c) => c.channel === "email"))
      person.contacts.push({ channel: "email", value: `${person.id.toLowerCase()}@example.org` });
  base.people.push({ id: "CU3", given: "Niilo", family: "Nuorisotyö", language: "fi", contacts: [{ channel: "email", value: "niilo@example.org" }] });
  base.roles.push({ person: "CU3", role: "curator", organisation: "kjk", from: "2026-08-01", controller: "municipality" });
  const file = path.join(folder, "roster.json");
  fs.writeFileSync(file, JSON.stringify(base));
  return file;
}

async function story(language, options) {
  const w = words[language];
  const folder = path.join(shots, `gateway-${++number}`);
  fs.mkdirSync(folder, { recursive: true });
  const gateway = await Gateway.start(folder, { roster: roster(folder), from: time("07:00") });
  const say = { ...options, language, shots };
  await gateway.send("study.place.decided", { pupil: "P1", state: "none" }, time("07:00"));
  await gateway.send("study.place.decided", { pupil: "P3", state: "none" }, time("07:00"));
  await gateway.until(time("12:00"));
  const ids = JSON.parse(gateway.sql("SELECT id, pupil FROM case_file WHERE owner = 'CU1'"));
  const id = ids.find((c) => c.pupil === "P1")?.id, secret = ids.find((c) => c.pupil === "P3")?.id;
  expect(id && secret, `the rule opened the cases: ${JSON.stringify(ids)}`);

  const curator = new Staff(browser, say);
  await curator.signIn(gateway, "kirsi@example.org");
  await curator.at("");
  const speak = async (staff) => { // the session's own choice, as the menu makes it
    const hidden = await staff.hidden();
    expect((await staff.post("/language", { ...hidden, language, back: "cases" })) === 303, "the language is chosen");
  };
  await speak(curator);
  expect((await curator.at("")) === 200 && curator.page.url().endsWith("/desk"), "a curator begins at their cases");
  await curator.check("cases", { says: [w.queue, w.fresh, id, secret, "Aino"], lacks: ["Selma", w.school, "P1", "Esimerkki"] });
  
  for (const where of ["/pupil?of=P1", "/pupils", "/roll", "/placements", "/messages", "/audit"])
    expect((await curator.at(where)) === 403, `${where} is not for another controller's curator`);
  expect((await curator.at("/cases?kind=school")) === 403, "the school's list is the principal's");
  await curator.check("case-forbidden", { says: [w.forbidden] });

  expect((await curator.at(`/case?of=${secret}`)) === 200, "the protected pupil's case");
  await curator.check("case-protected", { lacks: ["Selma", "JOPO A"] });
  expect((await curator.at(`/case?of=${id}`)) === 200, "the case");
  await curator.check("case-new", { says: ["Aino", "JOPO A", w.acknowledge, w.why] });

  // Whatever a form holds that it did not offer is refused, and nothing changes.
  const before = gateway.sql("SELECT (SELECT count(*) FROM event) AS e, (SELECT count(*) FROM case_act) AS a, (SELECT count(*) FROM case_participant) AS p");
  const hidden = await curator.hidden();
  const here = `/case?of=${id}`;
  for (const act of ["acknowledge", "contacted", "close", "hand-over", "take-in", "leave", "permit", "forbid"]) {
    expect((await curator.post(here, { act, at: hidden.at, csrf: "0".repeat(32), outcome: "resolved" })) === 403, `${act} of another session`);
    expect((await curator.post(here, { act, csrf: hidden.csrf, at: "1-00000000", outcome: "resolved" })) === 409, `${act} of a stale form`);
  }
  for (const outcome of ["", hostile, "resolved", "../../etc/passwd", "a".repeat(300)])
    expect((await curator.post(here, { ...hidden, act: "contacted", outcome })) === 422, `outcome ${outcome}`);
  for (const next of [hostile, "2026-02-31", "2026-11-22", "2028-01-01"])
    expect((await curator.post(here, { ...hidden, act: "contacted", outcome: "no-answer", next })) === 422, `next ${next}`);
  for (const value of ["", hostile, "G1", "P1", "R2"]) {
    expect((await curator.post(here, { ...hidden, act: "take-in", person: value, "sees-contacts": hostile })) === 422, `take in ${value}`);
    expect((await curator.post(here, { ...hidden, act: "leave", person: value })) === 409, `leave ${value}`);
    expect((await curator.post(here, { ...hidden, act: "close", outcome: value })) === 422, `close ${value}`);
    expect((await curator.post(here, { ...hidden, act: "hand-over", to: value })) === 409, `hand over without permission to ${value}`);
  }
  expect((await curator.post(here, { ...hidden, act: hostile })) === 400, "an act that is none");
  for (const of of ["2026-9999", hostile, "", "P1"])
    expect((await curator.post(`/case?of=${encodeURIComponent(of)}`, { ...hidden, act: "acknowledge" })) === 404, `the case ${of}`);
  expect((await curator.at(`/case?of=${encodeURIComponent(hostile)}`)) === 404, "a hostile number");
  expect((await curator.at(`/cases?kind=${encodeURIComponent(hostile)}&start=-1`)) === 200 && (await curator.page.title()) !== "x", "a hostile query");
  expect(gateway.sql("SELECT (SELECT count(*) FROM event) AS e, (SELECT count(*) FROM case_act) AS a, (SELECT count(*) FROM case_participant) AS p") === before, "nothing changed");

  await curator.at(here);
  expect((await curator.press(w.acknowledge)) === 200, "acknowledged");
  await curator.page.locator("#contact-outcome").selectOption("reached-home");
  await curator.page.locator("#next").fill("2026-11-26");
  expect((await curator.press(w.contacted)) === 200, "contacted");
  await curator.check("case-contacted", { says: [w.outcome, "Kirsi Kuraattori"] });
  expect(acts(gateway, id) === "acknowledged contacted", acts(gateway, id));
  const again = { ...(await curator.hidden()), act: "contacted", outcome: "no-answer" };
  expect((await curator.post(here, again)) === 303 && (await curator.post(here, again)) === 303, "the same form twice");
  expect(acts(gateway, id) === "acknowledged contacted contacted", `is one act: ${acts(gateway, id)}`);

  // A support person sees what is ticked; a foreign number is 404 for everybody else.
  const teacher = new Staff(browser, say);
  await teacher.signIn(gateway, "oili@example.org");
  await speak(teacher);
  expect((await teacher.at(here)) === 404, "a teacher's foreign case");
  expect((await teacher.post(here, { ...(await hiddenOf(teacher)), act: "close", outcome: "resolved" })) === 404, "nor may they close it");
  await curator.at(here);
  await curator.page.getByText(w.takeIn).click();
  await curator.page.locator("#person").selectOption("T1");
  await curator.page.getByLabel(w.contacts, { exact: true }).check();
  expect((await curator.press(w.join)) === 200, "taken in");
  await curator.check("case-support", { says: ["Oili Opettaja", w.contacts] });
  await gateway.until(time("12:30"));
  expect((await teacher.at("/cases")) === 200, "their queue");
  await teacher.check("cases-support", { says: [id, "Aino"] });
  expect((await teacher.at(here)) === 200, "the case of a support person");
  await teacher.check("case-support-reader", { says: ["Aino", w.outcome], lacks: [w.contacted, w.handOver, w.close] });
  expect((await teacher.post(here, { ...(await hiddenOf(teacher)), act: "close", outcome: "resolved" })) === 409, "a support person closes nothing");

  // The principal sees number, state and owner.
  const principal = new Staff(browser, say);
  await principal.signIn(gateway, "riitta@example.org");
  await speak(principal);
  expect((await principal.at("/cases?kind=school")) === 200, "the school's cases");
  await principal.check("cases-school", { says: [id, secret, "Kirsi Kuraattori"], lacks: ["Aino", "Selma"] });
  expect((await principal.at(here)) === 404, "not what is in them");

  // Days later the contact is overdue, and stands on top.
  await gateway.until(time("09:00", "2026-11-30"));
  await curator.signIn(gateway, "kirsi@example.org");
  await speak(curator);
  await curator.at("/cases");
  await curator.check("cases-late", { says: [w.late] });
  await curator.at(here);
  expect((await curator.page.getByRole("button", { name: w.handOver }).count()) === 0, "no hand-over before the permission");
  expect((await curator.press(w.permit)) === 200, "permission noted");
  await curator.check("case-permitted");
  for (const to of [hostile, "T1", "G1", "CU1", ""])
    expect((await curator.post(here, { ...(await curator.hidden()), act: "hand-over", to })) === 422, `to ${to}`);
  await curator.page.locator("#to").selectOption("CU3");
  expect((await curator.press(w.handOver)) === 200, "handed over");
  await curator.check("cases-handed", { says: [w.handed], lacks: ["Aino"] });
  expect((await curator.at(here)) === 404, "who has handed it over sees no more of it");
  expect(owner(gateway, id) === "CU3", "it has a new owner");

  // The municipality's own curator has the pupil's page, too.
  const heir = new Staff(browser, say);
  await heir.signIn(gateway, "niilo@example.org");
  await speak(heir);
  expect((await heir.at("")) === 200, "begins at the cases");
  await heir.check("cases-heir", { says: [id, w.fresh] });
  await heir.at(here);
  await heir.check("case-heir", { says: ["Aino", w.pupil] });
  expect((await heir.follow(w.pupil)) === 200, "the pupil's page");
  expect((await heir.text()).includes("Aino"), "of the pupil of the case");
  expect((await heir.at("/pupil?of=P8")) === 404, "not those of another school");
  await heir.at(here);
  expect((await heir.press(w.acknowledge)) === 200, "acknowledged again");
  await heir.page.locator("#close-outcome").selectOption("resolved");
  expect((await heir.press(w.close)) === 200, "closed");
  await heir.check("case-closed", { says: [w.closed, w.resolved], lacks: [w.contacted] });
  expect((await heir.post(here, { ...(await heir.hidden()), act: "close", outcome: "resolved" })) === 409, "closed once");
  await heir.at("/cases");
  await heir.check("cases-none", { says: [w.none] });
  await heir.at("/cases?kind=closed");
  await heir.check("cases-closed", { says: [id, w.resolved] });

  const record = seen(gateway, "CU1");
  expect(record.some((a) => a.page === "case" && a.act === "" && a.kind === "case" && a.subject === id && a.status === 200), "who saw it is on record");
  expect(record.some((a) => a.act === "hand-over" && a.subject === id && a.status === 303), "and who did what");
  expect(seen(gateway, "T1").some((a) => a.page === "case" && a.status === 404), "and who was refused");
  for (const each of [curator, teacher, principal, heir]) await each.close();
  await gateway.stop();
}

// A page with forms of the frame alone has them in its head.
async function hiddenOf(staff) {
  if ((await staff.page.locator("form input[name=csrf]").count()) === 0) await staff.at("/cases");
  return staff.hidden();
}

await tell({
  "cases in Finnish, on a small phone": () => story("fi", { width: 320 }),
  "cases in Swedish, in the dark": () => story("sv", { width: 1200, scheme: "dark" }),
});
await browser.close();
