/* lone_paths.h - one machine of path/paths.h, alone with a clock, and a peer that answers probes by
 * those ways that are said to work.
 *
 * Nothing else moves time: lone_run() walks from deadline to deadline and keeps what comes out.
 */
#ifndef TESTS_LONE_PATHS_H
#define TESTS_LONE_PATHS_H

#include "path/paths.h"

#define LONE_OUTPUTS_MAX 4096
#define LONE_WORKING_MAX 8
#define LONE_START_US UINT64_C(3600000000)

struct sight {
	uint64_t us;
	struct paths_output output; /* of a probe that was answered, the token is 0 */
};

struct lone {
	struct rng rng;
	struct probe_budget *budget; /* owned */
	struct paths paths;
	struct mono now;
	struct paths_traffic traffic;
	struct sight sights[LONE_OUTPUTS_MAX]; /* since the last run; and probes still open */
	unsigned count;
	unsigned padded, sizes_told;          /* since the beginning: probes; PATHS_SIZE */
	struct way working[LONE_WORKING_MAX]; /* the peer answers by these, after `rtt_us` */
	uint64_t rtt_us[LONE_WORKING_MAX];
	uint16_t carries[LONE_WORKING_MAX]; /* and by these no larger probes arrive */
	unsigned working_count;
};

#define LONE_RING ((struct way){ .kind = WAY_RING })

struct endpoint lone_endpoint(const char *text);

/* A direct way to there. */
struct way lone_direct(const char *remote);

/* Exactly the same, unlike way_matches(). */
bool lone_same_way(const struct way *a, const struct way *b);

/* For cmocka: *state is a struct lone. */
int lone_set_up(void **state);
int lone_tear_down(void **state);

void lone_start(struct lone *f, bool is_leader, struct way first);

/* The peer answers probes by this way from now on, or no more. */
void lone_works(struct lone *f, struct way way, uint64_t rtt_ms);
void lone_works_no_more(struct lone *f, struct way way);

/* By this way, which works, probes padded to more than that get lost from now on. */
void lone_carries(struct lone *f, struct way way, uint16_t size);

/* Lets time pass, up to and including the instant at its end. */
void lone_run_us(struct lone *f, uint64_t us);
void lone_run(struct lone *f, uint64_t ms);

/* How often that was said, of this way or (NULL) any, from an instant on: of probes, those that do
 * not ask for a size. */
unsigned lone_seen(const struct lone *f, enum paths_output_kind kind, const struct way *way,
		   uint64_t since_us);

bool lone_uses(const struct lone *f, struct way way);

/* NULL if there is none. */
const struct trial *lone_trial(const struct lone *f, struct way way);

/* The token of the last probe by this way; there was one. */
uint64_t lone_token(const struct lone *f, struct way way);

/* The peer names an address, and (or NULL) one of its host. */
struct paths_candidates lone_named(const char *seen, const char *host);
void lone_name(struct lone *f, const char *seen, const char *host);

#endif
