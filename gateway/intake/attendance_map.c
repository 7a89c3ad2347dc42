#include "intake/attendance_map.h"
#include "base/date.h"
#include "base/yaml.h"

#include <stdio.h>
#include <string.h>

#define FORMAT_MAX 32
#define NOON (12 * 3600)

struct code {
        const char *text;
        struct attendance_code code;
};

struct attendance_map {
        struct yaml *yaml; /* holds every text; NULL: the plain format */
        struct table_column columns[ATTENDANCE_FIELD_COUNT];
        const char *organisation, *date, *time;
        struct code codes[ATTENDANCE_CODES_MAX];
        int code_count;
        bool skips_others;
        struct timetable lessons;
};

static const char *const field_names[ATTENDANCE_FIELD_COUNT + 1] = {
    "pupil", "day", "lesson", "starts", "ends", "code", "mark", "class", "place", "by", NULL};

/* ---- the words that a code may stand for */

static const struct {
        const char *word;
        struct attendance_code code;
} word_table[] = {
    {"absent", {"absent", "unexplained"}},
    {"health", {"absent", "health"}},
    {"late", {"late", NULL}},
    {"leave", {"absent", "leave"}},
    {"other", {"absent", "other"}},
    {"present", {"present", NULL}},
    {"skip", {NULL, NULL}},
    {"unexplained", {"absent", "unexplained"}},
};

static int find_word(const struct yaml_node *node, const char *word, struct attendance_code *ret_code,
                     struct err *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(word_table); i++)
                if (strcmp(word_table[i].word, word) == 0) {
                        *ret_code = word_table[i].code;
                        return 0;
                }
        return yaml_refuse(
            node, err, "%.40s is no meaning: write present, late, unexplained, health, leave, other or skip",
            word);
}

static int read_codes(struct attendance_map *map, const struct yaml_node *codes, struct err *err)
{
        const char *word;
        int r = codes ? yaml_want(codes, YAML_KIND_MAPPING, err) : 0;

        for (int i = 0; r == 0 && codes && i < yaml_count(codes); i++) {
                const struct yaml_node *node = yaml_at(codes, i);

                if (map->code_count == ATTENDANCE_CODES_MAX)
                        return yaml_refuse(node, err, "more than %d codes: leave some out",
                                           ATTENDANCE_CODES_MAX);
                r = yaml_text(node, &word, err);
                if (r == 0)
                        r = find_word(node, word, &map->codes[map->code_count].code, err);
                map->codes[map->code_count++].text = yaml_key(node);
        }
        return r;
}

bool attendance_map_code(const struct attendance_map *map, const char *text, struct attendance_code *ret_code)
{
        for (int i = 0; i < map->code_count; i++)
                if (strcmp(map->codes[i].text, text ? text : "") == 0) {
                        *ret_code = map->codes[i].code;
                        return true;
                }
        *ret_code = (struct attendance_code){0};
        return map->skips_others;
}

/* ---- columns */

static int read_column(struct attendance_map *map, const struct yaml_node *node, struct err *err)
{
        struct table_column *column = NULL;
        int r = 0;

        for (int i = 0; i < ATTENDANCE_FIELD_COUNT; i++)
                if (strcmp(field_names[i], yaml_key(node)) == 0)
                        column = &map->columns[i];
        if (!column)
                return yaml_refuse(node, err,
                                   "no such field: write pupil, day, lesson, starts, ends, code,"
                                   " mark, class, place or by");
        if (yaml_kind(node) == YAML_KIND_SCALAR)
                return yaml_text(node, &column->name, err);
        if (yaml_kind(node) != YAML_KIND_SEQUENCE || yaml_count(node) != 2)
                return yaml_refuse(node, err, "no column: write its name, or a list of two names");
        r = yaml_text(yaml_at(node, 0), &column->name, err);
        return r < 0 ? r : yaml_text(yaml_at(node, 1), &column->other, err);
}

