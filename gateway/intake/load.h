/* load: one full import of a roster, row by row, whatever its format. Checks what rows refer to, writes them,
 * counts, and at the end ends what the import left out. Knows no file format: roster.h reads JSON and calls
 * this.
 *
 * The order of kinds is organisations (parents first), people, then the others. Each row is first named with
 * load_see, as soon as its key is known, so that a row with a fault is refused but not taken for absent. A
 * row function returns 0 or a negative code; load_refuse notes the fault of one row and says whether the
 * import can go on. */
#ifndef INTAKE_LOAD_H
#define INTAKE_LOAD_H

#include "base/date.h"
#include "base/err.h"
#include "intake/rejections.h"
#include "store/audience.h"
#include "store/calendar_entry.h"
#include "store/guardian.h"
#include "store/lesson.h"
#include "store/organisation.h"
#include "store/person.h"
#include "store/person_show.h"
#include "store/role.h"
#include "store/workplace.h"

#include <jansson.h>

/* Keep in alphabetical order, as in load_kind_names. */
enum load_kind {
        LOAD_AUDIENCES,
        LOAD_CALENDAR,
        LOAD_CARERS,
        LOAD_CONTACTS,
        LOAD_GUARDIANS,
        LOAD_LESSONS,
        LOAD_ORGANISATIONS,
        LOAD_PEOPLE,
        LOAD_ROLES,
        LOAD_WORKPLACES,
        LOAD_KIND_COUNT,
};

extern const char *const load_kind_names[LOAD_KIND_COUNT]; /* "audiences", … */

#define LOAD_END_PERCENT 20 /* more of a kind than this is ended only when forced */

/* What an import did. Zero it before, load_report_fini after. */
struct roster_report {
        int64_t added[LOAD_KIND_COUNT], updated[LOAD_KIND_COUNT], ended[LOAD_KIND_COUNT];
        int64_t kept; /* rows that another source owns: left as they are */
        struct rejections rejected;
};

void roster_report_fini(struct roster_report *report);

/* {"added":{…},"updated":{…},"ended":{…},"kept":n,"rejected":[…]}; NULL when memory ran out. */
json_t *roster_report_to_json(const struct roster_report *report);

struct roster_options {
        const char *source; /* owner of the rows; NULL: "roster" */
        const char *file;   /* named in the report; NULL: "roster" */
        bool force;         /* end any number of rows */
        const char
            *country; /* calling code of numbers without one, "358"; NULL: of the top organisation's zone */
        void (*progress)(void *context, const char *file, int64_t rows); /* now and then; NULL: not wanted */
        void (*tell)(void *context, const char *file, const char *what); /* what a person should know */
        void *progress_context;
};

#define LOAD_REFUSED_MAX 20 /* contacts of a person that are remembered as refused */

struct load {
        struct db *db;
        int64_t now_utc;
        const char *source, *file;
        bool force, roles_changed;
        bool is_open[LOAD_KIND_COUNT]; /* something is wrong with a row whose key is unknown: end none of the
                                          kind */
        bool is_partial; /* kinds that are silent are meant to be: a full import that names none of a kind is
                            asked about it */
        bool is_silent[LOAD_KIND_COUNT]; /* the import says nothing about the kind: leave it as it is */
        struct roster_report *report;
        struct refused_contact refused[LOAD_REFUSED_MAX]; /* of the person who is being read */
        size_t refused_count;
};

int load_begin(struct load *load, struct db *db, int64_t now_utc, const struct roster_options *options,
               struct roster_report *report, struct err *err);

/* Ends what was not named, refreshes calendars and placements. ERR_INVALID when that would end more than
 * LOAD_END_PERCENT of a kind: the caller rolls everything back. */
int load_finish(struct load *load, struct err *err);

/* Names a row; the parts of its key after the last are NULL. ERR_INVALID when it was named before. */
int load_see(struct load *load, enum load_kind kind, const char *const *parts, struct err *err);

/* As load_see, for rows that several places may name: 1, or 0 when it was named before. */
int load_note(struct load *load, enum load_kind kind, const char *const *parts, struct err *err);

/* Something that was said of PERSON cannot be read: their roles, guardians and pupils do not end. */
int load_keep(struct load *load, const char *person);

/* For imports of what has changed: ends one row, if SOURCE owns it. */
int load_end(struct load *load, enum load_kind kind, const char *id, struct err *err);
int load_end_role(struct load *load, const struct role *row, const char *organisation, struct err *err);

/* When PERSON was born; of people that SOURCE owns. */
int load_born(struct load *load, const char *person, const char *born, struct err *err);

/* The day it is in the top organisation's zone. */
int load_today(struct load *load, char ret_today[static DATE_TEXT_MAX], struct err *err);

/* Notes that the row at PATH is refused with what ERR says: 0 when the fault is the row's, and the code of
 * ERR when the import cannot go on (disk, memory). */
int load_refuse(struct load *load, const char *file, int line, const char *path, const struct err *err);

/* WHERE ("people[3]") names the row in errors. LINKS NULL: they stay as they are. A row that another source
 * owns is left alone and counted as kept. */
int load_organisation(struct load *load, const struct organisation *row,
                      const struct organisation_link *links, size_t link_count, const char *where,
                      struct err *err);
/* Remembers, for the next load_person, that VALUE (borrowed until then) is no contact; NULL: it is no text.
 */
void load_refuse_contact(struct load *load, const char *channel, const char *value, int64_t line);

int load_person(struct load *load, const struct person *row, const struct contact *contacts,
                size_t contact_count, struct err *err);
int load_role(struct load *load, const struct role *row, const char *where, struct err *err);
int load_guardian(struct load *load, const struct guardian *row, const char *where, struct err *err);
int load_carer(struct load *load, const struct carer *row, const char *where, struct err *err);
int load_workplace(struct load *load, const struct workplace *row, const char *where, struct err *err);
int load_audience(struct load *load, const struct audience *row, const char *where, struct err *err);
int load_lesson(struct load *load, const struct lesson *row, const char *where, struct err *err);
int load_calendar_entry(struct load *load, const struct calendar_entry *row, const char *where,
                        struct err *err);

/* 0 when ID is a person who stays, else ERR_INVALID with WHERE.NAME in front. */
int load_check_person(struct load *load, const char *id, const char *where, const char *name,
                      struct err *err);

#endif
