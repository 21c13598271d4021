/* node_answer.h - what users ask of a node. */
#ifndef NODE_NODE_ANSWER_H
#define NODE_NODE_ANSWER_H

#include "base/pool.h"
#include "node/event.h"

#define ASKED_MAX 16      /* requests of users under way */
#define NODE_PING_MS 2000 /* a user's ping is given up */

struct node;

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
	struct way way; /* by which the answer came */
	int err;        /* an answer that is an error */
	const char *text;
};

int answer_request(struct node *node, struct now now, const struct node_event *event);
void answer_pong(struct node *node, struct now now, uint64_t token, const struct way *way);
bool answer_poll(struct node *node, struct now now, struct node_action *ret);
struct mono answer_deadline(const struct node *node);

#endif
