/* relays.h - for whom we relay. Sans-I/O.
 *
 * Two members, each with a direct link to us, ask for each other; when both have asked, each is
 * told by which index it reaches the other, and forward/ passes their datagrams on by a table made
 * from relays_next(). We see an index and ciphertext.
 *
 *     (none) --one asks--> ASKED --the other asks--> STANDS --END, silence, link down--> ENDING
 *        ^                   '--- END, RELAYS_LONELY_MS, link down, gives way ------------^  |
 *        '--------------------------- who has to know was told -----------------------------'
 *
 * GIVING WAY. Who asks says whether it needs the pair, or keeps it for a talk that may begin. While
 * there is room all are served. When there is none, a pair gives way to one with a larger claim,
 * and of several with the same claim the one that was needed least lately:
 *
 *     RELAYS_KEPT    one of those who asked does not need it
 *     RELAYS_GUEST   they do, but one had its share of pairs when it asked, and still has
 *     RELAYS_NEEDED  they do
 *
 * So nobody else's asking ends what both ends need and is within their shares; and what one side
 * alone asks for takes no place from what stands. Who gets no place is told END.
 */
#ifndef PATH_RELAYS_H
#define PATH_RELAYS_H

#include "base/id.h"
#include "base/mono.h"
#include "base/rng.h"
#include "wire/overlay.h"

#define RELAYS_MAX 256          /* pairs that stand, and as many for which one alone asked */
#define RELAYS_PER_MEMBER 32    /* a member's share of all; with more it is a guest */
#define RELAYS_REFRESH_MS 90000 /* an end repeats its ASK so often */
#define RELAYS_EXPIRY_MS 300000 /* a pair stands so long after the last ASK of either side */
#define RELAYS_LONELY_MS 10000  /* one side asked, and the other does not */
#define RELAYS_CHANGED_MS \
	100 /* between two new tables: whatever members say, it is made no oftener */
#define RELAYS_REFUSALS_MAX 32 /* power of two; waiting to be polled, the newest is forgotten */

enum relays_state { RELAYS_ASKED, RELAYS_STANDS, RELAYS_ENDING, RELAYS_STATES };
enum relays_claim { RELAYS_KEPT, RELAYS_GUEST, RELAYS_NEEDED };

struct relays; /* opaque */

/* Borrows the rng. 0 or ERR_NOMEM. */
int relays_new(struct rng *rng, struct relays **ret);
void relays_del(struct relays *relays); /* accepts NULL */

/* `from` asks to be connected with `ask->peer`; that policy allows it was asked before. 0;
 * ERR_FULL (no room; who asked is told END); ERR_AGAIN (the last such pair is still ending);
 * ERR_MALFORMED (with itself or nobody, or without an index). */
int relays_ask(struct relays *relays, struct mono now, const struct id *from,
	       const struct relay_message *ask);
/* It is told END: we do not serve it. */
void relays_refuse(struct relays *relays, const struct id *from, const struct relay_message *ask);
/* What `from` asked for under that index is needed no more; of anything else it has no effect. */
void relays_end(struct relays *relays, const struct id *from, const struct relay_message *end);
/* We relay no more: all who asked are told END. */
void relays_end_all(struct relays *relays);
/* The direct link with this member is gone. */
void relays_link_down(struct relays *relays, const struct id *member);

enum relays_output_kind {
	RELAYS_CHANGED, /* the table for forward/ is to be made anew: before anybody is told */
	RELAYS_GRANT,   /* to, message: tell it by which index it reaches its peer */
	RELAYS_END,     /* to, message: no more of what it asked for under that index */
};
struct relays_output {
	enum relays_output_kind kind;
	struct id to;
	struct relay_message message;
};
bool relays_poll(struct relays *relays, struct mono now, struct relays_output *ret);
struct mono relays_deadline(const struct relays *relays);

/* One direction of a pair that stands: what comes from `from` under `index` goes to `to` under
 * `to_index`. Start with *cursor 0; false after the last. */
struct relays_direction {
	struct id from, to;
	uint32_t index, to_index;
};
bool relays_next(const struct relays *relays, uint32_t *cursor, struct relays_direction *ret);

uint32_t relays_count(const struct relays *relays); /* pairs that stand */

#endif
