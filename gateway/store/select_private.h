/* What select.c and select_plan.c share. Nobody outside includes it. */
#ifndef STORE_SELECT_PRIVATE_H
#define STORE_SELECT_PRIVATE_H

#include "store/db.h"
#include "store/select.h"

#define SELECT_VIEW_MAX 128

struct select {
        char *name, *sql;
        char *columns[SELECT_COLUMN_MAX], *parameters[SELECT_COLUMN_MAX], *views[SELECT_VIEW_MAX];
        int column_count, parameter_count, view_count;
        unsigned reads;
        struct db_statement kept;
};

#endif
