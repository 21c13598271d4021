/* ring.h - the structured overlay: who stands beside whom, who is linked with whom far away, and
 * where a message goes. Sans-I/O.
 *
 * All members stand on a ring of 160-bit ids; clockwise is increasing. Each keeps *near links* to
 * the RING_NEAR nearest members on either side, as far as there are as many. Links are made and
 * named by node/; the ring knows ids and round trips alone. It keeps the near links exact by
 * exchange of lists: every member tells its near ones whom it has met around itself, and who reads
 * of somebody nearer than one of its own wants a link there. A claim is believed only when that
 * member was met: until then it is *wanted*, tried RING_TRIES times, and then once in a while, from
 * RING_IGNORE_MS to RING_IGNORE_MAX_MS apart, as long as somebody names it.
 * Who is not seen as near by the members that it takes for its nearest asks the ring for its place:
 * RING_JOIN.
 *
 * Members that were all well look seldom whether they still are. But they see each other: a near
 * one whom another near one's list lacks, though it would be near to that as well, may be gone, and
 * when one is gone others may be too. Those are to be asked: RING_CHECK. So that somebody died is
 * known to all his neighbours soon after the first of them has noticed. The word of a member has
 * somebody asked, and nothing else.
 *
 * Beside the near links it wants a few far ones, its shortcuts (shortcuts.h); what it has no use
 * for is told by ring_uses(), and closed by the world unless somebody else has.
 *
 * Routing is greedy: each step goes to the link whose id is nearest to the target by the shorter
 * way round, and strictly nearer than we are, so no message can go in circles. A message that has
 * to arrive is sent by several *routes*: each number makes other choices among the links that lead
 * nearer, so that a member who drops what it should pass on stands in the way of few of them. Where
 * a hole would stop a message it may step aside, as often as it says. Broadcast splits the range
 * that it has to cover among the links inside it (El-Ansary et al. 2003), so that each member gets
 * it once while links are in order.
 *
 *     met      a session stands, whatever carries it: lists are exchanged with it if it is near
 *     linked   and it has a direct or relayed way: messages may be routed over it
 */
#ifndef RING_RING_H
#define RING_RING_H

#include "base/id.h"
#include "base/mono.h"
#include "base/rng.h"
#include "ring/limits.h"
#include "wire/overlay.h"

struct ring; /* opaque */

/* Rng is borrowed and outlives the ring. 0 or ERR_NOMEM. */
int ring_new(const struct id *self, struct rng *rng, struct ring **ret);
void ring_del(struct ring *ring); /* accepts NULL */

/* A session with this member stands; whether it can route; its round trip (0: not known). Called
 * again when any of this changes. A member that is linked as it is met was found by its address and
 * not along the ring, so it may stand on another one: if its list speaks only of strangers, it is
 * asked once who is nearest to us there. ERR_FULL beyond RING_MEMBERS_MAX or without memory (the
 * world closes it), ERR_DENIED for no id or our own. */
struct ring_member {
	struct id id;
	bool linked;
	bool doubted; /* linked, but it does not answer now: nothing goes there while others lead on
		       */
	uint64_t rtt_us;
};
int ring_met(struct ring *ring, struct now now, const struct ring_member *member);

/* It is gone. It is not wanted again by itself but when somebody names it. */
void ring_left(struct ring *ring, struct now now, const struct id *id);

/* What it told of its neighbours; `from` was met, else ERR_DENIED. */
int ring_hear(struct ring *ring, struct now now, const struct id *from,
	      const struct neighbours *list);

/* A link that was wanted could not be made; our own id: nobody answered a JOIN. Time would tell
 * too, later. */
void ring_failed(struct ring *ring, struct now now, const struct id *id);

/* A link that was wanted is not worth a try on the word of this teller: if nobody else named it, it
 * is wanted again when it is named again. */
void ring_disbelieve(struct ring *ring, struct now now, const struct id *id,
		     const struct id *teller);

/* What came of a RING_SEEK: the member that answered to the key, which may be known already; NULL:
 * nobody did. Who stands more than RING_SPARSE mean gaps from it did not either: somebody must be
 * nearer, and is kept from us. */
void ring_sought(struct ring *ring, struct now now, const struct id *key, const struct id *found);

