/* probes.h - messages from program to program through the network under test: the proof that it
 * carries IP, and the watch over what must never happen.
 *
 * Each is an IP packet with a number, sent once a second until it arrives, as any program does that
 * wants an answer. A packet may be lost; it may not arrive twice, at somebody else, or under
 * another's name, nothing may arrive that nobody sent, and no wire may show what is in it. That is
 * looked at after every step of the world, and at each datagram (world_add_checker()).
 */
#ifndef SIM_PROBES_H
#define SIM_PROBES_H

#include "sim/crowd.h"
#include "sim/tally.h"

#define PROBES_OPEN_MAX 65536 /* remembered; older ones are forgotten */
#define PROBES_AGAIN_MS 1000
#define PROBES_PATIENCE_MS 5000 /* then it has not arrived */
#define PROBES_WORST 5          /* of fewer no share is worth telling */

/* What a message is sent for: it counts there and nowhere else. */
enum probe_sum {
	PROBE_JOINER, /* is a new member usable yet? */
	PROBE_SAMPLE, /* do members drawn at random reach each other? */
	PROBE_TALK,   /* does everybody reach everybody? */
	PROBE_SUMS,
};

struct probe_ask {
	uint32_t from, to;
	bool v4; /* else by IPv6 */
	enum probe_sum sum;
};

enum probe_state { PROBE_FREE, PROBE_OPEN, PROBE_ARRIVED, PROBE_ENDED };

struct probe {
	enum probe_state state;
	uint32_t number;
	struct probe_ask ask;
	uint32_t from_starts, to_starts;
	struct mono sent, again;
	uint8_t tries, tries_arrived; /* packets; a bit for each that arrived */
};

struct probe_figures {
	uint64_t arrived, failed; /* one whose ends did not stay up is neither */
	uint64_t packets, packets_arrived;
	struct tally times_us; /* of those that arrived */
};

/* Of the samples that were for one member. */
struct probe_goal {
	uint32_t arrived, failed;
};

struct probes {
	struct crowd *crowd;      /* borrowed */
	struct probe *probes;     /* owned: by number modulo PROBES_OPEN_MAX */
	struct probe_goal *goals; /* owned: one a member of the crowd */
	uint32_t sent, ended; /* numbers given out; numbers below this one are not open any more */
	struct probe_figures sums[PROBE_SUMS];
	const char *violation; /* literal; NULL: none so far */
};

void probes_init(struct probes *probes, struct crowd *crowd);
void probes_free(struct probes *probes);

/* A message from one member's host to the other. False if they have no addresses yet, or the host
 * takes none. */
bool probes_send(struct probes *probes, const struct probe_ask *ask, uint32_t *ret_number);

/* True if that message has arrived; false also if it was forgotten. */
bool probes_has_arrived(const struct probes *probes, uint32_t number);

/* Of the members for whom there were PROBES_WORST samples at least, the one that the smallest share
 * of them reached; NULL: there is none. */
const struct probe_goal *probes_worst(const struct probes *probes);

/* Sends again what has not arrived, and ends those whose time is over. */
void probes_tick(struct probes *probes);

/* For world_add_checker(), with the probes as context: takes what has come to the host's programs,
 * and looks at it. */
const char *probes_check(void *context, uint32_t host);

/* Likewise, of a datagram on its way into the net. Where the crowd does not encrypt, all may be
 * seen. */
const char *probes_check_wire(void *context, const struct net_datagram *datagram);

#endif
