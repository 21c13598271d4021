/* map.c - see map.h. Linear probing; a removal shifts back what stood behind, so there are no
 * tombstones and a search ends at the first empty slot. */
#include "base/map.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
	v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

/* SipHash-2-4 of `len` bytes: two rounds a word, the length in the last word's top byte. */
static uint64_t hash(const struct map *map, const uint8_t *bytes, size_t len)
{
	uint64_t v[4] = { map->hash_key[0] ^ 0x736f6d6570736575,
			  map->hash_key[1] ^ 0x646f72616e646f6d,
			  map->hash_key[0] ^ 0x6c7967656e657261,
			  map->hash_key[1] ^ 0x7465646279746573 };

	for (size_t at = 0; at <= len; at += 8) {
		uint64_t word = 0;

		for (size_t i = 0; i < 8 && at + i < len; i++)
			word |= (uint64_t)bytes[at + i] << (8 * i);
		if (len - at < 8)
			word |= (uint64_t)len << 56;
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (unsigned round = 0; round < 4; round++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint8_t *key_at(const struct map *map, uint32_t slot)
{
	return map->keys + slot * map->key_bytes;
}

static uint32_t home_of(const struct map *map, const void *key)
{
	return (uint32_t)hash(map, key, map->key_bytes) & (map->slot_count - 1);
}

/* The slot that holds the key, or the empty one where it would go. */
static uint32_t find_slot(const struct map *map, const void *key)
{
	uint32_t slot = home_of(map, key);

	while (map->used[slot] && memcmp(key_at(map, slot), key, map->key_bytes) != 0)
		slot = (slot + 1) & (map->slot_count - 1);
	return slot;
}

int map_init(struct map *map, struct rng *rng, uint32_t capacity, size_t key_bytes)
{
	CHECK(capacity > 0 && capacity <= UINT32_MAX / 4);
	CHECK(key_bytes > 0 && key_bytes <= MAP_KEY_BYTES_MAX);
	*map = (struct map){ .key_bytes = key_bytes, .capacity = capacity, .slot_count = 1 };
	while (map->slot_count < 2 * capacity)
		map->slot_count *= 2;
	map->hash_key[0] = rng_u64(rng);
	map->hash_key[1] = rng_u64(rng);
	map->keys = calloc(map->slot_count, key_bytes);
	map->values = calloc(map->slot_count, sizeof(map->values[0]));
	map->used = calloc(map->slot_count, 1);
	if (map->keys == NULL || map->values == NULL || map->used == NULL) {
		map_free(map);
		return ERR_NOMEM;
	}
	return 0;
}

void map_free(struct map *map)
{
	free(map->keys);
	free(map->values);
	free(map->used);
	*map = (struct map){ 0 };
}

int map_put(struct map *map, const void *key, uint32_t value)
{
	const uint32_t slot = find_slot(map, key);

	if (!map->used[slot]) {
		if (map->count == map->capacity)
			return ERR_FULL;
		memcpy(key_at(map, slot), key, map->key_bytes);
		map->used[slot] = 1;
		map->count++;
	}
	map->values[slot] = value;
	return 0;
}

bool map_get(const struct map *map, const void *key, uint32_t *ret_value)
{
	const uint32_t slot = find_slot(map, key);

	if (!map->used[slot])
		return false;
	*ret_value = map->values[slot];
	return true;
}

bool map_remove(struct map *map, const void *key)
{
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
