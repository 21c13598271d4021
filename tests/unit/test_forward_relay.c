/* test_forward_relay.c - packets through a third member: they arrive as they were, he sees nothing
 * of them and wakes nobody for them, and he relays for none but those whom his table names. */
#include "tests/lib/cmocka.h"
#include "tests/lib/packet.h"
#include "tests/lib/trio.h"

static const struct keyset_config whole;

/* The one report of this kind that waits. */
static struct forward_report only_report(struct member *member, enum forward_report_kind kind)
{
	struct forward_report report;
	struct forward_report found = { 0 };
	unsigned count = 0;

	while (forward_report(&member->thread, &report)) {
		if (report.kind != kind)
			continue;
		found = report;
		count++;
	}
	assert_int_equal(count, 1);
	return found;
}

static unsigned count_reports(struct member *member, enum forward_report_kind kind)
{
	struct forward_report report;
	unsigned count = 0;

	while (forward_report(&member->thread, &report))
		count += report.kind == kind;
	return count;
}

/* A datagram of a's for b, without what is around it. */
static struct span seal_for_b(struct trio *trio, uint8_t kind, struct span payload, uint8_t *ret)
{
	const struct frame_header frame = { .kind = kind };

	assert_int_equal(
		keyset_seal(trio->members->a.keyset, members_start.mono, &frame, payload, ret), 0);
	return span_of(ret, payload.len + KEYSET_OVERHEAD);
}

static struct span seal_packet(struct trio *trio, uint8_t *ret)
{
	uint8_t bytes[100];

	(void)packet_v4(bytes, sizeof(bytes), members_a4, members_b4);
	return seal_for_b(trio, FRAME_IP, span_of(bytes, sizeof(bytes)), ret);
}

static void packets_arrive_through_the_relay(void **state)
{
	static const size_t lens[] = { 28, 64, 1000, FORWARD_MTU };
	const struct way from_a = trio_way_at_r(true);
	const struct way from_r = trio_way_to_r(false);
	const struct way relayed = way_relay(TRIO_R_LINK, TRIO_AT_B);
	struct trio *trio = trio_new(&whole);
	struct members *m = trio->members;
	static struct packets p;
	uint8_t want[PACKETS_BUFFER_BYTES];

	(void)state;
	p.batch.count = 0;
	for (size_t i = 0; i < 4; i++)
		(void)packets_add_v4(&p, lens[i], members_a4, members_b4);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	assert_int_equal(m->a.thread.counters.sent, 4);

	trio_carry(&p, m->a.egress, &from_a);
	assert_int_equal(p.batch.count, 4);
	assert_int_equal(p.batch.packets[3].len, FORWARD_MTU + 88);
	assert_int_equal(member_from_wire(&trio->r, members_start, &p), 0); /* the node sleeps on */
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
	assert_int_equal(trio->r.thread.counters.relayed, 4);
	assert_int_equal(trio->r.thread.counters.sent, 0);

	trio_carry(&p, trio->r.egress, &from_r);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 4);
	for (size_t i = 0; i < 4; i++) {
		const struct forward_packet *packet = &p.batch.packets[i];
		const size_t len = packet_v4(want, lens[i], members_a4, members_b4);

		assert_int_equal(packet->verdict, FORWARD_DELIVER);
		assert_int_equal(packet->len, len);
		assert_memory_equal(packet->data, want, len);
		assert_int_equal(packet->link, MEMBERS_A_LINK);
		assert_int_equal(packet->local_index, MEMBERS_B_INDEX);
		assert_true(way_equal(&packet->way, &relayed));
	}
	assert_int_equal(m->b.thread.counters.delivered, 4);
	trio_del(trio);
}

static void datagrams_leave_by_the_links(void **state)
{
	const struct way from_a = trio_way_at_r(true);
	const struct way to_b = trio_way_at_r(false);
	const struct way to_r = trio_way_to_r(true);
	struct trio *trio = trio_new(&whole);
	struct egress_datagram *sent;
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&trio->members->a, members_start, &p);
	sent = egress_next(trio->members->a.egress, members_start.mono);
	assert_non_null(sent);
	assert_int_equal(sent->link, TRIO_R_LINK);
	assert_int_equal(sent->class, EGRESS_DATA);
	assert_true(endpoint_equal(&sent->local, &to_r.local));
	assert_true(endpoint_equal(&sent->remote, &to_r.remote));
	trio_carry(&p, trio->members->a.egress, &from_a);
	(void)member_from_wire(&trio->r, members_start, &p);
	sent = egress_next(trio->r.egress, members_start.mono);
	assert_non_null(sent);
	assert_int_equal(sent->link, MEMBERS_B_LINK);
	assert_int_equal(sent->class, EGRESS_DATA);
	assert_true(endpoint_equal(&sent->local, &to_b.local));
	assert_true(endpoint_equal(&sent->remote, &to_b.remote));
	trio_del(trio);
}

