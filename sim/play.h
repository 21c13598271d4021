/* play.h - a scenario played: members join, what the script says happens, and then what must come
 * true is waited for and measured.
 *
 *     play_new -> play_advance ... (false: over) -> figures.h, what stands below
 *
 *     FAULTS     members join and things break; what programs and wires get is checked after every
 *                step, what a member takes for its links after one in JUDGE_STEPS
 *     SETTLING   nothing happens any more; liveness: each `expect ... within` must come true in
 * time MEASURING  a stretch of quiet: traffic is counted, routes and messages are sampled
 *
 * A violation of safety ends the play at once; what did not come true in time is a violation too,
 * but the play goes on, to show how things stand.
 */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H

#include "sim/crowd.h"
#include "sim/judge.h"
#include "sim/probes.h"

#define PLAY_TICK_US 10000
#define PLAY_SAMPLES_MAX 2048 /* of the course; when full, every other one is given up */
#define PLAY_VIOLATIONS_MAX 16
#define PLAY_JOINERS_MAX 200 /* whose first message is watched */

enum play_state { PLAY_FAULTS, PLAY_SETTLING, PLAY_MEASURING, PLAY_OVER };

struct play_config {
	const struct script *script; /* borrowed */
	uint64_t seed;
	uint32_t nodes;            /* 0: as the script says */
	const uint32_t *matrix_us; /* borrowed; NULL: the map */
	uint32_t sites;
	FILE *print; /* borrowed: of the journal; NULL: nowhere */
};

/* How things stood at an instant. */
struct play_sample {
	uint64_t at_us;
	uint32_t started, up, settled, exact;
	uint64_t sent_bytes; /* by all, since the beginning */
};

/* One `expect ... within`. */
struct play_await {
	const struct script_statement *statement;
	struct mono since, limit;
	bool begun, ended, met;
	uint64_t took_us; /* of one that was met */
};

/* A member's first message to somebody, tried until it arrives. */
struct play_joiner {
	uint32_t member, to, starts;
	uint32_t number; /* of its newest message */
	struct mono since, next;
	bool asked, done;
};

/* Everybody talks to everybody: of `total` questions `asked` were asked, in an order of chance. */
struct play_talk {
	uint64_t total, asked;
	uint64_t first, stride; /* the n-th is number first + n * stride, modulo total */
	uint64_t due;           /* millionths of a question */
};

/* How the measured stretch was. */
struct play_measure {
	struct mono since;
	uint64_t sent_bytes, received_bytes; /* in it, or when it began, while it lasts */
	uint64_t member_us;                  /* members up times how long */
};

/* What members cost while they come and go. */
struct play_churned {
	bool counts;
	uint64_t seen_bytes; /* sent and received by all, at the last look */
	uint64_t bytes;      /* of the stretches of churn */
	uint64_t member_us;
};

/* To be read from outside, and changed by nobody else. */
struct play {
	struct play_config config;
	struct world *world; /* owned */
	struct crowd crowd;
	struct judge judge;
	struct probes probes;
	struct rng rng; /* of what is looked at */
	enum play_state state;
	uint32_t started; /* members that have been started once, in their order */
	struct mono last_join;
	struct mono over_at;                  /* when faults ended: SETTLING */
	const struct script_statement *churn; /* NULL: none */
	struct mono churn_next;
	uint64_t probe_rate; /* millionths a second */
	uint64_t probe_due;  /* millionths of a message */
	struct mono sample_next, await_next;
	uint64_t sample_ms;
	struct play_sample samples[PLAY_SAMPLES_MAX];
	unsigned sample_count;
	struct play_await awaits[SCRIPT_STATEMENTS_MAX];
	unsigned await_count;
	struct play_joiner joiners[PLAY_JOINERS_MAX];
	unsigned joiner_count;
	struct play_measure measure;
	struct play_churned churned;
	bool measured_routes;
	struct play_talk talk;
	struct mono asked_at;                          /* when the last message was sent */
	struct judge_ring ring;                        /* at the end */
	struct tally joins_us, rejoins_us, usables_us; /* rejoins: with memory */
	struct tally hops, stretch_per_mille, degrees;
	uint32_t walks, walks_arrived;
	char violations[PLAY_VIOLATIONS_MAX][WORLD_FAILURE_BYTES];
	unsigned violation_count; /* also those beyond PLAY_VIOLATIONS_MAX */
};

/* NULL without memory; what lacks later is CHECKed. */
struct play *play_new(const struct play_config *config);
void play_free(struct play *play);

/* One tick; false when the play is over. */
bool play_advance(struct play *play);

/* When it will be over, if all comes true as late as it may. */
struct mono play_end(const struct play *play);

/* Into the list. */
__attribute__((format(printf, 2, 3))) void play_violate(struct play *play, const char *format, ...);

#endif
