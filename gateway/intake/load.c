#include "intake/load.h"
#include "base/date.h"
#include "store/calendar_day.h"
#include "store/placement.h"
#include "store/seen.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX (4 * (ID_MAX + 1))

const char *const load_kind_names[LOAD_KIND_COUNT] = {
    [LOAD_AUDIENCES] = "audiences",         [LOAD_CALENDAR] = "calendar",   [LOAD_CARERS] = "carers",
    [LOAD_CONTACTS] = "contacts",           [LOAD_GUARDIANS] = "guardians", [LOAD_LESSONS] = "lessons",
    [LOAD_ORGANISATIONS] = "organisations", [LOAD_PEOPLE] = "people",       [LOAD_ROLES] = "roles",
    [LOAD_WORKPLACES] = "workplaces",
};

int load_begin(struct load *load, struct db *db, int64_t now_utc, const struct roster_options *options,
               struct roster_report *report, struct err *err)
{
        *load = (struct load){
            .db = db,
            .now_utc = now_utc,
            .source = options && options->source ? options->source : "roster",
            .file = options && options->file ? options->file : "roster",
            .force = options && options->force,
            .report = report,
        };
        return seen_clear(db, err);
}

int load_note(struct load *load, enum load_kind kind, const char *const *parts, struct err *err)
{
        char key[KEY_MAX];
        size_t length = 0;

        for (int i = 0; parts[i] && length < sizeof key; i++)
                length += (size_t)snprintf(key + length, sizeof key - length, "%s%s", i ? SEEN_JOINT : "",
                                           parts[i]);
        return seen_add(load->db, load_kind_names[kind], key, err);
}

int load_see(struct load *load, enum load_kind kind, const char *const *parts, struct err *err)
{
        int r = load_note(load, kind, parts, err);

        if (r == 0)
                return err_set(err, ERR_INVALID, "the same row stands earlier in the file: leave one out");
        return r < 0 ? r : 0;
}

int load_refuse(struct load *load, const char *file, int line, const char *path, const struct err *err)
{
        return rejections_add(&load->report->rejected, file, line, path, err);
}

/* ---- the kinds of rows */

static int count(struct load *load, enum load_kind kind, int put)
{
        if (put == PUT_ADDED)
                load->report->added[kind]++;
        else if (put == PUT_UPDATED)
                load->report->updated[kind]++;
        else if (put == PUT_KEPT)
                load->report->kept++;
        return put < 0 ? put : 0;
}

int load_check_person(struct load *load, const char *id, const char *where, const char *name, struct err *err)
{
        int r = load->is_silent[LOAD_PEOPLE] ? person_exists(load->db, id, err)
                                             : person_stays(load->db, id, load->source, err);

        if (r == 0)
                return err_set(err, ERR_INVALID, "%s.%s: no such person %s: give the person under people",
                               where, name, id);
        return r < 0 ? r : 0;
}

static int find_organisation(struct load *load, const char *id, char kind[static 16], struct err *err)
{
        return load->is_silent[LOAD_ORGANISATIONS]
                   ? organisation_kind(load->db, id, kind, err)
                   : organisation_stays(load->db, id, load->source, kind, err);
}

static int check_organisation(struct load *load, const char *id, const char *where, struct err *err)
{
        char kind[16];
        int r = find_organisation(load, id, kind, err);

        if (r == 0)
                return err_set(err, ERR_INVALID,
                               "%s.organisation: no such organisation %s: give it under organisations", where,
                               id);
        return r < 0 ? r : 0;
}

static int check_parent(struct load *load, const struct organisation *row, const char *where, struct err *err)
{
        static const char *const order[] = {"network", "municipality", "school", "group", NULL};
        const char *wanted = NULL;
        char kind[16];
        int r;

        for (int i = 1; order[i]; i++)
                if (strcmp(order[i], row->kind) == 0)
                        wanted = order[i - 1];
        if (!row->parent)
                return 0;
        if (!wanted)
                return err_set(err, ERR_INVALID,
                               "%s.parent: a network stands at the top: leave the parent out", where);
        r = find_organisation(load, row->parent, kind, err);
        if (r < 0)
                return r;
        if (r == 0)
                return err_set(err, ERR_INVALID,
                               "%s.parent: no such organisation %s of kind %s: give it under organisations",
                               where, row->parent, wanted);
        if (strcmp(kind, wanted) != 0)
                return err_set(err, ERR_INVALID,
                               "%s.parent: %s is a %s, but a %s stands under a %s or at the top", where,
                               row->parent, kind, row->kind, wanted);
        return 0;
}

int load_organisation(struct load *load, const struct organisation *row,
                      const struct organisation_link *links, size_t link_count, const char *where,
                      struct err *err)
{
        int put, changed;