/* The sessions of both links and of the pair learn that their keys are in use; only the pair's
 * carry IP, and only its way counts for it. */
static void every_session_hears_of_its_keys(void **state)
{
	const struct way from_a = trio_way_at_r(true);
	const struct way from_r = trio_way_to_r(false);
	struct trio *trio = trio_new(&whole);
	struct members *m = trio->members;
	static struct packets p;
	struct forward_report report;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&m->a, members_start, &p);
	report = only_report(&m->a, FORWARD_REPORT_IP);
	assert_int_equal(report.local_index, MEMBERS_A_INDEX);
	assert_int_equal(report.link, MEMBERS_B_LINK);
	trio_carry(&p, m->a.egress, &from_a);
	(void)member_from_wire(&trio->r, members_start, &p);
	report = only_report(&trio->r, FORWARD_REPORT_OPENED);
	assert_int_equal(report.local_index, TRIO_RA_INDEX);
	assert_int_equal(report.link, MEMBERS_A_LINK);
	trio_carry(&p, trio->r.egress, &from_r);
	(void)member_from_wire(&m->b, members_start, &p);
	assert_true(forward_report(&m->b.thread, &report));
	assert_int_equal(report.kind, FORWARD_REPORT_OPENED);
	assert_int_equal(report.local_index, TRIO_BR_INDEX);
	assert_true(forward_report(&m->b.thread, &report));
	assert_int_equal(report.kind, FORWARD_REPORT_OPENED);
	assert_int_equal(report.local_index, MEMBERS_B_INDEX);
	assert_int_equal(count_reports(&m->b, FORWARD_REPORT_ADDRESS), 0);
	assert_false(keyset_counters(trio->br).ip_seen);
	assert_false(keyset_counters(trio->ra).ip_seen);
	trio_del(trio);
}

/* Steps of KEYSET_SENT_STEP packets of the links are told where they are sealed. */
static void links_that_relay_tell_how_much_they_sent(void **state)
{
	const struct way from_a = trio_way_at_r(true);
	const struct frame_header frame = { .kind = FRAME_EMPTY };
	struct trio *trio = trio_new(&whole);
	struct forward_report report;
	uint8_t bytes[KEYSET_OVERHEAD];
	static struct packets p;

	(void)state;
	for (uint64_t i = 0; i < KEYSET_SENT_STEP - 1; i++) {
		assert_int_equal(
			keyset_seal(trio->ar, members_start.mono, &frame, span_of(NULL, 0), bytes),
			0);
		assert_int_equal(
			keyset_seal(trio->rb, members_start.mono, &frame, span_of(NULL, 0), bytes),
			0);
	}
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&trio->members->a, members_start, &p);
	report = only_report(&trio->members->a, FORWARD_REPORT_SENT);
	assert_int_equal(report.link, TRIO_R_LINK);
	assert_int_equal(report.local_index, TRIO_AR_INDEX);
	trio_carry(&p, trio->members->a.egress, &from_a);
	(void)member_from_wire(&trio->r, members_start, &p);
	report = only_report(&trio->r, FORWARD_REPORT_SENT);
	assert_int_equal(report.link, MEMBERS_B_LINK);
	assert_int_equal(report.local_index, TRIO_RB_INDEX);
	trio_del(trio);
}

/* b's table says that a is reached directly; a's packets come by the relay, by two of its indices.
 */
