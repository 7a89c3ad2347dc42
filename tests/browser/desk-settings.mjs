// Settings at the desk: a number tried against the past, proposed, approved by another, undone; a text written with its preview.
import path from "node:path";
import { Gateway, SOURCE, expect, openBrowser, tell } from "./lib.mjs";
import { Staff } from "./desk.mjs";

const shots = process.cwd();
const browser = await openBrowser();
const time = (clock, date = "2026-11-23") => `${date}T${clock}:00+02:00`;
const hostile = `"><script>document.title='x'</script>{{pupil.first_name}} '; DROP TABLE desk_setting;--`;
const words = {
  fi: { settings: "Asetukset", rule: "absence-alert", try: "Kokeile", propose: "Ehdota", approve: "Hyväksy", undo: "Peru", moved: "eri aikaan", ask: "Pyydä toista henkilöä",
    waits: "Odottaa hyväksyntää", inForce: "voimassa", undone: "Muutos on peruttu", duration: "Kirjoita kesto", stale: "sillä välin", look: "Esikatsele", faulty: "Tekstissä on virheitä",
    save: "Tallenna", saved: "Muutos on voimassa", forbidden: "ei kuulu tehtäviisi", history: "Muutoshistoria", cost: "EUR", result: "Näin teksti luetaan", what: "Mitä muutos olisi tehnyt" },
  sv: { settings: "Inställningar", rule: "absence-alert", try: "Prova", propose: "Föreslå", approve: "Godkänn", undo: "Ångra", moved: "annan tid", ask: "Be en annan person",
    waits: "Väntar på godkännande", inForce: "gäller", undone: "Ändringen har ångrats", duration: "Skriv en tid", stale: "under tiden", look: "Förhandsgranska", faulty: "Det finns fel i texten",
    save: "Spara", saved: "Ändringen gäller", forbidden: "hör inte till dina uppgifter", history: "Ändringshistorik", cost: "EUR", result: "Så läses texten", what: "Vad ändringen skulle ha gjort" },
  en: { settings: "Settings", rule: "absence-alert", try: "Try", propose: "Propose", approve: "Approve", undo: "Undo", moved: "another time", ask: "Ask another person",
    waits: "Waits for approval", inForce: "in force", undone: "The change is undone", duration: "Write a duration", stale: "meanwhile", look: "Preview", faulty: "There are faults in the text",
    save: "Save", saved: "The change is in force", forbidden: "not part of your work", history: "History of changes", cost: "EUR", result: "How it reads", what: "What the change would have done" },
};
let number = 0;

const rows = (gateway, sql) => JSON.parse(gateway.sql(sql) || "[]");
const standing = (gateway) => rows(gateway, "SELECT name, value FROM rule_parameter ORDER BY rule, name").map((p) => `${p.name}=${p.value}`).join(" ");
const mark = (pupil, lesson, hour) => ({ pupil, day: "2026-11-23", lesson, starts: `${hour}:00`, ends: `${hour}:45`, mark: "absent", class: "unexplained" });

async function speak(staff, language) {
  const hidden = await staff.hidden();
  expect((await staff.post("/language", { ...hidden, language, back: "today" })) === 303, "the language is chosen");
}

async function enter(gateway, say, email) {
  const staff = new Staff(browser, say);
  await staff.signIn(gateway, email);
  await staff.at("/settings");
  if ((await staff.page.locator("form input[name=csrf]").count()) > 0) await speak(staff, say.language);
  return staff;
}

// The card of one number, and what stands in it.
const card = (staff, name) => staff.page.locator("section.card", { has: staff.page.locator(`#v-${name}`) });

async function pressIn(staff, where, name) {
  const [response] = await Promise.all([
    staff.page.waitForResponse((r) => r.request().isNavigationRequest() && r.status() !== 303),
    where.getByRole("button", { name }).first().click(),
  ]);
  await staff.page.waitForLoadState();
  return response.status();
}

// ---- a number

