/* bench_server.c - see bench_server.h. */
#include "prog/ipop/bench_server.h"

#include "base/check.h"
#include "base/err.h"
#include "io/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_BYTES 262144
#define ACCEPTS_MAX 4 /* a turn */
#define ECHOES_MAX 32 /* a turn and family */
#define GRACE_S 5     /* how much longer than it should a stream may take */
#define LEAVE_MS 1000 /* in which the other end reads why it is let go */

#define LISTENER(family) (1 + (family))
#define DATAGRAMS(family) (1 + BENCH_FAMILIES + (family))
#define CONNECTION(i) (1 + 2 * BENCH_FAMILIES + (i))
#define FDS CONNECTION(BENCH_CONNECTIONS_MAX)

static const char what_this_is[] =
	"This is ipop bench, which measures networks: ipop bench PEER talks with it.\n";

enum state {
	UNUSED,
	GREETING, /* has not said yet what it is for */
	LEAVING,  /* was told that it may not */
	RUNNING,  /* the run itself */
	GIVING,   /* streams: it sends, */
	TAKING,   /* and we do */
};

struct connection {
	enum state state;
	int fd; /* owned */
	struct bench_place from;
	struct mono since, deadline;
	uint8_t hello[BENCH_HELLO_BYTES];
	size_t hello_len;
	uint64_t acked; /* of a stream that we send: what is counted already */
};

struct bench_server {
	int listeners[BENCH_FAMILIES], datagrams[BENCH_FAMILIES]; /* owned; -1: none */
	struct connection connections[BENCH_CONNECTIONS_MAX];
	bool running;
	struct bench_token token;
	uint8_t streams;
	struct mono began, heard;
	struct bench_served run;
	struct span pattern; /* borrowed */
	struct mono now;     /* of this turn */
	uint8_t buffer[BUFFER_BYTES];
};

struct bench_server *bench_server_new(struct span pattern)
{
	struct bench_server *const server = calloc(1, sizeof(*server));

	CHECK(pattern.len > 0);
	if (server == NULL)
		return NULL;
	for (size_t i = 0; i < BENCH_FAMILIES; i++)
		server->listeners[i] = server->datagrams[i] = -1;
	for (size_t i = 0; i < BENCH_CONNECTIONS_MAX; i++)
		server->connections[i].fd = -1;
	server->pattern = pattern;
	return server;
}

void bench_server_del(struct bench_server *server)
{
	if (server == NULL)
		return;
	for (size_t i = 0; i < BENCH_CONNECTIONS_MAX; i++)
		bench_socket_drop(server->connections[i].fd);
	for (size_t i = 0; i < BENCH_FAMILIES; i++) {
		bench_socket_drop(server->listeners[i]);
		bench_socket_drop(server->datagrams[i]);
	}
	free(server);
}

int bench_server_listen(struct bench_server *server, const struct bench_place *at)
{
	for (size_t i = 0; i < BENCH_FAMILIES; i++)
		if (server->listeners[i] < 0)
			return bench_socket_listen(at, &server->listeners[i],
						   &server->datagrams[i]);
	CHECK(false);
	return ERR_FULL;
}

/* -- connections ------------------------------------------------------------------------------- */

static void free_connection(struct connection *connection)
{
	bench_socket_drop(connection->fd);
	*connection = (struct connection){ .state = UNUSED, .fd = -1 };
}

static bool is_guest(const struct connection *connection)
{
	return connection->state == GREETING || connection->state == LEAVING;
}

/* Whether a guest goes before another one: strangers before those of the run, then the oldest. */
static bool goes_first(const struct bench_server *server, const struct connection *a,
		       const struct connection *b)
{
	const bool a_is_ours =
		server->running && bench_place_is_same_host(&a->from, &server->run.from);
	const bool b_is_ours =
		server->running && bench_place_is_same_host(&b->from, &server->run.from);

	return a_is_ours != b_is_ours ? b_is_ours : a->since.us < b->since.us;
}

