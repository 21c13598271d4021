/* paths_size.h - how large a packet the way in use carries, found by probes of our own: path MTU
 * discovery as in RFC 8899, without its ICMP, which is not believed (doc/decisions/0008). A part of
 * paths.h; it knows no ways and sends nothing itself.
 *
 * A *size* is that of a packet inside, from us to the peer; the peer finds its own. A *round* is a
 * few PROBEs padded to sizes, the largest first, and behind them a smaller one, the *control*: only
 * if that is answered, the sizes that are not were in vain. So what is dead does not pass for
 * narrow, and what is far is waited for. Answers are short: nothing is amplified.
 *
 *     RESTS --IP, each SIZE_CONFIRM_MS--> CONFIRMS --SIZE_TRIES in vain--> SEARCHES
 *       ^                                    | answered, or no control        | found, or given up
 *       '------------------------------------'--------------------------------'
 *       '--- lowered, IP, after SIZE_RAISE_MS ---> SEARCHES upwards
 *
 * CONFIRMS. It begins with PATHS_SIZE_MAX: kernels keep a path MTU that was lowered for ten minutes
 * (RFC 1191, 6.3), so one that is too small costs more than the second in which one that is too
 * large is found out. The first control is a PROBE as it is. The next ones have PATHS_SIZE_MIN,
 * since a queue that is full drops large packets rather than small ones; without their answers the
 * count begins anew.
 *
 * SEARCHES. Each round asks SIZE_RUNGS sizes, evenly between what is known to pass and what was in
 * vain, so the fourth names the byte; and once more the size of which that is not yet believed,
 * whose answer ends the search. A round in which a smaller one was in vain than one that was not
 * tells of loss: what passed has passed, and the rest is asked again.
 *
 * WHAT IT COSTS. Without IP nothing. With IP one full-size probe and a short one each
 * SIZE_CONFIRM_MS, 100 bytes a second with all headers; while controls get lost SIZE_VOIDS_MAX
 * times, no sooner than a second after the other. A search commonly takes 4 rounds, 24 probes, 29
 * kB, and has SIZE_ROUNDS_MAX at most: 72 probes, 95 kB.
 */
#ifndef PATH_PATHS_SIZE_H
#define PATH_PATHS_SIZE_H

#include "base/mono.h"

#include <stdbool.h>
#include <stdint.h>

#define PATHS_SIZE_MAX 1360 /* the TUN's MTU */
/* What a line of 1,280 carries through a relay over IPv6. Less is not looked for: on a way that
 * does not carry that, no control is answered. */
#define PATHS_SIZE_MIN 1144
#define SIZE_CONTROL 24 /* a PROBE as it is */
#define SIZE_RUNGS 4
#define SIZE_PROBES_MAX (SIZE_RUNGS + 2) /* of a round */
#define SIZE_TRIES 3                     /* RFC 8899, 5.1.2: MAX_PROBES */
#define SIZE_VOIDS_MAX 3                 /* rounds without a control, in a row */
#define SIZE_ROUNDS_MAX 12
#define SIZE_PATIENCE_MS 1000 /* RFC 8899, 5.1.1: PROBE_TIMER; and the way's own */
#define SIZE_GRACE_MS 50      /* behind the control's answer, for what was overtaken */
#define SIZE_CONFIRM_MS 15000
#define SIZE_AGAIN_MS 1000   /* instead, when the control was not answered */
#define SIZE_RAISE_MS 600000 /* RFC 8899, 5.1.1: PMTU_RAISE_TIMER */

enum sizing_state { SIZING_RESTS, SIZING_CONFIRMS, SIZING_SEARCHES, SIZING_STATES };

struct size_probe {
	uint64_t token; /* 0: answered */
	uint16_t size;
};

/* Embed it; fields are private but for `size`. */
struct sizing {
	enum sizing_state state;
	uint16_t size;       /* of what is sent */
	uint16_t suspect;    /* SEARCHES: what is not believed to pass */
	uint16_t low, high;  /* it is low at least, and below high */
	uint8_t tries;       /* CONFIRMS: in vain, one after another */
	uint8_t voids;       /* rounds without a control, one after another */
	uint8_t rounds;      /* of this search */
	uint8_t count, sent; /* probes of this round, the control being the last; that left */
	struct size_probe probes[SIZE_PROBES_MAX];
	struct mono until;      /* the verdict of the round */
	struct mono confirm_at; /* RESTS: not before */
	struct mono raise_at;   /* while it is lowered */
};

/* Another way, of which that is what is known. */
void sizing_begin(struct sizing *sizing, struct mono now, uint16_t size);

/* The next round begins, or the one under way gets its verdict, when it is time; then
 * `sizing->size` may be another. `talks`: IP comes and goes, on a way whose size is asked. */
void sizing_turn(struct sizing *sizing, struct mono now, bool talks);

/* The next probe of the round, to be padded to `size`, or NULL. The caller sends it with the token
 * that it writes there, and knows how long the way may take for an answer. */
struct size_probe *sizing_probe(struct sizing *sizing, struct mono now, uint64_t patience_us);

/* True if a probe of this round had the token, and was not answered before. */
bool sizing_answered(struct sizing *sizing, struct mono now, uint64_t token);

struct mono sizing_deadline(const struct sizing *sizing, bool talks);

#endif
