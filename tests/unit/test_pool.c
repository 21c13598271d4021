/* test_pool.c - a handle finds its slot until the slot is given back, and never again. */
#include "base/err.h"
#include "base/pool.h"
#include "base/rng.h"
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

#include <string.h>

#define CAPACITY 4

static void take_until_full_lowest_index_first(void **state)
{
	struct pool pool;
	struct handle handles[CAPACITY];
	struct handle untouched = HANDLE_NONE;

	(void)state;
	pool_init(&pool, CAPACITY, sizeof(uint64_t));
	for (uint32_t i = 0; i < CAPACITY; i++) {
		assert_int_equal(pool_count(&pool), i);
		assert_non_null(pool_take(&pool, &handles[i]));
		assert_int_equal(handles[i].index, i);
		assert_false(handle_is_none(handles[i]));
	}
	assert_int_equal(pool_count(&pool), CAPACITY);
	assert_null(pool_take(&pool, &untouched));
	assert_true(handle_is_none(untouched));
	pool_give(&pool, handles[2]);
	assert_non_null(pool_take(&pool, &handles[2]));
	assert_int_equal(handles[2].index, 2);
	pool_free(&pool);
}

static void the_end_is_one_above_the_highest_taken(void **state)
{
	struct pool pool;
	struct handle handles[CAPACITY];

	(void)state;
	pool_init(&pool, CAPACITY, 1);
	assert_int_equal(pool_end(&pool), 0);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		assert_non_null(pool_take(&pool, &handles[i]));
		assert_int_equal(pool_end(&pool), i + 1);
	}
	pool_give(&pool, handles[1]);
	pool_give(&pool, handles[2]);
	assert_int_equal(pool_end(&pool), CAPACITY);
	pool_give(&pool, handles[3]);
	assert_int_equal(pool_end(&pool), 1);
	pool_give(&pool, handles[0]);
	assert_int_equal(pool_end(&pool), 0);
	pool_free(&pool);
}

static void handle_goes_stale_with_its_slot(void **state)
{
	struct pool pool;
	struct handle old;
	struct handle again;
	uint64_t *slot;

	(void)state;
	pool_init(&pool, 1, sizeof(*slot));
	slot = pool_take(&pool, &old);
	assert_int_equal(*slot, 0);
	*slot = UINT64_MAX;
	assert_ptr_equal(pool_at(&pool, old), slot);
	pool_give(&pool, old);
	assert_null(pool_at(&pool, old));
	assert_int_equal(*slot, 0); /* wiped at once: secrets do not wait for the next owner */

	assert_ptr_equal(pool_take(&pool, &again), slot);
	assert_false(handle_equal(old, again));
	assert_null(pool_at(&pool, old));
	assert_ptr_equal(pool_at(&pool, again), slot);
	pool_free(&pool);
}

/* Handles come back from peers and the kernel: whatever they hold, nothing foreign is found. */
static void forged_handles_find_nothing(void **state)
{
	struct pool pool;
	struct handle h;

	(void)state;
	pool_init(&pool, 2, 1);
	assert_null(pool_at(&pool, HANDLE_NONE));
	assert_non_null(pool_take(&pool, &h));
	assert_null(pool_at(&pool, (struct handle){ h.index, h.generation + 1 }));
	assert_null(pool_at(&pool, (struct handle){ h.index, h.generation + 2 }));
	assert_null(pool_at(&pool, (struct handle){ h.index, h.generation - 1 }));
	assert_null(pool_at(&pool, (struct handle){ 1, h.generation }));
	assert_null(pool_at(&pool, (struct handle){ 2, h.generation }));
	assert_null(pool_at(&pool, (struct handle){ UINT32_MAX, h.generation }));
	pool_free(&pool);
}

/* After 2^31 owners of one slot the generations start over; 0 stays the name of nothing. */
static void generations_wrap_past_zero(void **state)
{
	struct pool pool;
	struct handle h;

	(void)state;
	pool_init(&pool, 1, 1);
	assert_non_null(pool_take(&pool, &h));
	pool_give(&pool, h);
	pool.generations[0] = UINT32_MAX - 1;
	assert_non_null(pool_take(&pool, &h));
	assert_int_equal(h.generation, UINT32_MAX);
	assert_non_null(pool_at(&pool, h));
	pool_give(&pool, h);
	assert_null(pool_at(&pool, h));
	assert_null(pool_at(&pool, HANDLE_NONE));
	assert_non_null(pool_take(&pool, &h));
	assert_false(handle_is_none(h));
	pool_free(&pool);
}

