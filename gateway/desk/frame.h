/* frame: a request of the desk from its beginning to its answer: who asks, whether they may, what stands
 * round every page. For desk/ alone. */
#ifndef DESK_FRAME_H
#define DESK_FRAME_H

#include "desk/desk.h"

struct request;

/* Notes what REQUEST asks for, for as long as the connection's own texts may be gone. */
void frame_read(struct desk *desk, struct web *web, struct request *request);

/* The name of the session's cookie: with https for this very host alone, so that no neighbour can set one. */
const char *frame_cookie(const struct web *web);

/* Begins and ends work for it on one thread. */
void frame_begin(struct desk *desk, struct web *web, struct db *db, bool is_writer, struct err *err);
void frame_end(struct desk *desk);

/* Who has signed in, and whether they may see the page: 200, or the status to refuse with: 303 (nobody has:
 * to the sign-in page), 403, 404; negative when it cannot be told. */
int frame_admit(struct desk *desk);

/* The page by GET, STATUS what it is answered with; the body is in desk->body. */
int frame_show(struct desk *desk, int status);

/* The page that says why there is none. */
int frame_error(struct desk *desk, int status);

/* The answer, with the headers of every page; R: what failed, with ERR, or 0. */
void frame_respond(struct request *request, struct desk *desk, int r, const struct err *err);

/* The form; desk->status is 303 with the address in desk->body, or that of the page. REFUSED: the status when
 * what came was no form, else 0. */
int frame_act(struct desk *desk, const struct form *form, int refused);

/* Whether what desk->status says is to stand in the record, and writes it there: who did what. ACT "": saw.
 */
int frame_record(struct desk *desk, const char *act);

#endif
