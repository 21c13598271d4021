/* test_heap.c - the earliest leaves first, and among equals the one that came first. */
#include "base/err.h"
#include "base/heap.h"
#include "base/rng.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = us };
}

static void empty_heap_has_no_first(void **state)
{
	struct heap heap;

	(void)state;
	heap_init(&heap, 1);
	assert_null(heap_first(&heap));
	heap_free(&heap);
	heap_free(&heap);
}

static void equal_instants_leave_in_the_order_of_arrival(void **state)
{
	enum { COUNT = 500 };
	struct heap heap;

	(void)state;
	heap_init(&heap, COUNT);
	for (uint64_t i = 0; i < COUNT; i++)
		assert_int_equal(heap_push(&heap, at_us(7), i), 0);
	for (uint64_t i = 0; i < COUNT; i++) {
		assert_int_equal(heap_first(&heap)->item, i);
		assert_int_equal(heap_pop(&heap).item, i);
	}
	heap_free(&heap);
}

/* Pushes and pops mixed: what leaves is never earlier than what left before it since the last
 * earlier push, and equals keep their order. The model is a scan over all that is in. */
static void random_use_agrees_with_a_model(void **state)
{
	enum { COUNT = 200, STEPS = 5000 };
	struct heap_entry in[COUNT];
	size_t count = 0;
	uint64_t order = 0;
	struct heap heap;
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 1);
	heap_init(&heap, COUNT);
	for (unsigned step = 0; step < STEPS; step++) {
		if (count < COUNT && (count == 0 || rng_chance(&rng, 520))) {
			const struct mono at = at_us(rng_between(&rng, 0, 20));

			assert_int_equal(heap_push(&heap, at, order), 0);
			in[count++] = (struct heap_entry){ .at = at, .order = order };
			order++;
			continue;
		}
		size_t least = 0;

		for (size_t i = 1; i < count; i++)
			if (in[i].at.us < in[least].at.us ||
			    (in[i].at.us == in[least].at.us && in[i].order < in[least].order))
				least = i;
		assert_int_equal(heap_first(&heap)->item, in[least].order);
		const struct heap_entry out = heap_pop(&heap);

		assert_int_equal(out.item, in[least].order);
		assert_int_equal(out.at.us, in[least].at.us);
		in[least] = in[--count];
		assert_int_equal(heap.count, count);
	}
	heap_free(&heap);
}

static void grows_to_its_limit_and_no_further(void **state)
{
	static const size_t limits[] = { 0, 1, 63, 64, 65, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct heap heap;

		heap_init(&heap, limits[i]);
		for (size_t k = 0; k < limits[i]; k++)
			assert_int_equal(heap_push(&heap, at_us(k), k), 0);
		assert_int_equal(heap_push(&heap, at_us(0), 0), ERR_FULL);
		assert_int_equal(heap.count, limits[i]);
		assert_true(heap.capacity <= limits[i]);
		if (limits[i] > 0) {
			(void)heap_pop(&heap);
			assert_int_equal(heap_push(&heap, MONO_NEVER, 1), 0);
			assert_int_equal(heap_push(&heap, MONO_NEVER, 1), ERR_FULL);
		}
		heap_free(&heap);
	}
}

static void pop_from_an_empty_heap(void)
{
	struct heap heap;

	heap_init(&heap, 1);
	(void)heap_pop(&heap);
}

static void broken_requirements_are_bugs(void **state)
{
	(void)state;
	assert_non_null(death_text(pop_from_an_empty_heap));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_heap_has_no_first),
		cmocka_unit_test(equal_instants_leave_in_the_order_of_arrival),
		cmocka_unit_test(random_use_agrees_with_a_model),
		cmocka_unit_test(grows_to_its_limit_and_no_further),
		cmocka_unit_test(broken_requirements_are_bugs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
