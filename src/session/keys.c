/* keys.c - see keys.h. */
#include "session/keys.h"

#include "base/seccheck.h"
#include "crypto/hash.h"

struct key_set *keys_first(struct keys *keys, enum key_set_state state)
{
	struct key_set *first = NULL;

	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		struct key_set *set = &keys->sets[i];

		if (set->state == state && (first == NULL || set->order < first->order))
			first = set;
	}
	return first;
}

struct key_set *keys_add(struct keys *keys, struct mono now)
{
	struct key_set *set = keys_first(keys, KEY_SET_FREE);

	if (set == NULL)
		return NULL;
	*set = (struct key_set){
		.state = KEY_SET_HELD, .order = ++keys->made, .born = now, .first_ip = MONO_NEVER
	};
	return set;
}

void keys_make_room(struct keys *keys)
{
	struct key_set *oldest = NULL;

	if (keys_first(keys, KEY_SET_FREE) != NULL)
		return;
	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		struct key_set *set = &keys->sets[i];

		if (set->state == KEY_SET_LIVE && set != keys->sending &&
		    (oldest == NULL || set->order < oldest->order))
			oldest = set;
	}
	if (oldest != NULL)
		oldest->state = KEY_SET_ENDED;
}

struct key_set *keys_find(struct keys *keys, uint32_t local_index)
{
	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		struct key_set *set = &keys->sets[i];

		if (set->state != KEY_SET_FREE && set->state != KEY_SET_ENDED &&
		    set->local_index == local_index)
			return set;
	}
	return NULL;
}

struct mono keys_stop(const struct key_set *set)
{
	return mono_min(mono_add_ms(set->born, SESSION_STOP_MS),
			mono_add_ms(set->first_ip, SESSION_STOP_AFTER_IP_MS));
}

struct mono keys_rekey_due(const struct key_set *set)
{
	if (set->sent >= SESSION_REKEY_PACKETS)
		return set->born;
	return mono_min(mono_add_ms(set->born, SESSION_REKEY_MS),
			mono_add_ms(set->first_ip, SESSION_REKEY_AFTER_IP_MS));
}

/* The newest LIVE set, or NULL. */
static struct key_set *newest(struct keys *keys)
{
	struct key_set *found = NULL;

	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		struct key_set *set = &keys->sets[i];

		if (set->state == KEY_SET_LIVE && (found == NULL || set->order > found->order))
			found = set;
	}
	return found;
}

bool keys_tick(struct keys *keys, struct mono now)
{
	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		struct key_set *set = &keys->sets[i];

		if (set->state == KEY_SET_LIVE &&
		    !SECCHECK(SEC_KEYS_STOP, !mono_reached(now, keys_stop(set))))
			set->state = KEY_SET_ENDED;
	}
	if (keys->sending == NULL || keys->sending->state != KEY_SET_ENDED)
		return false;
	keys->sending = newest(keys);
	return true;
}

struct mono keys_deadline(const struct keys *keys)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		const struct key_set *set = &keys->sets[i];

		if (set->state == KEY_SET_LIVE)
			deadline = mono_min(deadline, keys_stop(set));
	}
	return deadline;
}

void keys_drop(struct keys *keys, struct key_set *set)
{
	if (keys->sending == set)
		keys->sending = NULL;
	secret_wipe(set, sizeof(*set)); /* KEY_SET_FREE is zero */
}
