/* control.c - see control.h. */
#include "prog/ipop/control.h"

#include "base/err.h"
#include "io/clock.h"
#include "io/unix.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_SCHEMA "ipop.request/1"
#define ERROR_SCHEMA "ipop.error/1"
#define SCHEMA_CHARS 40
#define NO_ANSWER "the daemon does not answer"

static enum exit_code fail(struct control *control, enum exit_code code, int err,
			   struct complaint *complaint, const char *what)
{
	control->err = complain(complaint, err, "%s: %s", control->network, what);
	return code;
}

void control_close(struct control *control)
{
	if (control->fd >= 0)
		(void)close(control->fd); /* all that was said was answered */
	free(control->buffer);
	*control = (struct control){ .fd = -1 };
}

/* How long from now; never more than CONTROL_TIMEOUT_MS. */
static unsigned left_ms(struct mono until)
{
	const uint64_t left = mono_ms_between(clock_now().mono, until);

	return left < CONTROL_TIMEOUT_MS ? (unsigned)left : CONTROL_TIMEOUT_MS;
}

static enum exit_code not_connected(struct control *control, int err, const char *path,
				    struct complaint *complaint)
{
	control->err = err;
	if (err == ERR_NOT_FOUND) {
		(void)complain(complaint, err, "%s is not running; ipop up %s starts it",
			       control->network, control->network);
		return EXIT_NOT_RUNNING;
	}
	if (err == ERR_PERMISSION) {
		(void)complain(complaint, err,
			       "%s: only root and the members of the group \"ipop\" may ask", path);
		return EXIT_DENIED;
	}
	if (err == ERR_TIMEOUT)
		return fail(control, EXIT_NO_REPLY, err, complaint, NO_ANSWER);
	return fail(control, EXIT_FAILED, err, complaint, err_text(err));
}

enum exit_code control_open(const struct store *store, struct control *ret,
			    struct complaint *complaint)
{
	return control_open_until(store, MONO_NEVER, ret, complaint);
}

enum exit_code control_open_until(const struct store *store, struct mono until, struct control *ret,
				  struct complaint *complaint)
{
	struct file_path path = { "" };
	int err = store_path(store, STORE_CONTROL, &path);