static void a_peer_that_comes_by_a_relay_is_reported(void **state)
{
	struct trio *trio = trio_new(&whole);
	struct member *b = &trio->members->b;
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	struct forward_report report;
	static struct packets p;

	(void)state;
	b->entry.action = TABLE_SEND;
	b->entry.way = trio_way_at_r(true);
	b->config.relays_max = 2;
	trio_publish(trio);
	p.batch.count = 0;
	for (unsigned i = 0; i < 2; i++)
		(void)trio_add_passed_on(&p, trio, TRIO_AT_B, seal_packet(trio, bytes));
	assert_int_equal(member_from_wire(b, members_start, &p), 2);
	report = only_report(b, FORWARD_REPORT_ADDRESS); /* once a batch */
	assert_int_equal(report.link, MEMBERS_A_LINK);
	assert_int_equal(report.local_index, MEMBERS_B_INDEX);
	assert_int_equal(report.way.kind, WAY_RELAY);
	assert_int_equal(report.way.link, TRIO_R_LINK);
	assert_int_equal(report.way.index, TRIO_AT_B);
	trio_del(trio);
}

static void nobody_relays_for_whom_he_does_not_know(void **state)
{
	/* No index at all; b's; that of what ends at a. */
	static const uint32_t indices[] = { 0, TRIO_TO_A, TRIO_AT_A, TRIO_AT_B };
	struct trio *trio = trio_new(&whole);
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	for (size_t i = 0; i < 4; i++)
		(void)trio_add_relayed(&p, trio, indices[i], seal_packet(trio, bytes));
	assert_int_equal(member_from_wire(&trio->r, members_start, &p), 0);
	assert_int_equal(trio->r.thread.counters.drop_relay_unknown, 4);
	assert_int_equal(trio->r.thread.counters.relayed, 0);

	/* Nor does anything end at b that r was not asked for; b relays for nobody. */
	p.batch.count = 0;
	for (size_t i = 0; i < 3; i++)
		(void)trio_add_passed_on(&p, trio, indices[i], seal_packet(trio, bytes));
	assert_int_equal(member_from_wire(&trio->members->b, members_start, &p), 0);
	assert_int_equal(trio->members->b.thread.counters.drop_relay_unknown, 3);
	trio_del(trio);
}

/* A relay frame in what was relayed, or in what came along the ring. */
static void nothing_passes_two_relays(void **state)
{
	struct trio *trio = trio_new(&whole);
	struct member *b = &trio->members->b;
	uint8_t innermost[PACKETS_BUFFER_BYTES];
	uint8_t bytes[PACKETS_BUFFER_BYTES] = { [3] = TRIO_AT_B };
	uint8_t outer[PACKETS_BUFFER_BYTES];
	struct span datagram;
	static struct packets p;

	(void)state;
	datagram = seal_packet(trio, innermost);
	memcpy(bytes + RELAY_HEADER_BYTES, datagram.data, datagram.len);
	p.batch.count = 0;
	datagram = seal_for_b(trio, FRAME_RELAY, span_of(bytes, RELAY_HEADER_BYTES + datagram.len),
			      outer);
	(void)trio_add_passed_on(&p, trio, TRIO_AT_B, datagram);
	assert_int_equal(member_from_wire(b, members_start, &p), 0);
	assert_int_equal(b->thread.counters.drop_relay_nested, 1);

	p.batch.count = 0;
	trio_add_passed_on(&p, trio, TRIO_AT_B, seal_packet(trio, innermost))->way =
		(struct way){ .kind = WAY_RING };
	assert_int_equal(member_from_wire(b, members_start, &p), 0);
	assert_int_equal(b->thread.counters.drop_relay_nested, 2);
	assert_int_equal(b->thread.counters.delivered, 0);
	trio_del(trio);
}

