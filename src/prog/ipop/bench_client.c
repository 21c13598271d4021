/* bench_client.c - see bench_client.h. */
#include "prog/ipop/bench_client.h"

#include "base/check.h"
#include "base/err.h"
#include "io/clock.h"
#include "prog/ipop/report.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_BYTES 262144
#define CONNECT_MS 4000 /* two lost SYN are sent again within it */
#define ANSWER_MS 5000  /* of who let us connect */
#define LATE_MS 1000    /* after which an echo is lost */
#define PROGRESS_MS 500
#define STAT_BYTES 512 /* the first line of /proc/stat is shorter */

enum { FD_RUN, FD_ECHOES, FD_STREAMS, FDS = FD_STREAMS + BENCH_STREAMS_MAX };

struct bench_client {
	const struct bench_plan *plan; /* borrowed */
	size_t place;
	int run, datagrams;             /* owned; -1: none */
	int streams[BENCH_STREAMS_MAX]; /* owned; -1: none */
	enum bench_parts part;
	struct bench_echoes echoes;
	uint64_t next_echo; /* its number */
	bool has_echoes;    /* one came back, in any part */
	struct mono began, echo_due, progress_due;
	uint64_t received, acked_before; /* by the streams of this part */
	struct report_progress progress;
	uint8_t buffer[BUFFER_BYTES];
};

struct bench_client *bench_client_new(const struct bench_plan *plan)
{
	struct bench_client *const client = calloc(1, sizeof(*client));

	CHECK(plan->pattern.len > 0 && plan->streams >= 1 && plan->streams <= BENCH_STREAMS_MAX);
	if (client == NULL)
		return NULL;
	client->plan = plan;
	client->run = client->datagrams = -1;
	for (size_t i = 0; i < BENCH_STREAMS_MAX; i++)
		client->streams[i] = -1;
	return client;
}

static void drop_streams(struct bench_client *client)
{
	for (size_t i = 0; i < BENCH_STREAMS_MAX; i++) {
		bench_socket_drop(client->streams[i]);
		client->streams[i] = -1;
	}
}

void bench_client_del(struct bench_client *client)
{
	if (client == NULL)
		return;
	drop_streams(client);
	bench_socket_drop(client->datagrams);
	if (client->run >= 0)
		(void)close(client->run); /* its end is all it has left to say */
	free(client);
}

/* -- why not ----------------------------------------------------------------------------------- */

static int explain_way(const struct bench_client *client, int err, struct complaint *complaint)
{
	const struct bench_plan *const plan = client->plan;

	switch (err) {
	case ERR_NOT_FOUND:
		return complain(complaint, err,
				"nobody listens on port %u of %s; run `ipop bench --listen` there",
				plan->port, plan->peer);
	case ERR_TIMEOUT:
		return complain(complaint, err,
				"port %u of %s does not answer: a firewall there has to let in TCP "
				"and UDP %u on the interface %s",
				plan->port, plan->peer, plan->port, plan->network);
	case ERR_UNSUPPORTED:
		return complain(complaint, err,
				"this host has no way to the addresses of %s; ipop status %s tells "
				"whether it has its own",
				plan->peer, plan->network);
	case ERR_PERMISSION:
		return complain(complaint, err,
				"this host does not let TCP to port %u of %s out: see its firewall",
				plan->port, plan->peer);
	default:
		return complain(complaint, err, "the connection with %s broke: %s", plan->peer,
				err_text(err));
	}
}

static int explain_verdict(const struct bench_client *client, enum bench_verdict verdict,
			   struct complaint *complaint)
{
	if (verdict == BENCH_BUSY)
		return complain(complaint, ERR_FULL,
				"%s is measuring with another member; try again in a minute",
				client->plan->peer);
	return complain(complaint, ERR_STALE,
			"%s says that this run is over: it was silent too long",
			client->plan->peer);
}

static int explain_answer(const struct bench_client *client, int err, uint8_t version,
			  struct complaint *complaint)
{
	const struct bench_plan *const plan = client->plan;

	if (err == ERR_VERSION)
		return complain(complaint, err,
				"bench on %s is of version %u, and here of %u: install the same "
				"ipop on both",
				plan->peer, version, BENCH_VERSION);
	if (err == ERR_MALFORMED)
		return complain(complaint, ERR_PEER,
				"what listens on port %u of %s is not ipop bench; on both, --port "
				"chooses another one",
				plan->port, plan->peer);
	if (err == ERR_TIMEOUT)
		return complain(complaint, err,
				"what listens on port %u of %s does not answer; is it ipop bench?",
				plan->port, plan->peer);
	return explain_way(client, err, complaint);
}

