/* control.c - see control.h. */
#include "prog/ipopd/control.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "wire/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_ROOM_MIN 1024
#define TOKEN_SHIFT 32

enum client_state { CLIENT_READING, CLIENT_ASKING, CLIENT_WRITING, CLIENT_WATCHING, CLIENT_STATES };

struct client {
	enum client_state state;
	int fd; /* owned */
	uint32_t uid;
	bool may_change;
	bool polled;          /* ASKING: the request was handed out */
	bool closing;         /* after what is being written */
	bool watches;         /* what happens; it has said its last request */
	uint64_t missed;      /* happenings that had no room */
	struct mono deadline; /* MONO_NEVER: the node's */
	struct request request;
	char *input; /* owned; begins with a line, perhaps not whole yet */
	size_t input_len, input_room;
	struct answers output; /* owned */
	size_t written;        /* of it */
};

struct control {
	struct loop *loop; /* borrowed */
	uint8_t event_kind;
	struct pool clients;
	struct control_counters counters;
};

static uint64_t token_of(struct handle handle)
{
	return (uint64_t)handle.index << TOKEN_SHIFT | handle.generation;
}

static struct handle handle_of(uint64_t token)
{
	return (struct handle){ .index = (uint32_t)(token >> TOKEN_SHIFT),
				.generation = (uint32_t)token };
}

int control_new(struct loop *loop, uint8_t event_kind, struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return ERR_NOMEM;
	pool_init(&control->clients, CONTROL_CLIENTS_MAX, sizeof(struct client));
	control->loop = loop;
	control->event_kind = event_kind;
	*ret = control;
	return 0;
}

static void close_client(struct control *control, struct handle handle)
{
	struct client *client = pool_at(&control->clients, handle);

	loop_remove(control->loop, client->fd);
	(void)close(client->fd); /* what was not written has nobody to read it */
	free(client->input);
	answers_free(&client->output);
	pool_give(&control->clients, handle);
}

void control_del(struct control *control)
{
	struct handle handle;

	if (control == NULL)
		return;
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (pool_slot(&control->clients, i, &handle) != NULL)
			close_client(control, handle);
	}
	pool_free(&control->clients);
	free(control);
}

/* The only writer of client->state after control_accept(): what is watched follows from it. */
static void set_state(struct control *control, struct handle handle, enum client_state next)
{
	static const bool allowed[CLIENT_STATES][CLIENT_STATES] = {
		[CLIENT_READING] = { [CLIENT_ASKING] = true, [CLIENT_WRITING] = true },
		[CLIENT_ASKING] = { [CLIENT_WRITING] = true },
		[CLIENT_WRITING] = { [CLIENT_READING] = true, [CLIENT_WATCHING] = true },
		[CLIENT_WATCHING] = { [CLIENT_WRITING] = true },
	};
	static const unsigned wants[CLIENT_STATES] = { [CLIENT_READING] = LOOP_READ,
						       [CLIENT_WRITING] = LOOP_WRITE,
						       [CLIENT_WATCHING] = LOOP_READ };
	struct client *client = pool_at(&control->clients, handle);

	CHECK(allowed[client->state][next]);
	client->state = next;
	loop_change(control->loop, client->fd, wants[next], control->event_kind, handle);
}

/* --- answers --- */

/* All is out: of the room for happenings nothing is taken. True if the client had missed some, and
 * the line that says so is to be written. */
static bool admits_missed(struct client *client, struct now now)
{
	const struct happening lost = { .kind = HAPPENING_LOST,
					.why = "",
					.number = client->missed };

	if (!client->watches || client->missed == 0)
		return false;
	answers_event(&client->output, now, &lost);
	client->missed = 0;
	return client->output.failed == 0; /* without memory for a line it is not told of them */
}

