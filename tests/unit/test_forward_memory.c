/* test_forward_memory.c - the packet path takes nothing from the heap, and what takes memory at the
 * start says so when there is none. */
#include "base/err.h"
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/trio.h"

/* What came from a, and then datagrams that end in each of the other ways. */
static void add_everything(struct packets *packets, struct members *m)
{
	static const uint8_t unknown[40] = { DATAGRAM_DATA };
	static const uint8_t handshake[40] = { DATAGRAM_M0 };
	const struct frame_header probe = { .kind = FRAME_PROBE };

	packets_carry(packets, m);
	(void)packets_add_frame(packets, m, &probe, span_text("text"));
	packets_add_frame(packets, m, &probe, span_text("forged"))->data[20] ^= 1;
	(void)packets_add_ip(packets, m, span_text("no packet"));
	(void)packets_add_datagram(packets, span_of(unknown, sizeof(unknown)));
	(void)packets_add_datagram(packets, span_of(handshake, sizeof(handshake)));
	(void)packets_add_datagram(packets, span_of(unknown, sizeof(unknown)));
	(void)packets_add_datagram(packets, span_text("noise"));
}

static void packets_cost_no_memory(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	struct forward_report report;
	uint64_t count = 0;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		if (round == 1) /* the first may warm libcrypto up */
			count = allocations_count();
		p.batch.count = 0;
		(void)packets_add_v4(&p, 1000, members_a4, members_b4);
		(void)packets_add_v4(&p, 1000, members_a4, members_c4);
		(void)packets_add_v6(&p, 1361, members_a6, members_b6);
		(void)packets_add_v6(&p, 1000, members_a6, members_b6);
		assert_int_equal(member_from_tun(&m->a, members_start, &p), 2);
		add_everything(&p, m);
		assert_int_equal(member_from_wire(&m->b, members_start, &p), 4);
		while (forward_report(&m->b.thread, &report))
			assert_int_not_equal(report.link, MEMBERS_B_LINK);
	}
	assert_int_equal(allocations_count(), count);
	assert_int_equal(m->b.thread.counters.delivered, 200);
	assert_int_equal(m->b.thread.counters.drop_forged, 100);
	members_del(m);
}

/* Sealed twice, passed on, opened twice; and one that nobody asked to have passed on. */
static void relayed_packets_cost_no_memory(void **state)
{
	const struct way from_a = trio_way_at_r(true);
	const struct way from_r = trio_way_to_r(false);
	struct trio *trio = trio_new(&(struct keyset_config){ 0 });
	struct members *m = trio->members;
	static struct packets p;
	struct forward_report report;
	uint64_t count = 0;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		if (round == 1)
			count = allocations_count();
		p.batch.count = 0;
		(void)packets_add_v4(&p, 500, members_a4, members_b4);
		assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
		trio_carry(&p, m->a.egress, &from_a);
		(void)trio_add_relayed(&p, trio, TRIO_AT_A, span_text("text"));
		assert_int_equal(member_from_wire(&trio->r, members_start, &p), 0);
		trio_carry(&p, trio->r.egress, &from_r);
		assert_int_equal(member_from_wire(&m->b, members_start, &p), 1);
		while (forward_report(&m->b.thread, &report))
			;
	}
	assert_int_equal(allocations_count(), count);
	assert_int_equal(m->b.thread.counters.delivered, 100);
	assert_int_equal(trio->r.thread.counters.drop_relay_unknown, 100);
	trio_del(trio);
}

/* Fails the first attempt, then the second, and so on until all is there; nothing may be lost on
 * the way, which the leak checker of the sanitized build sees. */
static void who_finds_no_memory_says_so(void **state)
{
	static const uint8_t key[AEAD_KEY_BYTES] = { 1 };
	const struct keyset_config keyset_config = {
		.send_key = key,
		.receive_key = key,
		.suite = suite_find(suites_all, SUITE_AES_256_GCM),
		.stop = MONO_NEVER,
		.senders = 3,
	};
	const struct table_config table_config = { .entries_max = 10,
						   .keysets_max = 10,
						   .relays_max = 10 };
	int made = 0;

	(void)state;
	for (uint64_t n = 1; made < 4; n++) {
		struct forward_table *table = NULL;
		struct keyset *keyset = NULL;
		struct egress *egress = NULL;
		struct meter *meter = NULL;
		struct rng rng;
		int err;

		rng_init_seed(&rng, n);
		allocations_fail_at(n);
		err = table_new(&table_config, &rng, &table);
		assert_true(table != NULL ? err == 0 : err == ERR_NOMEM);
		allocations_fail_at(n);
		err = egress_new(&rng, MEMBERS_SLOTS, &egress);
		assert_true(egress != NULL ? err == 0 : err == ERR_NOMEM);
		allocations_fail_at(n);
		err = keyset_new(&keyset_config, &keyset);
		assert_true(keyset != NULL ? err == 0 : err == ERR_NOMEM || err == ERR_CRYPTO);
		allocations_fail_at(n);
		err = meter_new(1, 1, &meter);
		assert_true(meter != NULL ? err == 0 : err == ERR_NOMEM);
		allocations_fail_at(0);
		made = (table != NULL) + (egress != NULL) + (keyset != NULL) + (meter != NULL);
		assert_true(n < 1000);
		assert_true(n > 1 || made == 0);
		table_del(table);
		egress_del(egress);
		keyset_unref(keyset);
		meter_unref(meter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_cost_no_memory),
		cmocka_unit_test(relayed_packets_cost_no_memory),
		cmocka_unit_test(who_finds_no_memory_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
