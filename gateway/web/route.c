#include "web/route.h"

#include <string.h>

static bool matches(const char *pattern, const char *path, char ret_wildcard[static REQUEST_WILDCARD_MAX])
{
        const char *star = strchr(pattern, '*');
        size_t before, after, segment;

        if (!star) {
                ret_wildcard[0] = '\0';
                return strcmp(pattern, path) == 0;
        }
        before = (size_t)(star - pattern);
        if (strncmp(pattern, path, before) != 0)
                return false;
        path += before;
        after = strcspn(star + 1, "/");
        segment = strcspn(path, "/");
        if (segment <= after || segment - after >= REQUEST_WILDCARD_MAX)
                return false;
        segment -= after;
        if (strcmp(path + segment, star + 1) != 0)
                return false;
        memcpy(ret_wildcard, path, segment);
        ret_wildcard[segment] = '\0';
        return true;
}

const struct route *route_find(const struct route *table, size_t count, const struct web *web,
                               enum method method, const char *path,
                               char ret_wildcard[static REQUEST_WILDCARD_MAX], unsigned *ret_allow)
{
        char wildcard[REQUEST_WILDCARD_MAX];

        *ret_allow = 0;
        for (const struct route *route = table; route < table + count; route++) {
                if ((route->is_enabled && !route->is_enabled(web)) ||
                    !matches(route->pattern, path, wildcard))
                        continue;
                if (route->method == method) {
                        memcpy(ret_wildcard, wildcard, sizeof wildcard);
                        return route;
                }
                *ret_allow |= 1u << route->method;
        }
        return NULL;
}
