// The desk works without this. With it, a page that says so (data-live on its main) follows what happens.
"use strict";
