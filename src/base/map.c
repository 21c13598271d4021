/* map.c - see map.h. Linear probing; a removal shifts back what stood behind, so there are no
 * tombstones and a search ends at the first empty slot. */
#include "base/map.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 16

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
	v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

/* `len` bytes, at most 8, the first the lowest. */
static inline uint64_t word_of(const uint8_t *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

/* SipHash-2-4 of `len` bytes: two rounds a word, the length in the last word's top byte. */
static inline uint64_t hash(const struct map *map, const uint8_t *bytes, size_t len)
{
	uint64_t v[4] = { map->hash_key[0] ^ 0x736f6d6570736575,
			  map->hash_key[1] ^ 0x646f72616e646f6d,
			  map->hash_key[0] ^ 0x6c7967656e657261,
			  map->hash_key[1] ^ 0x7465646279746573 };
	size_t at = 0;

	for (; len - at >= 8; at += 8)
		sip_word(v, word_of(bytes + at, 8));
	sip_word(v, word_of(bytes + at, len - at) | (uint64_t)len << 56);
	v[2] ^= 0xff;
	for (unsigned round = 0; round < 4; round++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint8_t *key_at(const struct map *map, uint32_t slot)
{
	return map->keys + slot * map->key_bytes;
}

/* The commonest length has a loop of its own, which the compiler unrolls. */
static uint32_t home_of(const struct map *map, const void *key)
{
	const uint64_t value = map->key_bytes == sizeof(uint32_t) ? hash(map, key, sizeof(uint32_t))
								  : hash(map, key, map->key_bytes);

	return (uint32_t)value & (map->slot_count - 1);
}

static inline bool holds(const struct map *map, uint32_t slot, const void *key)
{
	const uint8_t *its = key_at(map, slot);

	return map->key_bytes == sizeof(uint32_t) ? memcmp(its, key, sizeof(uint32_t)) == 0
						  : memcmp(its, key, map->key_bytes) == 0;
}

/* The slot that holds the key, or the empty one where it would go. */
static uint32_t find_slot(const struct map *map, const void *key)
{
	uint32_t slot = home_of(map, key);

	while (map->used[slot] && !holds(map, slot, key))
		slot = (slot + 1) & (map->slot_count - 1);
	return slot;
}

void map_init(struct map *map, struct rng *rng, uint32_t capacity, size_t key_bytes)
{
	CHECK(capacity > 0 && capacity <= UINT32_MAX / 4);
	CHECK(key_bytes > 0 && key_bytes <= MAP_KEY_BYTES_MAX);
	*map = (struct map){ .key_bytes = key_bytes, .capacity = capacity };
	map->hash_key[0] = rng_u64(rng);
	map->hash_key[1] = rng_u64(rng);
}

static void free_table(struct map *map)
{
	free(map->keys);
	free(map->values);
	free(map->used);
}

void map_free(struct map *map)
{
	free_table(map);
	*map = (struct map){ 0 };
}

static void place(struct map *map, uint32_t slot, const void *key, uint32_t value)
{
	memcpy(key_at(map, slot), key, map->key_bytes);
	map->values[slot] = value;
	map->used[slot] = 1;
}

/* Moves all entries into a table of so many slots. */
static int rebuild(struct map *map, uint32_t slot_count)
{
	struct map next = *map;

	next.slot_count = slot_count;
	next.keys = calloc(slot_count, map->key_bytes);
	next.values = calloc(slot_count, sizeof(next.values[0]));
	next.used = calloc(slot_count, 1);
	if (next.keys == NULL || next.values == NULL || next.used == NULL) {
		free_table(&next);
		return ERR_NOMEM;
	}
	for (uint32_t slot = 0; slot < map->slot_count; slot++)
		if (map->used[slot])
			place(&next, find_slot(&next, key_at(map, slot)), key_at(map, slot),
			      map->values[slot]);
	free_table(map);
	map->slot_count = slot_count;
	map->keys = next.keys;
	map->values = next.values;
	map->used = next.used;
	return 0;
}

int map_reserve(struct map *map, uint32_t count)
{
	const uint32_t entries = count < map->capacity ? count : map->capacity;
	uint32_t slot_count = map->slot_count;

	if (slot_count >= 2 * entries)
		return 0;
	if (slot_count == 0) /* the least of a map that will never hold more */
		slot_count = 2 * map->capacity < SLOTS_FIRST ? 1 : SLOTS_FIRST;
	while (slot_count < 2 * entries)
		slot_count *= 2;
	return rebuild(map, slot_count);
}

int map_put(struct map *map, const void *key, uint32_t value)
{
	uint32_t slot = 0;

	if (map->slot_count > 0) {
		slot = find_slot(map, key);
		if (map->used[slot]) {
			map->values[slot] = value;
			return 0;
		}
	}
	if (map->count == map->capacity)
		return ERR_FULL;
	if (map->slot_count < 2 * (map->count + 1)) {
		const int err = map_reserve(map, map->count + 1);

		if (err != 0)
			return err;
		slot = find_slot(map, key);
	}
	place(map, slot, key, value);
	map->count++;
	return 0;
}

bool map_get(const struct map *map, const void *key, uint32_t *ret_value)
{
	if (map->count == 0)
		return false;
	const uint32_t slot = find_slot(map, key);

	if (!map->used[slot])
		return false;
	*ret_value = map->values[slot];
	return true;
}

bool map_remove(struct map *map, const void *key)
{
	if (map->count == 0)
		return false;
	const uint32_t mask = map->slot_count - 1;
	uint32_t hole = find_slot(map, key);

	if (!map->used[hole])
		return false;
	for (uint32_t slot = (hole + 1) & mask; map->used[slot]; slot = (slot + 1) & mask) {
		const uint32_t home = home_of(map, key_at(map, slot));

		/* May it move into the hole? Only if its home does not lie behind the hole. */
		if (((slot - home) & mask) < ((slot - hole) & mask))
			continue;
		memcpy(key_at(map, hole), key_at(map, slot), map->key_bytes);
		map->values[hole] = map->values[slot];
		hole = slot;
	}
	map->used[hole] = 0;
	map->count--;
	return true;
}
