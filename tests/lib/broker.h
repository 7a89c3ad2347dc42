/* broker: a Mosquitto of a test's own on a free loopback port, and a subscriber to it. Needs BROKER_FOLDER, a
 * folder of the test alone. Nothing sleeps: starts and messages are waited for, up to BROKER_DEADLINE_MS. */
#ifndef LIB_BROKER_H
#define LIB_BROKER_H

#include "base/clock.h"
#include "base/err.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BROKER_DEADLINE_MS 30000
#define BROKER_CONF BROKER_FOLDER "/mosquitto.conf"

struct broker {
        int port;
        pid_t pid;
        int output; /* its standard error */
};

static int broker_free_port(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        close(fd);
        return ntohs(address.sin_port);
}

static void broker_write(const char *path, const char *text)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

/* Reads what the broker says until TEXT is in it. */
static void broker_wait_for(struct broker *broker, const char *text)
{
        struct pollfd fd = {.fd = broker->output, .events = POLLIN};
        char said[8192] = "";
        size_t length = 0;
        ssize_t n;

        while (!strstr(said, text)) {
                if (poll(&fd, 1, BROKER_DEADLINE_MS) <= 0 || length == sizeof said - 1)
                        fail_msg("the broker never said %s but: %s", text, said);
                n = read(broker->output, said + length, sizeof said - 1 - length);
                if (n <= 0)
                        fail_msg("the broker ended: %s", said);
                length += (size_t)n;
                said[length] = '\0';
        }
}

/* CONFIG is added to the listener's own lines. The port is the broker's old one, or a free one at first. */
static void broker_start(struct broker *broker, const char *config)
{
        char text[2048];
        int ends[2];

        mkdir(BROKER_FOLDER, 0700);
        if (!broker->port)
                broker->port = broker_free_port();
        snprintf(text, sizeof text, "listener %d 127.0.0.1\nlog_dest stderr\nlog_type all\nuser root\n%s\n",
                 broker->port, config);
        broker_write(BROKER_CONF, text);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        broker->pid = fork();
        assert_true(broker->pid >= 0);
        if (broker->pid == 0) {
                dup2(ends[1], STDERR_FILENO);
                execlp("mosquitto", "mosquitto", "-c", BROKER_CONF, NULL);
                execl("/usr/sbin/mosquitto", "mosquitto", "-c", BROKER_CONF, NULL);
                _exit(127);
        }
        close(ends[1]);
        broker->output = ends[0];
        broker_wait_for(broker, "running");
}

#define BROKER_STOP_TRIES_MAX 1000 /* of 10 ms */

static void broker_stop(struct broker *broker, int signal_number)
{
        if (broker->pid <= 0)
                return;
        /* One that is only just running forgets a SIGTERM: it is told until it goes. */
        for (int tries = 0; waitpid(broker->pid, NULL, WNOHANG) == 0; tries++) {
                if (tries % 10 == 0)
                        kill(broker->pid, tries < BROKER_STOP_TRIES_MAX ? signal_number : SIGKILL);
                poll(NULL, 0, 10);
        }
        close(broker->output);
        broker->pid = 0;
}

#define RECEIVED_MAX 8192

struct received {
        char *topic, *payload;
        bool retained;
};

struct subscriber {
        struct mosquitto *client;
        bool is_subscribed;
        struct received messages[RECEIVED_MAX];
        int count;
};

static void subscriber_on_connect(struct mosquitto *client, void *context, int reason)
{
        (void)context;
        assert_int_equal(reason, 0);
        mosquitto_subscribe(client, NULL, "kapula/v1/#", 1);
}

static void subscriber_on_subscribe(struct mosquitto *client, void *context, int mid, int count,
                                    const int *granted)
{
        struct subscriber *subscriber = context;

        (void)client;
        (void)mid;
        (void)count;
        (void)granted;
        subscriber->is_subscribed = true;
}

static void subscriber_on_message(struct mosquitto *client, void *context,
                                  const struct mosquitto_message *message)
{
        struct subscriber *subscriber = context;

        (void)client;
        assert_true(subscriber->count < RECEIVED_MAX);
        subscriber->messages[subscriber->count++] = (struct received){
            strdup(message->topic), strndup(message->payload, (size_t)message->payloadlen), message->retain};
}

/* Turns until DONE says so. */
static void subscriber_until(struct subscriber *subscriber,
                             bool (*done)(struct subscriber *subscriber, void *context), void *context,
                             const char *what)
{
        int64_t deadline_ms = clock_monotonic_ms() + BROKER_DEADLINE_MS;

        while (!done(subscriber, context)) {
                if (clock_monotonic_ms() > deadline_ms)
                        fail_msg("waited in vain for %s (%d messages)", what, subscriber->count);
                if (mosquitto_loop(subscriber->client, 20, 1000) != MOSQ_ERR_SUCCESS)
                        fail_msg("the subscriber lost its connection while it waited for %s", what);
        }
}

static bool subscriber_is_subscribed(struct subscriber *subscriber, void *context)
{
        (void)context;
        return subscriber->is_subscribed;
}

static inline void subscriber_connect(struct subscriber *subscriber, const struct broker *broker,
                                      const char *user)
{
        mosquitto_lib_init();
        subscriber->is_subscribed = false;
        subscriber->client = mosquitto_new(NULL, true, subscriber);
        mosquitto_connect_callback_set(subscriber->client, subscriber_on_connect);
        mosquitto_subscribe_callback_set(subscriber->client, subscriber_on_subscribe);
        mosquitto_message_callback_set(subscriber->client, subscriber_on_message);
        if (user)
                mosquitto_username_pw_set(subscriber->client, user, user);
        assert_int_equal(mosquitto_connect(subscriber->client, "127.0.0.1", broker->port, 60),
                         MOSQ_ERR_SUCCESS);
        subscriber_until(subscriber, subscriber_is_subscribed, NULL, "the subscription");
}

static inline void subscriber_disconnect(struct subscriber *subscriber)
{
        mosquitto_destroy(subscriber->client);
        subscriber->client = NULL;
        mosquitto_lib_cleanup();
}

static inline void subscriber_forget(struct subscriber *subscriber)
{
        for (int i = 0; i < subscriber->count; i++) {
                free(subscriber->messages[i].topic);
                free(subscriber->messages[i].payload);
        }
        subscriber->count = 0;
}

#endif