/* What the node takes out of a routed message comes here to be opened. */
static void what_came_along_the_ring_is_opened(void **state)
{
	const struct way ring = { .kind = WAY_RING };
	const uint8_t handshake[40] = { DATAGRAM_M0 };
	struct trio *trio = trio_new(&whole);
	struct member *b = &trio->members->b;
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	packets_add_datagram(&p, seal_packet(trio, bytes))->way = ring;
	packets_add_datagram(&p, span_of(handshake, sizeof(handshake)))->way = ring;
	assert_int_equal(member_from_wire(b, members_start, &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DELIVER);
	assert_true(way_equal(&p.batch.packets[0].way, &ring));
	assert_int_equal(p.batch.packets[1].verdict, FORWARD_DROP);
	assert_int_equal(b->thread.counters.drop_malformed, 1);
	assert_int_equal(only_report(b, FORWARD_REPORT_ADDRESS).way.kind, WAY_RING);
	trio_del(trio);
}

static void control_frames_come_through_too(void **state)
{
	struct trio *trio = trio_new(&whole);
	struct member *b = &trio->members->b;
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)trio_add_passed_on(&p, trio, TRIO_AT_B,
				 seal_for_b(trio, FRAME_PROBE, span_text("probe"), bytes));
	assert_int_equal(member_from_wire(b, members_start, &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_FRAME);
	assert_int_equal(p.batch.packets[0].frame_kind, FRAME_PROBE);
	assert_int_equal(p.batch.packets[0].len, 5);
	assert_memory_equal(p.batch.packets[0].data, "probe", 5);
	assert_int_equal(p.batch.packets[0].way.kind, WAY_RELAY);
	assert_int_equal(p.batch.packets[0].way.index, TRIO_AT_B);
	trio_del(trio);
}

/* Both sides of the burst and of the rate; what b sends is metered by itself. */
static void nobody_relays_more_than_he_is_allowed(void **state)
{
	const struct way from_a = trio_way_at_r(true);
	struct trio *trio = trio_new(&whole);
	const size_t len = 1000 + KEYSET_OVERHEAD;
	unsigned sent = 0;
	static struct packets p;

	(void)state;
	while (trio->r.thread.counters.drop_relay_rate == 0) {
		p.batch.count = 0;
		(void)packets_add_v4(&p, 1000, members_a4, members_b4);
		(void)member_from_tun(&trio->members->a, members_start, &p);
		trio_carry(&p, trio->members->a.egress, &from_a);
		assert_int_equal(member_from_wire(&trio->r, members_start, &p), 0);
		sent++;
	}
	assert_int_equal(trio->r.thread.counters.relayed, TRIO_BURST / len);
	assert_int_equal(sent, TRIO_BURST / len + 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);

	p.batch.count = 0;
	(void)packets_add_v4(&p, 1000, members_a4, members_b4);
	(void)member_from_tun(&trio->members->a, members_start, &p);
	trio_carry(&p, trio->members->a.egress, &from_a);
	(void)member_from_wire(&trio->r, members_later_ms(2), &p); /* 2,000 bytes came in */
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
	assert_true(meter_take(trio->meters[1], members_start.mono, TRIO_BURST));
	trio_del(trio);
}

static void nonsense_in_a_relay_frame_is_dropped(void **state)
{
	static const uint8_t handshake[40] = { DATAGRAM_M0 };
	const struct frame_header frame = { .kind = FRAME_RELAY };
	const uint8_t not_zero[] = { 0, 0, 0, TRIO_AT_B, 0, 0, 0, 1 };
	struct trio *trio = trio_new(&whole);
	struct member *b = &trio->members->b;
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	for (size_t len = 0; len <= sizeof(not_zero); len++) {
		struct forward_packet *packet = packets_add(&p);

		packet->way = trio_way_to_r(false);
		packet->len = len + KEYSET_OVERHEAD;
		assert_int_equal(keyset_seal(trio->rb, members_start.mono, &frame,
					     span_of(not_zero, len), packet->data),
				 0);
	}
	(void)trio_add_passed_on(&p, trio, TRIO_AT_B, span_of(NULL, 0));
	(void)trio_add_passed_on(&p, trio, TRIO_AT_B, span_of(handshake, sizeof(handshake)));
	assert_int_equal(member_from_wire(b, members_start, &p), 0);
	assert_int_equal(b->thread.counters.drop_malformed, sizeof(not_zero) + 1 + 2);

	p.batch.count = 0;
	memcpy(bytes, seal_packet(trio, bytes).data, 100 + KEYSET_OVERHEAD);
	bytes[50] ^= 1;
	(void)trio_add_passed_on(&p, trio, TRIO_AT_B, span_of(bytes, 100 + KEYSET_OVERHEAD));
	assert_int_equal(member_from_wire(b, members_start, &p), 0);
	assert_int_equal(b->thread.counters.drop_forged, 1);
	trio_del(trio);
}

/* More than a datagram may hold, from a member whose own limits are no obstacle. */
static void what_does_not_fit_is_not_passed_on(void **state)
{
	static const uint8_t key[AEAD_KEY_BYTES] = { 9, (uint8_t)TRIO_RA_INDEX };
	static const size_t most = KEYSET_PAYLOAD_BYTES_MAX;
	struct trio *trio = trio_new(&whole);
	static struct packets p;

	(void)state;
	for (size_t len = most; len <= most + 1; len++) {
		const struct datagram_header header = { .receiver = TRIO_RA_INDEX, .counter = len };
		const struct frame_header frame = { .kind = FRAME_RELAY,
						    .payload_len = (uint16_t)len };
		uint8_t plain[FRAME_HEADER_BYTES + KEYSET_PAYLOAD_BYTES_MAX + 1] = { 0 };
		uint8_t nonce[AEAD_NONCE_BYTES];
		struct aead aead = { 0 };
		struct forward_packet *packet;

		p.batch.count = 0;
		packet = packets_add(&p);
		packet->way = trio_way_at_r(true);
		packet->len = len + KEYSET_OVERHEAD;
		frame_header_encode(&frame, plain);
		relay_header_encode(TRIO_TO_B, plain + FRAME_HEADER_BYTES);
		datagram_header_encode(&header, packet->data);
		aead_counter_nonce(len, nonce);
		assert_int_equal(aead_init(&aead, &aead_aes_256_gcm, key), 0);
		assert_int_equal(aead_seal(&aead, nonce,
					   span_of(packet->data, DATAGRAM_HEADER_BYTES),
					   span_of(plain, FRAME_HEADER_BYTES + len),
					   packet->data + DATAGRAM_HEADER_BYTES),
				 0);
		aead_free(&aead);
		(void)member_from_wire(&trio->r, members_start, &p);
		assert_int_equal(packet->verdict, len == most ? FORWARD_SENT : FORWARD_DROP);
	}
	assert_int_equal(trio->r.thread.counters.drop_malformed, 1);
	assert_int_equal(egress_room(trio->r.egress), MEMBERS_SLOTS - 1);
	trio_del(trio);
}

/* What was taken out of its relay frame waits for the keys like any datagram, and is not opened as
 * a relay frame again. */
static void a_relayed_packet_waits_for_its_keys(void **state)
{
	const uint8_t m2[40] = { DATAGRAM_M2 };
	struct trio *trio = trio_new(&whole);
	struct member *b = &trio->members->b;
	struct forward_table *later = b->table;
	const struct table_entry to_r = { .action = TABLE_SEND,
					  .link = TRIO_R_LINK,
					  .keyset = trio->br,
					  .way = trio_way_to_r(false) };
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	uint32_t entry;
	static struct packets p;

	(void)state;
	assert_int_equal(table_new(&b->config, &b->rng, &b->table), 0); /* only the link */
	assert_int_equal(table_add_entry(b->table, &to_r, &entry), 0);
	assert_int_equal(table_add_receiver(b->table, trio->br, entry), 0);
	assert_int_equal(table_add_relay_end(b->table, TRIO_AT_B, TRIO_R_LINK), 0);
	for (unsigned round = 0; round < 2; round++) {
		struct forward_packet *packet = &p.batch.packets[1];

		p.batch.count = 0;
		(void)packets_add_datagram(&p, span_of(m2, sizeof(m2)));
		(void)trio_add_passed_on(&p, trio, TRIO_AT_B, seal_packet(trio, bytes));
		assert_int_equal(member_from_wire(b, members_start, &p), 1);
		assert_int_equal(p.batch.pending, 1);
		assert_int_equal(packet->verdict, FORWARD_PENDING);
		assert_int_equal(packet->way.kind, WAY_RELAY);
		if (round == 0) { /* the node had no keys either */
			assert_int_equal(member_from_wire(b, members_start, &p), 0);
			assert_int_equal(packet->verdict, FORWARD_DROP);
			assert_int_equal(only_report(b, FORWARD_REPORT_UNKNOWN).way.index,
					 TRIO_AT_B);
		} else {
			table_del(b->table);
			b->table = later;
			assert_int_equal(member_from_wire(b, members_start, &p), 1);
			assert_int_equal(packet->verdict, FORWARD_DELIVER);
		}
		assert_int_equal(p.batch.pending, 0);
	}
	assert_int_equal(b->thread.counters.drop_unknown_index, 1);
	trio_del(trio);
}

static void a_relay_at_the_end_of_its_keys_drops(void **state)
{
	const struct keyset_config ends = { .stop = members_later_ms(5000).mono };
	struct trio *trio = trio_new(&ends);
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)trio_add_relayed(&p, trio, TRIO_TO_B, seal_packet(trio, bytes));
	assert_int_equal(member_from_wire(&trio->r, members_later_ms(5000), &p), 0);
	assert_int_equal(trio->r.thread.counters.drop_expired, 1);
	trio_del(trio);
}

