/* map.h - from keys of one fixed size to 32-bit values: open addressing, bounded, unordered.
 *
 * A peer chooses ids and addresses, so the hash is keyed (SipHash-2-4, Aumasson and Bernstein
 * 2012) with a key from the caller's rng, and nobody can aim at one chain. There is no iteration:
 * the order would depend on that key, and nothing of ours may (the simulator replays by seed).
 *
 * Memory follows use: the table doubles when it is half full, and stays. Whoever must not allocate
 * later, or cannot bear a failure then, calls map_reserve() before.
 */
#ifndef MAP_H
#define MAP_H

#include "base/rng.h"

#include <stdbool.h>

#define MAP_KEY_BYTES_MAX 64

struct map {
	uint8_t *keys;    /* owned: slot_count * key_bytes */
	uint32_t *values; /* owned */
	uint8_t *used;    /* owned: 1 where a slot holds an entry */
	size_t key_bytes;
	uint32_t slot_count; /* power of two, at least twice the count; 0: no table yet */
	uint32_t capacity, count;
	uint64_t hash_key[2];
};

/* For up to `capacity` entries; requires 0 < key_bytes <= MAP_KEY_BYTES_MAX. Takes no memory yet.
 */
void map_init(struct map *map, struct rng *rng, uint32_t capacity, size_t key_bytes);

/* Accepts a zeroed map. */
void map_free(struct map *map);

/* Until there are `count` entries, or the capacity if that is less, no map_put() takes memory. 0 or
 * ERR_NOMEM. */
int map_reserve(struct map *map, uint32_t count);

/* Adds or replaces: 0; of a new key ERR_FULL if capacity entries are there, or ERR_NOMEM. */
int map_put(struct map *map, const void *key, uint32_t value);

bool map_get(const struct map *map, const void *key, uint32_t *ret_value);

/* True if the key was there. */
bool map_remove(struct map *map, const void *key);

#endif