	*ret = (struct control){ .fd = -1, .until = until };
	memcpy(ret->network, store->network, sizeof(ret->network));
	if (err == 0)
		err = unix_connect(path.text, left_ms(until), &ret->fd);
	if (err != 0)
		return not_connected(ret, err, path.text, complaint);
	ret->buffer = malloc(CONTROL_ANSWER_BYTES_MAX);
	if (ret->buffer == NULL) {
		(void)close(ret->fd); /* nothing was said */
		ret->fd = -1;
		return fail(ret, EXIT_FAILED, ERR_NOMEM, complaint, err_text(ERR_NOMEM));
	}
	return EXIT_OK;
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static json_t *request_json(const struct control_request *request)
{
	json_t *const root = json_pack("{s:s, s:s, s:s*}", "schema", REQUEST_SCHEMA, "verb",
				       request->verb, "peer", request->peer);

	if (root != NULL && strcmp(request->verb, "who") == 0 &&
	    (json_object_set_new(root, "hops", json_integer(request->hops)) != 0 ||
	     json_object_set_new(root, "aside", json_boolean(request->aside)) != 0 ||
	     json_object_set_new(root, "links", json_boolean(request->links)) != 0)) {
		json_decref(root);
		return NULL;
	}
	return root;
}

static int send_request(const struct control *control, const struct control_request *request)
{
	json_t *const root = request_json(request);
	char *const text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
	int err = ERR_NOMEM;

	if (request->peer != NULL && root == NULL)
		err = ERR_MALFORMED; /* what JSON cannot hold: no UTF-8 */
	if (text != NULL)
		err = send_all(control->fd, text, strlen(text));
	if (err == 0)
		err = send_all(control->fd, "\n", 1);
	free(text);
	json_decref(root);
	return err;
}

/* Waits for something to read: 0, ERR_TIMEOUT, ERR_AGAIN (a signal came), ERR_IO. */
static int wait_for(const struct control *control, struct mono until)
{
	struct pollfd wait = { .fd = control->fd, .events = POLLIN };
	const uint64_t left = mono_ms_between(clock_now().mono, until);
	int n;

	if (until.us == MONO_NEVER.us)
		n = poll(&wait, 1, -1);
	else
		n = poll(&wait, 1, left < INT_MAX ? (int)left : INT_MAX);
	if (n < 0)
		return errno == EINTR ? ERR_AGAIN : ERR_IO;
	return n == 0 ? ERR_TIMEOUT : 0;
}

/* Reads until a line feed is there: 0, ERR_TIMEOUT, ERR_TOO_LONG, ERR_IO (closed). */
static int read_line(struct control *control, struct mono until, size_t *ret_len)
{
	for (;;) {
		const uint8_t *const end = memchr(control->buffer, '\n', control->len);
		ssize_t n;
		int err;

		if (end != NULL) {
			*ret_len = (size_t)(end - control->buffer);
			return 0;
		}
		if (control->len == CONTROL_ANSWER_BYTES_MAX)
			return ERR_TOO_LONG;
		err = wait_for(control, until);
		if (err == ERR_AGAIN)
			continue;
		if (err != 0)
			return err;
		n = read(control->fd, control->buffer + control->len,
			 CONTROL_ANSWER_BYTES_MAX - control->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		control->len += (size_t)n;
	}
}

static int read_answer(struct control *control, struct mono until, json_t **ret)
{
	size_t len;
	const int err = read_line(control, until, &len);

	if (err != 0)
		return err;
	*ret = json_loadb((const char *)control->buffer, len, JSON_REJECT_DUPLICATES, NULL);
	control->len -= len + 1;
	memmove(control->buffer, control->buffer + len + 1, control->len);
	return *ret == NULL ? ERR_MALFORMED : 0;
}

/* The error of this name; ERR_IO for one of a later version. */
static int err_of_name(const char *name)
{
#define ERR_VALUE(known, value, text) (value),
	static const int known[] = { ERR_LIST(ERR_VALUE) };
#undef ERR_VALUE

	for (size_t i = 0; name != NULL && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(err_name(known[i]), name) == 0)
			return known[i];
	return ERR_IO;
}

/* The daemon's own words, and the exit code that it proposes. */
static enum exit_code take_error(const json_t *answer, struct control *control,
				 struct complaint *complaint)
{
	const char *const text = json_string_value(json_object_get(answer, "text"));
	const char *const name = json_string_value(json_object_get(answer, "code"));
	const json_int_t code = json_integer_value(json_object_get(answer, "exit"));

	return fail(control,
		    code > EXIT_OK && code <= EXIT_CERTIFICATE ? (enum exit_code)code : EXIT_FAILED,
		    err_of_name(name), complaint,
		    text != NULL && *text != '\0' ? text
						  : "the daemon refused and did not say why");
}

enum exit_code control_ask(struct control *control, const struct control_request *request,
			   json_t **ret, struct complaint *complaint)
{
	const bool is_down = strcmp(request->verb, "down") == 0;
	const struct mono patience = mono_add_ms(clock_now().mono, is_down ? CONTROL_DOWN_TIMEOUT_MS
									   : CONTROL_TIMEOUT_MS);
	char wanted[SCHEMA_CHARS];
	const char *schema;
	enum exit_code code;
	json_t *answer = NULL;
	int err = send_request(control, request);

	if (err == ERR_MALFORMED)
		return fail(control, EXIT_USAGE, err, complaint,
			    "a peer is a host name, an address or an id");
	/* A daemon that turns us away has closed its end already; but why it did waits here. */
	if (err == 0 || err == ERR_IO)
		err = read_answer(control, mono_min(patience, control->until), &answer);
	if (err == ERR_TIMEOUT)
		return fail(control, EXIT_NO_REPLY, err, complaint, NO_ANSWER);
	if (err != 0)
		return fail(control, EXIT_FAILED, err, complaint,
			    err == ERR_MALFORMED ? "the daemon's answer is no JSON"
						 : "the daemon closed the connection");
	schema = json_string_value(json_object_get(answer, "schema"));
	(void)snprintf(wanted, sizeof(wanted), "ipop.%s/1", request->verb); /* verbs are short */
	if (schema != NULL && strcmp(schema, wanted) == 0) {
		*ret = answer;
		return EXIT_OK;
	}
	if (schema != NULL && strcmp(schema, ERROR_SCHEMA) == 0)
		code = take_error(answer, control, complaint);
	else
		code = fail(control, EXIT_FAILED, ERR_VERSION, complaint,
			    "the daemon is of another version than this program");
	json_decref(answer);
	return code;
}

int control_next(struct control *control, json_t **ret)
{
	return read_answer(control, control->until, ret);
}

bool control_wait_closed(struct control *control, int timeout_ms)
{
	struct pollfd wait = { .fd = control->fd, .events = POLLIN };
	uint8_t byte;

	return poll(&wait, 1, timeout_ms) == 1 && read(control->fd, &byte, 1) <= 0;
}