        put = check_parent(load, row, where, err);
        if (put == 0)
                put = organisation_put(load->db, load->source, row, err);
        if (put < 0 || put == PUT_KEPT || !links)
                return count(load, LOAD_ORGANISATIONS, put);
        changed = organisation_put_links(load->db, load->source, row->id, links, link_count, err);
        if (changed < 0)
                return changed;
        return count(load, LOAD_ORGANISATIONS, put == PUT_SAME && changed ? PUT_UPDATED : put);
}

void load_refuse_contact(struct load *load, const char *channel, const char *value, int64_t line)
{
        if (value && load->refused_count < LOAD_REFUSED_MAX)
                load->refused[load->refused_count++] =
                    (struct refused_contact){.channel = channel, .value = value, .line = line};
}

int load_person(struct load *load, const struct person *row, const struct contact *contacts,
                size_t contact_count, struct err *err)
{
        struct contact_counts counts = {0};
        int put = person_put(load->db, load->source, row, err);
        int r = count(load, LOAD_PEOPLE, put);

        if (put == PUT_KEPT)
                return 0;
        if (r == 0)
                r = person_put_contacts(load->db, load->source, row->id, contacts, contact_count, &counts,
                                        err);
        if (r == 0)
                r = refused_contacts_put(load->db, load->source, row->id, load->refused, load->refused_count,
                                         load->now_utc, err);
        load->report->added[LOAD_CONTACTS] += counts.added;
        load->report->updated[LOAD_CONTACTS] += counts.updated;
        load->report->ended[LOAD_CONTACTS] += counts.ended;
        return r;
}

int load_role(struct load *load, const struct role *row, const char *where, struct err *err)
{
        int r = load_check_person(load, row->person, where, "person", err);

        if (r == 0)
                r = check_organisation(load, row->organisation, where, err);
        if (r == 0 && row->first_day && row->last_day && strcmp(row->last_day, row->first_day) < 0)
                r = err_set(err, ERR_INVALID, "%s.until: before from: exchange them", where);
        if (r == 0)
                r = role_put(load->db, load->source, row, err);
        if ((r == PUT_ADDED || r == PUT_UPDATED) && strcmp(row->role, "pupil") == 0)
                load->roles_changed = true;
        return count(load, LOAD_ROLES, r);
}

int load_guardian(struct load *load, const struct guardian *row, const char *where, struct err *err)
{
        int r = load_check_person(load, row->pupil, where, "pupil", err);

        if (r == 0)
                r = load_check_person(load, row->guardian, where, "guardian", err);
        if (r == 0 && strcmp(row->pupil, row->guardian) == 0)
                r = err_set(err, ERR_INVALID, "%s.guardian: is the pupil: name somebody else", where);
        if (r == 0)
                r = guardian_put(load->db, load->source, row, err);
        return count(load, LOAD_GUARDIANS, r);
}

int load_carer(struct load *load, const struct carer *row, const char *where, struct err *err)
{
        int r = load_check_person(load, row->pupil, where, "pupil", err);

        if (r == 0)
                r = load_check_person(load, row->carer, where, "carer", err);
        if (r == 0 && strcmp(row->pupil, row->carer) == 0)
                r = err_set(err, ERR_INVALID, "%s.carer: is the pupil: name somebody else", where);
        if (r == 0)
                r = carer_put(load->db, load->source, row, err);
        return count(load, LOAD_CARERS, r);
}

int load_workplace(struct load *load, const struct workplace *row, const char *where, struct err *err)
{
        int r = check_organisation(load, row->organisation, where, err);

        if (r == 0)
                r = workplace_put(load->db, load->source, row, err);
        return count(load, LOAD_WORKPLACES, r);
}

int load_audience(struct load *load, const struct audience *row, const char *where, struct err *err)
{
        int r = check_organisation(load, row->organisation, where, err);

        if (r == 0)
                r = audience_put(load->db, load->source, row, err);
        return count(load, LOAD_AUDIENCES, r);
}

int load_lesson(struct load *load, const struct lesson *row, const char *where, struct err *err)
{
        int r = check_organisation(load, row->organisation, where, err);

        if (r == 0)
                r = lesson_put(load->db, load->source, row, err);
        return count(load, LOAD_LESSONS, r);
}

int load_calendar_entry(struct load *load, const struct calendar_entry *row, const char *where,
                        struct err *err)
{
        int r = check_organisation(load, row->organisation, where, err);

        if (r == 0 && strcmp(row->last_day, row->first_day) < 0)
                r = err_set(err, ERR_INVALID, "%s.until: before from: exchange them", where);
        if (r == 0)
                r = calendar_entry_put(load->db, load->source, row, err);
        return count(load, LOAD_CALENDAR, r);
}

int load_born(struct load *load, const char *person, const char *born, struct err *err)
{
        int r = person_put_born(load->db, load->source, person, born, err);

        return r < 0 ? r : 0;
}

