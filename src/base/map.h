/* map.h - from keys of one fixed size to 32-bit values: open addressing, bounded, unordered.
 *
 * A peer chooses ids and addresses, so the hash is keyed (SipHash-2-4, Aumasson and Bernstein
 * 2012) with a key from the caller's rng, and nobody can aim at one chain. There is no iteration:
 * the order would depend on that key, and nothing of ours may (the simulator replays by seed).
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
	uint32_t slot_count; /* power of two, at least twice the capacity */
	uint32_t capacity, count;
	uint64_t hash_key[2];
};

/* Room for `capacity` entries; requires 0 < key_bytes <= MAP_KEY_BYTES_MAX. 0 or ERR_NOMEM. */
int map_init(struct map *map, struct rng *rng, uint32_t capacity, size_t key_bytes);

/* Accepts a zeroed or half-built map. */
void map_free(struct map *map);

/* Adds or replaces: 0, or ERR_FULL if the key is new and capacity entries are there. */
int map_put(struct map *map, const void *key, uint32_t value);

bool map_get(const struct map *map, const void *key, uint32_t *ret_value);

/* True if the key was there. */
bool map_remove(struct map *map, const void *key);

#endif