/* Room for one that comes: if there are too many guests, one of them goes. */
static struct connection *find_room(struct bench_server *server)
{
	struct connection *room = NULL;
	struct connection *first = NULL;
	size_t guests = 0;

	for (size_t i = 0; i < BENCH_CONNECTIONS_MAX; i++) {
		struct connection *const c = &server->connections[i];

		if (c->state == UNUSED)
			room = c;
		if (!is_guest(c))
			continue;
		guests++;
		if (first == NULL || goes_first(server, c, first))
			first = c;
	}
	if (guests >= BENCH_GUESTS_MAX) {
		free_connection(first);
		room = first;
	}
	CHECK(room != NULL); /* guests, the run, and its streams (begin_stream()) are fewer */
	return room;
}

static void accept_some(struct bench_server *server, int listener)
{
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct bench_place from;
		struct connection *connection;
		int fd;

		if (bench_socket_accept(listener, &fd, &from) != 0)
			return;
		connection = find_room(server);
		*connection =
			(struct connection){ .state = GREETING,
					     .fd = fd,
					     .from = from,
					     .since = server->now,
					     .deadline = mono_add_ms(server->now, BENCH_HELLO_MS) };
	}
}

/* Says the last word, and waits until the other end has read it: if we closed first, and it had
 * sent more than we read, it would be told of the reset alone. */
static void send_away(struct bench_server *server, struct connection *connection, struct span word)
{
	(void)bench_socket_send(connection->fd, word.data, word.len); /* its loss */
	(void)shutdown(connection->fd, SHUT_WR);
	connection->state = LEAVING;
	connection->deadline = mono_add_ms(server->now, LEAVE_MS);
}

static void answer(struct bench_server *server, struct connection *connection,
		   enum bench_verdict verdict)
{
	uint8_t bytes[BENCH_ANSWER_BYTES];

	bench_answer_encode(verdict, bytes);
	if (verdict != BENCH_GO)
		send_away(server, connection, span_of(bytes, sizeof(bytes)));
	else /* the first bytes of all always fit; a broken connection shows when it is read */
		(void)bench_socket_send(connection->fd, bytes, sizeof(bytes));
}

/* -- the run ----------------------------------------------------------------------------------- */

static void begin_run(struct bench_server *server, struct connection *connection,
		      const struct bench_hello *hello)
{
	if (server->running) {
		answer(server, connection, BENCH_BUSY);
		return;
	}
	server->running = true;
	server->token = hello->token;
	server->streams = hello->streams;
	server->began = server->heard = server->now;
	server->run = (struct bench_served){ .from = connection->from };
	connection->state = RUNNING;
	connection->deadline = mono_add_ms(server->now, BENCH_RUN_MS);
	answer(server, connection, BENCH_GO);
}

static bool is_of_run(const struct bench_server *server, const struct bench_token *token,
		      const struct bench_place *from)
{
	return server->running &&
	       span_equal(span_of(token->bytes, BENCH_TOKEN_BYTES),
			  span_of(server->token.bytes, BENCH_TOKEN_BYTES)) &&
	       bench_place_is_same_host(from, &server->run.from);
}

static void begin_stream(struct bench_server *server, struct connection *connection,
			 const struct bench_hello *hello)
{
	const enum state state = hello->purpose == BENCH_GIVE ? GIVING : TAKING;
	unsigned streams = 0;

	for (size_t i = 0; i < BENCH_CONNECTIONS_MAX; i++)
		streams += server->connections[i].state == state;
	if (!is_of_run(server, &hello->token, &connection->from) || streams >= server->streams) {
		answer(server, connection, BENCH_STRANGER);
		return;
	}
	server->heard = server->now;
	connection->state = state;
	connection->deadline =
		mono_add_ms(server->now, (uint64_t)(hello->seconds + GRACE_S) * 1000);
	answer(server, connection, BENCH_GO);
	if (connection->state == TAKING)
		connection->acked = BENCH_ANSWER_BYTES;
}

