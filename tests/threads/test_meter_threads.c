/* test_meter_threads.c - threads that share a meter take no byte more than one alone could. */
#include "forward/meter.h"
#include "tests/lib/cmocka.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4
#define BURST 100000
#define BYTES 7
#define ROUNDS 20
#define LATER_US 1000 /* each batch; a byte a microsecond comes in */
#define BATCHES 10

struct shared {
	pthread_barrier_t start;
	struct meter *meter;
	atomic_ullong taken;
};

/* Takes all there is at each instant, not in step with the others. */
static void *take_all(void *arg)
{
	struct shared *shared = arg;
	uint64_t taken = 0;

	(void)pthread_barrier_wait(&shared->start);
	for (uint64_t batch = 0; batch <= BATCHES; batch++)
		while (meter_take(shared->meter, (struct mono){ .us = 1 + batch * LATER_US },
				  BYTES))
			taken += BYTES;
	atomic_fetch_add(&shared->taken, taken);
	return NULL;
}

static void threads_take_no_more_together(void **state)
{
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct shared shared = { .taken = 0 };
		pthread_t threads[THREADS];

		assert_int_equal(meter_new(1000000, BURST, &shared.meter), 0);
		assert_int_equal(pthread_barrier_init(&shared.start, NULL, THREADS), 0);
		for (unsigned i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, take_all, &shared), 0);
		for (unsigned i = 0; i < THREADS; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		/* Who came last saw the bucket empty; what is left is less than one more. */
		assert_in_range(shared.taken, BURST + BATCHES * LATER_US - BYTES + 1,
				BURST + BATCHES * LATER_US);
		assert_int_equal(pthread_barrier_destroy(&shared.start), 0);
		meter_unref(shared.meter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_take_no_more_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
