#include "publish/marks.h"
#include "base/log.h"
#include "store/writer.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#define REFUSED_MIN 0x80 /* reason codes from here on */

struct mark {
        int64_t first, last; /* ids */
        int reason;
};

struct marks {
        struct writer_job job; /* first: the job is cast back */
        struct writer *writer;
        int wake_fd;
        struct mark gathered[MARKS_MAX], written[MARKS_MAX]; /* written: the job's */
        int gathered_count, written_count;
        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t stopped;
        bool is_running, has_failed;
};

static int run(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct marks *marks = (struct marks *)job;
        const struct mark *mark = marks->written, *end = mark + marks->written_count;
        int r = 0;

        (void)now_utc;
        for (; mark < end && r == 0; mark++)
                if (mark->reason >= REFUSED_MIN)
                        r = publication_refuse(db, mark->first, mark->reason, err);
                else
                        r = publication_acknowledge(db, mark->first, mark->last, err);
        return r;
}

static void done(struct writer_job *job, int result, const struct err *err)
{
        struct marks *marks = (struct marks *)job;

        if (result < 0)
                log_error("publish", "what the broker acknowledged is not written yet: %s", err->text);
        pthread_mutex_lock(&marks->mutex);
        marks->is_running = false;
        marks->has_failed = result < 0;
        pthread_cond_signal(&marks->stopped);
        eventfd_write(marks->wake_fd, 1); /* before the unlock: after it, marks may be gone */
        pthread_mutex_unlock(&marks->mutex);
}

int marks_new(struct writer *writer, int wake_fd, struct marks **ret_marks, struct err *err)
{
        struct marks *marks = calloc(1, sizeof *marks);

        if (!marks)
                return err_set(err, ERR_NOMEM, "publisher: out of memory");
        marks->job = (struct writer_job){.run = run, .done = done};
        marks->writer = writer;
        marks->wake_fd = wake_fd;
        pthread_mutex_init(&marks->mutex, NULL);
        pthread_cond_init(&marks->stopped, NULL);
        *ret_marks = marks;
        return 0;
}

struct marks *marks_free(struct marks *marks)
{
        if (!marks)
                return NULL;
        pthread_mutex_lock(&marks->mutex);
        while (marks->is_running)
                pthread_cond_wait(&marks->stopped, &marks->mutex);
        pthread_mutex_unlock(&marks->mutex);
        pthread_cond_destroy(&marks->stopped);
        pthread_mutex_destroy(&marks->mutex);
        free(marks);
        return NULL;
}

void marks_add(struct marks *marks, int64_t id, int reason)
{
        struct mark *last = marks->gathered + marks->gathered_count - 1;

        if (reason < REFUSED_MIN)
                reason = 0;
        if (marks->gathered_count && !reason && !last->reason && last->last + 1 == id)
                last->last = id;
        else if (marks->gathered_count < MARKS_MAX)
                marks->gathered[marks->gathered_count++] = (struct mark){id, id, reason};
}

int marks_room(const struct marks *marks)
{
        return MARKS_MAX - marks->gathered_count;
}

static bool is_running(struct marks *marks, bool *ret_failed)
{
        bool running;

        pthread_mutex_lock(&marks->mutex);
        running = marks->is_running;
        *ret_failed = marks->has_failed;
        pthread_mutex_unlock(&marks->mutex);
        return running;
}

void marks_flush(struct marks *marks)
{
        bool has_failed;

        if (is_running(marks, &has_failed))
                return;
        if (!has_failed) {
                memcpy(marks->written, marks->gathered,
                       (size_t)marks->gathered_count * sizeof marks->gathered[0]);
                marks->written_count = marks->gathered_count;
                marks->gathered_count = 0;
        }
        if (marks->written_count == 0)
                return;
        pthread_mutex_lock(&marks->mutex);
        marks->is_running = true;
        marks->has_failed = false;
        pthread_mutex_unlock(&marks->mutex);
        if (writer_submit(marks->writer, &marks->job) < 0) {
                pthread_mutex_lock(&marks->mutex);
                marks->is_running = false;
                marks->has_failed = true;
                pthread_mutex_unlock(&marks->mutex);
        }
}

bool marks_idle(struct marks *marks)
{
        bool has_failed;

        return !is_running(marks, &has_failed) && !has_failed && marks->gathered_count == 0;
}