static int read_columns(struct attendance_map *map, const struct yaml_node *root, struct err *err)
{
        const struct yaml_node *columns;
        int r = yaml_need(root, "columns", &columns, err);

        if (r == 0)
                r = yaml_want(columns, YAML_KIND_MAPPING, err);
        for (int i = 0; i < ATTENDANCE_FIELD_COUNT; i++)
                map->columns[i].name = ""; /* not in the file */
        for (int i = 0; r == 0 && i < yaml_count(columns); i++)
                r = read_column(map, yaml_at(columns, i), err);
        if (r == 0 && (!*map->columns[ATTENDANCE_PUPIL].name || !*map->columns[ATTENDANCE_DAY].name))
                r = yaml_refuse(columns, err, "pupil or day is missing: name their columns");
        if (r == 0 && !*map->columns[ATTENDANCE_CODE].name && !*map->columns[ATTENDANCE_MARK].name)
                r = yaml_refuse(columns, err, "code and mark are missing: name the column of one of them");
        return r;
}

static void need_columns(struct attendance_map *map)
{
        map->columns[ATTENDANCE_PUPIL].is_needed = map->columns[ATTENDANCE_DAY].is_needed = true;
        map->columns[map->code_count || map->skips_others ? ATTENDANCE_CODE : ATTENDANCE_MARK].is_needed =
            true;
}

const struct table_column *attendance_map_columns(const struct attendance_map *map)
{
        return map->columns;
}

const char *attendance_map_organisation(const struct attendance_map *map)
{
        return map->organisation;
}

/* ---- dates and times */

/* Reads TEXT by FORMAT: a run of a letter is a number with at most as many digits, and at least two; every
 * other character stands for itself. */
static bool read_numbers(const char *format, const char *text, const char *letters, int numbers[])
{
        while (*format) {
                const char *letter = strchr(letters, *format);
                size_t run = strspn(format, (const char[]){*format, '\0'}), digits;
                int value = 0;

                if (!letter) {
                        if (*text++ != *format++)
                                return false;
                        continue;
                }
                digits = strspn(text, "0123456789");
                if (digits > (run < 2 ? 2 : run))
                        digits = run < 2 ? 2 : run;
                if (digits == 0 || (run > 2 && digits != run))
                        return false;
                for (size_t i = 0; i < digits; i++)
                        value = value * 10 + (*text++ - '0');
                numbers[letter - letters] = value;
                format += run;
        }
        return *text == '\0';
}

bool attendance_map_day(const struct attendance_map *map, const char *text, int32_t *ret_day)
{
        int numbers[3] = {0}; /* Y, M, D */
        char day[DATE_TEXT_MAX + 8];

        if (date_parse(text, ret_day))
                return true;
        if (!map->date || !read_numbers(map->date, text, "YMD", numbers))
                return false;
        if (numbers[0] < 100)
                numbers[0] += 2000;
        snprintf(day, sizeof day, "%04d-%02d-%02d", numbers[0] % 10000, numbers[1] % 100, numbers[2] % 100);
        return date_parse(day, ret_day);
}

bool attendance_map_time(const struct attendance_map *map, const char *text, int *ret_seconds)
{
        int numbers[3] = {0}; /* H, M, S */

        if (zone_parse_time(text, ret_seconds))
                return true;
        if (!map->time || !read_numbers(map->time, text, "HMS", numbers) || numbers[0] > 23 ||
            numbers[1] > 59 || numbers[2] > 59)
                return false;
        *ret_seconds = numbers[0] * 3600 + numbers[1] * 60 + numbers[2];
        return true;
}

static int read_format(const struct yaml_node *root, const char *key, const char *needed,
                       const char **ret_format, struct err *err)
{
        const struct yaml_node *node = yaml_get(root, key);
        int r = node ? yaml_text(node, ret_format, err) : 0;

        if (r < 0 || !node)
                return r;
        for (; *needed; needed++)
                if (!strchr(*ret_format, *needed) || strlen(*ret_format) > FORMAT_MAX)
                        return yaml_refuse(node, err, "no format: write it as D.M.YYYY, or H.MM for a time");
        return 0;
}

