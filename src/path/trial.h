/* trial.h - one way to a peer, with what is known of it. What becomes of it is said in paths.h. */
#ifndef PATH_TRIAL_H
#define PATH_TRIAL_H

#include "base/mono.h"
#include "wire/way.h"

#define TRIAL_OPEN_MAX 2 /* newest probes whose answers count */

enum trial_state {
	TRIAL_UNUSED,
	TRIAL_PUNCHING, /* probed again and again */
	TRIAL_RESTING,  /* in vain so far */
	TRIAL_PROVEN,   /* answered, and as far as we know it still would */
	TRIAL_DOUBTED,  /* it was proven, and is being asked */
	TRIAL_STATES
};

struct trial {
	uint32_t place; /* its own, of paths_trial() */
	enum trial_state state;
	struct way way;
	bool is_named;     /* by the peer, or dialled, or granted: in vain, it is tried again */
	bool same_network; /* a host candidate behind our own NAT, or on our link */
	bool is_invited;   /* a packet of the peer came by it since it is punched */
	bool low_ttl;      /* of the next probe */
	uint32_t probes;   /* since it is punched or asked; without low TTL one is skipped */
	struct mono next;  /* probe, or the verdict; PUNCHING, DOUBTED */
	struct mono until; /* PUNCHING; DOUBTED: it earns more probes */
	struct mono sent, proven; /* last probe, last answer; zero: never */
	struct {
		uint64_t token; /* 0: none is open */
		struct mono sent;
	} open[TRIAL_OPEN_MAX];
	bool has_rtt;
	uint64_t rtt_us; /* smoothed (RFC 6298, 2) */
	uint16_t size;   /* of the largest packet that it carries, as far as we know */
};

#endif
