/* check: whether a value has the form that it must have. Pure. */
#ifndef INTAKE_CHECK_H
#define INTAKE_CHECK_H

#include <stdbool.h>

bool check_phone(const char *text);    /* E.164: +358400000010 */
bool check_mail(const char *text);     /* local@domain.tld in ASCII */
bool check_language(const char *text); /* the form of BCP 47: fi, sv, zh-Hant */
bool check_url(const char *text);      /* http:// or https://, no spaces */

#endif
