/* feed_item: what stands behind a feed besides placement days: meetings, trips, follow-up dates of cases,
 * subject packages, surveys, visits and breaks. As in store/feed.h, what an owner may see is settled in the
 * queries. */
#ifndef STORE_FEED_ITEM_H
#define STORE_FEED_ITEM_H

#include "store/feed.h"

enum feed_item_kind {
        FEED_ITEM_BREAK,
        FEED_ITEM_FOLLOW_UP,
        FEED_ITEM_HOLIDAY, /* public; not from rows */
        FEED_ITEM_MEETING, /* trips and camps too */
        FEED_ITEM_PACKAGE,
        FEED_ITEM_SURVEY,
        FEED_ITEM_VISIT,
};

struct feed_item {
        enum feed_item_kind kind;
        const char *uid;      /* without the host */
        int64_t starts, ends; /* UTC; of an item of whole days FEED_NEVER. A survey has only `ends`. */
        const char *first_day, *last_day; /* of an item of whole days, else NULL */
        int64_t changed;
        int sequence;
        bool is_cancelled;
        bool is_protected; /* say nothing but that the time is taken */
        bool is_free;      /* the owner will not be there */
        const char *code;  /* of a meeting or a visit: "plan-talk"; else NULL */
        /* Each of these may be NULL: there is none, or it is not for the owner. */
        const char *title; /* also the subject of a package, the name of a break, the number of a case */
        const char *place, *link; /* link: of an online meeting */
        const char *words;        /* what it shares its words with (a meeting's id); NULL: nothing */
        const char *given;        /* first name of the pupil whom it is about */
        const char *organisation; /* whose it is; of a visit, who receives */
        const char *guests;       /* of a visit: organisations */
        const char *links;        /* what the organisation shares: a line each, "Title: https://…" */
};

/* The window of a feed: days of its calendar, and the seconds with which it begins and ends and
 * today begins. */
struct feed_window {
        const char *today, *first_day, *last_day;
        int64_t from, until, today_starts;
};

/* By kind; within it by start and uid. EACH returns 0, or a negative code that ends the list. */
int feed_items(struct db *db, const struct feed *feed, const struct feed_window *window,
               int (*each)(void *context, const struct feed_item *item), void *context, struct err *err);

#endif