/* The other link's may end first. */
static void the_link_onwards_may_be_at_its_end(void **state)
{
	struct trio *trio = trio_new(&(struct keyset_config){ .packets_max = 2 });
	const struct frame_header frame = { .kind = FRAME_EMPTY };
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
			keyset_seal(trio->rb, members_start.mono, &frame, span_of(NULL, 0), bytes),
			0);
	p.batch.count = 0;
	(void)trio_add_relayed(&p, trio, TRIO_TO_B, seal_packet(trio, bytes));
	assert_int_equal(member_from_wire(&trio->r, members_start, &p), 0);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);
	assert_int_equal(trio->r.thread.counters.drop_expired, 1);
	assert_int_equal(egress_room(trio->r.egress), MEMBERS_SLOTS);
	trio_del(trio);
}

/* A packet from the TUN is the node's then, which will have new keys or another way. */
static void without_keys_for_the_relay_packets_wait(void **state)
{
	const struct keyset_config ends = { .stop = members_later_ms(5000).mono };
	struct trio *trio = trio_new(&ends);
	struct member *a = &trio->members->a;
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	assert_int_equal(member_from_tun(a, members_later_ms(5000), &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_NO_ENTRY);
	assert_int_equal(p.batch.packets[0].len, 100);
	assert_int_equal(egress_room(a->egress), MEMBERS_SLOTS);
	p.batch.packets[0].verdict = FORWARD_PENDING;
	assert_int_equal(member_from_tun(a, members_later_ms(4999), &p), 0);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
	trio_del(trio);
}

static void a_full_egress_is_counted(void **state)
{
	struct trio *trio = trio_new(&whole);
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	for (unsigned i = 0; i < MEMBERS_SLOTS + 1; i++) {
		p.batch.count = 0;
		(void)trio_add_relayed(&p, trio, TRIO_TO_B, seal_packet(trio, bytes));
		assert_int_equal(member_from_wire(&trio->r, members_start, &p), 0);
	}
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);
	assert_int_equal(trio->r.thread.counters.drop_egress_full, 1);
	assert_int_equal(trio->r.thread.counters.relayed, MEMBERS_SLOTS);
	trio_del(trio);
}

