/* test_map.c - the map agrees with an array, whatever the hash key puts where.
 *
 * Method: few keys in a small table, so that chains form, wrap and close under removal; many seeds,
 * as each gives the hash another key and so the table another shape.
 */
#include "base/err.h"
#include "base/map.h"
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

#include <string.h>

#define SEEDS 300
#define STEPS 300
#define KEYS 24     /* more than fit */
#define CAPACITY 15 /* of 32 slots */

struct model {
	bool there[KEYS];
	uint32_t values[KEYS];
	uint32_t count;
};

/* Keys of any length that differ in their first byte only, or in their last only. */
static void make_key(uint8_t *ret, size_t key_bytes, uint32_t index)
{
	memset(ret, 0x77, key_bytes);
	ret[index % 2 == 0 ? 0 : key_bytes - 1] = (uint8_t)index;
}

static void compare(const struct map *map, const struct model *model)
{
	assert_int_equal(map->count, model->count);
	for (uint32_t i = 0; i < KEYS; i++) {
		uint8_t key[MAP_KEY_BYTES_MAX];
		uint32_t value = UINT32_MAX;

		make_key(key, map->key_bytes, i);
		assert_true(map_get(map, key, &value) == model->there[i]);
		assert_int_equal(value, model->there[i] ? model->values[i] : UINT32_MAX);
	}
}

static void step(struct map *map, struct model *model, struct rng *rng)
{
	const uint32_t i = (uint32_t)rng_between(rng, 0, KEYS - 1);
	const uint32_t value = rng_u32(rng) / 2;
	uint8_t key[MAP_KEY_BYTES_MAX];

	make_key(key, map->key_bytes, i);
	if (rng_chance(rng, 400)) {
		assert_true(map_remove(map, key) == model->there[i]);
		model->count -= model->there[i];
		model->there[i] = false;
	} else if (!model->there[i] && model->count == CAPACITY) {
		assert_int_equal(map_put(map, key, value), ERR_FULL);
	} else {
		assert_int_equal(map_put(map, key, value), 0);
		model->count += !model->there[i];
		model->there[i] = true;
		model->values[i] = value;
	}
}

static void random_use_agrees_with_a_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct model model = { .count = 0 };
		struct map map;
		struct rng rng;

		rng_init_seed(&rng, seed);
		map_init(&map, &rng, CAPACITY, rng_between(&rng, 1, MAP_KEY_BYTES_MAX));
		for (unsigned i = 0; i < STEPS; i++) {
			step(&map, &model, &rng);
			compare(&map, &model);
		}
		map_free(&map);
	}
}

/* Full, each key is still found; the next new key is refused, an old one is replaced. */
static void capacity_is_exact(void **state)
{
	struct map map;
	struct rng rng;
	uint32_t value;

	(void)state;
	rng_init_seed(&rng, 7);
	for (uint32_t capacity = 1; capacity <= 64; capacity++) {
		map_init(&map, &rng, capacity, sizeof(uint32_t));
		for (uint32_t key = 0; key < capacity; key++)
			assert_int_equal(map_put(&map, &key, key + 1), 0);
		assert_int_equal(map_put(&map, &capacity, 0), ERR_FULL);
		assert_false(map_get(&map, &capacity, &value));
		for (uint32_t key = 0; key < capacity; key++) {
			assert_true(map_get(&map, &key, &value));
			assert_int_equal(value, key + 1);
			assert_int_equal(map_put(&map, &key, key + 2), 0);
		}
		assert_int_equal(map.count, capacity);
		map_free(&map);
	}
}

/* Where a key goes is SipHash-2-4: key 00 01 .. 0f, input 00 01 .. 0e gives a129ca6149be45e5
 * (Aumasson and Bernstein 2012, appendix A). */
static void slots_are_those_of_the_published_vector(void **state)
{
	struct map map;
	struct rng rng;
	uint8_t key[15];

	(void)state;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	rng_init_seed(&rng, 1);
	map_init(&map, &rng, 1U << 20, sizeof(key));
	map.hash_key[0] = 0x0706050403020100;
	map.hash_key[1] = 0x0f0e0d0c0b0a0908;
	assert_int_equal(map_reserve(&map, 1U << 20), 0);
	assert_int_equal(map_put(&map, key, 1), 0);
	assert_int_equal(map.slot_count, 1U << 21);
	assert_int_equal(map.used[0xa129ca6149be45e5 % (1U << 21)], 1);
	map_free(&map);
}

/* A peer cannot know which keys meet: each map has a hash key of its own. */
static void hash_keys_come_from_the_rng(void **state)
{
	struct map map;
	struct rng rng;
	struct rng copy;

	(void)state;
	rng_init_seed(&rng, 1);
	copy = rng;
	for (unsigned i = 0; i < 3; i++) {
		map_init(&map, &rng, 1, 1);
		assert_int_equal(map.hash_key[0], rng_u64(&copy));
		assert_int_equal(map.hash_key[1], rng_u64(&copy));
		map_free(&map);
	}
}

