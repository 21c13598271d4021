/* rumours.h - members we heard of and have not met: who of them is wanted, tried, or ignored.
 *
 * A name in somebody's list is a claim. It costs us nothing until the member that it names would,
 * if it exists, be one of our nearest; then a session with it is tried, RING_TRIES times, and if it
 * does not come the name is ignored for RING_IGNORE_MS, however often it is heard. The nearest of
 * all on its side is tried at once, the others after RING_BEHIND_MS: while many join, nearer ones
 * come in that time more often than not, and the session would have been for nothing. Whoever is
 * named in that time may just be hard to reach: it is tried again, once, and then ignored twice as
 * long, up to RING_IGNORE_MAX_MS; nobody behind it waits for that. So one that comes back is met
 * soon, and one that never does costs a try each half a minute, while somebody names it. Names that
 * are not wanted today are kept for a while: they say who comes next when a neighbour leaves. Of
 * too many, the one with as many on its either side gives: the nearest of each side stay, however
 * the ring is populated.
 *
 * A try is made by way of who named the member, who can spoil it. So of those who do two are kept,
 * however often others repeat it, and each try goes by another: by the first, by the second, and by
 * neither. Who was asked gives way to whoever names it next.
 *
 *     HEARD --would be near--> WANTED --tries in vain--> IGNORED
 *       ^---nearer ones came------'                         |
 *       '--------------------- its time is over, and it was named in it
 *
 * From each state it is forgotten, with all that was in vain, when it is met, and from HEARD and
 * IGNORED when nobody repeats it.
 */
#ifndef RING_RUMOURS_H
#define RING_RUMOURS_H

#include "base/mono.h"
#include "base/rng.h"
#include "ring/circle.h"
#include "ring/limits.h"

enum rumour_state { RUMOUR_HEARD, RUMOUR_WANTED, RUMOUR_IGNORED, RUMOUR_STATES };

#define RUMOUR_TELLERS_MAX 2

struct rumour_teller {
	struct id id;
	bool was_asked; /* for it, since the last try that went by nobody */
};

struct rumour {
	struct id id;
	struct rumour_teller tellers[RUMOUR_TELLERS_MAX]; /* none: they are gone */
	unsigned teller_count;
	unsigned asked; /* tries by way of tellers since the last by nobody */
	enum rumour_state state;
	unsigned tries;     /* WANTED: since then */
	unsigned vain;      /* how often it was wanted in vain */
	bool failed;        /* WANTED: the try is known to be in vain */
	bool is_named;      /* IGNORED: since then */
	struct mono next;   /* WANTED: the next try, or giving up; IGNORED: the end of that */
	struct mono expiry; /* of HEARD and IGNORED: nobody repeats it */
};

struct rumours {
	const struct circle *met; /* borrowed: places of the members that were met */
	struct rng *rng;          /* borrowed */
	struct circle circle;
	struct rumour all[RING_WANTED_MAX]; /* by slot */
	bool taken[RING_WANTED_MAX];
	size_t wanted, ignored; /* so many are */
	bool may_want;          /* else nobody is WANTED */
};

/* 0 or ERR_NOMEM. */
int rumours_init(struct rumours *rumours, struct rng *rng, const struct circle *met);

/* Accepts zeroed ones. */
void rumours_free(struct rumours *rumours);

/* `teller` names the member `id`, which stands at `place` and was not met. */
void rumours_hear(struct rumours *rumours, struct now now, const struct id *place,
		  const struct id *id, const struct id *teller);

/* The member at this place was met. */
void rumours_met(struct rumours *rumours, const struct id *place);

/* A member that may have told us something is gone. */
void rumours_left(struct rumours *rumours, const struct id *teller);

/* A try was in vain. */
void rumours_failed(struct rumours *rumours, struct now now, const struct id *place);

/* This teller is not to be believed: it is as if it had not named it, and who else did is asked now
 * instead. */
void rumours_unheard(struct rumours *rumours, struct now now, const struct id *place,
		     const struct id *teller);

/* Decides anew who is wanted, and forgets what is old. To be called when anything of the above
 * happened, and when `met` or `may_want` changed. */
void rumours_review(struct rumours *rumours, struct now now);

/* Lets time pass. True: make a session with the member `id`, by way of `via`, on the word of
 * `teller`; zero: of nobody. */
struct rumour_try {
	struct id id, via, teller;
};
bool rumours_poll(struct rumours *rumours, struct now now, struct rumour_try *ret);

struct mono rumours_deadline(const struct rumours *rumours);

#endif