/* Writes what the socket takes: 0 once all is out, ERR_AGAIN, or ERR_IO if the client is gone. */
static int write_output(struct client *client)
{
	const struct answers *const output = &client->output;

	while (client->written < output->len) {
		const ssize_t n = send(client->fd, output->data + client->written,
				       output->len - client->written, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return ERR_AGAIN;
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		client->written += n < 0 ? 0 : (size_t)n;
	}
	answers_free(&client->output);
	client->written = 0;
	return 0;
}

/* Once all is out: closed, or ready for the next request, or for what happens next. False if the
 * client is gone after this. */
static bool flush(struct control *control, struct now now, struct handle handle)
{
	struct client *client = pool_at(&control->clients, handle);
	const size_t before = client->written;
	int err = write_output(client);

	if (err == 0 && admits_missed(client, now))
		err = write_output(client);
	if (err == ERR_AGAIN && client->watches && client->written > before)
		client->deadline = mono_add_ms(now.mono, CONTROL_PATIENCE_MS); /* it reads */
	if (err == ERR_AGAIN)
		return true;
	if (err < 0 || client->closing) {
		close_client(control, handle);
		return false;
	}
	client->deadline =
		client->watches ? MONO_NEVER : mono_add_ms(now.mono, CONTROL_PATIENCE_MS);
	set_state(control, handle, client->watches ? CLIENT_WATCHING : CLIENT_READING);
	return true;
}

/* The answer in client->output is complete. */
static bool finish(struct control *control, struct now now, struct handle handle)
{
	struct client *client = pool_at(&control->clients, handle);
	const int err = client->output.failed;

	if (err != 0) {
		control->counters.starved += err == ERR_NOMEM;
		answers_free(&client->output);
		answers_error(&client->output, err,
			      err == ERR_NOMEM
				      ? "there is no memory for the answer; ask again later"
				      : "the answer is too long");
	}
	if (client->output.failed != 0) { /* not even that */
		close_client(control, handle);
		return false;
	}
	client->deadline = mono_add_ms(now.mono, CONTROL_PATIENCE_MS);
	set_state(control, handle, CLIENT_WRITING);
	return flush(control, now, handle);
}

static bool refuse(struct control *control, struct now now, struct handle handle, int err,
		   const char *why)
{
	struct client *client = pool_at(&control->clients, handle);

	client->closing = err != ERR_DENIED && err != ERR_UNSUPPORTED;
	control->counters.refused += err != ERR_NOMEM;
	control->counters.starved += err == ERR_NOMEM;
	answers_error(&client->output, err, why);
	return finish(control, now, handle);
}

/* --- requests --- */

/* Answers at once, or puts the request where control_poll() finds it. False if the client is gone
 * after this. */
static bool handle_line(struct control *control, struct now now, struct handle handle,
			struct span line)
{
	struct client *client = pool_at(&control->clients, handle);
	const char *why = "";
	const int err = request_parse(line, &client->request, &why);

	if (err < 0)
		return refuse(control, now, handle, err, why);
	if (!SECCHECK(SEC_CONTROL_VERB,
		      client->may_change || !request_changes(client->request.verb)))
		return refuse(control, now, handle, ERR_DENIED, "only root may do this");
	if (client->request.verb == REQUEST_VERSION) {
		answers_version(&client->output);
		return finish(control, now, handle);
	}
	if (client->request.verb == REQUEST_PEERS)
		answers_peers_begin(&client->output);
	client->polled = false;
	client->deadline = MONO_NEVER; /* the node has its own for each request */
	set_state(control, handle, CLIENT_ASKING);
	return true;
}

/* Handles whole lines until one has to wait or none is left. */
static void handle_input(struct control *control, struct now now, struct handle handle)
{
	struct client *client = pool_at(&control->clients, handle);

	while (client->state == CLIENT_READING && client->input_len > 0) {
		const char *end = memchr(client->input, '\n', client->input_len);
		const size_t len = end == NULL ? client->input_len : (size_t)(end - client->input);

		if (end == NULL && len <= REQUEST_BYTES_MAX)
			return; /* the rest is still to come, and buys no time */
		if (!handle_line(control, now, handle, span_of(client->input, len)) || end == NULL)
			return;
		client->input_len -= len + 1;
		memmove(client->input, client->input + len + 1, client->input_len);
	}
	if (client->input_len == 0) {
		free(client->input);
		client->input = NULL;
		client->input_room = 0;
	}
}

static bool make_room(struct client *client)
{
	size_t room = client->input_room * 2;
	char *input;

	if (client->input_len < client->input_room)
		return true;
	if (room < INPUT_ROOM_MIN)
		room = INPUT_ROOM_MIN;
	if (room > REQUEST_BYTES_MAX + 1)
		room = REQUEST_BYTES_MAX + 1; /* one more than a line may have tells it is longer */
	input = realloc(client->input, room);
	if (input == NULL)
		return false;
	client->input = input;
	client->input_room = room;
	return true;
}

/* One read a turn, so that nobody can keep us busy. */
static void read_input(struct control *control, struct now now, struct handle handle)
{
	struct client *client = pool_at(&control->clients, handle);
	ssize_t n;

	if (!make_room(client)) {
		control->counters.starved++;
		close_client(control, handle);
		return;
	}
	n = recv(client->fd, client->input + client->input_len,
		 client->input_room - client->input_len, MSG_DONTWAIT);
	if (n > 0) {
		client->input_len += (size_t)n;
		handle_input(control, now, handle);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_client(control, handle);
	}
}

/* --- from outside --- */

/* Whoever holds all the connections he may have keeps nobody else out, and never root. */
static bool has_room_for(const struct control *control, uint32_t uid)
{
	struct handle handle;
	uint32_t same = 0;
	uint32_t others = 0;

	if (uid == 0)
		return true; /* if there is a slot at all */
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct client *client = pool_slot(&control->clients, i, &handle);

		same += client != NULL && client->uid == uid;
		others += client != NULL && client->uid != 0;
	}
	return same < CONTROL_CLIENTS_PER_USER_MAX &&
	       others < CONTROL_CLIENTS_MAX - CONTROL_ROOT_SLOTS;
}