async function tryNumber(gateway, secretary, w) {
  const rule = "/settings-rule?of=kjk&name=absence-alert";
  expect((await secretary.at(rule)) === 200, "the rule");
  await secretary.check("settings-rule", { says: ["absence-alert", "15 min", "09:15"] });
  await card(secretary, "grace").locator("input[name=value]").fill("soon");
  expect((await pressIn(secretary, card(secretary, "grace"), w.propose)) === 422, "no duration");
  expect((await card(secretary, "grace").locator("input[name=value]").inputValue()) === "soon", "what was typed stands");
  await secretary.check("settings-rule-wrong", { says: [w.duration] });

  await card(secretary, "grace").locator("input[name=value]").fill("40 min");
  expect((await pressIn(secretary, card(secretary, "grace"), w.try)) === 200, "tried");
  await secretary.page.locator("#preview:not([data-again])").waitFor({ timeout: 60000 });
  await secretary.page.locator("#preview summary").click();
  await secretary.check("settings-preview", { says: [w.what, "40 min", w.moved, "Aino"] });
  expect(standing(gateway) === "", `a trial sets nothing: ${standing(gateway)}`);

  await card(secretary, "grace").locator("input[name=value]").fill("40 min");
  expect((await pressIn(secretary, card(secretary, "grace"), w.propose)) === 200, "proposed");
  await secretary.check("settings-proposed", { says: [w.ask, "Sanna Sihteeri", "40 min"] });
  expect((await card(secretary, "grace").getByRole("button", { name: w.approve }).count()) === 0, "none approves their own");
  const [{ id }] = rows(gateway, "SELECT id FROM desk_setting WHERE state = 'proposed'");
  expect((await secretary.post(rule, { ...(await secretary.hidden()), act: "approve", id })) === 403, "not even past the page");
  expect(standing(gateway) === "", "what is proposed does not hold");
  return { rule, id };
}

async function approveNumber(gateway, principal, secretary, w, { rule, id }) {
  expect((await principal.at("/settings")) === 200, "the settings of the principal");
  await principal.check("settings-pending", { says: [w.settings, w.waits, "Sanna Sihteeri"] });
  await principal.at(rule);
  const hidden = await principal.hidden();
  await principal.check("settings-approve", { says: ["40 min", "Sanna Sihteeri"] });
  expect((await pressIn(principal, card(principal, "grace"), w.approve)) === 200, "approved");
  await principal.check("settings-approved", { says: [w.inForce, "Riitta Rehtori"] });
  expect(standing(gateway) === "grace=40 min", standing(gateway));
  expect((await principal.post(rule, { ...hidden, act: "approve", id })) === 409, "approved once");
  expect((await principal.post(rule, { ...hidden, act: "reject", id })) === 409, "and rejected no more");

  await gateway.send("attendance.marked", mark("P2", 2, "09"), time("09:50"));
  await gateway.until(time("10:24"));
  const before = gateway.told("absence-alert").length;
  await gateway.until(time("10:26"));
  expect(before === 1 && gateway.told("absence-alert").length > 1, "the alert comes 40 minutes after the lesson");

  await secretary.at(rule);
  const stale = await secretary.hidden();
  expect((await pressIn(secretary, card(secretary, "grace"), w.undo)) === 200, "undone");
  await secretary.check("settings-undone", { says: [w.undone] });
  expect(standing(gateway) === "", standing(gateway));
  expect((await secretary.post(rule, { ...stale, act: "undo", id })) === 409, "undone once");
  expect((await secretary.post(rule, { ...(await secretary.hidden()), act: "set", name: "grace", value: "50 min", seen: "0" })) === 409, "a form that saw another state");
  expect(rows(gateway, "SELECT state FROM desk_setting ORDER BY id").map((r) => r.state).join(" ") === "undone in-force", "the history");
}

// ---- an ordinary rule, and what no form of these pages would send

