// The desk works without this. With it, a page that says so (data-live on its main) follows what happens.
"use strict";

// What waits for the gateway (data-again, milliseconds) looks again by itself: a page, or one element of it that has an id.
(function again() {
  const waiting = document.querySelector("[data-again]");
  if (!waiting) return;
  setTimeout(async () => {
    if (waiting.matches("main")) {
      location.reload();
      return;
    }
    const response = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
    const fresh = response?.ok && new DOMParser().parseFromString(await response.text(), "text/html").getElementById(waiting.id);
    if (fresh) waiting.replaceWith(fresh);
    again();
  }, Number(waiting.dataset.again));
})();

// ---- a text that is being written is shown as its readers will see it, a moment after the last key
(() => {
  const form = document.querySelector("form[data-look]");
  let timer, number = 0;

  async function look() {
    const mine = ++number;
    const fields = new URLSearchParams(new FormData(form));
    fields.set("act", "look");
    const response = await fetch(location.href, { method: "POST", body: fields, credentials: "same-origin" }).catch(() => null);
    if (!response?.ok || mine !== number) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("result");
    if (fresh && mine === number) document.getElementById("result").replaceChildren(...fresh.childNodes);
  }
  form?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 600);
  });
})();

// ---- a page that waits
// The address of a page is asked for again when /desk/live says so; what is being typed or tapped is left alone.
(() => {
  let taps = 0; // not answered yet
  let waits = false;
  const page = () => document.querySelector("main[data-live]");

  function isBusy() {
    const at = document.activeElement;
    if (taps || document.querySelector("main details[open] form :focus")) return true;
    return Boolean(at && at.closest("main") && at.matches("select, textarea, input:not([type=hidden])"));
  }

  function show(text) {
    const main = page();
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    if (!main || !fresh) return;
    const open = [...main.querySelectorAll("details[open]")].map((each) => [each.parentElement.id, each.querySelector("summary").textContent]);
    const focused = document.activeElement && document.activeElement.id;
    const told = document.getElementById("told");
    const { scrollX, scrollY } = window;
    main.replaceWith(fresh);
    for (const each of fresh.querySelectorAll("details")) {
      const summary = each.querySelector("summary").textContent;
      if (open.some(([id, was]) => id === each.parentElement.id && was === summary)) each.open = true;
    }
    if (told) document.getElementById("told")?.replaceWith(told);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    window.scrollTo(scrollX, scrollY);
  }

  async function refresh() {
    const main = page();
    if (!main) return;
    waits = isBusy();
    if (waits) return;
    const response = await fetch(main.dataset.self || location.href, { credentials: "same-origin" }).catch(() => null);
    if (response?.redirected) location.reload(); // signed out: the page would only look as if it followed
    if (!response?.ok || response.redirected) return;
    const text = await response.text();
    waits = isBusy();
    if (!waits) show(text);
  }

  // ---- the roll: a tap is sent in the background, one after the other, so that the last one counts
  let queue = Promise.resolve();

  function press(form, button) {
    for (const each of form.querySelectorAll("button[name=tap]")) each.setAttribute("aria-pressed", String(each === button));
  }

  function tell(text, failed) {
    const told = document.getElementById("told");
    if (!told) return;
    told.textContent = text;
    told.classList.toggle("failed", failed);
  }

  async function send(form, button, before) {
    const main = page();
    const fields = new URLSearchParams(new FormData(form));
    const [shown] = fields.get("at").split("-");
    const number = crypto.getRandomValues(new Uint32Array(1))[0].toString(16).padStart(8, "0");
    fields.set("tap", button.value);
    fields.set("at", `${shown}-${number}`); // each tap is one of its own; sent twice it is one
    let text = "";
    try {
      const response = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin" });
      // Whoever is signed out is led to another page, which saves nothing.
      if (response.ok && new URL(response.url).pathname === new URL(form.action).pathname) text = await response.text();
    } catch {
      text = "";
    }
    taps--;
    if (!text) press(form, before);
    tell(`${form.dataset.tap}: ${text ? `${button.textContent}. ${main.dataset.saved}` : main.dataset.failed}`, !text);
    if (text && !taps) show(text);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.matches("form[data-tap]") || !button) return;
    event.preventDefault();
    const before = form.querySelector("button[aria-pressed=true]");
    taps++;
    press(form, button);
    queue = queue.then(() => send(form, button, before));
  });

  document.addEventListener("focusout", () => {
    if (waits) setTimeout(refresh, 0);
  });

  // ---- the events; a page that is not looked at asks for none
  let source = null;
  function listen() {
    if (source || document.hidden || !page()) return;
    source = new EventSource(`/desk/live?after=${encodeURIComponent(page().dataset.live)}`);
    source.addEventListener("change", refresh);
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return;
      source = null; // refused: signed out, or too many wait
      refresh();
      setTimeout(listen, 30000);
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      if (source) source.close();
      source = null;
    } else {
      listen();
    }
  });
  document.addEventListener("DOMContentLoaded", listen);
})();
