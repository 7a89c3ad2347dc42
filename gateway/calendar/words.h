/* words: what a calendar says, in the languages that have it. */
#ifndef CALENDAR_WORDS_H
#define CALENDAR_WORDS_H

struct words {
        const char *language;
        const char *work, *work_inner;     /* a placement day: alone, and after a name */
        const char *school, *school_inner; /* a school day inside a block */
        const char *busy;                  /* all that is said about a protected pupil's day */
        const char *cancelled;             /* before the summary */
        const char *call;                  /* before whom to call */
        const char *is_unsigned;           /* the agreement is */
};

/* The row of OWN ("sv", "sv-FI"), else of the first of LANGUAGES ("fi,sv") that has one, else Finnish. */
const struct words *words_find(const char *own, const char *languages);

#endif