static void turn_away(int fd)
{
	struct answers answer = { 0 };

	answers_error(&answer, ERR_FULL, "too many control connections; close one");
	if (answer.failed == 0)
		(void)send(fd, answer.data, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT); /* or not */
	answers_free(&answer);
	(void)close(fd); /* said or not */
}

void control_accept(struct control *control, struct now now, int fd, uint32_t uid, bool may_change)
{
	struct handle handle;
	struct client *client = NULL;

	if (has_room_for(control, uid))
		client = pool_take(&control->clients, &handle);
	if (client == NULL) {
		turn_away(fd);
		return;
	}
	*client = (struct client){ .fd = fd,
				   .uid = uid,
				   .may_change = may_change,
				   .deadline = mono_add_ms(now.mono, CONTROL_PATIENCE_MS) };
	if (loop_add(control->loop, fd, LOOP_READ, control->event_kind, handle) < 0) {
		pool_give(&control->clients, handle);
		turn_away(fd);
	}
}

void control_event(struct control *control, struct now now, const struct loop_event *event)
{
	struct client *client = pool_at(&control->clients, event->handle);

	if (client == NULL)
		return; /* closed in this very turn */
	switch (client->state) {
	case CLIENT_READING:
		read_input(control, now, event->handle);
		break;
	case CLIENT_ASKING:   /* only its end is an event now */
	case CLIENT_WATCHING: /* or what it must not say any more */
		close_client(control, event->handle);
		break;
	case CLIENT_WRITING:
		if (flush(control, now, event->handle))
			handle_input(control, now, event->handle);
		break;
	case CLIENT_STATES:
		UNREACHABLE();
	}
}

bool control_poll(struct control *control, struct now now, struct control_request *ret)
{
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct handle handle;
		struct client *client = pool_slot(&control->clients, i, &handle);

		if (client == NULL)
			continue;
		if (mono_reached(now.mono, client->deadline)) {
			close_client(control, handle);
		} else if (client->state == CLIENT_ASKING && !client->polled) {
			client->polled = true;
			ret->token = token_of(handle);
			ret->request = client->request;
			return true;
		}
	}
	return false;
}

struct control_counters control_counters(const struct control *control)
{
	return control->counters;
}

struct mono control_deadline(const struct control *control)
{
	struct mono next = MONO_NEVER;
	struct handle handle;

	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct client *client = pool_slot(&control->clients, i, &handle);

		if (client != NULL)
			next = mono_min(next, client->deadline);
	}
	return next;
}

/* The last part of an answer is there; requests that waited behind it come next. */
static void complete(struct control *control, struct now now, struct handle handle)
{
	if (finish(control, now, handle))
		handle_input(control, now, handle);
}

/* Of the way to a member: who stands there is not known. */
static const char *no_answer(const struct client *client)
{
	return client->request.verb == REQUEST_WHO && client->request.route.hops < ROUTED_HOPS_MAX
		       ? "nobody answers at this hop on the way to "
		       : "";
}

/* Where nothing came the sentence tells from whom. */
static void answer_error(struct client *client, const struct node_reply *reply)
{
	char text[NODE_PEER_TEXT_MAX + 160]; /* reasons are short; a longer one is cut */
	const char *const why = reply->error.text;

	answers_free(&client->output);
	client->closing = reply->error.err == ERR_AGAIN; /* who asks again may find another */
	if (client->request.peer[0] == '\0' || reply->error.err != ERR_TIMEOUT) {
		answers_error(&client->output, reply->error.err, why);
		return;
	}
	if (*no_answer(client) != '\0' && *why == '\0')
		(void)snprintf(text, sizeof(text), "%s%s", no_answer(client), client->request.peer);
	else
		(void)snprintf(text, sizeof(text), "%s %s%s", client->request.peer,
			       *why == '\0' ? "does not answer" : "is not up: ", why);
	answers_error(&client->output, ERR_TIMEOUT, text);
}

