#include "engine/rule.h"
#include "engine/rule_read.h"

#include <errno.h>
#include <fts.h>
#include <string.h>

static int by_name(const FTSENT **a, const FTSENT **b)
{
        return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_yaml(const FTSENT *entry)
{
        size_t length = strlen(entry->fts_name);

        if (strcmp(entry->fts_name, "evaluation.yaml") == 0 || strcmp(entry->fts_name, "outcomes.yaml") == 0)
                return false; /* what evaluations ask for, and what is written down of cases: no rules */
        return entry->fts_info == FTS_F && length > 5 && strcmp(entry->fts_name + length - 5, ".yaml") == 0;
}

/* Puts a rule at its place in the order of names, or in place of the one of an earlier folder. */
static int keep(struct rulebook *book, struct rule *rule, struct err *err)
{
        int at = 0, order = 1;

        while (at < book->count && (order = strcmp(book->rules[at]->name, rule->name)) < 0)
                at++;
        if (at < book->count && order == 0) {
                rule_free(book->rules[at]);
                book->rules[at] = rule;
                return 0;
        }
        if (book->count == RULE_MAX) {
                rule_free(rule);
                return err_set(err, ERR_LIMIT, "rules: more than %d: remove some", RULE_MAX);
        }
        memmove(book->rules + at + 1, book->rules + at, (size_t)(book->count - at) * sizeof book->rules[0]);
        book->rules[at] = rule;
        book->count++;
        return 0;
}

struct fault_list {
        void (*tell)(void *context, const struct err *fault);
        void *context;
        struct err first;
};

static void note_fault(struct fault_list *faults, const struct err *fault)
{
        if (!faults->first.code)
                faults->first = *fault;
        if (faults->tell)
                faults->tell(faults->context, fault);
}

static void load_file(struct rulebook *book, const char *path, struct fault_list *faults)
{
        struct rule *rule = NULL;
        struct err err = {0};
        int r;

        r = rule_read(book->sandbox, path, &rule, &err);
        if (r == 0)
                r = keep(book, rule, &err);
        if (r < 0)
                note_fault(faults, &err);
}

static int load_folder(struct rulebook *book, const char *folder, struct fault_list *faults)
{
        char *const paths[] = {(char *)folder, NULL};
        FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
        struct err err;
        FTSENT *entry;

        if (!tree)
                return ERR_NOMEM;
        while ((entry = fts_read(tree))) {
                if (is_yaml(entry)) {
                        load_file(book, entry->fts_path, faults);
                } else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
                           entry->fts_info == FTS_NS) {
                        err_set(&err, ERR_IO, "%s: cannot read (%s): check the path and its rights",
                                entry->fts_path, strerror(entry->fts_errno));
                        note_fault(faults, &err);
                }
        }
        fts_close(tree);
        return 0;
}

int rulebook_load(struct db *db, const char *const *folders, int folder_count,
                  void (*tell)(void *context, const struct err *fault), void *context,
                  struct rulebook **ret_book, struct err *err)
{
        struct fault_list faults = {.tell = tell, .context = context};
        struct rulebook *book = calloc(1, sizeof *book);
        int r;

        if (!book)
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        r = select_sandbox_open(db, &book->sandbox, err);
        for (int i = 0; i < folder_count && r == 0; i++) {
                r = load_folder(book, folders[i], &faults);
                if (r < 0)
                        err_set(err, r, "%s: out of memory", folders[i]);
        }
        book->sandbox = select_sandbox_close(book->sandbox); /* a database in memory, for reading alone */
        if (r == 0 && faults.first.code) {
                r = faults.first.code;
                if (err)
                        *err = faults.first;
        }
        if (r < 0) {
                rulebook_free(book);
                return r;
        }
        *ret_book = book;
        return 0;
}

struct rulebook *rulebook_free(struct rulebook *book)
{
        if (!book)
                return NULL;
        for (int i = 0; i < book->count; i++)
                rule_free(book->rules[i]);
        free(book);
        return NULL;
}

struct rule *rulebook_find(const struct rulebook *book, const char *name)
{
        int low = 0, high = book->count;

        while (low < high) {
                int middle = (low + high) / 2, order = strcmp(book->rules[middle]->name, name);

                if (order == 0)
                        return book->rules[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}