static void count(struct bench_server *server, struct bench_moved *moved, uint64_t bytes)
{
	if (bytes == 0)
		return;
	if (moved->first.us == 0)
		moved->first = server->now;
	moved->last = server->now;
	moved->bytes += bytes;
	server->heard = server->now;
}

static void count_acked(struct bench_server *server, struct connection *connection)
{
	const uint64_t acked = bench_socket_acked(connection->fd);

	if (acked <= connection->acked)
		return;
	count(server, &server->run.sent, acked - connection->acked);
	connection->acked = acked;
}

static void end_stream(struct bench_server *server, struct connection *connection)
{
	if (connection->state == TAKING)
		count_acked(server, connection);
	free_connection(connection);
}

/* The run is over when its connection is. */
static void end_run(struct bench_server *server, struct bench_happened *ret)
{
	for (size_t i = 0; i < BENCH_CONNECTIONS_MAX; i++) {
		struct connection *const c = &server->connections[i];

		if (c->state == RUNNING || c->state == GIVING || c->state == TAKING)
			end_stream(server, c);
	}
	server->running = false;
	server->run.ms = mono_ms_between(server->began, server->now);
	ret->event = BENCH_SERVED; /* at most one a turn, since another one has to begin first */
	ret->served = server->run;
}

/* -- what comes in ----------------------------------------------------------------------------- */

/* Of several in a turn the last; but a run that is over is never forgotten for them. */
static void tell(struct bench_happened *ret, enum bench_event event,
		 const struct connection *connection, uint8_t version)
{
	if (ret->event == BENCH_SERVED)
		return;
	ret->event = event;
	ret->from = connection->from;
	ret->version = version;
}

static void take_hello(struct bench_server *server, struct connection *connection,
		       struct bench_happened *ret)
{
	struct bench_hello hello;
	uint8_t version = 0;
	const int err = bench_hello_decode(span_of(connection->hello, connection->hello_len),
					   &hello, &version);

	if (err == ERR_AGAIN)
		return;
	if (err == ERR_VERSION) {
		tell(ret, BENCH_ALIEN, connection, version);
		answer(server, connection, BENCH_OTHER);
	} else if (err != 0) {
		tell(ret, BENCH_JUNK, connection, 0);
		send_away(server, connection, span_text(what_this_is));
	} else if (hello.purpose == BENCH_RUN) {
		begin_run(server, connection, &hello);
	} else {
		begin_stream(server, connection, &hello);
	}
}

static void read_hello(struct bench_server *server, struct connection *connection,
		       struct bench_happened *ret)
{
	const int n =
		bench_socket_receive(connection->fd, connection->hello + connection->hello_len,
				     sizeof(connection->hello) - connection->hello_len);

	if (n < 0) {
		free_connection(connection);
	} else if (n > 0) {
		connection->hello_len += (size_t)n;
		take_hello(server, connection, ret);
	}
}

/* A connection of which poll(2) said something. */
static void serve(struct bench_server *server, struct connection *connection,
		  struct bench_happened *ret)
{
	int n;

	switch (connection->state) {
	case UNUSED:
		break;
	case GREETING:
		read_hello(server, connection, ret);
		break;
	case LEAVING:
		if (bench_socket_receive(connection->fd, server->buffer, BUFFER_BYTES) < 0)
			free_connection(connection);
		break;
	case RUNNING: /* has nothing more to say: it ends, or breaks its word */
		if (bench_socket_receive(connection->fd, server->buffer, BUFFER_BYTES) != 0)
			end_run(server, ret);
		break;
	case GIVING:
		n = bench_socket_receive(connection->fd, server->buffer, BUFFER_BYTES);
		if (n < 0)
			end_stream(server, connection);
		else
			count(server, &server->run.received, (uint64_t)n);
		break;
	case TAKING:
		n = bench_socket_send(connection->fd, server->pattern.data, server->pattern.len);
		count_acked(server, connection);
		if (n < 0)
			end_stream(server, connection);
		break;
	}
}

