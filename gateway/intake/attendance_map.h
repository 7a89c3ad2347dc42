/* attendance_map: how the columns and codes of a register's export are read: a YAML file of gateway/maps/, or
 * of the site's own. README.md there shows the keys. Without a map the columns are called as the fields of
 * attendance.marked. */
#ifndef INTAKE_ATTENDANCE_MAP_H
#define INTAKE_ATTENDANCE_MAP_H

#include "base/zone.h"
#include "intake/table.h"
#include "store/lesson.h"

#define ATTENDANCE_CODES_MAX 200

/* In the order of attendance_map.c's table. */
enum attendance_field {
        ATTENDANCE_PUPIL,
        ATTENDANCE_DAY,
        ATTENDANCE_LESSON,
        ATTENDANCE_STARTS,
        ATTENDANCE_ENDS,
        ATTENDANCE_CODE,
        ATTENDANCE_MARK,
        ATTENDANCE_CLASS,
        ATTENDANCE_PLACE,
        ATTENDANCE_BY,
        ATTENDANCE_FIELD_COUNT,
};

/* What a code says. */
struct attendance_code {
        const char *mark, *class; /* of store/attendance.h; mark NULL: the row says nothing of attendance */
};

struct attendance_map;

/* PATH NULL: the plain format. */
int attendance_map_load(const char *path, struct attendance_map **ret_map, struct err *err);
struct attendance_map *attendance_map_free(struct attendance_map *map); /* takes NULL, returns NULL */

static inline void attendance_map_freep(struct attendance_map **map)
{
        attendance_map_free(*map);
}

const struct table_column *attendance_map_columns(const struct attendance_map *map);

/* The organisation whose register this is; NULL: not said. */
const char *attendance_map_organisation(const struct attendance_map *map);

/* False when TEXT has not the form that the map gives. */
bool attendance_map_day(const struct attendance_map *map, const char *text, int32_t *ret_day);
bool attendance_map_time(const struct attendance_map *map, const char *text,
                         int *ret_seconds); /* of the day */

/* False when the map knows no such code (TEXT NULL: an empty one). */
bool attendance_map_code(const struct attendance_map *map, const char *text,
                         struct attendance_code *ret_code);

/* NULL when the map has no table of lessons. */
const struct timetable *attendance_map_lessons(const struct attendance_map *map);

#endif
