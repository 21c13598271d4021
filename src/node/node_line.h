/* node_line.h - reaching the bootstrap lines. */
#ifndef NODE_NODE_LINE_H
#define NODE_NODE_LINE_H

#include "base/pool.h"
#include "node/event.h"

struct node;

struct line {
	const struct node_bootstrap *config; /* borrowed from the node's configuration */
	struct handle peer;
	struct endpoint endpoints[NODE_ENDPOINTS_MAX]; /* where its host is, or was last */
	uint32_t endpoint_count;
	struct handle dials[NODE_ENDPOINTS_MAX]; /* sessions that are being dialled */
	struct mono next;      /* attempt; MONO_NEVER while one is under way, or it is connected */
	struct mono dialled;   /* the attempt under way, or the last */
	struct mono confirmed; /* when a session with the member carried traffic first */
	uint32_t failures;     /* in a row */
	bool is_spare;         /* next: its turn, which waits while others lead in */
	bool looking_up, lookup_wanted;
	struct mono lookup_expiry; /* of looking_up: the world may have lost the question */
};

void lines_init(struct node *node, struct now now);
/* The lines are these from now on: who stands in one that was there before goes on as it was. */
void lines_renew(struct node *node, struct now now, const struct node_bootstrap *bootstrap,
		 uint32_t count);
/* The line that names a member, of several the one that was tried last; or NULL. */
const struct node_bootstrap *line_of(const struct node *node, const struct id *id);
void lines_tick(struct node *node, struct now now);
bool lines_poll(struct node *node, struct node_action *ret);
struct mono lines_deadline(const struct node *node);
void lines_lookup_done(struct node *node, struct now now, const struct node_event *event);
/* A session with the member carries traffic from now on. */
void line_confirmed(struct node *node, struct now now, struct handle session, const struct id *id);
void lines_stop(struct node *node, struct now now);
/* The session with this peer ended because nobody needs it; the ring knows. */
void line_let_go(struct node *node, struct now now, struct handle peer);
void line_closed(struct node *node, struct now now, struct handle session, const char *why);
/* False in a network that is large enough, and in which we have our place, to do without them: who
 * else is near may relay and tell us our address as well. */
bool lines_are_needed(const struct node *node);
/* True if there is no line whose member is not connected. */
bool lines_all_up(const struct node *node);
/* Who could not be reached from where we were may be from where we are: some are tried at once, the
 * others in turn, as long as we are alone. */
void lines_host_changed(struct node *node, struct now now);
/* The last link is gone: so is everybody, also who was let go. */
void lines_left_alone(struct node *node, struct now now);
/* A packet waits for this destination: whatever line may lead there is tried at once. */
void lines_hurry(struct node *node, struct now now, const struct vnet_output *wanted);
/* Somebody is wanted while we are alone: every line is tried at once, however long it was tried in
 * vain, but those whose turn comes presently anyway. */
void lines_hurry_all(struct node *node, struct now now);

#endif
