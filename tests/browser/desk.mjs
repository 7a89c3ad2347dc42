// desk: signing in at the desk as a browser does it, and what each of its pages must hold to.
import { Reader, expect, fail } from "./lib.mjs";

const PAGE_MAX_BYTES = 120000;

// Signs EMAIL in on a page of a browser: asks for the link, follows it from the message, presses the button.
export async function signIn(page, gateway, email) {
  await page.goto(`${gateway.url}/desk/sign-in`);
  await page.locator("input[name=email]").fill(email);
  await page.locator("main form button").click();
  await page.waitForURL(/done=link-sent/);
  const link = await enterLink(gateway, email);
  await page.goto(link);
  await page.locator("main form button").click();
  await page.waitForURL((url) => !url.pathname.includes("/enter")); // where the desk begins for them
}

// The sign-in link of the last message to EMAIL.
export async function enterLink(gateway, email) {
  const rows = JSON.parse(gateway.sql(`SELECT text FROM message WHERE address = '${email}' AND text LIKE '%/desk/enter%' ORDER BY id DESC LIMIT 1`) || "[]");
  return rows[0]?.text.match(/http:\/\/\S+\/desk\/enter\?token=[\w-]+/)?.[0] ?? fail(`no sign-in link to ${email}`);
}

// A member of staff at a screen: a Reader that has signed in, with the desk's scripts running.
export class Staff extends Reader {
  async signIn(gateway, email) {
    await this.open(`${gateway.url}/desk/sign-in`);
    await signIn(this.page, gateway, email);
    this.gateway = gateway;
    return this;
  }

  // Where in the desk: "/case?of=2026-0001"; the status.
  async at(where) {
    return this.open(`${this.gateway.url}/desk${where}`);
  }

  // What a POST of FIELDS to WHERE in this session is answered, as no page would send it.
  async post(where, fields) {
    return this.page.evaluate(
      async ([url, body]) => {
        const response = await fetch(url, { method: "POST", body, redirect: "manual", headers: { "Content-Type": "application/x-www-form-urlencoded" } });
        return response.type === "opaqueredirect" ? 303 : response.status;
      },
      [`${this.gateway.url}/desk${where}`, new URLSearchParams(fields).toString()],
    );
  }

  // What a form of the open page carries beside what is typed.
  async hidden() {
    const value = (name) => this.page.locator(`form input[name=${name}]`).first().inputValue();
    return { csrf: await value("csrf"), at: await value("at") };
  }

  // As Reader's, but the pages are larger and have the one script; they need the session to be measured.
  async check(name, { says = [], lacks = [] } = {}) {
    const text = await this.text();
    for (const each of says) expect(text.includes(each), `${name}: “${each}” is not in:\n${text}`);
    for (const each of lacks) expect(!text.includes(each), `${name}: “${each}” is in:\n${text}`);
    await this.look(name);
    const size = (await this.page.content()).length;
    expect(size <= PAGE_MAX_BYTES, `${name}: ${size} bytes, over ${PAGE_MAX_BYTES}`);
    const foreign = await this.page.evaluate(() => [...document.scripts].filter((s) => !s.src || new URL(s.src).pathname !== "/desk.js").length);
    expect(foreign === 0, `${name}: has a script that is not the desk's`);
  }
}
