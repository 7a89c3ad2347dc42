/* A file of a register: tried first without writing anything, looked at, and then imported. For those who
 * answer for the whole tree. */
#include "desk/pages.h"
#include "store/upload.h"

#include <stdio.h>
#include <string.h>

#define REJECTED_SHOWN 50

static int add_row(void *context, const struct upload *upload, struct err *err)
{
        struct desk *desk = context;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "uploads"));

        (void)err;
        value_set_count(map, "number", upload->id);
        value_set_text(map, "kind", desk_word_of(desk, "import-kind", upload->kind));
        value_set_text(map, "state", desk_word_of(desk, "import-state", upload->state));
        value_set_time(map, "created", upload->created);
        return 0;
}

/* ---- what a run came to */

static void add_counts(struct desk *desk, const json_t *report, const char *column)
{
        const char *key;
        json_t *count;

        json_object_foreach(json_object_get(report, column), key, count)
        {
                struct value *map;

                if (!json_integer_value(count))
                        continue;
                map = value_append_map((struct value *)value_find(desk->values, "counts"));
                value_set_text(map, "what", desk_word_of(desk, "import-what", key));
                value_set_text(map, "change", desk_word_of(desk, "import", column));
                value_set_count(map, "count", json_integer_value(count));
        }
        if (json_integer_value(json_object_get(report, column))) {
                struct value *map = value_append_map((struct value *)value_find(desk->values, "counts"));

                value_set_text(map, "what", desk_word(desk, "import-what-marks"));
                value_set_text(map, "change", desk_word_of(desk, "import", column));
                value_set_count(map, "count", json_integer_value(json_object_get(report, column)));
        }
}

static void add_rejected(struct desk *desk, const json_t *report)
{
        json_t *list = json_object_get(report, "rejected"), *row;
        size_t index;

        value_set_count(desk->values, "rejected_count", (int64_t)json_array_size(list));
        json_array_foreach(list, index, row)
        {
                const char *file = json_string_value(json_object_get(row, "file"));
                struct value *map;

                if (index == REJECTED_SHOWN)
                        break;
                map = value_append_map((struct value *)value_find(desk->values, "rejected"));
                value_set_text(map, "file",
                               file && strncmp(file, "/dev/", 5) != 0 && strchr(file, '.') ? file : NULL);
                value_set_count(map, "line", json_integer_value(json_object_get(row, "line")));
                value_set_text(map, "error", json_string_value(json_object_get(row, "error")));
        }
}

static void add_report(struct desk *desk, const char *text)
{
        static const char *const columns[] = {"added", "updated", "ended", "same"};
        json_t *report = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);

        value_set_list(desk->values, "counts");
        value_set_list(desk->values, "rejected");
        if (!report) {
                value_set_text(desk->values, "failure", text);
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
                add_counts(desk, report, columns[i]);
        add_rejected(desk, report);
        json_decref(report);
}

static int show_one(struct desk *desk)
{
        _cleanup_(free_ptr) char *report = NULL;
        struct upload upload;
        int r = upload_get(desk->db, strtoll(desk->of, NULL, 10), &upload, &report, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        desk->page = "import-one";
        value_set_count(desk->values, "number", upload.id);
        value_set_text(desk->values, "kind", desk_word_of(desk, "import-kind", upload.kind));
        value_set_text(desk->values, "state", desk_word_of(desk, "import-state", upload.state));
        value_set_bool(desk->values, "waits",
                       strcmp(upload.state, "to-try") == 0 || strcmp(upload.state, "to-import") == 0);
        value_set_bool(desk->values, "is_tried", strcmp(upload.state, "tried") == 0);
        value_set_bool(desk->values, "has_report", report != NULL);
        if (report)
                add_report(desk, report);
        return 0;
}

int import_show(struct desk *desk)
{
        if (!admin_holds_top(desk))
                return 403;
        if (desk->of[0])
                return show_one(desk);
        value_set_list(desk->values, "uploads");
        value_set_text(desk->values, "typed_map", desk->form ? form_value(desk->form, "map") : "");
        return upload_each(desk->db, add_row, desk, desk->err);
}

/* ---- what is done */

static bool is_map_name(const char *text)
{
        return strlen(text) < sizeof(((struct upload *)0)->map) &&
               strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static int take_file(struct desk *desk, const struct form *form)
{
        const char *kind = form_value(form, "kind"), *map = form_value(form, "map");
        struct upload upload = {.force = *form_value(form, "force")};
        char of[32];
        int64_t id;
        int r;

        if (strcmp(kind, "roster") != 0 && strcmp(kind, "attendance") != 0)
                return desk_refuse(desk, 422, "import-choose");
        if (!is_map_name(map))
                return desk_refuse(desk, 422, "import-no-map");
        if (!desk->file.length)
                return desk_refuse(desk, 422, "import-no-file");
        snprintf(upload.person, sizeof upload.person, "%s", desk->session.person);
        snprintf(upload.kind, sizeof upload.kind, "%s", kind);
        snprintf(upload.map, sizeof upload.map, "%s", map);
        r = upload_add(desk->db, desk->now, &upload, desk->file.data, desk->file.length, &id, desk->err);
        if (r == ERR_LIMIT)
                return desk_refuse(desk, 409, "import-too-many");
        snprintf(of, sizeof of, "%lld", (long long)id);
        return r < 0 ? r : desk_done(desk, "import", of, NULL);
}

int import_act(struct desk *desk, const struct form *form)
{
        const char *act = form_value(form, "act");
        int64_t id = strtoll(desk->of, NULL, 10);
        int r;

        if (!admin_holds_top(desk))
                return desk_refuse(desk, 403, "error-forbidden");
        r = desk_once(desk, form);
        if (r <= 0)
                return r < 0 ? r : 409;
        if (strcmp(act, "try") == 0)
                return take_file(desk, form);
        if (strcmp(act, "import") == 0)
                r = upload_confirm(desk->db, desk->now, id, desk->err);
        else if (strcmp(act, "forget") == 0)
                r = upload_forget(desk->db, desk->now, id, desk->err);
        else
                return desk_refuse(desk, 400, "form-wrong");
        if (r < 0)
                return r;
        return r ? desk_done(desk, NULL, NULL, NULL) : desk_refuse(desk, 409, "stale");
}
