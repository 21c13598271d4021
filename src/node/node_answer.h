/* node_answer.h - what users ask of a node. */
#ifndef NODE_NODE_ANSWER_H
#define NODE_NODE_ANSWER_H

#include "base/pool.h"
#include "node/event.h"

#define ASKED_MAX 16      /* requests of users under way */
#define NODE_PING_MS 2000 /* a user's ping is given up */

struct node;

struct peer;

struct asked {
	bool used;
	uint64_t token;
	enum node_verb verb;
	uint32_t cursor;                        /* PEERS: next slot */
	struct mono at;                         /* when it was asked */
	char peer_text[NODE_PEER_TEXT_MAX + 1]; /* PING: from here on */
	struct handle peer;
	bool wished;
	uint64_t ping_token; /* 0: not sent yet */
	struct mono sent;
	uint64_t rtt_us;
	bool answered;
	struct way way;          /* by which the answer came */
	struct node_route route; /* WHO */
	struct id target;        /* WHO */
	struct node_who *who;    /* owned: the answer, once `answered`; made when it is asked */
	int err;                 /* an answer that is an error */
	const char *text;
};

int answer_request(struct node *node, struct now now, const struct node_event *event);
void answer_pong(struct node *node, struct now now, uint64_t token, const struct way *way);
bool answer_poll(struct node *node, struct now now, struct node_action *ret);
struct mono answer_deadline(const struct node *node);
void answer_free_all(struct node *node);

/* For who answers one kind of question (node_who.h). A reply is ready: an error. */
void answer_fail(struct asked *asked, int err, const char *text);
/* The peer of a user's text; who is not known is looked for, all over the network. NULL: not yet,
 * or never, and then the answer is an error. */
struct peer *answer_peer(struct node *node, struct now now, struct asked *asked);
/* Nothing came for NODE_PING_MS. */
bool answer_is_late(const struct asked *asked, struct now now);

#endif
