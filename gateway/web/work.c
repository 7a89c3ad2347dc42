/* What pages show of placements: the placement itself, the sheet for the wall, the certificate, the
 * calendar's link. */
#include "web/work.h"
#include "base/date.h"
#include "calendar/link.h"
#include "web/qr.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define SHEET_DAYS_AHEAD 400

/* ---- a placement */

static void set_date(struct value *map, const char *key, const char *day)
{
        int32_t date;

        if (date_parse(day, &date))
                value_set_date(map, key, date);
        else
                value_set_null(map, key);
}

static void set_signed(struct value *map, const char *key, int64_t at)
{
        if (at)
                value_set_time(map, key, at);
        else
                value_set_null(map, key);
}

static void set_weekdays(struct linked *linked, struct value *map, const char *weekdays)
{
        struct value *list = value_set_list(map, "weekdays");
        int32_t monday = linked->date - date_weekday(linked->date) + 1;

        for (; *weekdays; weekdays++)
                if (*weekdays >= '1' && *weekdays <= '7')
                        value_set_date(value_append_map(list), "weekday", monday + *weekdays - '1');
}

void work_set_placement(struct linked *linked, struct value *map, const struct work_placement *placement)
{
        linked_set_id(map, placement->id);
        value_set_text(map, "name", placement->given);
        value_set_text(map, "family", placement->family);
        value_set_text(map, "workplace", linked->pupil_is_protected ? NULL : placement->workplace);
        set_date(map, "first_day", placement->first_day);
        set_date(map, "last_day", placement->last_day);
        value_set_clock(map, "starts", placement->starts + 12 * 3600);
        value_set_clock(map, "ends", placement->ends + 12 * 3600);
        set_weekdays(linked, map, placement->weekdays);
        value_set_bool(map, "is_block", placement->is_block);
        value_set_count(map, "done_hours", (placement->done_s + 1800) / 3600);
        value_set_count(map, "planned_hours", (placement->planned_s + 1800) / 3600);
        value_set_count(map, "done_days", placement->done_days);
        value_set_count(map, "planned_days", placement->planned_days);
        set_signed(map, "signed_guardian", placement->signed_guardian);
        set_signed(map, "signed_workplace", placement->signed_workplace);
        set_signed(map, "signed_school", placement->signed_school);
        value_set_bool(map, "is_signed",
                       placement->signed_guardian && placement->signed_workplace && placement->signed_school);
        set_signed(map, "evaluated", placement->evaluated);
        set_signed(map, "evaluated_by_pupil", placement->evaluated_by_pupil);
        set_signed(map, "certified", placement->certified);
        value_set_bool(map, "is_ending", strcmp(placement->last_day, linked->today) <= 0);
}

int work_add_placement(void *context, const struct work_placement *placement, struct err *err)
{
        struct linked *linked = context;

        (void)err;
        work_set_placement(linked, value_append_map((struct value *)value_find(linked->values, "placements")),
                           placement);
        return 0;
}

struct finding {
        struct linked *linked;
        struct work_found *found;
};

static int find(void *context, const struct work_placement *placement, struct err *err)
{
        struct finding *finding = context;
        struct work_found *found = finding->found;

        (void)err;
        if (found->is_found)
                return 0;
        *found = (struct work_found){.signed_guardian = placement->signed_guardian,
                                     .signed_workplace = placement->signed_workplace,
                                     .signed_school = placement->signed_school,
                                     .evaluated = placement->evaluated,
                                     .evaluated_by_pupil = placement->evaluated_by_pupil,
                                     .certified = placement->certified,
                                     .is_found = true};
        snprintf(found->id, sizeof found->id, "%s", placement->id);
        snprintf(found->first_day, sizeof found->first_day, "%s", placement->first_day);
        snprintf(found->last_day, sizeof found->last_day, "%s", placement->last_day);
        work_set_placement(finding->linked, value_set_map(finding->linked->values, "placement"), placement);
        return 0;
}

/* Guardians and principals see the placements of the link's pupil. */
static struct work_reader reader_of(const struct linked *linked)
{
        bool is_supervisor = strcmp(linked->link.kind, "supervisor") == 0;

        return (struct work_reader){is_supervisor ? linked->link.person : linked->link.pupil, !is_supervisor};
}

int work_find(struct linked *linked, struct work_found *ret_found, struct err *err)
{
        const struct work_reader reader = reader_of(linked);
        bool is_named = strcmp(linked->link.subject_kind, "placement") == 0;
        const char *id = linked->of[0] ? linked->of : is_named ? linked->link.subject : NULL;
        struct finding finding = {linked, ret_found};
        int r;

        *ret_found = (struct work_found){0};
        r = work_placements(linked->db, &reader, id, linked->today, find, &finding, err);
        if (r < 0)
                return r;
        if (!ret_found->is_found)
                return 404;
        snprintf(linked->of, sizeof linked->of, "%s", ret_found->id);
        return 0;
}

/* ---- the sheet that hangs at the workplace */

struct sheet {
        struct linked *linked;
        const char *placement;
};

static int add_sheet_day(void *context, const struct work_day *day, struct err *err)
{
        struct sheet *sheet = context;
        struct value *map;
        int32_t date;

        (void)err;
        if (strcmp(day->placement, sheet->placement) != 0 || !date_parse(day->day, &date))
                return 0;
        map = value_append_map((struct value *)value_find(sheet->linked->values, "days"));
        value_set_date(map, "day", date);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        return 0;
}

