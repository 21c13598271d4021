/* control.h - the control connections: lines in, lines out, a few at a time (doc/control.md).
 *
 *     READING --a request for the node--> ASKING --its last reply--> WRITING --at the end--> closed
 *      ^  `-----a request answered here, or refused-------------------^  | ^
 *      `----------------------------------------------------all is out---' |
 *                         of who monitors: all is out --> WATCHING --an event
 *
 * The steward has looked at who connects and passes the descriptors on. A connection is a slot of a
 * pool, and its handle is the token under which the node answers, so that an answer for one that
 * was closed meanwhile finds nobody.
 */
#ifndef PROG_IPOPD_CONTROL_H
#define PROG_IPOPD_CONTROL_H

#include "io/loop.h"
#include "prog/ipopd/answers.h"
#include "prog/ipopd/request.h"

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_CLIENTS_PER_USER_MAX 4 /* of anybody but root */
#define CONTROL_ROOT_SLOTS 1           /* that nobody but root may have */
#define CONTROL_PATIENCE_MS 30000      /* for the next request, and for answers nobody reads */
#define CONTROL_EVENTS_BYTES_MAX 65536 /* that wait for one who monitors: the rest is counted */

struct control; /* opaque */

/* A request for the node; REQUEST_DOWN means the whole daemon. */
struct control_request {
	uint64_t token;
	struct request request;
};

/* Loop is borrowed and outlives it; its events of kind `event_kind` are ours. 0 or ERR_NOMEM. */
int control_new(struct loop *loop, uint8_t event_kind, struct control **ret);
void control_del(struct control *control);

/* Takes the descriptor over. One connection too many is told so and closed. */
void control_accept(struct control *control, struct now now, int fd, uint32_t uid, bool may_change);

void control_event(struct control *control, struct now now, const struct loop_event *event);

/* Lets time pass, and hands out a request for the node. Each is answered with control_reply() under
 * its token, the last time with NODE_REPLY_PONG, NODE_REPLY_WHO, NODE_REPLY_END or
 * NODE_REPLY_ERROR. After ERR_AGAIN the connection is closed: who asks again may find somebody else
 * to answer. */
bool control_poll(struct control *control, struct now now, struct control_request *ret);
struct mono control_deadline(const struct control *control);
struct control_counters control_counters(const struct control *control);

/* The world is asked of for a status alone, and may be NULL for what is none; the counters of the
 * control connections are added. */
void control_reply(struct control *control, struct now now, const struct node_reply *reply,
		   const struct answers_world *world);

/* Answers REQUEST_MONITOR: the client is told what happens from here on. */
void control_watch(struct control *control, struct now now, uint64_t token);
bool control_is_watched(const struct control *control);
/* Tells all of these. Who has not read CONTROL_EVENTS_BYTES_MAX of such before is told later how
 * many of them it has missed. */
void control_tell(struct control *control, struct now now, const struct happening *happening);

/* Answers REQUEST_CONFIG, with what counts at present, and REQUEST_RELOAD, with what of the file
 * does not count yet. */
void control_reply_config(struct control *control, struct now now, uint64_t token,
			  const struct config *running);
void control_reply_reload(struct control *control, struct now now, uint64_t token,
			  const struct config *running, const struct config *file);

/* Answers REQUEST_DOWN: the peers have been told, the daemon ends now. */
void control_reply_down(struct control *control, struct now now, uint64_t token);

#endif