/* Keys in arithmetic order spread: the longest run of taken slots stays short. */
static void keys_in_order_do_not_form_one_chain(void **state)
{
	enum { COUNT = 2048 };
	struct map map;
	struct rng rng;
	uint32_t run = 0;
	uint32_t longest = 0;

	(void)state;
	rng_init_seed(&rng, 11);
	map_init(&map, &rng, COUNT, sizeof(uint64_t));
	for (uint64_t key = 0; key < COUNT; key++)
		assert_int_equal(map_put(&map, &key, 0), 0);
	for (uint32_t slot = 0; slot < map.slot_count; slot++) {
		run = map.used[slot] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	assert_in_range(longest, 3, 100); /* half full and random: about 20 */
	map_free(&map);
}

static void all_key_lengths_are_hashed_to_the_last_byte(void **state)
{
	(void)state;
	for (size_t key_bytes = 1; key_bytes <= MAP_KEY_BYTES_MAX; key_bytes++) {
		struct map map;
		struct rng rng;
		uint8_t key[MAP_KEY_BYTES_MAX] = { 0 };
		uint32_t value;
		uint32_t slots_taken = 0;

		rng_init_seed(&rng, key_bytes);
		map_init(&map, &rng, 128, key_bytes);
		for (uint32_t i = 0; i < 128; i++) {
			key[key_bytes - 1] = (uint8_t)i;
			assert_int_equal(map_put(&map, key, i), 0);
		}
		assert_int_equal(map.slot_count, 256);
		for (uint32_t slot = 0; slot < 128; slot++)
			slots_taken += map.used[slot];
		assert_in_range(slots_taken, 30, 98); /* of 256; one chain would take all or none */
		key[key_bytes - 1] = 128;
		assert_false(map_get(&map, key, &value));
		map_free(&map);
	}
}

/* The table is the least power of two that is not more than half full, but for the first 16. */
static void memory_follows_use(void **state)
{
	enum { COUNT = 1000 };
	struct map map;
	struct rng rng;
	uint32_t value;

	(void)state;
	rng_init_seed(&rng, 3);
	map_init(&map, &rng, COUNT, sizeof(uint32_t));
	assert_int_equal(map.slot_count, 0);
	value = 0;
	assert_false(map_get(&map, &value, &value));
	assert_false(map_remove(&map, &value));
	for (uint32_t key = 0; key < COUNT; key++) {
		assert_int_equal(map_put(&map, &key, key), 0);
		assert_true(map.slot_count >= 2 * map.count);
		assert_true(map.slot_count == 16 || map.slot_count < 4 * map.count);
	}
	for (uint32_t key = 0; key < COUNT; key++) {
		assert_true(map_get(&map, &key, &value));
		assert_int_equal(value, key);
	}
	map_free(&map);
}

static void what_is_reserved_needs_no_memory(void **state)
{
	struct map map;
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 4);
	for (uint32_t count = 1; count <= 40; count++) {
		map_init(&map, &rng, 40, sizeof(uint32_t));
		assert_int_equal(map_reserve(&map, count), 0);
		const uint64_t before = allocations_count();

		for (uint32_t key = 0; key < count; key++)
			assert_int_equal(map_put(&map, &key, 0), 0);
		assert_int_equal(map_reserve(&map, count), 0);
		assert_int_equal(allocations_count(), before);
		assert_int_equal(map_reserve(&map, UINT32_MAX), 0); /* no more than the capacity */
		assert_in_range(map.slot_count, 80, 128);
		map_free(&map);
	}
}

/* Each of the three arrays may be the one that there is no memory for. */
static void without_memory_all_stays_as_it_was(void **state)
{
	struct map map;
	struct rng rng;
	uint32_t value;

	(void)state;
	rng_init_seed(&rng, 5);
	map_init(&map, &rng, 100, sizeof(uint32_t));
	for (uint32_t key = 0; key < 100; key++) {
		for (uint64_t lacking = 1; 2 * (key + 1) > map.slot_count && lacking <= 3;
		     lacking++) {
			allocations_fail_at(lacking);
			assert_int_equal(map_put(&map, &key, key), ERR_NOMEM);
			assert_int_equal(map.count, key);
			for (uint32_t old = 0; old < key; old++)
				assert_true(map_get(&map, &old, &value) && value == old);
			assert_false(map_get(&map, &key, &value));
		}
		allocations_fail_at(0);
		assert_int_equal(map_put(&map, &key, key), 0);
	}
	map_free(&map);
	assert_int_equal(allocations_live(), 0);
}

static void make_a_map_of_nothing(void)
{
	struct map map;
	struct rng rng;

	rng_init_seed(&rng, 1);
	map_init(&map, &rng, 0, 4);
}

static void make_a_map_of_long_keys(void)
{
	struct map map;
	struct rng rng;

	rng_init_seed(&rng, 1);
	map_init(&map, &rng, 1, MAP_KEY_BYTES_MAX + 1);
}

static void broken_requirements_are_bugs(void **state)
{
	(void)state;
	assert_non_null(death_text(make_a_map_of_nothing));
	assert_non_null(death_text(make_a_map_of_long_keys));
}

static void an_empty_or_freed_map_may_be_freed(void **state)
{
	struct map map = { 0 };
	struct rng rng;

	(void)state;
	map_free(&map);
	rng_init_seed(&rng, 1);
	map_init(&map, &rng, 1, 1);
	map_free(&map);
	map_free(&map);
	assert_null(map.keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_use_agrees_with_a_model),
		cmocka_unit_test(capacity_is_exact),
		cmocka_unit_test(slots_are_those_of_the_published_vector),
		cmocka_unit_test(hash_keys_come_from_the_rng),
		cmocka_unit_test(keys_in_order_do_not_form_one_chain),
		cmocka_unit_test(all_key_lengths_are_hashed_to_the_last_byte),
		cmocka_unit_test(memory_follows_use),
		cmocka_unit_test(what_is_reserved_needs_no_memory),
		cmocka_unit_test(without_memory_all_stays_as_it_was),
		cmocka_unit_test(broken_requirements_are_bugs),
		cmocka_unit_test(an_empty_or_freed_map_may_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
