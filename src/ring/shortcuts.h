/* shortcuts.h - the far links that make routes short: Symphony (Manku, Bawa and Raghavan 2003).
 *
 * Of N members each keeps half of log2 N links of its own to far places, drawn so that the
 * logarithm of the way there is uniform, between the farthest near link and half the ring, on
 * either side. As links serve both of their ends, everybody has some log2 N. N is not known: it is
 * judged by how close the near members stand.
 *
 * Each shortcut has a *slot*, and of the logarithm its own equal share, so that no range of ways is
 * left to chance. It is filled by whoever is nearest to the place that was drawn. Since anybody in
 * that share would do, rivals are sought later, and the one that answers faster is kept.
 *
 *     EMPTY --> SOUGHT --found--> HELD --> HELD_SOUGHT --found--> RIVALRY --> HELD
 *       ^         | in vain        |  ^        | in vain                       ^
 *       '---------'<---- left -----'  '--------'                   (the faster one)
 *
 * Ids only: who asks and who measures is ring.c.
 */
#ifndef RING_SHORTCUTS_H
#define RING_SHORTCUTS_H

#include "base/id.h"
#include "base/mono.h"
#include "base/rng.h"
#include "ring/limits.h"

enum shortcut_state {
	SHORTCUT_EMPTY,
	SHORTCUT_SOUGHT,
	SHORTCUT_HELD,
	SHORTCUT_HELD_SOUGHT,
	SHORTCUT_RIVALRY,
	SHORTCUT_STATES
};

struct shortcut {
	enum shortcut_state state;
	unsigned of;             /* how many slots there were when it was drawn */
	unsigned tries;          /* EMPTY: in vain; HELD: rivals it has had */
	struct id key;           /* SOUGHT, HELD_SOUGHT: the place */
	struct id member, rival; /* the latter in RIVALRY */
	struct mono next;        /* when to seek, give up seeking, or decide */
};

struct shortcuts {
	struct rng *rng; /* borrowed */
	struct id self;
	uint32_t least_log; /* of the ways to draw: id_log2() */
	size_t count;       /* slots in use */
	struct mono seek_next;
	struct shortcut slots[RING_SHORTCUTS_MAX];
};

void shortcuts_init(struct shortcuts *shortcuts, const struct id *self, struct rng *rng);

/* How the near members stand: `gap` is the mean way from one to the next; zero: all members are
 * near, and nobody else is to be had. */
void shortcuts_size(struct shortcuts *shortcuts, struct now now, const struct id *gap);

/* Lets time pass. True: make a link to whoever is nearest to *ret_key, and say what came of it. */
bool shortcuts_poll(struct shortcuts *shortcuts, struct now now, struct id *ret_key);

/* What came of a question; NULL: nobody was found. */
void shortcuts_sought(struct shortcuts *shortcuts, struct now now, const struct id *key,
		      const struct id *found);

/* A slot in which two are to be compared now: true, until shortcuts_decide() said which stays. */
bool shortcuts_rivals(const struct shortcuts *shortcuts, struct now now, struct id *ret_member,
		      struct id *ret_rival);
void shortcuts_decide(struct shortcuts *shortcuts, struct now now, const struct id *loser);

void shortcuts_left(struct shortcuts *shortcuts, struct now now, const struct id *id);
bool shortcuts_has(const struct shortcuts *shortcuts, const struct id *id);
struct mono shortcuts_deadline(const struct shortcuts *shortcuts);

#endif