static void a_resumed_copy_relays_nothing(void **state)
{
	struct trio *trio = trio_new(&whole);
	struct now now = members_start;
	uint8_t bytes[PACKETS_BUFFER_BYTES];
	static struct packets p;

	(void)state;
	now.wall.us += FORWARD_DRIFT_US + 1;
	p.batch.count = 0;
	(void)trio_add_relayed(&p, trio, TRIO_TO_B, seal_packet(trio, bytes));
	assert_int_equal(member_from_wire(&trio->r, now, &p), 0);
	assert_int_equal(trio->r.thread.counters.drop_snapshot, 1);
	trio_del(trio);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_arrive_through_the_relay),
		cmocka_unit_test(datagrams_leave_by_the_links),
		cmocka_unit_test(every_session_hears_of_its_keys),
		cmocka_unit_test(links_that_relay_tell_how_much_they_sent),
		cmocka_unit_test(a_peer_that_comes_by_a_relay_is_reported),
		cmocka_unit_test(nobody_relays_for_whom_he_does_not_know),
		cmocka_unit_test(nothing_passes_two_relays),
		cmocka_unit_test(what_came_along_the_ring_is_opened),
		cmocka_unit_test(control_frames_come_through_too),
		cmocka_unit_test(nobody_relays_more_than_he_is_allowed),
		cmocka_unit_test(nonsense_in_a_relay_frame_is_dropped),
		cmocka_unit_test(what_does_not_fit_is_not_passed_on),
		cmocka_unit_test(a_relayed_packet_waits_for_its_keys),
		cmocka_unit_test(a_relay_at_the_end_of_its_keys_drops),
		cmocka_unit_test(the_link_onwards_may_be_at_its_end),
		cmocka_unit_test(without_keys_for_the_relay_packets_wait),
		cmocka_unit_test(a_full_egress_is_counted),
		cmocka_unit_test(a_resumed_copy_relays_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
