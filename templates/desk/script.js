// The desk works without this. With it, a page that says so (data-live on its main) follows what happens.
"use strict";

// A page that waits for the gateway (data-again, milliseconds) looks again by itself.
const waiting = document.querySelector("[data-again]");
if (waiting) setTimeout(() => location.reload(), Number(waiting.dataset.again));
