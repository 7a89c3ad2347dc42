/* log: one line an event on standard error, "LEVEL FOLDER: text". Ids, counts and states only: no name,
 * contact or free text of a person. Lines are cut at LOG_LINE_MAX bytes and control characters become '?'.
 * Safe from any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#define LOG_LINE_MAX 1024

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level); /* what is above LEVEL is not written; info at first */

void log_error(const char *folder, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *folder, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *folder, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *folder, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
