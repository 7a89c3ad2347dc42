#include "web/page_event.h"
#include "base/log.h"
#include "intake/intake.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_ID_BYTES 16
#define EVENT_ID_SIZE (2 * EVENT_ID_BYTES + 1)

static int make_id(const struct page_event *from, const char *data, char ret_id[static EVENT_ID_SIZE])
{
        _cleanup_(free_ptr) char *seed = NULL;
        uint8_t hash[EVP_MAX_MD_SIZE];

        if (asprintf(&seed, "%s\n%s\n%s\n%s", from->seed, from->type, from->at, data) < 0)
                return ERR_NOMEM;
        if (EVP_Digest(seed, strlen(seed), hash, NULL, EVP_sha256(), NULL) != 1)
                return ERR_IO;
        for (int i = 0; i < EVENT_ID_BYTES; i++)
                snprintf(ret_id + 2 * i, 3, "%02x", hash[i]);
        return 0;
}

/* NULL when memory ran out. */
static char *print_event(const struct page_event *from, const char *id, json_t *data)
{
        char stamp[ZONE_STAMP_MAX], type[128], *text;
        json_t *event;

        zone_stamp(from->zone, from->now, stamp);
        snprintf(type, sizeof type, "kapula.%s", from->type);
        event = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "specversion", "1.0", "source", from->source, "id",
                          id, "type", type, "subject", from->subject, "time", stamp, "data", data);
        text = event ? json_dumps(event, JSON_COMPACT) : NULL;
        json_decref(event);
        return text;
}

int page_event_take(const struct page_event *from, json_t *data, struct err *err)
{
        _cleanup_(free_ptr) char *data_text = json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS), *text = NULL;
        const struct intake_scope scope = {.organisation = from->organisation};
        struct intake_report report = {0};
        char id[EVENT_ID_SIZE];
        int r = data_text ? make_id(from, data_text, id) : ERR_NOMEM;

        if (r < 0) {
                json_decref(data);
                return err_set(err, r, "web: out of memory");
        }
        text = print_event(from, id, data);
        if (!text)
                return err_set(err, ERR_NOMEM, "web: out of memory");
        r = intake_events(from->db, from->now, text, strlen(text), INTAKE_EVENT,
                          from->organisation ? &scope : NULL, &report, err);
        if (r == 0)
                r = report.rejected_count ? 0 : report.duplicates ? 2 : 1;
        if (report.rejected_count) /* where alone: the rest says what somebody has written */
                log_error("web", "page: event %s refused: %.*s", from->type,
                          (int)strcspn(report.rejected[0].error, ":"), report.rejected[0].error);
        intake_report_fini(&report);
        return r;
}