async function ordinary(gateway, secretary, w) {
  const rule = "/settings-rule?of=kjk&name=absence-hours";
  await secretary.at(rule);
  await card(secretary, "first").locator("input[name=value]").fill("25");
  expect((await pressIn(secretary, card(secretary, "first"), w.save)) === 200, "saved");
  await secretary.check("settings-saved", { says: [w.saved, "25"] });
  const twice = { ...(await secretary.hidden()), act: "set", name: "second", value: "55", seen: "0" };
  expect((await secretary.post(rule, twice)) === 303, "another number");
  expect((await secretary.post(rule, twice)) === 409, "the same form twice");
  expect(standing(gateway) === "first=25 second=55", standing(gateway));

  const before = gateway.sql("SELECT (SELECT count(*) FROM desk_setting) AS a, (SELECT group_concat(value) FROM rule_parameter) AS b, (SELECT count(*) FROM organisation_text) AS c");
  const hidden = await secretary.hidden();
  for (const value of [hostile, "-1", "1e9", "30 %", "9".repeat(40), "٣", "x".repeat(500)])
    expect((await secretary.post(rule, { ...hidden, act: "set", name: "first", value, seen: "1" })) === 422, `the value ${value}`);
  for (const name of ["", hostile, "nothing", "useful_for; --"])
    expect((await secretary.post(rule, { ...hidden, act: "set", name, value: "3", seen: "0" })) === 400, `the name ${name}`);
  for (const act of ["", hostile, "delete"]) expect((await secretary.post(rule, { ...hidden, act, id: "1" })) === 400, `the act ${act}`);
  for (const id of ["", "99", "-1", hostile]) expect((await secretary.post(rule, { ...hidden, act: "undo", id })) === 404, `the change ${id}`);
  for (const of of ["kj", "kjs", "vr", "net", "nothing", hostile, ""])
    expect((await secretary.post(`/settings-rule?of=${encodeURIComponent(of)}&name=absence-hours`, { ...hidden, act: "set", name: "first", value: "1", seen: "0" })) === 404, `the organisation ${of}`);
  for (const name of ["", hostile, "nothing", "../absence-hours"])
    expect((await secretary.at(`/settings-rule?of=kjk&name=${encodeURIComponent(name)}`)) === 404, `the rule ${name}`);
  expect((await secretary.at(`/settings-texts?of=kjk&like=${encodeURIComponent(hostile)}&start=-7`)) === 200 && (await secretary.page.title()) !== "x", "a hostile search");
  expect((await secretary.at(`/settings-history?of=kjk&start=${"9".repeat(30)}`)) === 200, "a hostile place in the list");
  expect((await secretary.post(rule, { ...hidden, csrf: "0".repeat(32), act: "set", name: "first", value: "1", seen: "1" })) === 403, "another session's form");
  expect((await secretary.post(rule, { ...hidden, at: "1-00000000", act: "set", name: "first", value: "1", seen: "1" })) === 409, "a stale form");
  expect(gateway.sql("SELECT (SELECT count(*) FROM desk_setting) AS a, (SELECT group_concat(value) FROM rule_parameter) AS b, (SELECT count(*) FROM organisation_text) AS c") === before, "nothing changed");
}

// ---- a text

async function writeText(gateway, secretary, principal, w) {
  const text = "/settings-text?of=kjk&name=absence-alert&kind=fi%2Fsms";
  await secretary.at("/settings-texts?of=kjk&like=absence-alert");
  await secretary.check("settings-texts", { says: ["absence-alert"] });
  expect((await secretary.at(text)) === 200, "the text");
  await secretary.check("settings-text", { says: [w.result, "Maria-Elisabet", "SMS"] });

  // As it is typed, a moment later.
  const area = secretary.page.locator("#text");
  await area.fill("Koulu: {{pupil.first_name}} ” puuttuu {{nothing}}");
  await secretary.page.locator("#result").getByText("{{nothing}}").first().waitFor();
  await secretary.check("settings-text-faulty", { says: [w.faulty] });
  expect((await secretary.press(w.propose)) === 422, "a faulty text is refused");
  await area.fill(`Koulu: {{pupil.first_name}} <b>puuttuu</b>${hostile.replace("{{pupil.first_name}}", "")} Soita {{school.phone}}`);
  await secretary.page.locator("#result").getByText("<b>puuttuu</b>").first().waitFor();
  expect((await secretary.page.title()) !== "x" && (await secretary.page.locator("#result script, #result b").count()) === 0, "what is typed is text");

  // By the button, as without scripts.
  await area.fill("Koulu: {{pupil.first_name}} puuttuu. Soita {{school.phone}}");
  expect((await secretary.press(w.look)) === 200, "looked at");
  await secretary.check("settings-text-look", { says: ["Koulu: Maria-Elisabet puuttuu.", "1 SMS"] });
  expect(rows(gateway, "SELECT * FROM desk_setting WHERE kind = 'text'").length === 0, "a look keeps nothing");
  expect((await secretary.press(w.propose)) === 200, "proposed");
  await principal.at(text);
  await principal.check("settings-text-approve", { says: ["Koulu: {{pupil.first_name}} puuttuu.", "Sanna Sihteeri"] });
  expect((await pressIn(principal, principal.page.locator(".warnings"), w.approve)) === 200, "approved");

  await gateway.send("attendance.marked", { ...mark("P1", 2, "09"), mark: "present", class: undefined }, time("10:49"));
  await gateway.send("attendance.marked", mark("P1", 3, "10"), time("10:50"));
  await gateway.until(time("11:30"));
  const last = gateway.told("absence-alert", "G1").pop();
  const shown = JSON.parse(gateway.verb("messages", "show", String(last.id), "--json")).text;
  expect(shown.startsWith("Koulu: Aino puuttuu. Soita"), `the text is used at once: ${shown}`);

  await secretary.at("/settings-history?of=kjk");
  await secretary.check("settings-history", { says: [w.history, "Sanna Sihteeri", "Riitta Rehtori"] });
  for (const kind of ["fi", "fi/pigeon", "tlh/sms", "../sms", hostile])
    expect((await secretary.at(`/settings-text?of=kjk&name=absence-alert&kind=${encodeURIComponent(kind)}`)) === 404, `the text ${kind}`);
}

