/* test_publisher.c - a table that was replaced stays as long as somebody may be reading it, and no
 * longer. One thread plays all parts; test_forward_threads.c has real ones. */
#include "forward/publisher.h"
#include "tests/lib/cmocka.h"

static struct publisher p;

static struct forward_table *a_table(void)
{
	const struct table_config config = { .entries_max = 1 };
	struct forward_table *table = NULL;
	struct rng rng;

	rng_init_seed(&rng, 1);
	assert_int_equal(table_new(&config, &rng, &table), 0);
	return table;
}

static void without_readers_nothing_is_kept(void **state)
{
	struct forward_table *first = a_table();

	(void)state;
	publisher_init(&p, 0);
	assert_null(publisher_newest(&p));
	publisher_put(&p, first);
	assert_ptr_equal(publisher_newest(&p), first);
	publisher_put(&p, a_table());
	assert_ptr_not_equal(publisher_newest(&p), first);
	assert_int_equal(publisher_sweep(&p), 0);
	publisher_close(&p);
	assert_null(publisher_newest(&p));
}

static void who_reads_keeps_what_it_has(void **state)
{
	struct forward_table *first = a_table();
	struct forward_table *second = a_table();

	(void)state;
	publisher_init(&p, 2);
	publisher_put(&p, first);
	assert_ptr_equal(publisher_read(&p, 0), first);
	publisher_put(&p, second);
	assert_int_equal(publisher_sweep(&p), 1); /* reader 0 has the first */
	assert_ptr_equal(publisher_read(&p, 1), second);
	publisher_put(&p, a_table());
	assert_int_equal(publisher_sweep(&p), 2);
	publisher_rest(&p, 1);
	assert_int_equal(publisher_sweep(&p), 2); /* reader 0 may have taken the second up, too */
	(void)publisher_read(&p, 0);
	assert_int_equal(publisher_sweep(&p), 0);
	publisher_rest(&p, 0);
	publisher_close(&p);
}

static void who_rests_keeps_nothing(void **state)
{
	(void)state;
	publisher_init(&p, PUBLISHER_READERS_MAX);
	publisher_put(&p, a_table());
	for (uint32_t i = 0; i < PUBLISHER_READERS_MAX; i++)
		(void)publisher_read(&p, i);
	publisher_put(&p, a_table());
	for (uint32_t i = 0; i < PUBLISHER_READERS_MAX; i++) {
		assert_int_equal(publisher_sweep(&p), 1);
		publisher_rest(&p, i);
	}
	assert_int_equal(publisher_sweep(&p), 0);
	publisher_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_readers_nothing_is_kept),
		cmocka_unit_test(who_reads_keeps_what_it_has),
		cmocka_unit_test(who_rests_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
