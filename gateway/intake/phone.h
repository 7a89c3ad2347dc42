/* phone: telephone numbers as people write them, in E.164. Pure. */
#ifndef INTAKE_PHONE_H
#define INTAKE_PHONE_H

#include <stdbool.h>

#define PHONE_SIZE 20 /* "+", at most 15 digits, NUL (ITU-T E.164) */

/* The calling code of the country in which ZONE (an IANA name) lies, "358" when that is not known. */
const char *phone_country(const char *zone);

/* Takes "+358 40 000 0001", "00358400000001", "358400000001" (of the own country) and, where the country has
 * a trunk prefix, "040-000 0001"; in countries without one also the bare national number. False when TEXT is
 * none of these: a number that might be meant otherwise is not guessed. */
bool phone_to_e164(const char *text, const char *country, char ret_number[static PHONE_SIZE]);

#endif
