/* test_forward_threads.c - workers that share one session and its tables, while the control thread
 * puts up new ones all the time: no counter twice, no packet opened twice, no table gone too early.
 *
 * The suite runs under the thread sanitizer too, which sees what was read after it was freed and
 * what was not ordered. Threads start together at a barrier and meet at joins.
 */
#include "forward/handover.h"
#include "forward/publisher.h"
#include "session/replay.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/members.h"
#include "tests/lib/packet.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define WORKERS 4
#define PACKETS REPLAY_WINDOW /* of all together: they fill the window, and no more */
#define PER_WORKER (PACKETS / WORKERS)
#define BATCH 32 /* packets a worker moves under one table */
#define PACKET_BYTES 64
#define NAME_AT 60 /* a packet's number stands there, behind its headers */
#define ITEMS 50000
#define BYTES (PACKET_BYTES + KEYSET_OVERHEAD)

static struct shared {
	pthread_barrier_t start;
	struct members *members;
	struct publisher publisher;
	atomic_uint working; /* threads that have not ended */
	uint8_t datagrams[PACKETS][BYTES];
	atomic_uint sealed, opened[PACKETS];
	uint64_t replays[WORKERS];
} shared;

struct worker {
	uint32_t number;
	pthread_t thread;
	struct egress *egress;
	struct forward_thread forward;
	struct packets packets;
};

static struct worker workers[WORKERS];

/* A batch of this worker's packets, from the one with this number on. */
static void fill(struct worker *w, uint32_t first)
{
	w->packets.batch.count = 0;
	for (uint32_t name = first; name < first + BATCH; name++) {
		struct forward_packet *packet =
			packets_add_v4(&w->packets, PACKET_BYTES, members_a4, members_b4);

		memcpy(packet->data + NAME_AT, &name, sizeof(name));
	}
}

static void keep_sealed(struct worker *w)
{
	struct egress_datagram *datagram;

	while ((datagram = egress_next(w->egress, members_start.mono)) != NULL) {
		const uint32_t at = atomic_fetch_add(&shared.sealed, 1);

		if (at < PACKETS && datagram->len == BYTES)
			memcpy(shared.datagrams[at], datagram->data, BYTES);
		egress_done(w->egress, datagram);
	}
}

static void *seal(void *argument)
{
	struct worker *w = argument;

	(void)pthread_barrier_wait(&shared.start);
	for (uint32_t i = 0; i < PER_WORKER; i += BATCH) {
		fill(w, w->number * PER_WORKER + i);
		(void)forward_from_tun(&w->forward, publisher_read(&shared.publisher, w->number),
				       members_start, &w->packets.batch);
		keep_sealed(w);
		if (i % (4 * BATCH) == 0)
			publisher_rest(&shared.publisher, w->number);
	}
	publisher_rest(&shared.publisher, w->number);
	atomic_fetch_sub(&shared.working, 1);
	return NULL;
}

/* All of it, each worker from another place on. */
static void *open_all(void *argument)
{
	struct worker *w = argument;

	(void)pthread_barrier_wait(&shared.start);
	for (uint32_t i = 0; i < PACKETS; i += BATCH) {
		const struct forward_table *table = publisher_read(&shared.publisher, w->number);

		w->packets.batch.count = 0;
		for (uint32_t k = 0; k < BATCH; k++) {
			const uint32_t at = (i + k + w->number * PER_WORKER) % PACKETS;

			(void)packets_add_datagram(&w->packets,
						   span_of(shared.datagrams[at], BYTES));
		}
		(void)forward_from_wire(&w->forward, table, members_start, &w->packets.batch);
		for (uint32_t k = 0; k < BATCH; k++) {
			const struct forward_packet *packet = &w->packets.batch.packets[k];
			uint32_t name;

			if (packet->verdict != FORWARD_DELIVER && packet->verdict != FORWARD_JOIN)
				continue;
			memcpy(&name, packet->data + NAME_AT, sizeof(name));
			atomic_fetch_add(&shared.opened[name % PACKETS], 1);
		}
	}
	shared.replays[w->number] = w->forward.counters.drop_replay;
	publisher_rest(&shared.publisher, w->number);
	atomic_fetch_sub(&shared.working, 1);
	return NULL;
}

/* As the control thread does: a new table, and the old one is the publisher's to delete. */
static void put_up(struct member *member)
{
	struct forward_table *table = member->table;

	member->table = NULL;
	publisher_put(&shared.publisher, table);
	member_publish(member);
}

