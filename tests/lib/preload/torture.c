/* torture: a library for LD_PRELOAD that ends a program, or fails a call of it, at the Nth of one kind of
 * step. The program needs no code for it. From the environment:
 *
 * TORTURE_STEP  store   a write, truncation or sync of a file whose path holds TORTURE_FILE
 *               send    bytes to the port TORTURE_PORT of another program (a request to a provider)
 *               recv    bytes read from there (its answer)
 *               answer  bytes sent on any other TCP connection (what the program tells its own clients)
 *               take    bytes read from there
 * TORTURE_AT    N, from 1
 * TORTURE_HOW   before, half (half of the bytes are written, sent or read first), after: SIGKILL there;
 *               ENOSPC, EIO: the call fails so, and so do the next ones, TORTURE_COUNT (1) in all; a write
 * with no space left writes half of its bytes first TORTURE_GATE  with ENOSPC and EIO: only while this file
 * exists */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define PATH_BYTES 512

enum step { STEP_NONE, STEP_STORE, STEP_SEND, STEP_RECV, STEP_ANSWER, STEP_TAKE };
enum how { HOW_NOT, HOW_BEFORE, HOW_HALF, HOW_AFTER, HOW_ENOSPC, HOW_EIO };

static struct {
        enum step step;
        enum how how;
        long at, count;
        int port;
        const char *file, *gate;
} plan;
static atomic_long seen;

static const char *const hows[] = {"", "before", "half", "after", "ENOSPC", "EIO"};

static long number(const char *name, long otherwise)
{
        const char *text = getenv(name);

        return text ? strtol(text, NULL, 10) : otherwise;
}

static int word(const char *text, const char *const *words, int count)
{
        for (int i = 1; text && i < count; i++)
                if (strcmp(text, words[i]) == 0)
                        return i;
        return 0;
}

__attribute__((constructor)) static void read_plan(void)
{
        static const char *const steps[] = {"", "store", "send", "recv", "answer", "take"};

        plan.step = (enum step)word(getenv("TORTURE_STEP"), steps, 6);
        plan.how = (enum how)word(getenv("TORTURE_HOW"), hows, 6);
        plan.at = number("TORTURE_AT", 1);
        plan.count = number("TORTURE_COUNT", 1);
        plan.port = (int)number("TORTURE_PORT", 0);
        plan.file = getenv("TORTURE_FILE");
        plan.gate = getenv("TORTURE_GATE");
}

static bool is_store(int fd)
{
        char link[64], path[PATH_BYTES];
        ssize_t length;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        length = readlink(link, path, sizeof path - 1);
        if (length <= 0 || !plan.file)
                return false;
        path[length] = '\0';
        return strstr(path, plan.file) != NULL;
}

static int peer_port(int fd)
{
        struct sockaddr_storage address;
        socklen_t length = sizeof address;

        if (getpeername(fd, (struct sockaddr *)&address, &length) != 0)
                return -1;
        if (address.ss_family == AF_INET)
                return ntohs(((struct sockaddr_in *)&address)->sin_port);
        return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : -1;
}

static bool is_planned(int fd, bool is_write)
{
        int saved = errno, port;
        bool is = false;

        if (plan.step == STEP_STORE) {
                is = is_write && is_store(fd);
        } else if (plan.step != STEP_NONE) {
                port = peer_port(fd);
                if (port >= 0)
                        is = plan.step == (port == plan.port ? is_write ? STEP_SEND : STEP_RECV
                                           : is_write        ? STEP_ANSWER
                                                             : STEP_TAKE);
        }
        errno = saved;
        return is;
}

static void die(void)
{
        kill(getpid(), SIGKILL);
        for (;;)
                pause();
}

/* Reads the gate when it is another file than before; false: there is none. */
static bool is_open(void)
{
        static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        static ino_t last;
        struct stat status;
        char how[16];
        FILE *file;

        if (stat(plan.gate, &status) != 0)
                return false;
        pthread_mutex_lock(&mutex);
        file = status.st_ino != last ? fopen(plan.gate, "r") : NULL;
        if (file && fscanf(file, "%15s %ld %ld", how, &plan.at, &plan.count) == 3) {
                plan.how = (enum how)word(how, hows, 6);
                last = status.st_ino;
                atomic_store(&seen, 0);
        }
        if (file)
                fclose(file);
        pthread_mutex_unlock(&mutex);
        return true;
}

