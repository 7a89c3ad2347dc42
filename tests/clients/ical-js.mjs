// Prints the instances that ical.js finds: a line each, "START END STATUS", local time as its own zone support says.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.env.MODULES}/`);
const ICAL = (await import(pathToFileURL(require.resolve('ical.js')))).default;
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, 'utf8')));
for (const zone of calendar.getAllSubcomponents('vtimezone'))
    ICAL.TimezoneService.register(zone.getFirstPropertyValue('tzid'), new ICAL.Timezone(zone));
for (const component of calendar.getAllSubcomponents('vevent')) {
    const event = new ICAL.Event(component);
    if (event.isRecurring())
        throw new Error(`${event.uid} repeats`);
    // Through UTC and back, so that the zone's rules are used and not only its name.
    const zone = ICAL.TimezoneService.get('Europe/Helsinki');
    const local = time => time.convertToZone(ICAL.Timezone.utcTimezone).convertToZone(zone).toString().slice(0, 19);
    console.log(local(event.startDate), local(event.endDate), component.getFirstPropertyValue('status'), event.startDate.toJSDate().toISOString());
}