enum ring_output_kind {
	RING_SEEK, /* id: make a session with whoever is nearest to this key, and say who it is */
	RING_WANT, /* id, via, teller: make a session with it by way of `via`, who told of it (zero:
		    * by no detour), on the word of `teller` (zero: it is gone) */
	RING_JOIN, /* via, a link: make a session with whoever is nearest to our own id, asking
		    * there first; it may be one that we have */
	RING_TELL, /* id, list: send it to that member */
	RING_CHECK, /* id: a near member that may be gone: ask it, unless it was heard just now */
	RING_NEAR_CHANGED, /* the set of near members that are met, for who remembers or watches it
			    */
};

/* Borrowed until the next call. */
struct ring_output {
	enum ring_output_kind kind;
	struct id id, via, teller;
	struct neighbours list;
};

bool ring_poll(struct ring *ring, struct now now, struct ring_output *ret);
struct mono ring_deadline(const struct ring *ring);

/* One of the RING_NEAR nearest on a side, of those that were met. */
bool ring_is_near(const struct ring *ring, const struct id *id);

/* It would be, if it were met now: it was not. */
bool ring_would_be_near(const struct ring *ring, const struct id *id);

/* We have a use for the session with this member: it is near, a shortcut, or to be asked. */
bool ring_uses(const struct ring *ring, const struct id *id);

/* How many members there are, judged by how close the near ones stand: id_log2() of the number; 0:
 * no more than were met. */
uint32_t ring_size_log2(const struct ring *ring);

/* So many members would be near if they exist, and were not met. */
size_t ring_wanted(const struct ring *ring);

/* True once the ring has a linked member and is seen as near by its nearest members on both sides:
 * as far as we can know, we stand in our place. (Who is wanted beside them does not count: anybody
 * can name somebody.) */
bool ring_is_settled(const struct ring *ring);

size_t ring_link_count(const struct ring *ring);

/* To how many members a list is to be told at some time. */
size_t ring_timer_count(const struct ring *ring);

enum ring_step {
	RING_HERE,  /* we are the target, or the nearest to a key or prefix */
	RING_ON,    /* *ret_link is next */
	RING_ASIDE, /* the same, though it is not nearer: of routed->detours one is used up */
	RING_STUCK, /* the target is exact, and nobody here is nearer to it; or it is our own
		     * question who is nearest, and nobody is here */
};

/* Where a routed message goes from here: to the link nearest to the target, if it is nearer than we
 * are. Not back to `came_from` (zero: it is ours), but to the next best then; and towards a
 * TARGET_NEAREST never to `routed->from`, who asks for another than itself. If `to_via` is not zero
 * it is the target as long as it is not us: who is the via clears it in what it passes on.
 *
 * With routed->route zero the link nearest to the target is taken; other routes take others that
 * are nearer than we are: of ours each another first step, later one of the best three.
 *
 * A message of ours takes the nearest link whatever its distance while we are not settled, or if it
 * asks who is nearest to a key besides us: every step after the first goes nearer, so it cannot go
 * in circles but by its detours, which are few. */
enum ring_step ring_next(const struct ring *ring, const struct routed *routed,
			 const struct id *came_from, struct id *ret_link);

/* Another way for what was given to `besides`: one of our links, by `choice` of the few that are
 * nearest to the target, neither that one nor the target itself. Neighbours of the target have a
 * link to it, on whichever side. False if there is none. */
bool ring_beside(const struct ring *ring, const struct id *target, const struct id *besides,
		 unsigned choice, struct id *ret_link);

/* How a broadcast goes on: the linked members inside (self, until), each with the end of its part.
 * `until` equal to our own id is the whole ring. At most `max` shares, spread over the range. By
 * route 0 each link leads, if there is a share for it; by the next three half of them at most, and
 * not the same ones; by those up to RING_MIRRORED each member takes one of these choices, and
 * another one by each. From there on all is as before, but counter-clockwise: each member is
 * reached from its other side. So a member who passes nothing on keeps what is repeated from few
 * for long. Who is in doubt has a part only if it stands before all others: it ends with the next
 * link that has one. */
#define RING_SPLITS 4
#define RING_MIRRORED (ROUTED_ROUTES / 2)
struct ring_share {
	struct id link, until;
};
size_t ring_split(const struct ring *ring, const struct id *until, unsigned route,
		  struct ring_share *ret, size_t max);

/* The near members that are met, counter-clockwise ones first, nearest in the middle. */
size_t ring_near(const struct ring *ring, struct id ret[2 * RING_NEAR]);

#endif
