#include "base/zone_keep.h"

#include <pthread.h>
#include <string.h>

struct kept {
        char name[ZONE_NAME_MAX];
        struct zone *zone;
};

struct keeper {
        struct kept table[ZONE_KEEP_MAX];
        unsigned next;
};

static _Thread_local struct keeper keeper;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void close_all(void *value)
{
        struct keeper *kept = value;

        for (unsigned i = 0; i < ZONE_KEEP_MAX; i++)
                kept->table[i].zone = zone_close(kept->table[i].zone);
}

static void make_key(void)
{
        pthread_key_create(&key, close_all); /* without a key the zones live until the process ends */
}

int zone_keep(const char *name, struct zone **ret_zone, struct err *err)
{
        struct zone *zone = NULL;
        struct kept *kept;
        int r;

        for (unsigned i = 0; i < ZONE_KEEP_MAX; i++) {
                kept = &keeper.table[i];
                if (kept->zone && strcmp(kept->name, name) == 0) {
                        *ret_zone = kept->zone;
                        return 0;
                }
        }
        if (strlen(name) >= ZONE_NAME_MAX)
                return err_set(err, ERR_INVALID, "time zone: its name is longer than %d bytes",
                               ZONE_NAME_MAX - 1);
        r = zone_open(name, &zone, err);
        if (r < 0)
                return r;
        pthread_once(&once, make_key);
        pthread_setspecific(key, &keeper);
        kept = &keeper.table[keeper.next++ % ZONE_KEEP_MAX];
        zone_close(kept->zone);
        memcpy(kept->name, name, strlen(name) + 1);
        kept->zone = zone;
        *ret_zone = zone;
        return 0;
}