/* Against a model: for each index the value of its owner, or nothing. */
static void random_use_agrees_with_a_model(void **state)
{
	enum { SLOTS = 7, STEPS = 20000 };
	struct handle handles[SLOTS] = { { 0, 0 } };
	uint64_t values[SLOTS] = { 0 };
	struct pool pool;
	struct rng rng;
	uint32_t count = 0;

	(void)state;
	rng_init_seed(&rng, 1);
	pool_init(&pool, SLOTS, sizeof(uint64_t));
	for (unsigned step = 0; step < STEPS; step++) {
		const uint32_t i = (uint32_t)rng_between(&rng, 0, SLOTS - 1);

		if (!handle_is_none(handles[i])) {
			pool_give(&pool, handles[i]);
			handles[i] = HANDLE_NONE;
			count--;
		} else {
			struct handle h;
			uint64_t *slot = pool_take(&pool, &h);

			assert_non_null(slot);
			assert_true(handle_is_none(handles[h.index]));
			assert_int_equal(*slot, 0);
			*slot = values[h.index] = rng_u64(&rng);
			handles[h.index] = h;
			count++;
		}
		assert_int_equal(pool_count(&pool), count);
		for (uint32_t k = 0; k < SLOTS; k++) {
			struct handle found = HANDLE_NONE;
			const uint64_t *slot = pool_slot(&pool, k, &found);

			assert_true(handle_equal(found, handles[k]));
			assert_true((slot == NULL) == handle_is_none(handles[k]));
			if (slot != NULL)
				assert_int_equal(*slot, values[k]);
		}
	}
	pool_free(&pool);
}

static void give_back_twice(void)
{
	struct pool pool;
	struct handle h;

	pool_init(&pool, 1, 1);
	if (pool_take(&pool, &h) == NULL)
		return;
	pool_give(&pool, h);
	pool_give(&pool, h);
}

static void look_past_the_last_slot(void)
{
	struct pool pool;
	struct handle h;

	pool_init(&pool, 1, 1);
	(void)pool_slot(&pool, 1, &h);
}

static void make_a_pool_of_nothing(void)
{
	struct pool pool;

	pool_init(&pool, 0, 1);
}

static void broken_requirements_are_bugs(void **state)
{
	(void)state;
	assert_non_null(death_text(give_back_twice));
	assert_non_null(death_text(look_past_the_last_slot));
	assert_non_null(death_text(make_a_pool_of_nothing));
}

/* Slots of every size from one a chunk to thousands, over many chunks: an address is for ever. */
static void slots_do_not_move_while_others_come(void **state)
{
	static const size_t sizes[] = { 1, 3, 8, 100, POOL_CHUNK_BYTES / 2, POOL_CHUNK_BYTES + 1 };
	enum { SLOTS = 100 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct handle handles[SLOTS];
		uint8_t *slots[SLOTS];
		struct pool pool;

		pool_init(&pool, SLOTS, sizes[i]);
		for (uint32_t n = 0; n < SLOTS; n++) {
			slots[n] = pool_take(&pool, &handles[n]);
			assert_non_null(slots[n]);
			assert_int_equal(handles[n].index, n);
			memset(slots[n], (int)n + 1, sizes[i]);
		}
		assert_int_equal(pool_reserve(&pool), ERR_FULL);
		for (uint32_t n = 0; n < SLOTS; n++) {
			assert_ptr_equal(pool_at(&pool, handles[n]), slots[n]);
			assert_int_equal(slots[n][0], n + 1);
			assert_int_equal(slots[n][sizes[i] - 1], n + 1);
		}
		pool_free(&pool);
	}
}

/* What is kept beside the slots may be made longer before the slot is taken. */
static void the_room_is_known_before_a_slot_is_taken(void **state)
{
	struct pool pool;
	struct handle h;

	(void)state;
	pool_init(&pool, 5, POOL_CHUNK_BYTES / 4);
	assert_int_equal(pool_room(&pool), 0);
	for (uint32_t n = 0; n < 5; n++) {
		assert_int_equal(pool_reserve(&pool), 0);
		const uint32_t room = pool_room(&pool);

		assert_non_null(pool_take(&pool, &h));
		assert_in_range(room, h.index + 1, 5);
		assert_int_equal(pool_room(&pool), room);
	}
	pool_give(&pool, h);
	assert_int_equal(pool_reserve(&pool), 0);
	pool_free(&pool);
}