/* ---- lessons */

static int read_lesson(struct attendance_map *map, const struct yaml_node *node, struct err *err)
{
        char starts[16], ends[16];
        int from, until, r;
        const char *text;
        int64_t number;

        r = yaml_text(node, &text, err);
        if (r < 0)
                return r;
        if (!yaml_read_int(yaml_key(node), &number) || number < 1 || number > LESSON_NO_MAX ||
            sscanf(text, "%15[0-9:]-%15[0-9:]", starts, ends) != 2 || !zone_parse_time(starts, &from) ||
            !zone_parse_time(ends, &until) || until <= from || map->lessons.count == LESSON_NO_MAX)
                return yaml_refuse(node, err,
                                   "no lesson: write its number and hours, as in 1: \"08:00-08:45\"");
        map->lessons.lessons[map->lessons.count].lesson = (int)number;
        map->lessons.lessons[map->lessons.count].starts = from - NOON;
        map->lessons.lessons[map->lessons.count++].ends = until - NOON;
        return 0;
}

static int read_lessons(struct attendance_map *map, const struct yaml_node *lessons, struct err *err)
{
        int r = lessons ? yaml_want(lessons, YAML_KIND_MAPPING, err) : 0;

        for (int i = 0; r == 0 && lessons && i < yaml_count(lessons); i++)
                r = read_lesson(map, yaml_at(lessons, i), err);
        return r;
}

const struct timetable *attendance_map_lessons(const struct attendance_map *map)
{
        return map->lessons.count ? &map->lessons : NULL;
}

/* ---- the whole */

static int read_map(struct attendance_map *map, const struct yaml_node *root, struct err *err)
{
        static const char *const keys[] = {"about", "columns",      "codes",  "date", "lessons",
                                           "map",   "organisation", "others", "time", NULL};
        const struct yaml_node *others = yaml_get(root, "others");
        const struct yaml_node *organisation = yaml_get(root, "organisation");
        const char *word = "refuse";
        int r = yaml_only_keys(root, keys, err);

        if (r == 0)
                r = read_columns(map, root, err);
        if (r == 0)
                r = read_codes(map, yaml_get(root, "codes"), err);
        if (r == 0 && others)
                r = yaml_text(others, &word, err);
        if (r == 0 && strcmp(word, "refuse") != 0 && strcmp(word, "skip") != 0)
                r = yaml_refuse(others, err, "write refuse or skip");
        map->skips_others = r == 0 && strcmp(word, "skip") == 0;
        if (r == 0 && organisation)
                r = yaml_text(organisation, &map->organisation, err);
        if (r == 0)
                r = read_format(root, "date", "YMD", &map->date, err);
        if (r == 0)
                r = read_format(root, "time", "HM", &map->time, err);
        return r < 0 ? r : read_lessons(map, yaml_get(root, "lessons"), err);
}

int attendance_map_load(const char *path, struct attendance_map **ret_map, struct err *err)
{
        struct attendance_map *map = calloc(1, sizeof *map);
        int r = 0;

        if (!map)
                return err_set(err, ERR_NOMEM, "import: out of memory");
        for (int i = 0; i < ATTENDANCE_FIELD_COUNT; i++)
                map->columns[i].name = i == ATTENDANCE_CODE ? "" : field_names[i];
        if (path)
                r = yaml_load(path, &map->yaml, err);
        if (r == 0 && path)
                r = read_map(map, yaml_root(map->yaml), err);
        if (r < 0) {
                attendance_map_free(map);
                return r;
        }
        need_columns(map);
        *ret_map = map;
        return 0;
}

struct attendance_map *attendance_map_free(struct attendance_map *map)
{
        if (map) {
                yaml_free(map->yaml);
                free(map);
        }
        return NULL;
}