static int set_wall(struct linked *linked, const char *placement)
{
        char token[PAGE_TOKEN_MAX], url[512];
        uint8_t hash[PAGE_HASH_BYTES];
        struct page_link wall;
        int r = page_token(linked->db, "wall", linked->link.pupil, "", placement, token, linked->err);

        if (r == 0)
                r = page_token_hash(token, hash) ? page_link_find(linked->db, hash, &wall, linked->err) : 0;
        if (r <= 0 || wall.is_revoked)
                return r < 0 ? r : 0; /* the next message about the placement makes it */
        snprintf(url, sizeof url, "%s/p/%s", linked->web->base_url, token);
        value_set_text(linked->values, "wall_url", url);
        return qr_set(linked->values, url, linked->err);
}

int work_show_sheet(struct linked *linked)
{
        const struct work_reader reader = reader_of(linked);
        struct work_found found;
        struct sheet sheet = {linked, found.id};
        char until[DATE_TEXT_MAX];
        int r;

        linked->page = "sheet";
        value_set_list(linked->values, "days");
        r = work_find(linked, &found, linked->err);
        if (r != 0)
                return r;
        date_print(linked->date + SHEET_DAYS_AHEAD, until);
        r = work_days(linked->db, &reader,
                      strcmp(found.first_day, linked->today) > 0 ? found.first_day : linked->today, until,
                      linked->now, add_sheet_day, &sheet, linked->err);
        return r < 0 ? r : set_wall(linked, found.id);
}

/* ---- the certificate */

struct marks {
        struct linked *linked;
        int given[CRITERIA_MAX]; /* 0: none */
};

static int note_mark(void *context, const char *criterion, int mark, struct err *err)
{
        struct marks *marks = context;
        const struct criteria *criteria = &marks->linked->web->criteria;

        (void)err;
        for (int i = 0; i < criteria->count; i++)
                if (strcmp(criteria->ids[i], criterion) == 0)
                        marks->given[i] = mark;
        return 0;
}

/* In the order of the form. */
static void set_marks(struct linked *linked, const struct marks *marks)
{
        struct value *list = value_set_list(linked->values, "marks");
        const struct criteria *criteria = &linked->web->criteria;

        for (int i = 0; i < criteria->count; i++) {
                char name[PAGES_NAME_MAX_BYTES];
                struct value *map;
                const char *word;

                if (!marks->given[i])
                        continue;
                map = value_append_map(list);
                snprintf(name, sizeof name, "criterion-%s", criteria->ids[i]);
                word = linked_word(linked, name);
                value_set_text(map, "criterion", *word ? word : criteria->ids[i]);
                value_set_count(map, "mark", marks->given[i]);
                snprintf(name, sizeof name, "mark-%d", marks->given[i]);
                value_set_text(map, "meaning", linked_word(linked, name));
                value_set_bool(linked->values, "has_marks", true);
        }
}

int work_show_certificate(struct linked *linked)
{
        _cleanup_(free_ptr) char *word = NULL;
        struct work_found found;
        struct marks marks = {.linked = linked};
        int r;

        linked->page = "certificate";
        r = work_find(linked, &found, linked->err);
        if (r != 0)
                return r;
        if (!found.certified)
                return 404;
        r = work_evaluation(linked->db, found.id, "supervisor", note_mark, &marks, &word, linked->err);
        set_marks(linked, &marks);
        if (r >= 0 && word)
                value_set_text(linked->values, "word", word);
        return r < 0 ? r : 0;
}

/* ---- the calendar's link: shown once, in the answer to the form, since the store knows its hash alone */

int work_show_calendar(struct linked *linked)
{
        linked->page = "calendar";
        return 0;
}

/* PAGE_FEED_PREFIX tells these from the links that staff made. */
static int new_id(char ret_id[static FEED_ID_MAX], struct err *err)
{
        unsigned char bytes[8];

        if (RAND_bytes(bytes, sizeof bytes) != 1)
                return err_set(err, ERR_IO, "page: no random numbers: try again");
        memcpy(ret_id, PAGE_FEED_PREFIX, sizeof PAGE_FEED_PREFIX);
        for (size_t i = 0; i < sizeof bytes; i++)
                snprintf(ret_id + strlen(ret_id), 3, "%02x", bytes[i]);
        return 0;
}

int work_act_calendar(struct linked *linked, const struct form *form)
{
        _cleanup_(free_ptr) char *url = NULL;
        char id[FEED_ID_MAX], token[LINK_TOKEN_MAX];
        uint8_t hash[FEED_HASH_BYTES];
        int r;

        (void)form;
        linked->page = "calendar";
        r = page_feed_revoke(linked->db, linked->link.person, linked->now, linked->err);
        if (r == 0)
                r = new_id(id, linked->err);
        if (r == 0)
                r = link_new(token, hash, linked->err);
        if (r == 0)
                r = feed_add(linked->db, id, linked->link.person, "person", hash, linked->now, linked->err);
        url = r == 0 ? link_url(linked->web->base_url, token) : NULL;
        if (r == 0 && !url)
                r = err_set(linked->err, ERR_NOMEM, "page: out of memory");
        if (r == 0)
                r = qr_set(linked->values, url, linked->err);
        if (r < 0)
                return r;
        value_set_text(linked->values, "url", url);
        value_set_text(linked->values, "webcal", strstr(url, "://"));
        return 200;
}