static void without_memory_no_slot_is_taken_and_none_is_lost(void **state)
{
	struct pool pool;
	struct handle first;
	struct handle h;

	(void)state;
	pool_init(&pool, 3, SIZE_MAX / 2); /* more than any machine has */
	assert_int_equal(pool_reserve(&pool), ERR_NOMEM);
	assert_null(pool_take(&pool, &h));
	assert_int_equal(pool_count(&pool), 0);
	pool_free(&pool);
	pool_free(&pool); /* and twice */

	for (uint64_t lacking = 1; lacking <= 3; lacking++) { /* both lists, the chunk */
		pool_init(&pool, 100, POOL_CHUNK_BYTES);
		allocations_fail_at(lacking);
		assert_null(pool_take(&pool, &h));
		assert_int_equal(pool_count(&pool), 0);
		allocations_fail_at(0);
		assert_non_null(pool_take(&pool, &first));
		assert_int_equal(first.index, 0);
		allocations_fail_at(1);
		assert_null(pool_take(&pool, &h));
		allocations_fail_at(0);
		assert_non_null(pool_at(&pool, first));
		assert_int_equal(pool_count(&pool), 1);
		assert_int_equal(pool_end(&pool), 1);
		pool_free(&pool);
		assert_int_equal(allocations_live(), 0);
	}
}

/* What a crowd took is given back when it has left, whatever the order; what stays does not move.
 */
static void memory_follows_use_both_ways(void **state)
{
	enum { SLOTS = 64, CHUNK = 4 };
	struct handle handles[SLOTS];
	struct pool pool;
	struct handle h;

	(void)state;
	pool_init(&pool, SLOTS, POOL_CHUNK_BYTES / CHUNK);
	for (uint32_t n = 0; n < SLOTS; n++)
		assert_non_null(pool_take(&pool, &handles[n]));
	const uint8_t *stays = pool_at(&pool, handles[9]);
	const int64_t full = allocations_live();

	for (uint32_t n = 0; n < SLOTS; n++) {
		const uint32_t i = n * 37 % SLOTS;

		if (i != 9)
			pool_give(&pool, handles[i]);
	}
	assert_int_equal(allocations_live(), full - SLOTS / CHUNK + 2); /* its own, and a spare */
	assert_ptr_equal(pool_at(&pool, handles[9]), stays);
	assert_null(pool_at(&pool, handles[8]));
	assert_non_null(pool_take(&pool, &h));
	assert_int_equal(h.index, 0);
	assert_int_equal(h.generation, handles[0].generation + 2); /* though its chunk was gone */
	assert_int_equal(pool_room(&pool), SLOTS);
	pool_free(&pool);
	assert_int_equal(allocations_live(), 0);
}

/* Where one more comes and goes, over the edge of a chunk, nothing is allocated each time. */
static void a_pool_that_breathes_allocates_once(void **state)
{
	struct pool pool;
	struct handle kept;
	struct handle h;

	(void)state;
	pool_init(&pool, 8, POOL_CHUNK_BYTES);
	assert_non_null(pool_take(&pool, &kept));
	assert_non_null(pool_take(&pool, &h));
	pool_give(&pool, h);
	const uint64_t before = allocations_count();

	for (unsigned i = 0; i < 10; i++) {
		assert_non_null(pool_take(&pool, &h));
		pool_give(&pool, h);
	}
	assert_int_equal(allocations_count(), before);
	pool_free(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take_until_full_lowest_index_first),
		cmocka_unit_test(the_end_is_one_above_the_highest_taken),
		cmocka_unit_test(handle_goes_stale_with_its_slot),
		cmocka_unit_test(forged_handles_find_nothing),
		cmocka_unit_test(generations_wrap_past_zero),
		cmocka_unit_test(random_use_agrees_with_a_model),
		cmocka_unit_test(broken_requirements_are_bugs),
		cmocka_unit_test(slots_do_not_move_while_others_come),
		cmocka_unit_test(the_room_is_known_before_a_slot_is_taken),
		cmocka_unit_test(without_memory_no_slot_is_taken_and_none_is_lost),
		cmocka_unit_test(memory_follows_use_both_ways),
		cmocka_unit_test(a_pool_that_breathes_allocates_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
