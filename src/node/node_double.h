/* node_double.h - one key on two machines: a disk that was copied, or a bundle with its key.
 *
 * Both are the same member to all others. Who dials later replaces the session of the other one
 * (session/session_pair.h), which does not know, and goes on to use it: so a member that hears
 * something in a session a while after it was replaced has to do with two. It asks for that, by a
 * probe on the way that the session had: in a session that it knows to be replaced nobody answers
 * one. An answer is a sign. One may be chance (what confirms a session can be lost); but each
 * machine takes the place of the other again and again, and at the second sign the session is ended
 * with the reason (CLOSE 6): so the machine at the other end learns that it is not the only one. It
 * has only that member's word for it: whoever asks is told whose word it is.
 */
#ifndef NODE_NODE_DOUBLE_H
#define NODE_NODE_DOUBLE_H

#include "base/id.h"
#include "base/mono.h"

struct node;
struct node_action;
struct node_named;
struct channel;
struct way;

#define DOUBLE_GRACE_MS 2000   /* what is heard that soon may have been on its way */
#define DOUBLE_ASK_MS 3000     /* after a session was replaced, */
#define DOUBLE_AGAIN_MS 120000 /* a second sign within this time is no chance */
#define DOUBLE_KNOWN_MS 300000 /* after the last sign it is over */
#define DOUBLE_WHY "two machines have its key"

/* Signs of it; all zero at first. */
struct doubling {
	struct mono last;
	uint32_t count;
};

/* Says that another machine has our key; until.us == 0: nobody. */
struct double_teller {
	struct id id;
	struct mono until;
	bool is_news;
};

/* This session is going to be replaced: it still has its ways. */
void double_replaces(struct node *node, struct now now, struct channel *channel);

/* False in a session that was replaced a while ago: there nothing is answered. */
bool double_may_answer(const struct channel *channel, struct now now);

/* Something came in a session with a peer, by this way. */
void double_heard(struct node *node, struct now now, struct channel *channel,
		  const struct way *way);

/* This peer has closed a session with us for it. */
void double_told(struct node *node, struct now now, const struct id *peer);

/* Who has said so of our key, of late: at most NODE_KEY_TELLERS_MAX. */
uint32_t double_tellers(const struct node *node, struct mono now, struct node_named *ret);

/* True if somebody says so, and nobody did of late: NODE_TWICE. */
bool double_poll(struct node *node, struct node_action *ret);

void double_tick(struct node *node, struct now now);

/* Whether there are two of them, as far as can be known. */
bool doubling_is_sure(const struct doubling *doubling, struct mono now);

#endif
