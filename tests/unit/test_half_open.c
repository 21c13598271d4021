/* test_half_open.c - the table of handshakes that wait for their M2: who counts for whom, who gives
 * way to whom, and when each is due. */
#include "tests/lib/cmocka.h"

#include "session/half_open.h"

#include <stdlib.h>

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct half_opens));
	assert_non_null(*state);
	half_opens_init(*state);
	return 0;
}

static int tear_down(void **state)
{
	half_opens_free(*state);
	half_opens_free(*state);
	free(*state);
	return 0;
}

/* An entry from source number `source`. */
static struct handle add(struct half_opens *table, bool proven, uint16_t source)
{
	struct handle handle;
	struct half_open *entry = half_opens_add(table, &handle);

	if (entry == NULL)
		return HANDLE_NONE;
	entry->proven = proven;
	entry->carrier.source[0] = (uint8_t)(source >> 8);
	entry->carrier.source[1] = (uint8_t)source;
	return handle;
}

static void it_has_512_places(void **state)
{
	struct half_opens *table = *state;
	struct rng rng;

	for (uint16_t i = 0; i < SESSION_HALF_OPEN_MAX; i++)
		assert_false(handle_is_none(add(table, false, i)));
	assert_true(handle_is_none(add(table, false, 9999)));
	rng_init_seed(&rng, 9);
	half_opens_remove(table, half_opens_victim(table, &rng, false));
	assert_false(handle_is_none(add(table, false, 9999)));
}

/* One in eight has not proven itself, and each of those goes before any other. */
static void the_unproven_give_way_first(void **state)
{
	struct half_opens *table = *state;
	struct rng rng;

	rng_init_seed(&rng, 1);
	for (uint16_t i = 0; i < SESSION_HALF_OPEN_MAX; i++)
		(void)add(table, i % 8 != 3, i);
	for (unsigned left = SESSION_HALF_OPEN_MAX / 8; left > 0; left--) {
		const struct handle victim = half_opens_victim(table, &rng, left % 2 == 0);
		const struct half_open *entry = pool_at(&table->pool, victim);

		assert_non_null(entry);
		assert_false(entry->proven);
		half_opens_remove(table, victim);
	}
	assert_true(handle_is_none(half_opens_victim(table, &rng, false)));
	assert_false(handle_is_none(half_opens_victim(table, &rng, true)));
}

/* Whom it hits among equals is chance: each of 16 about as often. */
static void among_equals_chance_decides(void **state)
{
	struct half_opens *table = *state;
	unsigned hits[16] = { 0 };
	struct rng rng;

	rng_init_seed(&rng, 2);
	for (uint16_t i = 0; i < 16; i++)
		(void)add(table, true, i);
	for (unsigned i = 0; i < 1600; i++)
		hits[half_opens_victim(table, &rng, true).index]++;
	for (unsigned i = 0; i < 16; i++)
		assert_in_range(hits[i], 60, 140);
}

static void an_empty_table_has_no_victim(void **state)
{
	struct rng rng;

	rng_init_seed(&rng, 3);
	assert_true(handle_is_none(half_opens_victim(*state, &rng, true)));
}

static void sources_are_counted_by_carriage(void **state)
{
	struct half_opens *table = *state;
	struct carrier carrier = { .source = { 0, 7 } };
	struct handle handle;

	for (uint16_t i = 0; i < 30; i++)
		(void)add(table, false, i % 2 == 0 ? 7 : i);
	handle = add(table, false, 7);
	((struct half_open *)pool_at(&table->pool, handle))->carrier.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(half_opens_count(table, &carrier), 16);
	carrier.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(half_opens_count(table, &carrier), 1);
	carrier.source[2] = 1;
	assert_int_equal(half_opens_count(table, &carrier), 0);
}

static void an_entry_is_due_at_once_for_its_m1_and_else_at_its_expiry(void **state)
{
	struct half_opens *table = *state;
	const struct handle handle = add(table, false, 1);
	struct half_open *entry = pool_at(&table->pool, handle);
	uint32_t place;

	entry->expiry = (struct mono){ 500 };
	entry->m1_pending = true;
	half_opens_schedule(table, handle);
	assert_int_equal(alarms_first(&table->alarms, &place).us, 0);
	entry->m1_pending = false;
	half_opens_schedule(table, handle);
	assert_int_equal(alarms_first(&table->alarms, &place).us, 500);
	half_opens_remove(table, handle);
	assert_int_equal(alarms_first(&table->alarms, &place).us, MONO_NEVER.us);
	assert_null(pool_at(&table->pool, handle));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_has_512_places),
		TEST(the_unproven_give_way_first),
		TEST(among_equals_chance_decides),
		TEST(an_empty_table_has_no_victim),
		TEST(sources_are_counted_by_carriage),
		TEST(an_entry_is_due_at_once_for_its_m1_and_else_at_its_expiry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
