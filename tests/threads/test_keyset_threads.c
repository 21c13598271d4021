/* test_keyset_threads.c - threads that share a key set: no counter twice, no packet opened twice.
 *
 * The promise is of memory order as much as of numbers, so the suite runs under the thread
 * sanitizer too. Threads start together at a barrier and meet at joins; nothing waits for time.
 */
#include "base/err.h"
#include "forward/keyset.h"
#include "session/replay.h"
#include "tests/lib/cmocka.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define THREADS 4
#define PACKETS REPLAY_WINDOW /* of all threads together: they fill the window, and no more */
#define PER_THREAD (PACKETS / THREADS)
#define RUN 4 /* packets that one thread seals together */
#define ROUNDS 3
#define LIMIT_ROUNDS 500
#define BYTES (KEYSET_OVERHEAD + sizeof(uint32_t))

static const uint8_t keys[2][AEAD_KEY_BYTES] = { { 1, 2, 3 }, { 4, 5, 6 } };
static const struct mono now = { .us = 1 };

struct shared {
	pthread_barrier_t start;
	struct keyset *sender, *receiver;
	uint8_t datagrams[PACKETS][BYTES];
	atomic_uint opened[PACKETS];                  /* how often each payload came out */
	atomic_uint replayed, sealed, milestones[16]; /* by what was told at once */
};

struct worker {
	struct shared *shared;
	uint32_t number;
	pthread_t thread;
};

static struct keyset *new_keyset(bool sender, const struct keyset_config *like)
{
	struct keyset_config config = *like;
	struct keyset *keyset = NULL;

	config.suite = suite_find(suites_all, SUITE_AES_256_GCM);
	config.stop = MONO_NEVER;
	config.send_key = keys[sender ? 0 : 1];
	config.receive_key = keys[sender ? 1 : 0];
	assert_int_equal(keyset_new(&config, &keyset), 0);
	return keyset;
}

