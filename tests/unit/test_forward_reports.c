/* test_forward_reports.c - what the control plane hears of the packets that it does not see, each
 * thing once; and packets that wait for it to do its part. */
#include "tests/lib/cmocka.h"
#include "tests/lib/members.h"
#include "tests/lib/packet.h"

/* The one report that waits; none else does. */
static struct forward_report only_report(struct member *member)
{
	struct forward_report report = { 0 };
	struct forward_report other;

	assert_true(forward_report(&member->thread, &report));
	assert_false(forward_report(&member->thread, &other));
	return report;
}

static void drop_reports(struct member *member)
{
	struct forward_report report;
	bool more = true;

	while (more)
		more = forward_report(&member->thread, &report);
}

static void reports_are_made_once(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	struct forward_report report;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&m->a, members_start, &p);
	assert_true(forward_report(&m->a.thread, &report));
	assert_int_equal(report.kind, FORWARD_REPORT_IP);
	assert_int_equal(report.link, MEMBERS_B_LINK);
	assert_int_equal(report.local_index, MEMBERS_A_INDEX);
	report = only_report(&m->a);
	assert_int_equal(report.kind, FORWARD_REPORT_ACTIVE);
	assert_int_equal(report.link, MEMBERS_B_LINK);
	assert_int_equal(report.local_index, MEMBERS_A_INDEX);
	packets_carry(&p, m);
	(void)member_from_wire(&m->b, members_start, &p);
	assert_true(forward_report(&m->b.thread, &report));
	assert_int_equal(report.kind, FORWARD_REPORT_OPENED);
	assert_int_equal(report.link, MEMBERS_A_LINK);
	assert_int_equal(report.local_index, MEMBERS_B_INDEX);
	assert_true(forward_report(&m->b.thread, &report));
	assert_int_equal(report.kind, FORWARD_REPORT_IP);
	assert_int_equal(only_report(&m->b).kind, FORWARD_REPORT_ACTIVE);
	members_del(m);
}

static void sent_packets_are_reported_in_steps(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	const struct frame_header frame = { .kind = FRAME_EMPTY };
	static struct packets p;
	struct forward_report report;
	uint8_t bytes[KEYSET_OVERHEAD];

	(void)state;
	for (uint64_t i = 0; i < KEYSET_SENT_STEP - 1; i++)
		assert_int_equal(keyset_seal(m->a.keyset, members_start.mono, &frame,
					     span_of(NULL, 0), bytes),
				 0);
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&m->a, members_start, &p);
	assert_true(forward_report(&m->a.thread, &report));
	assert_int_equal(report.kind, FORWARD_REPORT_IP);
	assert_true(forward_report(&m->a.thread, &report));
	assert_int_equal(report.kind, FORWARD_REPORT_ACTIVE);
	report = only_report(&m->a);
	assert_int_equal(report.kind, FORWARD_REPORT_SENT);
	assert_int_equal(report.count, KEYSET_SENT_STEP);
	members_del(m);
}

static void a_peer_that_moves_is_reported(void **state)
{
	const struct endpoint elsewhere = endpoint_v4((const uint8_t[]){ 198, 51, 100, 1 }, 5);
	const struct frame_header frame = { .kind = FRAME_PROBE };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	static struct packets late;
	struct forward_report report;

	(void)state;
	p.batch.count = 0;
	late.batch.count = 0;
	(void)packets_add_frame(&late, m, &frame, span_of(NULL, 0));
	(void)packets_add_frame(&p, m, &frame, span_of(NULL, 0));
	(void)member_from_wire(&m->b, members_start, &p); /* from where the entry says */
	assert_int_equal(only_report(&m->b).kind, FORWARD_REPORT_OPENED);

	p.batch.count = 0;
	packets_add_frame(&p, m, &frame, span_of(NULL, 0))->way.remote = elsewhere;
	packets_add_frame(&p, m, &frame, span_of(NULL, 0))->way.remote = elsewhere;
	(void)member_from_wire(&m->b, members_start, &p);
	report = only_report(&m->b); /* once a batch */
	assert_int_equal(report.kind, FORWARD_REPORT_ADDRESS);
	assert_int_equal(report.link, MEMBERS_A_LINK);
	assert_int_equal(report.local_index, MEMBERS_B_INDEX);
	assert_true(endpoint_equal(&report.way.remote, &elsewhere));
	assert_true(endpoint_equal(&report.way.local, &m->b.entry.way.local));

	/* A packet that was overtaken says where the peer was, a forged one says nothing. */
	late.batch.packets[0].way.remote = elsewhere;
	assert_int_equal(member_from_wire(&m->b, members_start, &late), 1);
	p.batch.count = 0;
	packets_add_frame(&p, m, &frame, span_of(NULL, 0))->way.remote = elsewhere;
	p.batch.packets[0].data[30] ^= 1;
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_false(forward_report(&m->b.thread, &report));

	/* Each way is told: there, here, and there again. */
	p.batch.count = 0;
	packets_add_frame(&p, m, &frame, span_of(NULL, 0))->way.remote = elsewhere;
	packets_add_frame(&p, m, &frame, span_of(NULL, 0))->way.remote.port++;
	packets_add_frame(&p, m, &frame, span_of(NULL, 0))->way.remote = elsewhere;
	p.batch.packets[2].way.local.port++;
	(void)member_from_wire(&m->b, members_start, &p);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(forward_report(&m->b.thread, &report));
		assert_true(endpoint_equal(&report.way.remote, &p.batch.packets[i].way.remote));
		assert_true(endpoint_equal(&report.way.local, &p.batch.packets[i].way.local));
	}
	assert_false(forward_report(&m->b.thread, &report));

	/* Our own end of the path counts too. */
	p.batch.count = 0;
	packets_add_frame(&p, m, &frame, span_of(NULL, 0))->way.local = elsewhere;
	(void)member_from_wire(&m->b, members_start, &p);
	assert_int_equal(only_report(&m->b).kind, FORWARD_REPORT_ADDRESS);
	members_del(m);
}