// The same pages in another language, on another screen.
async function walk(gateway, language, options) {
  const w = words[language];
  const reader = await enter(gateway, { ...options, language, shots }, "riitta@example.org");
  for (const [where, name, says] of [
    ["/settings", "settings", [w.settings, w.rule]],
    ["/settings-rule?of=kjk&name=absence-alert", "settings-rule", [w.propose, w.history]],
    ["/settings-rule?of=kjk&name=absence-hours", "settings-saved", [w.save, w.undo, "25"]],
    ["/settings-texts?of=kjk&like=absence-a", "settings-texts", ["absence-alert"]],
    ["/settings-text?of=kjk&name=absence-alert&kind=fi%2Fsms", "settings-text", [w.result, w.look, w.undo]],
    ["/settings-text?of=kjk&name=absence-hours&kind=ar%2Femail", "settings-text-email", [w.history]],
    ["/settings-history?of=kjk", "settings-history", [w.history, w.inForce]],
  ]) {
    expect((await reader.at(where)) === 200, `${where} in ${language}`);
    await reader.check(name, { says });
  }
  await reader.close();
}

async function story(language, options) {
  const w = words[language];
  const gateway = await Gateway.start(path.join(shots, `gateway-${++number}`), { roster: path.join(SOURCE, "tests/rules/base.json"), from: time("07:00") });
  const say = { ...options, language, shots };
  await gateway.send("attendance.marked", mark("P1", 1, "08"), time("08:50"));
  await gateway.until(time("09:30"));
  expect(gateway.told("absence-alert", "G1").length === 1, "an alert of the past");

  const secretary = await enter(gateway, say, "sanna@example.org");
  expect((await secretary.at("/settings")) === 200, "the settings");
  await secretary.check("settings", { says: [w.settings, w.rule], lacks: ["kjs", "Vieraala"] });
  const principal = await enter(gateway, say, "riitta@example.org");
  await approveNumber(gateway, principal, secretary, w, await tryNumber(gateway, secretary, w));
  await ordinary(gateway, secretary, w);
  await writeText(gateway, secretary, principal, w);

  const teacher = await enter(gateway, say, "oili@example.org");
  for (const where of ["/settings", "/settings-rule?of=kjk-a&name=absence-hours", "/settings-text?of=kjk-a&name=absence-alert&kind=fi%2Fsms"])
    expect((await teacher.at(where)) === 403, `a teacher at ${where}`);
  // The coordinator sets for the municipality and every school below it, not for another one.
  const coordinator = await enter(gateway, say, "kaarina@example.org");
  for (const [of, status] of [["kj", 200], ["kjk", 200], ["kjs-b", 200], ["vr", 404], ["net", 404]])
    expect((await coordinator.at(`/settings-rule?of=${of}&name=absence-hours`)) === status, `the coordinator at ${of}`);
  for (const each of [secretary, principal, teacher, coordinator]) await each.close();
  await walk(gateway, "sv", { width: 1200, scheme: "dark" });
  await walk(gateway, "en", { width: 1000 });
  await gateway.stop();
}

await tell({ "settings: tried, proposed, approved, undone": () => story("fi", { width: 360 }) });
await browser.close();
