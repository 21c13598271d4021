/* fuzz_map.c - a script of puts, gets and removals against a plain array.
 * start.
 *
 * Oracle: after each step the map answers for every key that the script can name as the array does.
 * The input also chooses the length of the keys, the capacity, and the seed of the hash.
 */
#include "base/check.h"
#include "base/err.h"
#include "base/map.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define CAPACITY_MAX 24
#define STEPS_MAX 256

struct model_entry {
	uint8_t name; /* of the key */
	uint32_t value;
};

struct trial {
	struct map map;
	struct model_entry entries[CAPACITY_MAX]; /* in no order */
	uint32_t count, capacity, names;
};

/* Keys that differ in one byte only, at the end for even names, at the start for odd ones. */
static void key_of(const struct trial *trial, uint8_t name, uint8_t ret[MAP_KEY_BYTES_MAX])
{
	memset(ret, 0xff, MAP_KEY_BYTES_MAX);
	ret[name % 2 == 0 ? trial->map.key_bytes - 1 : 0] = name;
}

static struct model_entry *model_find(struct trial *trial, uint8_t name)
{
	for (uint32_t i = 0; i < trial->count; i++)
		if (trial->entries[i].name == name)
			return &trial->entries[i];
	return NULL;
}

static void put(struct trial *trial, uint8_t name, uint32_t value)
{
	struct model_entry *entry = model_find(trial, name);
	const bool is_full = entry == NULL && trial->count == trial->capacity;
	uint8_t key[MAP_KEY_BYTES_MAX];

	key_of(trial, name, key);
	CHECK(map_put(&trial->map, key, value) == (is_full ? ERR_FULL : 0));
	if (is_full)
		return;
	if (entry == NULL)
		entry = &trial->entries[trial->count++];
	*entry = (struct model_entry){ .name = name, .value = value };
}

static void remove_key(struct trial *trial, uint8_t name)
{
	struct model_entry *entry = model_find(trial, name);
	uint8_t key[MAP_KEY_BYTES_MAX];

	key_of(trial, name, key);
	CHECK(map_remove(&trial->map, key) == (entry != NULL));
	if (entry != NULL)
		*entry = trial->entries[--trial->count];
}

static void compare(struct trial *trial)
{
	CHECK(trial->map.count == trial->count);
	for (uint32_t name = 0; name < trial->names; name++) {
		const struct model_entry *entry = model_find(trial, (uint8_t)name);
		uint8_t key[MAP_KEY_BYTES_MAX];
		uint32_t value = 0xa5a5a5a5;

		key_of(trial, (uint8_t)name, key);
		CHECK(map_get(&trial->map, key, &value) == (entry != NULL));
		CHECK(value == (entry != NULL ? entry->value : 0xa5a5a5a5));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = script_of(data, size);
	struct trial trial = { .count = 0 };
	const size_t key_bytes = 1U + script_u8(&script) % MAP_KEY_BYTES_MAX;
	struct rng rng;

	trial.capacity = 1U + script_u8(&script) % CAPACITY_MAX;
	trial.names = trial.capacity + 2; /* a little more than fit */
	rng_init_seed(&rng, script_u32(&script));
	map_init(&trial.map, &rng, trial.capacity, key_bytes);
	for (unsigned step = 0; step < STEPS_MAX && script.left > 0; step++) {
		const uint8_t choice = script_u8(&script);
		const uint8_t name = (uint8_t)(script_u8(&script) % trial.names);

		if (choice % 2 == 0)
			put(&trial, name, (uint32_t)step << 8 | choice);
		else
			remove_key(&trial, name);
		compare(&trial);
	}
	map_free(&trial.map);
	return 0;
}
