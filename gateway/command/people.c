/* kapula people: what is known of one person, for staff at the machine. */
#include "command/config.h"
#include "command/verbs.h"
#include "store/db.h"
#include "store/person_show.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX_BYTES 256

struct arguments {
        const char *db, *config;
        bool is_json;
};

/* A value of OBJECT; what would move the cursor is shown as '?'. */
static const char *text_of(const json_t *object, const char *key, char text[static VALUE_MAX_BYTES])
{
        const json_t *value = json_object_get(object, key);

        text[0] = '\0';
        if (json_is_string(value))
                snprintf(text, VALUE_MAX_BYTES, "%s", json_string_value(value));
        else if (json_is_integer(value))
                snprintf(text, VALUE_MAX_BYTES, "%lld", (long long)json_integer_value(value));
        for (char *at = text; *at; at++)
                if (iscntrl((unsigned char)*at))
                        *at = '?';
        return text;
}

static void print_list(const json_t *person, const char *list, const char *label, const char *const *keys)
{
        char text[VALUE_MAX_BYTES];
        size_t index;
        json_t *row;

        json_array_foreach(json_object_get(person, list), index, row)
        {
                printf("%-12s", label);
                for (const char *const *key = keys; *key; key++)
                        if (text_of(row, *key, text)[0])
                                printf(" %s%s%s", strcmp(*key, "line") && strcmp(*key, "rank") ? "" : *key,
                                       strcmp(*key, "line") && strcmp(*key, "rank") ? "" : " ", text);
                putchar('\n');
        }
}

static void print(const json_t *person)
{
        static const struct {
                const char *list, *label, *keys[7];
        } table[] = {
            {"roles", "role", {"role", "organisation", "from", "until"}},
            {"guardians", "guardian", {"person", "rank", "ended"}},
            {"contacts", "contact", {"channel", "value", "state", "reason"}},
            {"refused", "refused", {"channel", "value", "source", "line"}},
            {"holds", "hold", {"reason"}},
            {"messages", "message", {"id", "channel", "state", "reason"}},
        };
        char text[VALUE_MAX_BYTES];

        printf("%-12s %s", "person", text_of(person, "id", text));
        printf(" %s", text_of(person, "given", text));
        printf(" %s%s\n", text_of(person, "family", text),
               json_is_true(json_object_get(person, "protected")) ? ", protected" : "");
        if (text_of(person, "ended", text)[0])
                printf("%-12s %s\n", "ended", text);
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                print_list(person, table[i].list, table[i].label, table[i].keys);
}

static int show(struct db *db, const char *id, bool is_json, struct err *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        json_t *person;
        int r = person_show(db, id, &text, err);

        if (r < 0)
                return r;
        if (is_json) {
                puts(text);
                return 0;
        }
        person = json_loads(text, 0, NULL);
        if (!person)
                return err_set(err, ERR_NOMEM, "people: out of memory");
        print(person);
        json_decref(person);
        return 0;
}

static int run(int argc, char **argv, struct err *err)
{
        struct arguments arguments = {0};
        const struct option_spec table[] = {{.name = "--config", .value = &arguments.config},
                                            {.name = "--db", .value = &arguments.db},
                                            {.name = "--json", .flag = &arguments.is_json},
                                            {0}};
        const char *operands[OPERAND_MAX];
        struct db *db = NULL;
        int count, r = options_read(argc, argv, table, operands, &count, err);

        if (r == 0 && (count != 2 || strcmp(operands[0], "show") != 0))
                r = err_set(err, ERR_USAGE, "people: show ID is wanted: see kapula help people");
        if (r == 0)
                r = config_open_database(arguments.config, arguments.db, DB_READER, &db, err);
        if (r == 0)
                r = show(db, operands[1], arguments.is_json, err);
        db_close(db);
        return r;
}

const struct verb verb_people = {
    .name = "people",
    .usage = "show ID [--json] [--db FILE] [--config FILE]",
    .summary = "what is known of one person: roles, guardians, contacts that work or do not, holds, messages",
    .details =
        "`refused`: what the last import took for no number and no address, with the line of its file.\n"
        "`stopped`: its owner sent STOP or left by the link: urgent messages alone go there.",
    .run = run,
};