/* Runs `act` in THREADS threads at once. */
static void together(struct shared *shared, void *(*act)(void *))
{
	struct worker workers[THREADS];

	assert_int_equal(pthread_barrier_init(&shared->start, NULL, THREADS), 0);
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .shared = shared, .number = i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, act, &workers[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	assert_int_equal(pthread_barrier_destroy(&shared->start), 0);
}

static void take_milestones(struct shared *shared, struct keyset *keyset)
{
	atomic_fetch_add(&shared->milestones[keyset_take_milestones(keyset) & 15], 1);
}

static unsigned times_told(struct shared *shared, enum keyset_milestone milestone)
{
	unsigned times = 0;

	for (unsigned told = 0; told < 16; told++)
		if ((told & milestone) != 0)
			times += shared->milestones[told];
	return times;
}

/* Seals this thread's share; the payload is its number. */
static void *seal_share(void *arg)
{
	const struct worker *worker = arg;
	struct shared *shared = worker->shared;
	const struct frame_header frame = { .kind = FRAME_IP };

	(void)pthread_barrier_wait(&shared->start);
	for (uint32_t i = 0; i < PER_THREAD; i++) {
		const uint32_t name = worker->number * PER_THREAD + i;

		if (keyset_seal(shared->sender, now, &frame, span_of(&name, sizeof(name)),
				shared->datagrams[name]) == 0)
			atomic_fetch_add(&shared->sealed, 1);
		take_milestones(shared, shared->sender);
	}
	return NULL;
}

/* The same in runs, each of which has counters that follow one another. */
static void *seal_share_in_runs(void *arg)
{
	const struct worker *worker = arg;
	struct shared *shared = worker->shared;
	const struct frame_header frame = { .kind = FRAME_IP };

	(void)pthread_barrier_wait(&shared->start);
	for (uint32_t i = 0; i < PER_THREAD; i += RUN) {
		struct keyset_run run;

		if (keyset_run_begin(shared->sender, now, RUN, &run) != 0)
			break;
		for (uint32_t k = 0; k < RUN; k++) {
			const uint32_t name = worker->number * PER_THREAD + i + k;

			if (keyset_run_seal(&run, &frame, span_of(&name, sizeof(name)),
					    shared->datagrams[name]) == 0)
				atomic_fetch_add(&shared->sealed, 1);
		}
		keyset_run_end(&run);
		take_milestones(shared, shared->sender);
	}
	return NULL;
}

/* Opens a copy of everything, each thread from another place on. */
static void *open_all(void *arg)
{
	const struct worker *worker = arg;
	struct shared *shared = worker->shared;

	(void)pthread_barrier_wait(&shared->start);
	for (uint32_t i = 0; i < PACKETS; i++) {
		const uint32_t at = (i + worker->number * PER_THREAD) % PACKETS;
		struct keyset_opened opened;
		uint8_t copy[BYTES];
		uint32_t name;
		int err;

		memcpy(copy, shared->datagrams[at], sizeof(copy));
		err = keyset_open(shared->receiver, now, copy, sizeof(copy), &opened);
		if (err == 0) {
			memcpy(&name, opened.payload, sizeof(name));
			atomic_fetch_add(&shared->opened[name % PACKETS], 1);
		} else if (err == ERR_REPLAY) {
			atomic_fetch_add(&shared->replayed, 1);
		}
		take_milestones(shared, shared->receiver);
		(void)keyset_counters(shared->receiver);
	}
	return NULL;
}

static void check_sealing(void *(*seal)(void *), uint32_t run)
{
	static struct shared shared;

	for (unsigned round = 0; round < ROUNDS; round++) {
		static bool seen[PACKETS];

		memset(&shared, 0, sizeof(shared));
		memset(seen, 0, sizeof(seen));
		shared.sender = new_keyset(true, &(struct keyset_config){ .senders = THREADS });
		shared.receiver = new_keyset(false, &(struct keyset_config){ 0 });
		together(&shared, seal);
		assert_int_equal(shared.sealed, PACKETS);
		assert_int_equal(times_told(&shared, KEYSET_IP), 1);
		assert_int_equal(times_told(&shared, KEYSET_ACTIVE), 1);
		for (size_t i = 0; i < PACKETS; i++) {
			struct datagram_header header;

			assert_int_equal(datagram_header_decode(span_of(shared.datagrams[i], BYTES),
								&header),
					 0);
			assert_in_range(header.counter, 0, PACKETS - 1);
			assert_false(seen[header.counter]);
			seen[header.counter] = true;
			assert_int_equal(header.counter % run, i % run);
		}
		together(&shared, open_all);
		for (size_t i = 0; i < PACKETS; i++)
			assert_int_equal(shared.opened[i], 1);
		assert_int_equal(shared.replayed, (THREADS - 1) * PACKETS);
		assert_int_equal(keyset_counters(shared.receiver).packets_received, PACKETS);
		assert_int_equal(keyset_counters(shared.receiver).replayed, shared.replayed);
		assert_int_equal(keyset_counters(shared.receiver).forged, 0);
		assert_int_equal(keyset_counters(shared.sender).packets_sent, shared.sealed);
		keyset_unref(shared.sender);
		keyset_unref(shared.receiver);
	}
}

static void no_counter_twice_and_no_packet_twice(void **state)
{
	(void)state;
	check_sealing(seal_share, 1);
}

static void runs_of_threads_do_not_mix(void **state)
{
	(void)state;
	check_sealing(seal_share_in_runs, RUN);
}

/* More threads than contexts: they wait for each other, and still nothing is sealed twice. */
static void threads_may_be_more_than_senders(void **state)
{
	static struct shared shared;

	(void)state;
	memset(&shared, 0, sizeof(shared));
	shared.sender = new_keyset(true, &(struct keyset_config){ .senders = 1 });
	shared.receiver = new_keyset(false, &(struct keyset_config){ 0 });
	together(&shared, seal_share);
	together(&shared, open_all);
	for (size_t i = 0; i < PACKETS; i++)
		assert_int_equal(shared.opened[i], 1);
	keyset_unref(shared.sender);
	keyset_unref(shared.receiver);
}

/* Seals until it is refused. */
static void *seal_to_the_limit(void *arg)
{
	const struct worker *worker = arg;
	struct shared *shared = worker->shared;
	const struct frame_header frame = { .kind = FRAME_EMPTY };
	uint8_t datagram[KEYSET_OVERHEAD];

	(void)pthread_barrier_wait(&shared->start);
	while (keyset_seal(shared->sender, now, &frame, span_of(NULL, 0), datagram) == 0)
		atomic_fetch_add(&shared->sealed, 1);
	return NULL;
}

/* Many times, since only threads that come to the limit in one moment could pass it together. */
static void the_limit_of_packets_holds_for_all_together(void **state)
{
	static struct shared shared;

	(void)state;
	for (unsigned i = 0; i < LIMIT_ROUNDS; i++) {
		shared.sealed = 0;
		shared.sender = new_keyset(
			true, &(struct keyset_config){ .senders = THREADS, .packets_max = 200 });
		together(&shared, seal_to_the_limit);
		assert_int_equal(shared.sealed, 200);
		keyset_unref(shared.sender);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_counter_twice_and_no_packet_twice),
		cmocka_unit_test(runs_of_threads_do_not_mix),
		cmocka_unit_test(threads_may_be_more_than_senders),
		cmocka_unit_test(the_limit_of_packets_holds_for_all_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
