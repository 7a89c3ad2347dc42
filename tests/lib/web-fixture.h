/* web-fixture: a gateway's web part on a free port with a database of its own, for tests. Include after
 * cmocka.h. */
#ifndef TESTS_WEB_FIXTURE_H
#define TESTS_WEB_FIXTURE_H

#include "compose/catalogue.h"
#include "base/clock.h"
#include "store/db.h"
#include "store/token.h"
#include "store/writer.h"
#include "web/web.h"
#include "fresh.h"
#include "http-client.h"

#include <semaphore.h>
#include <stdatomic.h>

struct fixture {
        char folder[64], path[96];
        struct clock clock;
        struct writer *writer;
        struct web_options options;
        struct web *web;
        int port;
        char token[TOKEN_TEXT_MAX], other_token[TOKEN_TEXT_MAX]; /* scopes events:write and clock:write */
        char token_id[TOKEN_ID_MAX];
        char authorization[256]; /* a header line with token */
        atomic_int commits;
};

static inline int fixture_token(struct fixture *fixture, const char *scope, char *ret_text, char *ret_id)
{
        struct token token;
        struct err err = {0};
        struct db *db;
        int r;

        r = db_open(fixture->path, DB_WRITER, &db, &err);
        if (r == 0)
                r = token_create(db, 1000, "test", scope, NULL, NULL, &token, ret_text, &err);
        db_close(db);
        if (r == 0 && ret_id)
                memcpy(ret_id, token.id, sizeof token.id);
        return r;
}

static inline void fixture_committed(void *context)
{
        atomic_fetch_add(&((struct fixture *)context)->commits, 1);
}

/* Everything but web_open, so that a test may set options. */
static inline void fixture_prepare(struct fixture *fixture)
{
        struct err err = {0};

        *fixture = (struct fixture){.folder = "/tmp/kapula-web-XXXXXX"};
        assert_non_null(mkdtemp(fixture->folder));
        snprintf(fixture->path, sizeof fixture->path, "%s/kapula.db", fixture->folder);
        fresh_file(fixture->path);
        clock_init_real(&fixture->clock);
        assert_int_equal(writer_open(fixture->path, &fixture->clock, &fixture->writer, &err), 0);
        assert_int_equal(writer_on_commit(fixture->writer, fixture_committed, fixture), 0);
        assert_int_equal(fixture_token(fixture, "events:write", fixture->token, fixture->token_id), 0);
        assert_int_equal(fixture_token(fixture, "clock:write", fixture->other_token, NULL), 0);
        snprintf(fixture->authorization, sizeof fixture->authorization, "Authorization: Bearer %s\r\n",
                 fixture->token);
        fixture->options = (struct web_options){.clock = &fixture->clock,
                                                .writer = fixture->writer,
                                                .db_path = fixture->path,
                                                .version = "1.2.3",
                                                .is_sandbox = true};
        fixture->options.words = catalogue_new();
        assert_non_null(fixture->options.words);
        assert_int_equal(catalogue_add_folder(fixture->options.words, SOURCE_DIR "/templates", &err), 0);
}

static inline void fixture_open(struct fixture *fixture)
{
        struct err err = {0};

        if (web_open(&fixture->options, &fixture->web, &err) < 0)
                fail_msg("%s", err.text);
        fixture->port = web_port(fixture->web);
}

static inline void fixture_close(struct fixture *fixture)
{
        static const char *const suffixes[] = {"", "-wal", "-shm"};
        char name[128];

        fixture->web = web_close(fixture->web);
        fixture->writer = writer_close(fixture->writer);
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                snprintf(name, sizeof name, "%s%s", fixture->path, suffixes[i]);
                unlink(name);
        }
        assert_int_equal(rmdir(fixture->folder), 0);
}

/* ---- a writer that stands still until it is let go, so that a test decides what waits */

struct gate {
        struct writer_job job;
        sem_t entered, open;
};

static inline int gate_run(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct gate *gate = (struct gate *)job;

        (void)db;
        (void)now_utc;
        (void)err;
        sem_post(&gate->entered);
        while (sem_wait(&gate->open) < 0)
                continue;
        return 0;
}

static inline void gate_close(struct gate *gate, struct writer *writer)
{
        *gate = (struct gate){.job = {.run = gate_run}};
        sem_init(&gate->entered, 0, 0);
        sem_init(&gate->open, 0, 0);
        assert_int_equal(writer_submit(writer, &gate->job), 0);
        while (sem_wait(&gate->entered) < 0)
                continue;
}

static inline void gate_open(struct gate *gate)
{
        sem_post(&gate->open);
}

#endif
