// The same by node-ical, which many dashboards and bots use.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.MODULES}/`);
const ical = require('node-ical');
const format = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Helsinki', dateStyle: 'short', timeStyle: 'medium' });
const local = time => format.format(time).replace(' ', 'T');
for (const event of Object.values(ical.sync.parseICS(readFileSync(0, 'utf8')))) {
    if (event.type !== 'VEVENT')
        continue;
    if (event.rrule || event.recurrences)
        throw new Error(`${event.uid} repeats`);
    console.log(local(event.start), local(event.end), event.status, event.start.toISOString());
}
