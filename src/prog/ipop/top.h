/* top.h - who talks with this host, and how much: what `ipop top` shows.
 *
 * Two answers of the daemon to `peers` make one picture: what was counted between them. The
 * counters of a member are those of its session; where a new session has begun, its own count from
 * zero.
 */
#ifndef PROG_IPOP_TOP_H
#define PROG_IPOP_TOP_H

#include "base/mono.h"
#include "prog/ipop/output.h"

#include <stdbool.h>

enum top_order { TOP_BY_TRAFFIC, TOP_BY_NAME, TOP_BY_RTT, TOP_BY_LOSS, TOP_ORDERS };

/* What was counted, since the session began or between two answers. */
struct top_counts {
	uint64_t bytes_sent, bytes_received, packets_sent, packets_received, packets_lost;
};

struct top_row {
	const json_t *peer; /* borrowed of the answer */
	struct output_text id, name, state, way;
	bool has_rtt;
	uint64_t rtt_us;
	uint64_t session_s;
	struct top_counts total, change;
};

struct top {
	json_t *answer;       /* owned: the newest */
	struct top_row *rows; /* owned; in the order that was asked for last */
	size_t count;
	struct mono at;
	uint64_t interval_us; /* since the answer before; 0: there was none */
};

/* Accepts a zeroed one; leaves one. */
void top_free(struct top *top);

/* Takes over an answer of schema ipop.peers/1 that came at this time. 0, or ERR_NOMEM and nothing
 * else has changed. */
int top_update(struct top *top, json_t *answer, struct mono at);

/* The members with most of it first; by name, from a to z. */
void top_sort(struct top *top, enum top_order order);
const char *top_order_name(enum top_order order);

/* A table of at most `max` members: head, and one line each. */
void top_print(const struct top *top, size_t max, FILE *out);

/* "in 1.20 MB/s, out 34.0 kB/s" of all together. */
struct output_text top_total(const struct top *top);

/* `ipop.top/1` (doc/cli.md); NULL without memory. */
json_t *top_json(const struct top *top, struct wall now);

#endif