/* Sends back what came, if it is of the run: the same length to where it came from. */
static void echo_some(struct bench_server *server, int fd)
{
	for (int i = 0; i < ECHOES_MAX; i++) {
		uint8_t bytes[BENCH_ECHO_BYTES + 1]; /* one longer shows that it is */
		struct bench_place from = { .interface = "" };
		socklen_t from_len = sizeof(from.address);
		const ssize_t n =
			recvfrom(fd, bytes, sizeof(bytes), 0, &from.address.any, &from_len);
		struct bench_echo echo;
		uint8_t version;

		if (n < 0)
			return;
		if (bench_echo_decode(span_of(bytes, (size_t)n), &echo, &version) != 0 ||
		    echo.is_answer || !is_of_run(server, &echo.token, &from))
			continue;
		echo.is_answer = true;
		bench_echo_encode(&echo, bytes);
		(void)sendto(fd, bytes, BENCH_ECHO_BYTES, 0, &from.address.any,
			     from_len); /* it is one that was lost, then */
		server->run.echoes++;
		server->heard = server->now;
	}
}

/* -- a turn ------------------------------------------------------------------------------------ */

/* What is overdue goes. */
static void expire(struct bench_server *server, struct bench_happened *ret)
{
	for (size_t i = 0; i < BENCH_CONNECTIONS_MAX; i++) {
		struct connection *const c = &server->connections[i];
		const bool is_silent =
			c->state == RUNNING &&
			mono_reached(server->now, mono_add_ms(server->heard, BENCH_SILENCE_MS));

		if (c->state == UNUSED || (!is_silent && !mono_reached(server->now, c->deadline)))
			continue;
		if (c->state == RUNNING)
			end_run(server, ret);
		else
			end_stream(server, c);
	}
}

static int wait_ms(const struct bench_server *server, int timeout_ms)
{
	const struct mono now = clock_now().mono;
	struct mono due = mono_add_ms(now, (uint64_t)timeout_ms);

	for (size_t i = 0; i < BENCH_CONNECTIONS_MAX; i++)
		if (server->connections[i].state != UNUSED)
			due = mono_min(due, server->connections[i].deadline);
	if (server->running)
		due = mono_min(due, mono_add_ms(server->heard, BENCH_SILENCE_MS));
	return mono_reached(now, due) ? 0 : (int)mono_ms_between(now, due) + 1;
}

static void watch(const struct bench_server *server, int wake, struct pollfd fds[FDS])
{
	fds[0] = (struct pollfd){ .fd = wake, .events = POLLIN };
	for (int i = 0; i < BENCH_FAMILIES; i++) {
		fds[LISTENER(i)] = (struct pollfd){ .fd = server->listeners[i], .events = POLLIN };
		fds[DATAGRAMS(i)] = (struct pollfd){ .fd = server->datagrams[i], .events = POLLIN };
	}
	for (int i = 0; i < BENCH_CONNECTIONS_MAX; i++)
		fds[CONNECTION(i)] = (struct pollfd){
			.fd = server->connections[i].fd,
			.events = server->connections[i].state == TAKING ? POLLOUT : POLLIN,
		};
}

bool bench_server_turn(struct bench_server *server, int wake, int timeout_ms,
		       struct bench_happened *ret)
{
	struct pollfd fds[FDS];

	*ret = (struct bench_happened){ .event = BENCH_NOTHING };
	watch(server, wake, fds);
	if (poll(fds, FDS, wait_ms(server, timeout_ms)) < 0)
		return true; /* a signal: the next turn sees what it was */
	server->now = clock_now().mono;
	if (fds[0].revents != 0)
		return false;
	for (int i = 0; i < BENCH_FAMILIES; i++)
		if (fds[DATAGRAMS(i)].revents != 0)
			echo_some(server, server->datagrams[i]);
	for (int i = 0; i < BENCH_CONNECTIONS_MAX; i++)
		if (fds[CONNECTION(i)].revents != 0)
			serve(server, &server->connections[i], ret);
	expire(server, ret);
	for (int i = 0; i < BENCH_FAMILIES; i++)
		if (fds[LISTENER(i)].revents != 0)
			accept_some(server, server->listeners[i]);
	return true;
}
