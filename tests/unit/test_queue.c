/* test_queue.c - positions go round in order, and the counters may wrap. */
#include "base/queue.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

static void fills_and_empties_in_order(void **state)
{
	struct queue q = queue_of(4);

	(void)state;
	assert_true(queue_is_empty(&q));
	for (uint32_t i = 0; i < 4; i++) {
		assert_false(queue_is_full(&q));
		assert_int_equal(queue_push(&q), i);
		assert_int_equal(queue_len(&q), i + 1);
	}
	assert_true(queue_is_full(&q));
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(queue_first(&q), i);
		assert_int_equal(queue_pop(&q), i);
	}
	assert_true(queue_is_empty(&q));
}

/* 2^32 pushes later the counters start over; nothing may notice. */
static void counters_wrap_without_a_seam(void **state)
{
	struct queue q = queue_of(8);
	uint32_t next = 0;

	(void)state;
	q.head = q.tail = UINT32_MAX - 3; /* = 4 modulo 8 */
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(queue_push(&q), (4 + i) % 8);
	assert_true(queue_is_full(&q));
	assert_int_equal(queue_len(&q), 8);
	while (!queue_is_empty(&q)) {
		assert_int_equal(queue_first(&q), (4 + next) % 8);
		assert_int_equal(queue_pop(&q), (4 + next++) % 8);
	}
	assert_int_equal(next, 8);
}

static void push_into_a_full_queue(void)
{
	struct queue q = queue_of(1);

	(void)queue_push(&q);
	(void)queue_push(&q);
}

static void pop_from_an_empty_queue(void)
{
	struct queue q = queue_of(1);

	(void)queue_pop(&q);
}

static void look_into_an_empty_queue(void)
{
	const struct queue q = queue_of(1);

	(void)queue_first(&q);
}

static void make_an_odd_queue(void)
{
	(void)queue_of(3);
}

static void make_a_queue_of_nothing(void)
{
	(void)queue_of(0);
}

static void broken_requirements_are_bugs(void **state)
{
	(void)state;
	assert_non_null(death_text(push_into_a_full_queue));
	assert_non_null(death_text(pop_from_an_empty_queue));
	assert_non_null(death_text(look_into_an_empty_queue));
	assert_non_null(death_text(make_an_odd_queue));
	assert_non_null(death_text(make_a_queue_of_nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_and_empties_in_order),
		cmocka_unit_test(counters_wrap_without_a_seam),
		cmocka_unit_test(broken_requirements_are_bugs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
