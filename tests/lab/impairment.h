/* impairment.h - what becomes of each frame on a bad line: the part of the impairer without I/O.
 *
 * One struct impairment is one direction of the line. It decides when a frame leaves, how often and
 * with which bytes. All chance comes from its own stream, so the same seed and the same frames in
 * the same order give the same fate, whatever the other direction carries.
 *
 * The order of what can happen to a frame:
 *
 *     black hole -> loss -> corruption -> bottleneck -> delay and jitter -> held back -> twice
 *
 * What belongs to the cable and not to the path behind it passes at once and untouched: ARP,
 * neighbour discovery, link-local multicast and all that is not IP. A line that lost them would
 * measure the retry timers of the kernel's neighbour table.
 */
#ifndef IMPAIRMENT_H
#define IMPAIRMENT_H

#include "base/mono.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stddef.h>

#define IMPAIR_CERTAIN 1000 /* chances are per mille */
#define IMPAIR_DELAY_MS_MAX 60000
#define IMPAIR_BURST_MAX 1000
#define IMPAIR_RATE_KBIT_MAX 10000000

struct impair_options {
	unsigned loss, duplicate, reorder, corrupt; /* chances, per mille */
	unsigned burst;         /* mean length of a run of losses; 0: each frame for itself */
	unsigned delay_ms;      /* of every frame */
	unsigned jitter_ms;     /* up to so much more or less, never below 0 */
	unsigned reorder_by_ms; /* how long a frame that shall be overtaken is held back */
	unsigned rate_kbit;     /* bottleneck, in bits of Ethernet frames; 0: none */
	unsigned queue_ms; /* depth of the bottleneck's queue: who would wait longer is dropped */
	unsigned blackhole_bytes; /* longer IP packets vanish without a word; 0: none do */
};

struct impair_stats {
	uint64_t frames, bytes; /* that came in */
	uint64_t cable;         /* of these: passed untouched, see above */
	uint64_t blackholed, lost, bursts, corrupted, queue_full, reordered, duplicated;
	uint64_t not_udp; /* were to be corrupted, but hold no byte of UDP payload */
};

struct impairment {
	struct impair_options options;
	struct impair_stats stats; /* may be read from outside */
	struct rng rng;
	bool losing;         /* inside a run of losses */
	uint64_t idle_at_ns; /* when the bottleneck has sent all it took */
	struct mono last;    /* when the last frame that was not held back leaves */
};

struct impair_verdict {
	unsigned copies; /* 0: dropped; else 1 or 2 leave ... */
	struct mono at;  /* ... then */
};

/* NULL, or what is wrong with the options, for the user to read. */
const char *impairment_objection(const struct impair_options *options);

/* Requires options without objection, here and below. */
void impairment_init(struct impairment *im, const struct impair_options *options, uint64_t seed);

/* From the next frame on; chance and statistics go on. */
void impairment_set(struct impairment *im, const struct impair_options *options);

/* Decides about an Ethernet frame that arrived now; `now` never goes back. A corrupted frame has
 * one byte of its UDP payload changed in place and the checksum made right again, so that the
 * damage reaches the program behind the socket, as damage does that a NAT or a bad memory adds. */
struct impair_verdict impairment_decide(struct impairment *im, struct mono now, uint8_t *frame,
					size_t len);

#endif