/* What is to be done at this call. */
static enum how at_call(int fd, bool is_write)
{
        int saved = errno;
        long n;

        if (plan.step == STEP_NONE || !is_planned(fd, is_write) || (plan.gate && !is_open())) {
                errno = saved;
                return HOW_NOT;
        }
        n = atomic_fetch_add(&seen, 1) + 1;
        if (n < plan.at || n >= plan.at + plan.count)
                return HOW_NOT;
        if (plan.how == HOW_BEFORE)
                die();
        return plan.how;
}

#define REAL(type, name, ...)             \
        static type (*real)(__VA_ARGS__); \
        if (!real)                        \
        real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

/* CALL with LENGTH bytes; WHOLE: how many there are. A read is never cut to nothing: that would be its end.
 */
#define RUN(fd, is_write, whole, call)                                     \
        do {                                                               \
                enum how how = at_call(fd, is_write);                      \
                size_t length = whole;                                     \
                ssize_t r;                                                 \
                if (how == HOW_EIO || (how == HOW_ENOSPC && length < 2)) { \
                        errno = how == HOW_EIO ? EIO : ENOSPC;             \
                        return -1;                                         \
                }                                                          \
                if (how == HOW_HALF || how == HOW_ENOSPC)                  \
                        length = length > 1 ? length / 2 : length;         \
                r = (call);                                                \
                if (how == HOW_HALF || how == HOW_AFTER)                   \
                        die();                                             \
                if (how == HOW_ENOSPC) {                                   \
                        errno = ENOSPC;                                    \
                        return -1;                                         \
                }                                                          \
                return r;                                                  \
        } while (0)

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
        REAL(ssize_t, write, int, const void *, size_t);
        RUN(fd, true, size, real(fd, data, length));
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
        REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
        RUN(fd, true, size, real(fd, data, length, offset));
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
        REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
        RUN(fd, true, size, real(fd, data, length, offset));
}

EXPORT ssize_t send(int fd, const void *data, size_t size, int flags)
{
        REAL(ssize_t, send, int, const void *, size_t, int);
        RUN(fd, true, size, real(fd, data, length, flags));
}

EXPORT ssize_t recv(int fd, void *data, size_t size, int flags)
{
        REAL(ssize_t, recv, int, void *, size_t, int);
        RUN(fd, false, size, real(fd, data, length, flags));
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        REAL(ssize_t, sendmsg, int, const struct msghdr *, int);
        RUN(fd, true, (size_t)1, real(fd, message, flags));
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
        REAL(ssize_t, writev, int, const struct iovec *, int);
        RUN(fd, true, (size_t)count, real(fd, parts, (int)length));
}

EXPORT int fdatasync(int fd)
{
        REAL(int, fdatasync, int);
        RUN(fd, true, (size_t)0, real(fd));
}

EXPORT int fsync(int fd)
{
        REAL(int, fsync, int);
        RUN(fd, true, (size_t)0, real(fd));
}

EXPORT int ftruncate(int fd, off_t size)
{
        REAL(int, ftruncate, int, off_t);
        RUN(fd, true, (size_t)0, real(fd, size));
}

EXPORT int ftruncate64(int fd, off64_t size)
{
        REAL(int, ftruncate64, int, off64_t);
        RUN(fd, true, (size_t)0, real(fd, size));
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t size)
{
        REAL(int, fallocate, int, int, off_t, off_t);
        RUN(fd, true, (size_t)0, real(fd, mode, offset, size));
}

EXPORT int posix_fallocate(int fd, off_t offset, off_t size)
{
        static int (*real)(int, off_t, off_t);
        enum how how = at_call(fd, true);
        int r;

        if (!real)
                real = (int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate");
        if (how == HOW_EIO || how == HOW_ENOSPC)
                return how == HOW_EIO ? EIO : ENOSPC;
        r = real(fd, offset, size);
        if (how != HOW_NOT)
                die();
        return r;
}
