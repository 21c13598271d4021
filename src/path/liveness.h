/* liveness.h - is the peer still there, over this path? Sans-I/O.
 *
 * Whatever authenticated arrives counts. After LIVENESS_QUIET_MS without any, a probe goes out;
 * unanswered, up to three follow, one each second, and then the peer is dead on this path. Since a
 * probe is also something that arrives, of two sides the first to be due speaks for both. The
 * answer carries the probe's token, so it also measures the round trip (RFC 6298, 2: smoothed).
 *
 *     HEARD --10 s of silence--> PROBING --3 probes, 1 s each, nothing heard--> DEAD (final)
 *       ^---------- anything -------'
 */
#ifndef PATH_LIVENESS_H
#define PATH_LIVENESS_H

#include "base/mono.h"
#include "base/rng.h"

#define LIVENESS_QUIET_MS 10000
#define LIVENESS_JITTER_MS \
	2000 /* taken off at random: peers that met together do not go on in step */
#define LIVENESS_REPEAT_MS 1000
#define LIVENESS_PROBES_MAX 3

enum liveness_state { LIVENESS_HEARD, LIVENESS_PROBING, LIVENESS_DEAD, LIVENESS_STATES };

/* Embed it; nothing to free. `state`, `has_rtt` and `rtt_us` may be read. */
struct liveness {
	enum liveness_state state;
	struct rng *rng;  /* borrowed; outlives this */
	struct mono next; /* HEARD: first probe; PROBING: next probe, or death */
	struct mono heard, sent;
	uint64_t token;  /* of the newest probe; 0: none is open */
	unsigned probes; /* since something was heard */
	bool has_rtt;
	uint64_t rtt_us; /* smoothed */
};

void liveness_init(struct liveness *l, struct rng *rng, struct mono now);

/* Something authenticated arrived at `at`, which may lie in the past. */
void liveness_heard(struct liveness *l, struct mono at);

/* Probe at the next poll whatever was heard: the path changed, or a user asks. */
void liveness_probe_now(struct liveness *l, struct mono now);

/* Lets time pass. True means: send a probe that carries *ret_token (set only then). */
bool liveness_poll(struct liveness *l, struct mono now, uint64_t *ret_token);

/* The answer to a probe: 0, or ERR_STALE if it is not the newest that is open. */
int liveness_answer(struct liveness *l, struct mono now, uint64_t token);

/* When to call liveness_poll() next; MONO_NEVER once dead. */
struct mono liveness_deadline(const struct liveness *l);

#endif