static int explain_end(const struct bench_client *client, struct complaint *complaint)
{
	return complain(complaint, ERR_IO,
			"%s ended the test: its `ipop bench --listen` was stopped, or has no more "
			"time for it",
			client->plan->peer);
}

/* -- connections ------------------------------------------------------------------------------- */

/* 0 or ERR_TIMEOUT; what is there already is taken whatever the time. */
static int wait_for(int fd, short events, struct mono deadline)
{
	struct pollfd wait = { .fd = fd, .events = events };

	for (;;) {
		const struct mono now = clock_now().mono;
		const bool is_late = mono_reached(now, deadline);

		if (poll(&wait, 1, is_late ? 0 : (int)mono_ms_between(now, deadline) + 1) > 0)
			return 0;
		if (is_late)
			return ERR_TIMEOUT;
	}
}

/* Until it stands. */
static int finish_connecting(int fd, struct mono deadline)
{
	const int err = wait_for(fd, POLLOUT, deadline);

	return err != 0 ? err : bench_socket_connected(fd);
}

static int say_hello(const struct bench_client *client, int fd, enum bench_purpose purpose)
{
	const struct bench_plan *const plan = client->plan;
	const struct bench_hello hello = {
		.purpose = purpose,
		.seconds = (uint8_t)(purpose == BENCH_RUN ? 0 : plan->seconds),
		.streams = (uint8_t)(purpose == BENCH_RUN ? plan->streams : 0),
		.token = plan->token,
	};
	uint8_t bytes[BENCH_HELLO_BYTES];

	bench_hello_encode(&hello, bytes);
	return bench_socket_send(fd, bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : ERR_IO;
}

/* Exactly the answer, and nothing of what follows it. 0, or an error with a complaint. */
static int hear_answer(const struct bench_client *client, int fd, struct complaint *complaint)
{
	const struct mono deadline = mono_add_ms(clock_now().mono, ANSWER_MS);
	uint8_t bytes[BENCH_ANSWER_BYTES];
	enum bench_verdict verdict = BENCH_GO;
	uint8_t version = 0;
	size_t len = 0;
	int err = ERR_AGAIN;

	while (err == ERR_AGAIN) {
		int n = wait_for(fd, POLLIN, deadline);

		if (n == 0)
			n = bench_socket_receive(fd, bytes + len, sizeof(bytes) - len);
		if (n < 0)
			return explain_answer(client, n, 0, complaint);
		len += (size_t)n;
		err = bench_answer_decode(span_of(bytes, len), &verdict, &version);
	}
	if (err != 0)
		return explain_answer(client, err, version, complaint);
	return verdict == BENCH_GO ? 0 : explain_verdict(client, verdict, complaint);
}

/* Of two reasons the one that says more: that a host answered, then that one was asked. */
static int better_reason(int a, int b)
{
	static const int order[] = { ERR_NOT_FOUND, ERR_TIMEOUT, ERR_PERMISSION, ERR_IO };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a != 0 ? a : b;
}

/* By the first address that lets us; all are tried at once, so that one that is silent takes no
 * time from the next. */
static int connect_any(struct bench_client *client)
{
	const struct bench_plan *const plan = client->plan;
	const struct mono deadline = mono_add_ms(clock_now().mono, CONNECT_MS);
	int fds[BENCH_PLACES_MAX] = { -1, -1 };
	int errors[BENCH_PLACES_MAX];
	int reason = 0;

	for (size_t i = 0; i < plan->places; i++)
		errors[i] = bench_socket_connect(&plan->here[i], &plan->there[i], &fds[i]);
	for (size_t i = 0; i < plan->places; i++) {
		if (errors[i] == 0 && client->run < 0)
			errors[i] = finish_connecting(fds[i], deadline);
		if (errors[i] == 0 && client->run < 0) {
			client->place = i;
			client->run = fds[i];
			continue;
		}
		bench_socket_drop(fds[i]);
		reason = better_reason(reason, errors[i]);
	}
	if (client->run >= 0)
		return 0;
	return reason != 0 ? reason : ERR_UNSUPPORTED;
}

int bench_client_begin(struct bench_client *client, size_t *ret_place, struct complaint *complaint)
{
	const struct bench_plan *const plan = client->plan;
	int err = connect_any(client);

	if (err == 0)
		err = bench_socket_datagrams(&plan->here[client->place],
					     &plan->there[client->place], &client->datagrams);
	if (err == 0)
		err = say_hello(client, client->run, BENCH_RUN);
	if (err != 0)
		return explain_way(client, err, complaint);
	err = hear_answer(client, client->run, complaint);
	if (err == 0)
		*ret_place = client->place;
	return err;
}

/* All at once, so that none has a start on the others. */
static int open_streams(struct bench_client *client, enum bench_purpose purpose,
			struct complaint *complaint)
{
	const struct bench_plan *const plan = client->plan;
	const struct mono deadline = mono_add_ms(clock_now().mono, CONNECT_MS);
	int err = 0;

	for (size_t i = 0; i < plan->streams && err == 0; i++)
		err = bench_socket_connect(&plan->here[client->place], &plan->there[client->place],
					   &client->streams[i]);
	for (size_t i = 0; i < plan->streams && err == 0; i++)
		err = finish_connecting(client->streams[i], deadline);
	for (size_t i = 0; i < plan->streams && err == 0; i++)
		err = say_hello(client, client->streams[i], purpose);
	if (err != 0)
		return explain_way(client, err, complaint);
	for (size_t i = 0; i < plan->streams && err == 0; i++)
		err = hear_answer(client, client->streams[i], complaint);
	return err;
}

/* -- echoes ------------------------------------------------------------------------------------ */

static void send_echo(struct bench_client *client, struct mono now)
{
	struct bench_echo echo = { .is_answer = false, .token = client->plan->token };
	uint8_t bytes[BENCH_ECHO_BYTES];

	if (!bench_echoes_send(&client->echoes, now.us, &echo.number))
		return;
	bench_echo_encode(&echo, bytes);
	(void)bench_socket_send(client->datagrams, bytes, sizeof(bytes)); /* it is lost, then */
}

static void take_echoes(struct bench_client *client)
{
	for (uint32_t i = 0; i < BENCH_IDLE_ECHOES; i++) {
		uint8_t bytes[BENCH_ECHO_BYTES + 1];
		struct bench_echo echo;
		uint8_t version;
		const int n = bench_socket_receive(client->datagrams, bytes, sizeof(bytes));

		if (n <= 0)
			return; /* none, or an ICMP message */
		if (bench_echo_decode(span_of(bytes, (size_t)n), &echo, &version) == 0 &&
		    echo.is_answer &&
		    span_equal(span_of(echo.token.bytes, BENCH_TOKEN_BYTES),
			       span_of(client->plan->token.bytes, BENCH_TOKEN_BYTES)))
			bench_echoes_answer(&client->echoes, echo.number, clock_now().mono.us);
	}
}

static uint64_t interval_ms(const struct bench_client *client)
{
	return client->part == BENCH_IDLE ? BENCH_IDLE_INTERVAL_MS : BENCH_LOAD_INTERVAL_MS;
}

/* -- a part of the run ------------------------------------------------------------------------- */

static struct bench_ticks read_ticks(void)
{
	char text[STAT_BYTES];
	const int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return (struct bench_ticks){ 0, 0 };
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd); /* only read */
	text[n > 0 ? n : 0] = '\0';
	return bench_ticks_of(text);
}

