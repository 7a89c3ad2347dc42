/* resources: where the shipped rules, templates and providers stand, and reading them. The folders beside the
 * source tree of the executable come first, then /usr/share/kapula; files below /etc/kapula replace shipped
 * ones of the same name. */
#ifndef COMMAND_RESOURCES_H
#define COMMAND_RESOURCES_H

#include "base/err.h"

#include <stdbool.h>

struct catalogue;
struct pages;
struct criteria;
struct db;
struct outcomes;
struct rulebook;

/* The shipped folder NAME ("rules", "templates", "providers"). free() it. */
int resource_folder(const char *name, char **ret_path, struct err *err);

/* The file NAME of the templates (not a template itself): in OVERLAY (may be NULL), below /etc/kapula or
 * shipped. free() it. */
int resource_template_file(const char *name, const char *overlay, char **ret_path, struct err *err);

/* FOLDER: in place of the shipped and the local ones, NULL: those. OVERLAY: laid over them, may be NULL.
 * Every fault is told on standard error when TELL is set; the first comes back in ERR. */
int resource_rules(struct db *db, const char *folder, const char *overlay, bool tell,
                   struct rulebook **ret_book, struct err *err);
/* The same, each fault given to TELL (may be NULL). */
int resource_rules_told(struct db *db, const char *folder, const char *overlay,
                        void (*tell)(void *context, const struct err *fault), void *context,
                        struct rulebook **ret_book, struct err *err);
int resource_templates(const char *folder, const char *overlay, struct catalogue **ret_catalogue,
                       struct err *err);

/* The pages of the same folders; NAME, a literal: "web" or "desk". */
int resource_pages(const char *name, const char *folder, const char *overlay, struct pages **ret_pages,
                   struct err *err);

/* evaluation.yaml of the last of the folders of rules that has one. */
int resource_criteria(const char *folder, const char *overlay, struct criteria *ret_criteria,
                      struct err *err);
/* outcomes.yaml, likewise. */
int resource_outcomes(const char *folder, const char *overlay, struct outcomes *ret_outcomes,
                      struct err *err);

#endif
