// What is wrong, late, twice or meant ill: each gets its status and a page that says what to do, and nothing changes.
import path from "node:path";
import { Gateway, SOURCE, expect, tell } from "./lib.mjs";

const roster = path.join(SOURCE, "tests/rules/base.json");
const from = "2026-11-23T07:00:00+02:00";
const gateway = await Gateway.start(path.join(process.cwd(), "gateway"), { roster, from });
await gateway.until("2026-11-23T08:50:00+02:00");
for (const pupil of ["P1", "P8"])
  await gateway.send("attendance.marked", { pupil, day: "2026-11-23", lesson: 1, mark: "absent", by: "T1" }, "2026-11-23T08:50:00+02:00");
await gateway.until("2026-11-23T09:16:00+02:00");
const link = gateway.link("absence-alert", "G1");
const other = gateway.link("absence-alert", "G14");
const now = Date.parse("2026-11-23T09:16:00+02:00") / 1000;

const facts = () =>
  gateway.sql("SELECT (SELECT count(*) FROM event) AS e, (SELECT count(*) FROM explanation) AS x, (SELECT count(*) FROM answer) AS a," +
    " (SELECT count(*) FROM contact) AS c, (SELECT count(*) FROM person_choice) AS p");

const post = (url, fields, type = "application/x-www-form-urlencoded") =>
  fetch(url, { method: "POST", body: typeof fields === "string" ? fields : new URLSearchParams(fields), headers: { "Content-Type": type }, redirect: "manual" });

