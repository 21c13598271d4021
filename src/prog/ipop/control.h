/* control.h - the client of the daemon's control socket (doc/control.md). */
#ifndef PROG_IPOP_CONTROL_H
#define PROG_IPOP_CONTROL_H

#include "group/store.h"
#include "prog/ipop/cli.h"

#include <jansson.h>

#define CONTROL_ANSWER_BYTES_MAX 1048576
#define CONTROL_TIMEOUT_MS 15000     /* the daemon gives up on a ping before */
#define CONTROL_DOWN_TIMEOUT_MS 5000 /* and on saying goodbye before this */

struct control {
	int fd; /* -1: closed */
	char network[NETWORK_NAME_MAX + 1];
	uint8_t *buffer; /* owned: what was read and not yet taken */
	size_t len;
	struct mono until; /* nothing takes longer than that */
	int err; /* why the last call failed: what the daemon said, if it said something */
};

/* Accepts a zeroed buffer with fd -1. */
void control_close(struct control *control);

/* EXIT_OK; EXIT_NOT_RUNNING, EXIT_NO_REPLY (it takes nobody in), EXIT_DENIED, EXIT_FAILED with a
 * complaint, and `ret` closed. */
enum exit_code control_open(const struct store *store, struct control *ret,
			    struct complaint *complaint);

/* For who cannot wait: this call and those that follow end at that time. */
enum exit_code control_open_until(const struct store *store, struct mono until, struct control *ret,
				  struct complaint *complaint);

struct control_request {
	const char *verb;
	const char *peer; /* NULL: none */
	/* Of `who`: */
	uint32_t hops;
	bool aside, links;
};

/* Asks and waits for the answer (CONTROL_TIMEOUT_MS, or what stands above for the verb), which is
 * then of schema `ipop.VERB/1`; the caller releases it. EXIT_OK, or what the daemon's error says,
 * EXIT_NO_REPLY or EXIT_FAILED; with a complaint. */
enum exit_code control_ask(struct control *control, const struct control_request *request,
			   json_t **ret, struct complaint *complaint);

/* The next line of who was asked to monitor, however long it takes; the caller releases it. 0, or
 * why there is none: the daemon closed the connection, or sent no JSON. */
int control_next(struct control *control, json_t **ret);

/* True once the daemon has closed the connection; waits at most so long. */
bool control_wait_closed(struct control *control, int timeout_ms);

#endif