int load_keep(struct load *load, const char *person)
{
        int r = seen_keep(load->db, load_kind_names[LOAD_ROLES], person, NULL);

        return r < 0 ? r : seen_keep(load->db, load_kind_names[LOAD_GUARDIANS], person, NULL);
}

/* ---- the end */

int load_end(struct load *load, enum load_kind kind, const char *id, struct err *err)
{
        char today[DATE_TEXT_MAX];
        int64_t ended = 0;
        int r = load_today(load, today, err);

        if (r == 0)
                r = seen_end_one(load->db, load_kind_names[kind], id, load->source, today, &ended, err);
        load->report->ended[kind] += ended;
        return r;
}

int load_end_role(struct load *load, const struct role *row, const char *organisation, struct err *err)
{
        char today[DATE_TEXT_MAX];
        int r = load_today(load, today, err);

        if (r == 0)
                r = role_end(load->db, load->source, row->person, row->role, organisation, today, err);
        if (r <= 0)
                return r;
        load->report->ended[LOAD_ROLES] += r;
        load->roles_changed = true;
        return 0;
}

/* Organisations last: what belongs to them ends first. */
static const enum load_kind ending_order[] = {
    LOAD_AUDIENCES, LOAD_LESSONS, LOAD_CALENDAR, LOAD_WORKPLACES,    LOAD_CARERS,
    LOAD_GUARDIANS, LOAD_ROLES,   LOAD_PEOPLE,   LOAD_ORGANISATIONS,
};

static bool is_guarded(enum load_kind kind)
{
        return kind != LOAD_AUDIENCES && kind != LOAD_LESSONS && kind != LOAD_CALENDAR;
}

static int check_share(struct load *load, enum load_kind kind, const char *today, struct err *err)
{
        int64_t owned = 0, missing = 0, before;
        int r;

        r = seen_count(load->db, load_kind_names[kind], load->source, today, &owned, &missing, err);
        if (r < 0)
                return r;
        before = owned - load->report->added[kind]; /* the share is of what stood before this import */
        if (before < missing)
                before = missing;
        if (missing * 100 > before * LOAD_END_PERCENT)
                return err_set(
                    err, ERR_INVALID,
                    "%s: would end %lld of %lld, more than %d %%: give the full list, or --force when this"
                    " is meant",
                    load_kind_names[kind], (long long)missing, (long long)before, LOAD_END_PERCENT);
        return 0;
}

static int end_missing(struct load *load, const char *today, struct err *err)
{
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(ending_order) && r == 0 && !load->force; i++)
                if (is_guarded(ending_order[i]) && !load->is_open[ending_order[i]] &&
                    !(load->is_partial && load->is_silent[ending_order[i]]))
                        r = check_share(load, ending_order[i], today, err);
        for (size_t i = 0; i < ARRAY_SIZE(ending_order) && r == 0; i++) {
                enum load_kind kind = ending_order[i];

                if (load->is_open[kind] || load->is_silent[kind])
                        continue;
                r = seen_end_missing(load->db, load_kind_names[kind], load->source, today,
                                     &load->report->ended[kind], err);
        }
        return r;
}

int load_today(struct load *load, char ret_today[static DATE_TEXT_MAX], struct err *err)
{
        char name[ZONE_NAME_MAX];
        struct zone *zone;
        int32_t date;
        int seconds, r;

        r = organisation_top_zone(load->db, name, err);
        if (r == 0)
                r = zone_keep(name, &zone, err);
        if (r < 0)
                return r;
        zone_to_local(zone, load->now_utc, &date, &seconds);
        date_print(date, ret_today);
        return 0;
}

int load_finish(struct load *load, struct err *err)
{
        char today[DATE_TEXT_MAX];
        int r;

        rejections_sort(&load->report->rejected); /* rows are read kind by kind */
        r = load_today(load, today, err);
        if (r == 0)
                r = end_missing(load, today, err);
        if (r == 0)
                r = calendar_refresh(load->db, load->now_utc, err);
        if (r == 0 && (load->roles_changed || load->report->ended[LOAD_ROLES]))
                r = placement_refresh(load->db, load->now_utc, err);
        return r;
}

/* ---- the report */

void roster_report_fini(struct roster_report *report)
{
        rejections_fini(&report->rejected);
        *report = (struct roster_report){0};
}

static json_t *counts_to_json(const int64_t *counts)
{
        json_t *object = json_object();

        for (int i = 0; i < LOAD_KIND_COUNT; i++)
                if (json_object_set_new(object, load_kind_names[i], json_integer(counts[i])) < 0) {
                        json_decref(object);
                        return NULL;
                }
        return object;
}

json_t *roster_report_to_json(const struct roster_report *report)
{
        return json_pack("{s:o, s:o, s:o, s:I, s:o}", "added", counts_to_json(report->added), "updated",
                         counts_to_json(report->updated), "ended", counts_to_json(report->ended), "kept",
                         (json_int_t)report->kept, "rejected", rejections_to_json(&report->rejected));
}
