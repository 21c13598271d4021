/* paths_internal.h - of paths.h, between paths.c (which way) and paths_trials.c (each way by
 * itself).
 */
#ifndef PATH_PATHS_INTERNAL_H
#define PATH_PATHS_INTERNAL_H

#include "path/paths.h"

#define PATHS_REPEAT_MS 1000      /* between the later ones of these, at least */
#define PATHS_RELAY_APART_MS 1000 /* never sooner, whatever becomes of those that were granted */

/* At which places the kinds stand. */
#define RING_AT 0
#define RELAYS_AT 1
#define DIRECT_AT (RELAYS_AT + PATHS_RELAYS_MAX)

/* Why the way in use is not direct: a literal; "" if it is. */
const char *paths_reason(const struct paths *paths, struct mono now);

#define TRIAL_NONE UINT32_MAX /* of paths->peer_uses */

struct trial *trial_at(struct paths *paths, uint32_t place);

/* So fresh an answer need not be asked for again. */
bool trial_has_answered_lately(const struct trial *t, struct mono now);

/* The only writer of t->state. */
void trial_set_state(struct trial *t, enum trial_state next);

/* The trial by which a packet came that came by this way; or NULL. */
struct trial *trials_find(struct paths *paths, const struct way *way);

/* A new one, UNUSED still; NULL if there is no room, or no memory: nobody gives way but those who
 * rest and whom nobody named, and resting relays. */
struct trial *trials_add(struct paths *paths, const struct way *way);

/* Relays: all, or those that do well or may do so yet. */
uint32_t trials_count_relays(const struct paths *paths, bool resting);

/* The relay that is missed least, by what it has shown; NULL if there is none beside the one in
 * use. */
struct trial *trials_spare_relay(struct paths *paths);

bool trial_is_used(const struct paths *paths, const struct trial *t);

/* The place is free again; not of the way in use. */
void trial_forget(struct paths *paths, struct trial *t);

/* To PUNCHING, from the start. */
void trial_punch(struct trial *t, struct mono now, bool low_ttl);

/* A proven one becomes DOUBTED; relays and ring that rest are punched. */
void trial_ask(struct trial *t, struct mono now);

/* One that is doubted earns a probe more, of those that were in vain: true, and it is due now. */
bool trial_ask_more(struct trial *t, struct mono now);

/* A packet of the peer came by this way: ours may go the same way back, at once. */
void trial_invite(struct trial *t, struct mono now);

/* Within this time an asked way is expected to answer. */
uint64_t trial_patience_us(const struct trial *t);

/* The same where there is a reason to doubt it. */
uint64_t trial_haste_us(const struct trial *t);

/* The verdict is due: to RESTING, or forgotten if nobody named it. */
bool trial_is_in_vain(const struct paths *paths, const struct trial *t, struct mono now);
void trial_give_up(struct paths *paths, struct trial *t);

/* Sends a probe, if one is due and may leave. */
bool trial_probe(struct paths *paths, struct trial *t, struct mono now, struct probe_budget *budget,
		 struct paths_output *ret);

/* For a probe by this way. Never 0, which means that none is open. */
uint64_t trial_token(const struct paths *paths, const struct trial *t);

/* Whose open probe has the token; NULL if nobody's. */
struct trial *trials_of_token(struct paths *paths, struct mono now, uint64_t token,
			      struct mono *ret_sent);

/* It was answered: PROVEN. */
void trial_prove(struct trial *t, struct mono now, struct mono sent);

#endif