static uint64_t acked_by_all(const struct bench_client *client)
{
	uint64_t acked = 0;

	for (size_t i = 0; i < client->plan->streams; i++)
		acked += bench_socket_acked(client->streams[i]);
	return acked;
}

static uint64_t moved(const struct bench_client *client)
{
	return client->part == BENCH_TO ? acked_by_all(client) - client->acked_before
					: client->received;
}

/* On a terminal the rate so far; elsewhere a line that says what is done now. */
static void show_progress(struct bench_client *client, struct mono now)
{
	static const char *const names[] = { "round trips while nothing else goes to", "to",
					     "from" };
	const uint64_t ms = mono_ms_between(client->began, now);

	client->progress_due = mono_add_ms(now, PROGRESS_MS);
	if (client->part == BENCH_IDLE || ms == 0 || isatty(STDERR_FILENO) == 0)
		report_progress(&client->progress, ms / 1000, "bench: %s %s", names[client->part],
				client->plan->peer);
	else
		report_progress(&client->progress, ms / 1000, "bench: %s %s: %s",
				names[client->part], client->plan->peer,
				output_rate(bench_rate(moved(client), ms * 1000)).text);
}

/* One step of a stream. 0, or ERR_IO: it ended before its time. */
static int pump(struct bench_client *client, int fd)
{
	const struct span pattern = client->plan->pattern;
	int n;

	if (client->part == BENCH_TO) {
		n = bench_socket_send(fd, pattern.data, pattern.len);
		return n < 0 ? n : 0;
	}
	n = bench_socket_receive(fd, client->buffer, BUFFER_BYTES);
	if (n < 0)
		return n;
	client->received += (uint64_t)n;
	return 0;
}

