/* why.h - why packets to a member go as they do, and the one thing that would mend it: what `ipop
 * why` tells.
 *
 * The daemon says why a peer is not up, or not reached directly, in words of its own; one table
 * here knows each of them, what it is called for scripts, and what to do about it.
 */
#ifndef PROG_IPOP_WHY_H
#define PROG_IPOP_WHY_H

#include "base/mono.h"
#include "prog/exit_code.h"

#include <jansson.h>

#define WHY_CHARS 768

struct why_facts {
	const char *asked;    /* how the user names the member */
	const json_t *status; /* ipop.status/1 */
	const json_t *peer;   /* its row of ipop.peers/1; NULL: there is none */
	const json_t *pong;   /* ipop.ping/1; NULL: it did not answer */
	const char *refusal;  /* then what the daemon said, else NULL */
	struct wall now;
	struct wall built; /* no clock may stand before */
};

struct why {
	const char *code;       /* a stable word */
	char reason[WHY_CHARS]; /* a sentence */
	char fix[WHY_CHARS];    /* a sentence; empty: nothing is to be done */
	enum exit_code exit;    /* as of `ipop ping` */
};

void why_judge(const struct why_facts *facts, struct why *ret);

/* The row of ipop.peers/1 that is meant by a name, an address or an id; NULL: none. Borrowed. */
const json_t *why_find(const json_t *peers, const char *network, const char *asked);

/* Whether this host itself is meant. */
bool why_is_self(const json_t *status, const char *asked);

/* `ipop.why/1` (doc/cli.md); NULL without memory. */
json_t *why_json(const struct why_facts *facts, const struct why *why);

#endif