async function page(response, status, text) {
  const body = await response.text();
  expect(response.status === status, `${response.status}, not ${status}: ${body.slice(0, 600)}`);
  expect(body.startsWith("<!doctype html>"), `no page: ${body.slice(0, 200)}`);
  if (text) expect(body.includes(text), `“${text}” is not in ${body}`);
  const policy = response.headers.get("content-security-policy");
  expect(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'") && !policy.includes("unsafe"), `policy: ${policy}`);
  expect(response.headers.get("referrer-policy") === "no-referrer", "Referrer-Policy");
  expect(response.headers.get("x-content-type-options") === "nosniff", "X-Content-Type-Options");
  expect(response.headers.get("cache-control") === "no-store", "Cache-Control");
  expect(!response.headers.get("set-cookie"), "a cookie");
  return body;
}

// ACTION changes nothing, whatever it is answered.
async function harmless(action) {
  const before = facts();
  await action();
  expect(facts() === before, `it changed something: ${before} ${facts()}`);
}

const answer = { at: now, day: "2026-11-23", answer: "health" };

await tell({
  "reading changes nothing": () =>
    harmless(async () => {
      for (const sub of ["", "?s=answer&answer=health", "?s=settings", "?s=sent", "?s=report", "?s=contact", "?s=calendar", "?s=code&of=sign:x"])
        await page(await fetch(link + sub), 200);
      for (const sub of ["?s=sign", "?s=certificate", "?s=nothing", "?s=../x", "?s=sign&of=" + "x".repeat(300)]) await page(await fetch(link + sub), 404);
      const head = await fetch(link, { method: "HEAD" });
      expect(head.status === 200, "HEAD");
    }),
  "a token that is none": () =>
    harmless(async () => {
      for (const token of ["x", "A".repeat(22), "A".repeat(200), "<b>", link.split("/").pop().slice(0, -1)])
        await page(await fetch(`${gateway.url}/r/${token}`, { headers: { "Accept-Language": "sv" } }), 404, "Sidan hittas inte");
      await page(await post(`${gateway.url}/r/${"A".repeat(22)}`, answer), 404);
    }),
  "another kind of page": () => harmless(async () => page(await fetch(link.replace("/r/", "/w/")), 404)),
  "forms that are none": () =>
    harmless(async () => {
      await page(await post(`${link}?s=answer`, JSON.stringify(answer), "application/json"), 415);
      await page(await post(`${link}?s=answer`, "x".repeat(20000)), 413);
      await page(await post(`${link}?s=answer`, "answer=%FF%FE&day=%"), 400);
      await page(await post(`${link}?s=answer`, "a=1&".repeat(100)), 413);
      await page(await post(`${link}?s=sent`, answer), 404);
    }),
  "stale and made-up forms": () =>
    harmless(async () => {
      await page(await post(`${link}?s=answer`, {}), 409);
      await page(await post(`${link}?s=answer`, { ...answer, at: now - 13 * 3600 }), 409);
      await page(await post(`${link}?s=answer`, { ...answer, at: now + 3600 }), 409);
      await page(await post(`${link}?s=answer`, { ...answer, day: "2026-11-20" }), 409);
      await page(await post(`${link}?s=answer`, { ...answer, day: "tomorrow" }), 400);
      await page(await post(`${link}?s=answer`, { ...answer, answer: "'; DROP TABLE person; --" }), 400);
      await page(await post(`${link}?s=report`, { at: now, from: "2026-11-23", until: "2027-01-23", class: "health" }), 409);
      await page(await post(`${link}?s=report`, { at: now, from: "2026-11-25", until: "2026-11-24", class: "health" }), 422);
      await page(await post(`${link}?s=settings`, { at: now, language: "xx" }), 400);
      await page(await post(`${link}?s=contact`, { at: now, value: '"><script>alert(1)</script>{{x}}' }), 422, "&lt;script&gt;");
      await page(await post(`${link}?s=code&of=sign:PL1`, { at: now, code: "000000" }), 410);
      await page(await post(`${link}?s=code&of=erase:all`, { at: now, code: "000000" }), 404);
    }),
  "the same form twice is one answer": async () => {
    const count = () => JSON.parse(gateway.sql("SELECT count(*) AS n FROM explanation"))[0].n;
    const both = await Promise.all([post(`${link}?s=answer`, answer), post(`${link}?s=answer`, answer)]);
    expect(both.some((r) => r.status === 303), `answers: ${both.map((r) => r.status)}`);
    expect(count() === 1, `${count()} explanations`);
    await page(await post(`${link}?s=answer`, { ...answer, answer: "call-me" }), 409);
    expect(count() === 1, "an answered day is not asked again");
  },
  "five wrong codes": async () => {
    const asked = await post(`${link}?s=contact`, { at: now, value: "+358400000998" });
    expect(asked.status === 303, `asked: ${asked.status}`);
    const text = JSON.parse(gateway.sql("SELECT text FROM message WHERE person = 'G1' ORDER BY id DESC LIMIT 1"))[0].text;
    const right = text.match(/\b\d{6}\b/)[0];
    const wrong = right === "111111" ? "222222" : "111111";
    for (let i = 0; i < 5; i++) await page(await post(`${link}?s=code&of=contact:sms`, { at: now, code: wrong }), 422);
    await harmless(async () => page(await post(`${link}?s=code&of=contact:sms`, { at: now, code: right }), 410));
  },
  "a restriction closes the page at once": async () => {
    await page(await fetch(other), 200);
    await gateway.send("pupil.held", { pupil: "P8", reason: "pause", by: "T2" }, "2026-11-23T09:16:00+02:00");
    await harmless(async () => {
      await page(await fetch(other), 410, "Länken gäller inte längre");
      await page(await post(`${other}?s=answer`, answer), 410);
    });
  },
  "an old link": async () => {
    await gateway.until("2026-12-08T09:20:00+02:00");
    await harmless(async () => page(await fetch(link), 410, "Linkki ei ole enää voimassa"));
  },
  "guessing": async () => {
    let last;
    for (let i = 0; i < 70; i++) last = await fetch(`${gateway.url}/p/${String(i).padStart(22, "B")}`);
    expect(last.status === 429 && last.headers.get("retry-after"), `after seventy guesses: ${last.status}`);
    await page(last, 429);
  },
});
