/* scrapes.h - those who ask for a page over HTTP/1.1 (RFC 9112), several at once, and nobody for
 * long.
 *
 * Anybody on this host may connect, so who is silent must not keep the others out: of SCRAPES_MAX
 * the longest-silent one goes when another comes, each has SCRAPES_PATIENCE_MS for its request and
 * again for taking the answer, and what one may make us keep is a head and a page. One that just
 * came has SCRAPES_GRACE_MS to say something, and it has that from the others who come, too:
 * without it, many who connect again whenever they are dropped could push out an honest one between
 * its connection and its request.
 *
 * Who serves: poll(2) scrapes_waits() until scrapes_deadline(), then scrapes_input() for each that
 * is ready; scrapes_answer() those that have asked.
 */
#ifndef PROG_IPOP_SCRAPES_H
#define PROG_IPOP_SCRAPES_H

#include "base/mono.h"
#include "base/span.h"

#include <poll.h>

#define SCRAPES_MAX 16
#define SCRAPES_HEAD_BYTES_MAX 8192 /* of a request */
#define SCRAPES_PATIENCE_MS 2000
#define SCRAPES_GRACE_MS 20

struct scrapes;

/* NULL: no memory. */
struct scrapes *scrapes_new(void);
void scrapes_del(struct scrapes *scrapes); /* NULL is fine */

/* When another one may come: now, or at an instant soon. */
struct mono scrapes_room(const struct scrapes *scrapes, struct mono now);

/* Takes a connection, which is ours to close. Not before scrapes_room(). */
void scrapes_add(struct scrapes *scrapes, int fd, struct mono now);

/* What each waits for, for poll(2): how many there are. */
size_t scrapes_waits(const struct scrapes *scrapes, struct pollfd ret[SCRAPES_MAX]);

/* When the next one has used up its time. */
struct mono scrapes_deadline(const struct scrapes *scrapes);

/* Drops those that have. */
void scrapes_expire(struct scrapes *scrapes, struct mono now);

/* Reads of one that is ready, or writes to it; it goes by its descriptor. The head of its request
 * once that is there, up to the empty line behind it: a text, borrowed until it is answered. Else
 * NULL. */
const char *scrapes_input(struct scrapes *scrapes, int fd, struct mono now);

struct scrapes_answer {
	const char *status, *type; /* "200 OK", "text/plain" */
	struct span body;
};

/* To one that has asked; then it is closed. */
void scrapes_answer(struct scrapes *scrapes, int fd, const struct scrapes_answer *answer,
		    struct mono now);

#endif