static void answer_status(const struct control *control, struct client *client, struct now now,
			  const struct node_status *status, const struct answers_world *world)
{
	struct answers_world all = *world;

	all.control = &control->counters;
	answers_status(&client->output, now, status, &all);
}

void control_reply(struct control *control, struct now now, const struct node_reply *reply,
		   const struct answers_world *world)
{
	const struct handle handle = handle_of(reply->token);
	struct client *client = pool_at(&control->clients, handle);

	if (client == NULL || client->state != CLIENT_ASKING)
		return; /* it did not wait for the answer */
	switch (reply->kind) {
	case NODE_REPLY_STATUS:
		answer_status(control, client, now, &reply->status, world);
		break;
	case NODE_REPLY_PEER:
		answers_peer(&client->output, now, &reply->peer);
		break;
	case NODE_REPLY_PONG:
		answers_pong(&client->output, &reply->pong.peer, reply->pong.rtt_us);
		complete(control, now, handle);
		break;
	case NODE_REPLY_WHO:
		answers_who(&client->output, reply->who);
		complete(control, now, handle);
		break;
	case NODE_REPLY_END:
		if (client->request.verb == REQUEST_PEERS)
			answers_peers_end(&client->output);
		complete(control, now, handle);
		break;
	case NODE_REPLY_ERROR:
		answer_error(client, reply);
		complete(control, now, handle);
		break;
	}
}

/* NULL: it did not wait for the answer. */
static struct client *asking(struct control *control, uint64_t token)
{
	struct client *client = pool_at(&control->clients, handle_of(token));

	return client != NULL && client->state == CLIENT_ASKING ? client : NULL;
}

void control_watch(struct control *control, struct now now, uint64_t token)
{
	struct client *client = asking(control, token);

	if (client == NULL)
		return;
	answers_monitor(&client->output);
	client->watches = client->output.failed == 0; /* who is refused hears of nothing */
	(void)finish(control, now, handle_of(token)); /* or it is gone */
}

bool control_is_watched(const struct control *control)
{
	struct handle handle;

	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct client *client = pool_slot(&control->clients, i, &handle);

		if (client != NULL && client->watches)
			return true;
	}
	return false;
}

static void tell_client(struct control *control, struct now now, struct handle handle,
			const struct happening *happening)
{
	struct client *client = pool_at(&control->clients, handle);
	const size_t before = client->output.len;

	if (client->missed > 0) { /* what comes behind it waits for the line that says so */
		client->missed++;
		return;
	}
	answers_event(&client->output, now, happening);
	if (client->output.failed != 0 || client->output.len > CONTROL_EVENTS_BYTES_MAX) {
		client->output.len = before;
		client->output.failed = 0;
		client->missed++;
	}
	if (client->state == CLIENT_WATCHING) {
		client->deadline = mono_add_ms(now.mono, CONTROL_PATIENCE_MS);
		set_state(control, handle, CLIENT_WRITING);
		(void)flush(control, now, handle); /* or it is gone */
	}
}

void control_tell(struct control *control, struct now now, const struct happening *happening)
{
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct handle handle;
		const struct client *client = pool_slot(&control->clients, i, &handle);

		if (client != NULL && client->watches)
			tell_client(control, now, handle, happening);
	}
}

void control_reply_config(struct control *control, struct now now, uint64_t token,
			  const struct config *running)
{
	struct client *client = asking(control, token);

	if (client == NULL)
		return;
	answers_config(&client->output, running);
	complete(control, now, handle_of(token));
}

void control_reply_reload(struct control *control, struct now now, uint64_t token,
			  const struct config *running, const struct config *file)
{
	struct client *client = asking(control, token);

	if (client == NULL)
		return;
	answers_reload(&client->output, running, file);
	complete(control, now, handle_of(token));
}

void control_reply_down(struct control *control, struct now now, uint64_t token)
{
	struct client *client = asking(control, token);

	if (client == NULL)
		return;
	answers_down(&client->output);
	complete(control, now, handle_of(token));
}
