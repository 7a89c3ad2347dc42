/* code: an act that needs a one-time code. The form is checked and kept, a code goes to the reader's contact
 * on record, and the act is done when the code comes back. For web/ alone. */
#ifndef WEB_CODE_H
#define WEB_CODE_H

#include "web/linked.h"

/* Sends a code for PURPOSE (sign, evaluate, contact, case) about SUBJECT; DETAIL is given away, and back to
 * the act. The status: 303 to the page that asks for the code, or what is wrong. */
int code_ask(struct linked *linked, const char *purpose, const char *subject, json_t *detail);

/* The page that asks for it; linked->of is "PURPOSE:SUBJECT". */
int code_show(struct linked *linked);
int code_act(struct linked *linked, const struct form *form);

/* Sends the reader the word NAME as a text, on CHANNEL to ADDRESS, with the values of the page. */
int code_tell(struct linked *linked, const char *name, const char *channel, const char *address,
              struct err *err);

/* What is done with the code: one a purpose. The status, as of an act. */
int case_sign_in(struct linked *linked, const struct form *form, const char *id, const json_t *detail);
int work_sign(struct linked *linked, const struct form *form, const char *placement, const json_t *detail);
int work_evaluate(struct linked *linked, const struct form *form, const char *placement,
                  const json_t *detail);
int settings_change_contact(struct linked *linked, const struct form *form, const char *channel,
                            const json_t *detail);

#endif