static void an_unknown_index_is_reported_once_a_batch(void **state)
{
	const uint8_t bytes[40] = { DATAGRAM_DATA, [4] = 0x12, 0x34, 0x56, 0x78 };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct forward_report report;

		p.batch.count = 0;
		(void)packets_add_datagram(&p, span_of(bytes, sizeof(bytes)));
		(void)packets_add_datagram(&p, span_of(bytes, sizeof(bytes)));
		assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
		assert_int_equal(p.batch.pending, 0);
		report = only_report(&m->b);
		assert_int_equal(report.kind, FORWARD_REPORT_UNKNOWN);
		assert_int_equal(report.local_index, 0x12345678);
		assert_int_equal(report.link, 0);
		assert_true(endpoint_equal(&report.way.remote, &p.batch.packets[0].way.remote));
	}
	assert_int_equal(m->b.thread.counters.drop_unknown_index, 4);
	assert_int_equal(forward_from_wire(&m->b.thread, NULL, members_start, &p.batch), 0);
	members_del(m);
}

static void reports_that_nobody_takes_are_counted(void **state)
{
	const uint8_t bytes[40] = { DATAGRAM_DATA };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	for (unsigned i = 0; i < FORWARD_REPORTS_MAX + 3; i++) {
		p.batch.count = 0;
		(void)packets_add_datagram(&p, span_of(bytes, sizeof(bytes)));
		(void)member_from_wire(&m->b, members_start, &p);
	}
	assert_int_equal(m->b.thread.counters.reports_lost, 3);
	drop_reports(&m->b);
	members_del(m);
}

/* The responder has M2 and the first packet in one batch: the keys are there when the node has seen
 * M2, and the packet is not lost. */
static void a_packet_behind_its_handshake_waits_for_the_keys(void **state)
{
	const uint8_t m2[40] = { DATAGRAM_M2 };
	const uint8_t unknown[40] = { DATAGRAM_DATA };
	const struct frame_header rekey = { .kind = FRAME_REKEY_ACK };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t bytes[100];

	(void)state;
	p.batch.count = 0;
	(void)packet_v4(bytes, sizeof(bytes), members_a4, members_b4);
	(void)packets_add_datagram(&p, span_of(m2, sizeof(m2)));
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	assert_int_equal(forward_from_wire(&m->b.thread, NULL, members_start, &p.batch), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_HANDSHAKE);
	assert_int_equal(p.batch.packets[1].verdict, FORWARD_PENDING);
	assert_int_equal(p.batch.pending, 1);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 1); /* with the new table */
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_HANDSHAKE);
	assert_int_equal(p.batch.packets[1].verdict, FORWARD_DELIVER);
	assert_int_equal(p.batch.pending, 0);
	assert_int_equal(m->b.thread.counters.handshakes, 1); /* not again */
	drop_reports(&m->b);

	/* A rekey may bring keys as well. */
	p.batch.count = 0;
	(void)packets_add_frame(&p, m, &rekey, span_of(NULL, 0));
	(void)packets_add_datagram(&p, span_of(unknown, sizeof(unknown)));
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_FRAME);
	assert_int_equal(p.batch.packets[1].verdict, FORWARD_PENDING);

	/* So may what was handed on before, in another batch, and the node has not seen yet. */
	p.batch.count = 0;
	(void)packets_add_datagram(&p, span_of(unknown, sizeof(unknown)));
	m->b.thread.node_is_behind = true;
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_PENDING);
	assert_int_equal(p.batch.pending, 1);
	m->b.thread.node_is_behind = false;
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);
	drop_reports(&m->b);

	/* If the node had no keys either, the second call says so. */
	p.batch.count = 0;
	(void)packets_add_datagram(&p, span_of(m2, sizeof(m2)));
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	assert_int_equal(forward_from_wire(&m->b.thread, NULL, members_start, &p.batch), 1);
	assert_int_equal(forward_from_wire(&m->b.thread, NULL, members_start, &p.batch), 0);
	assert_int_equal(p.batch.packets[1].verdict, FORWARD_DROP);
	assert_int_equal(p.batch.pending, 0);
	assert_int_equal(only_report(&m->b).kind, FORWARD_REPORT_UNKNOWN);

	/* What stands before it is not held up. */
	p.batch.count = 0;
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	(void)packets_add_datagram(&p, span_of(m2, sizeof(m2)));
	assert_int_equal(forward_from_wire(&m->b.thread, NULL, members_start, &p.batch), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);
	members_del(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_made_once),
		cmocka_unit_test(sent_packets_are_reported_in_steps),
		cmocka_unit_test(a_peer_that_moves_is_reported),
		cmocka_unit_test(an_unknown_index_is_reported_once_a_batch),
		cmocka_unit_test(reports_that_nobody_takes_are_counted),
		cmocka_unit_test(a_packet_behind_its_handshake_waits_for_the_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
