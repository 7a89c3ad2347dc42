#include "engine/texts.h"
#include "base/log.h"
#include "compose/catalogue.h"
#include "store/desk_setting.h"

#include <stdio.h>
#include <string.h>

#define ORIGIN_MAX (ID_SIZE + 2 * CATALOGUE_NAME_MAX_BYTES) /* "kj: fi/absence-alert.sms" */

struct layer {
        char organisation[ID_SIZE];
        struct catalogue *catalogue;
};

struct texts {
        struct layer *layers; /* those above before those below */
        size_t count, room;
        char *version; /* of what was read; NULL: nothing was */
        void (*fault)(void *context, const char *organisation, const struct err *fault);
        void *fault_context;
};

struct texts *texts_new(void)
{
        return calloc(1, sizeof(struct texts));
}

void texts_forget(struct texts *texts)
{
        while (texts->count) /* those below borrow those above */
                catalogue_free(texts->layers[--texts->count].catalogue);
        free(TAKE(texts->version));
}

struct texts *texts_free(struct texts *texts)
{
        if (!texts)
                return NULL;
        texts_forget(texts);
        free(texts->layers);
        free(texts);
        return NULL;
}

void texts_on_fault(struct texts *texts,
                    void (*fault)(void *context, const char *organisation, const struct err *fault),
                    void *context)
{
        texts->fault = fault;
        texts->fault_context = context;
}

static struct layer *find(const struct texts *texts, const char *organisation)
{
        for (size_t i = texts->count; i-- > 0;)
                if (strcmp(texts->layers[i].organisation, organisation) == 0)
                        return &texts->layers[i];
        return NULL;
}

/* ---- reading */

struct reading {
        struct texts *texts;
        const struct catalogue *files;
};

static int make_room(struct texts *texts, struct err *err)
{
        size_t room = texts->room ? texts->room * 2 : 8;
        struct layer *layers;

        if (texts->count < texts->room)
                return 0;
        layers = reallocarray(texts->layers, room, sizeof *layers);
        if (!layers)
                return err_set(err, ERR_NOMEM, "texts: out of memory");
        texts->layers = layers;
        texts->room = room;
        return 0;
}

static int open_layer(struct reading *reading, const struct organisation_text *text, struct layer **ret_layer,
                      struct err *err)
{
        struct texts *texts = reading->texts;
        struct layer *layer = find(texts, text->organisation), *above;
        int r;

        if (layer) {
                *ret_layer = layer;
                return 0;
        }
        r = make_room(texts, err);
        if (r < 0)
                return r;
        above = text->above ? find(texts, text->above) : NULL;
        layer = &texts->layers[texts->count];
        layer->catalogue = catalogue_over(above ? above->catalogue : reading->files);
        if (!layer->catalogue)
                return err_set(err, ERR_NOMEM, "texts: out of memory");
        snprintf(layer->organisation, sizeof layer->organisation, "%s", text->organisation);
        texts->count++;
        *ret_layer = layer;
        return 0;
}

static void tell(const struct texts *texts, const struct organisation_text *text, const struct err *fault)
{
        if (texts->fault)
                texts->fault(texts->fault_context, text->organisation, fault);
        else
                log_error("engine", "%s: the file's text is used instead", fault->text);
}

static int take_text(void *context, const struct organisation_text *text, struct err *err)
{
        struct reading *reading = context;
        enum catalogue_kind kind = strcmp(text->channel, "sms") == 0 ? CATALOGUE_SMS : CATALOGUE_EMAIL;
        char origin[ORIGIN_MAX];
        struct layer *layer = NULL;
        struct err fault = {0};
        int r;

        if (reading->texts->count == TEXTS_OWNER_MAX && !find(reading->texts, text->organisation)) {
                err_set(&fault, ERR_LIMIT,
                        "%.60s: more than %d organisations have texts of their own: take some back",
                        text->organisation, TEXTS_OWNER_MAX);
                tell(reading->texts, text, &fault);
                return 0;
        }
        r = open_layer(reading, text, &layer, err);
        if (r < 0)
                return r;
        snprintf(origin, sizeof origin, "%.60s: %.16s/%.64s.%s", text->organisation, text->language,
                 text->template, text->channel);
        r = catalogue_add(layer->catalogue, text->language, text->template, kind, text->text, origin, &fault);
        if (r == ERR_NOMEM)
                return err_set(err, r, "texts: out of memory");
        if (r < 0)
                tell(reading->texts, text, &fault);
        return 0;
}

int texts_refresh(struct texts *texts, struct db *db, const struct catalogue *files, struct err *err)
{
        _cleanup_(free_ptr) char *version = NULL;
        struct reading reading = {texts, files};
        int r = organisation_text_version(db, &version, err);

        if (r < 0 || (texts->version && strcmp(texts->version, version) == 0))
                return r;
        texts_forget(texts);
        if (version[0]) /* a database of an earlier release has no such table */
                r = organisation_text_each(db, take_text, &reading, err);
        if (r < 0)
                texts_forget(texts);
        else
                texts->version = TAKE(version);
        return r;
}

/* ---- looking up */

int texts_of(const struct texts *texts, struct db *db, const char *organisation,
             const struct catalogue *files, const struct catalogue **ret_catalogue, struct err *err)
{
        char owner[ID_SIZE];
        const struct layer *layer = NULL;
        int r = texts->count ? organisation_text_owner(db, organisation, owner, err) : 0;

        if (r < 0)
                return r;
        if (r > 0)
                layer = find(texts, owner);
        *ret_catalogue = layer ? layer->catalogue : files;
        return 0;
}

size_t texts_count(const struct texts *texts)
{
        return texts->count;
}

const struct catalogue *texts_at(const struct texts *texts, size_t index, const char **ret_organisation)
{
        *ret_organisation = texts->layers[index].organisation;
        return texts->layers[index].catalogue;
}
