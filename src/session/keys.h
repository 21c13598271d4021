/* keys.h - the key sets of one session: which receive, which one sends, and when each ends.
 *
 *     HELD (made; policy is asked) -> FRESH (to be handed out) -> LIVE -> ENDED (to be forgotten)
 *
 * A session has up to four: a rekey each 120 s leaves the one before to receive for 60 s more, and
 * one that slept long ends late. Secrets stay here only until they are handed out.
 */
#ifndef SESSION_KEYS_H
#define SESSION_KEYS_H

#include "base/mono.h"
#include "crypto/aead.h"
#include "session/limits.h"

#include <stdbool.h>

#define KEYS_SETS_MAX 4

enum key_set_state { KEY_SET_FREE, KEY_SET_HELD, KEY_SET_FRESH, KEY_SET_LIVE, KEY_SET_ENDED };

struct key_set {
	enum key_set_state state;
	uint64_t order; /* of making: the larger, the newer */
	uint32_t local_index, remote_index;
	struct mono born, first_ip; /* first_ip: MONO_NEVER until seen */
	uint64_t sent;
	uint8_t send_key[AEAD_KEY_BYTES], receive_key[AEAD_KEY_BYTES]; /* until handed out */
};

struct keys {
	struct key_set sets[KEYS_SETS_MAX];
	struct key_set *sending; /* one of the above; NULL: none yet */
	uint64_t made;
};

/* A new set, HELD; NULL if none is free. The caller fills indices and keys. */
struct key_set *keys_add(struct keys *keys, struct mono now);

/* Frees a place by ending the oldest set that does not send; it is free once that end was told. */
void keys_make_room(struct keys *keys);

/* The set with this index in the state HELD, FRESH or LIVE, or NULL. */
struct key_set *keys_find(struct keys *keys, uint32_t local_index);

/* The first set in that state, in the order of making, or NULL. */
struct key_set *keys_first(struct keys *keys, enum key_set_state state);

/* When the set refuses to work, and when a rekey is due. */
struct mono keys_stop(const struct key_set *set);
struct mono keys_rekey_due(const struct key_set *set);

/* Ends what is LIVE and has reached its stop. If that is the set that sends, the newest LIVE one
 * takes its place, and true says so. */
bool keys_tick(struct keys *keys, struct mono now);

/* When keys_tick() has something to do next. */
struct mono keys_deadline(const struct keys *keys);

/* Wipes and frees one set. */
void keys_drop(struct keys *keys, struct key_set *set);

#endif