static void watch(const struct bench_client *client, struct pollfd fds[FDS])
{
	fds[FD_RUN] = (struct pollfd){ .fd = client->run, .events = POLLIN };
	fds[FD_ECHOES] = (struct pollfd){ .fd = client->datagrams, .events = POLLIN };
	for (size_t i = 0; i < BENCH_STREAMS_MAX; i++)
		fds[FD_STREAMS + i] =
			(struct pollfd){ .fd = client->streams[i],
					 .events = client->part == BENCH_TO ? POLLOUT : POLLIN };
}

/* Waits until something can be done, but not beyond this time, and does it. 0 or ERR_IO: the run or
 * a stream has ended. */
static int turn(struct bench_client *client, struct mono deadline)
{
	struct pollfd fds[FDS];
	struct mono now = clock_now().mono;
	const struct mono due =
		mono_min(deadline, mono_min(client->echo_due, client->progress_due));

	watch(client, fds);
	if (poll(fds, FDS, mono_reached(now, due) ? 0 : (int)mono_ms_between(now, due) + 1) < 0)
		return 0; /* a signal: the next turn */
	if (fds[FD_ECHOES].revents != 0)
		take_echoes(client);
	now = clock_now().mono;
	if (mono_reached(now, client->echo_due) && !mono_reached(now, deadline)) {
		send_echo(client, now);
		client->echo_due = mono_add_ms(client->echo_due, interval_ms(client));
	}
	if (mono_reached(now, client->progress_due))
		show_progress(client, now);
	if (fds[FD_RUN].revents != 0)
		return ERR_IO;
	for (size_t i = 0; i < BENCH_STREAMS_MAX; i++)
		if (fds[FD_STREAMS + i].revents != 0 && pump(client, client->streams[i]) != 0)
			return ERR_IO;
	return 0;
}

/* The echoes that are still on their way; not again where none has ever come back. */
static int wait_for_echoes(struct bench_client *client)
{
	const struct mono deadline = mono_add_ms(clock_now().mono, LATE_MS);
	int err = 0;

	client->echo_due = client->progress_due = MONO_NEVER; /* there is nothing more to show */
	client->has_echoes |= client->echoes.answered > 0;
	if (client->part != BENCH_IDLE && !client->has_echoes)
		return 0;
	while (err == 0 && client->echoes.answered < client->echoes.sent &&
	       !mono_reached(clock_now().mono, deadline))
		err = turn(client, deadline);
	return err;
}

static int run_part(struct bench_client *client, struct bench_part *ret)
{
	const uint64_t ms = client->part == BENCH_IDLE
				    ? (uint64_t)BENCH_IDLE_ECHOES * BENCH_IDLE_INTERVAL_MS
				    : (uint64_t)client->plan->seconds * 1000;
	const struct bench_ticks before = read_ticks();
	struct mono now = clock_now().mono;
	const struct mono end = mono_add_ms(now, ms);
	int err = 0;

	client->began = client->echo_due = client->progress_due = now;
	client->received = 0;
	client->acked_before = acked_by_all(client);
	while (err == 0 && !mono_reached(now, end)) {
		err = turn(client, end);
		now = clock_now().mono;
	}
	if (client->part != BENCH_IDLE) {
		ret->bytes = moved(client);
		ret->us = now.us - client->began.us;
	}
	ret->busy_permille = bench_ticks_permille(before, read_ticks());
	drop_streams(client);
	return err != 0 ? err : wait_for_echoes(client);
}

int bench_client_measure(struct bench_client *client, enum bench_parts what, struct bench_part *ret,
			 struct complaint *complaint)
{
	struct bench_part part = { .busy_permille = -1 };
	int err = 0;

	client->part = what;
	bench_echoes_init(&client->echoes, client->next_echo);
	if (what != BENCH_IDLE)
		err = open_streams(client, what == BENCH_TO ? BENCH_GIVE : BENCH_TAKE, complaint);
	if (err != 0)
		return err;
	err = run_part(client, &part);
	report_progress_end(&client->progress);
	if (err != 0)
		return explain_end(client, complaint);
	if (what != BENCH_IDLE && part.bytes == 0)
		return complain(complaint, ERR_TIMEOUT, "nothing passed between here and %s",
				client->plan->peer);
	part.echoes = client->echoes.sent;
	part.answered = client->echoes.answered;
	if (part.answered > 0) {
		part.p50_us = bench_echoes_percentile(&client->echoes, 50);
		part.p99_us = bench_echoes_percentile(&client->echoes, 99);
	}
	client->next_echo += client->echoes.sent;
	*ret = part;
	return 0;
}