/* Runs `act` in all workers, which share what this member has, while its tables are replaced. Each
 * of them has an egress of its own. */
static void together(struct member *member, void *(*act)(void *))
{
	unsigned tables = 0;

	publisher_init(&shared.publisher, WORKERS);
	put_up(member);
	atomic_store(&shared.working, WORKERS);
	assert_int_equal(pthread_barrier_init(&shared.start, NULL, WORKERS + 1), 0);
	for (uint32_t i = 0; i < WORKERS; i++) {
		workers[i].number = i;
		assert_int_equal(egress_new(&member->rng, BATCH, &workers[i].egress), 0);
		forward_thread_init(&workers[i].forward, workers[i].egress);
		assert_int_equal(pthread_create(&workers[i].thread, NULL, act, &workers[i]), 0);
	}
	(void)pthread_barrier_wait(&shared.start);
	while (atomic_load(&shared.working) > 0) {
		put_up(member);
		tables++;
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		egress_del(workers[i].egress);
	}
	assert_int_equal(publisher_sweep(&shared.publisher), 0);
	publisher_close(&shared.publisher);
	assert_int_equal(pthread_barrier_destroy(&shared.start), 0);
	print_message("# %u tables\n", tables);
}

static void one_session_is_moved_by_all_workers(void **state)
{
	static bool seen[PACKETS];
	uint64_t replays = 0;

	(void)state;
	shared.members = members_new(&(struct keyset_config){ .senders = WORKERS });
	together(&shared.members->a, seal);
	assert_int_equal(shared.sealed, PACKETS);
	for (size_t i = 0; i < PACKETS; i++) {
		struct datagram_header header;

		assert_int_equal(
			datagram_header_decode(span_of(shared.datagrams[i], BYTES), &header), 0);
		assert_in_range(header.counter, 0, PACKETS - 1);
		assert_false(seen[header.counter]);
		seen[header.counter] = true;
	}
	together(&shared.members->b, open_all);
	for (size_t i = 0; i < PACKETS; i++)
		assert_int_equal(shared.opened[i], 1);
	for (size_t i = 0; i < WORKERS; i++)
		replays += shared.replays[i];
	assert_int_equal(replays, (WORKERS - 1) * PACKETS);
	members_del(shared.members);
}

static struct handover *handover;
static uint32_t accepted; /* by the writer; read when it has ended */

static void *hand_over_numbers(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < ITEMS; i++) {
		uint8_t bytes[sizeof(i)];
		const struct forward_packet packet = { .data = bytes,
						       .len = sizeof(bytes),
						       .verdict = FORWARD_FRAME };
		const struct forward_report report = { .kind = FORWARD_REPORT_SENT, .count = i };

		memcpy(bytes, &i, sizeof(i));
		accepted += i % 5 == 0 ? handover_report(handover, &report)
				       : handover_packet(handover, &packet);
		(void)handover_is_behind(handover);
	}
	atomic_store(&shared.working, 0);
	return NULL;
}

static uint32_t number_of(const struct handover_item *item)
{
	uint32_t number;

	if (item->is_report)
		return (uint32_t)item->report.count;
	memcpy(&number, item->packet.data, sizeof(number));
	return number;
}

static void what_is_handed_over_keeps_its_order(void **state)
{
	uint32_t got = 0, next = 0;
	pthread_t writer;
	bool has_ended = false;

	(void)state;
	assert_int_equal(handover_new(&handover), 0);
	atomic_store(&shared.working, 1);
	assert_int_equal(pthread_create(&writer, NULL, hand_over_numbers, NULL), 0);
	while (!has_ended) {
		struct handover_item *item;

		has_ended = atomic_load(&shared.working) == 0; /* before the last look */
		while ((item = handover_next(handover)) != NULL) {
			const uint32_t number = number_of(item);

			assert_in_range(number, next, ITEMS - 1);
			assert_int_equal(item->is_report, number % 5 == 0);
			next = number + 1;
			got++;
			if (got % 16 == 0)
				handover_done(handover);
		}
		handover_done(handover);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_int_equal(got, accepted);
	assert_true(got >= HANDOVER_ITEMS);
	assert_false(handover_is_behind(handover));
	handover_del(handover);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_session_is_moved_by_all_workers),
		cmocka_unit_test(what_is_handed_over_keeps_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
