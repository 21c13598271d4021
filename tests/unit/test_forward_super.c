/* test_forward_super.c - super-packets through a table, between two members: one look-up, segments
 * that are sealed one by one and put together again, and each field that a peer states is checked.
 * Congestion that the path tells of reaches whom it concerns (RFC 6040). */
#include "base/err.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/super.h"
#include "tests/lib/trio.h"

#define EACH ((size_t)1200)

static uint8_t whole[SUPER_BYTES_MAX];

static struct super super_of(bool v6, bool tcp, size_t payload)
{
	return (struct super){ .v6 = v6,
			       .tcp = tcp,
			       .options = 12,
			       .segment_bytes = EACH,
			       .payload = payload,
			       .source = v6 ? members_a6 : members_a4,
			       .destination = v6 ? members_b6 : members_b4 };
}

static struct offload offload_of(const struct super *super)
{
	return (struct offload){
		.kind = super->segment_bytes == 0 ? OFFLOAD_NONE
			: !super->tcp             ? OFFLOAD_UDP
			: super->v6               ? OFFLOAD_TCP6
						  : OFFLOAD_TCP4,
		.segment_bytes = (uint16_t)super->segment_bytes,
		.partial_checksum = true,
		.checksum_start = (uint16_t)super_transport_at(super),
		.checksum_offset = super->tcp ? 16 : 6,
	};
}

static struct members *new_members(bool takes_partial)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });

	m->a.entry.takes_partial = takes_partial;
	m->b.thread.takes_partial = takes_partial;
	m->b.thread.joins_udp = true;
	member_publish(&m->a);
	return m;
}

/* Adds what `super` says to the batch as it comes from a TUN. */
static struct forward_packet *add_super(struct packets *p, const struct super *super)
{
	struct forward_packet *packet = packets_add(p);

	packet->len = super_make(super, whole);
	packet->data = whole;
	packet->offload = offload_of(super);
	return packet;
}

/* Checks that packets[0..count) are `super` again: the first with its headers, the others joined.
 */
static void check_whole(const struct packets *p, const struct super *super, size_t count)
{
	const size_t header = super_header_len(super);
	const struct forward_packet *first = &p->batch.packets[0];

	assert_int_equal(first->verdict, FORWARD_DELIVER);
	assert_int_equal(first->offload.kind, offload_of(super).kind);
	assert_int_equal(first->offload.segment_bytes, EACH);
	assert_int_equal(first->offload.header_len, header);
	assert_true(first->offload.partial_checksum);
	assert_int_equal(first->offload.checksum_start, super_transport_at(super));
	assert_int_equal(first->len, header + EACH);
	assert_memory_equal(first->data, whole, first->len);
	for (size_t n = 1; n < count; n++) {
		const struct forward_packet *packet = &p->batch.packets[n];

		assert_int_equal(packet->verdict, FORWARD_JOIN);
		assert_memory_equal(packet->data, whole + header + n * EACH, packet->len);
		assert_int_equal(packet->len, n + 1 < count ? EACH : super->payload - n * EACH);
	}
}

static void a_super_packet_arrives_as_it_was(void **state)
{
	static struct packets p;

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		const struct super super =
			super_of((kind & 1) != 0, (kind & 2) != 0, 10 * EACH + 7);
		struct members *m = new_members(true);

		p.batch.count = 0;
		(void)add_super(&p, &super);
		assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
		assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
		assert_int_equal(m->a.thread.counters.sent, 11);
		assert_int_equal(m->a.thread.counters.cut, 1);
		assert_int_equal(keyset_counters(m->a.keyset).packets_sent, 11);
		packets_carry(&p, m);
		assert_int_equal(p.batch.count, 11);
		assert_int_equal(member_from_wire(&m->b, members_start, &p), 11);
		assert_int_equal(m->b.thread.counters.delivered, 11);
		assert_int_equal(m->b.thread.counters.joined, 10);
		(void)super_make(&super, whole);
		check_whole(&p, &super, 11);
		members_del(m);
	}
}

/* Each is delivered as it would be if it were alone, with the checksum that is left to us. */
static void udp_is_delivered_apart_where_the_tun_wants_it_so(void **state)
{
	const struct super super = super_of(false, false, 3 * EACH);
	struct members *m = new_members(true);
	static struct packets p;

	(void)state;
	m->b.thread.joins_udp = false;
	p.batch.count = 0;
	(void)add_super(&p, &super);
	(void)member_from_tun(&m->a, members_start, &p);
	packets_carry(&p, m);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 3);
	assert_int_equal(m->b.thread.counters.delivered, 3);
	assert_int_equal(m->b.thread.counters.joined, 0);
	(void)super_make(&super, whole);
	for (size_t n = 0; n < 3; n++) {
		const struct forward_packet *packet = &p.batch.packets[n];
		uint8_t segment[2 * EACH];

		assert_int_equal(packet->verdict, FORWARD_DELIVER);
		assert_int_equal(packet->offload.kind, OFFLOAD_NONE);
		assert_true(packet->offload.partial_checksum);
		assert_int_equal(packet->len, super_segment(&super, whole, n, false, segment));
		assert_memory_equal(packet->data, segment, packet->len);
	}
	members_del(m);
}

/* Through a relay the segments are sealed twice, and joined by the counters inside. */
static void a_super_packet_passes_a_relay(void **state)
{
	const struct super super = super_of(true, true, 5 * EACH);
	struct trio *t = trio_new(&(struct keyset_config){ 0 });
	const struct way to_r = trio_way_at_r(true);
	const struct way to_b = trio_way_to_r(false);
	static struct packets p;

	(void)state;
	t->members->a.entry.takes_partial = true;
	t->members->b.thread.takes_partial = true;
	t->members->b.thread.joins_udp = true;
	trio_publish(t);
	p.batch.count = 0;
	(void)add_super(&p, &super);
	(void)member_from_tun(&t->members->a, members_start, &p);
	trio_carry(&p, t->members->a.egress, &to_r);
	assert_int_equal(p.batch.count, 5);
	assert_int_equal(member_from_wire(&t->r, members_start, &p), 0);
	trio_carry(&p, t->r.egress, &to_b);
	assert_int_equal(member_from_wire(&t->members->b, members_start, &p), 5);
	(void)super_make(&super, whole);
	check_whole(&p, &super, 5);
	trio_del(t);
}

/* Who has not said that he completes checksums gets packets as a wire would carry them. */
static void who_takes_no_super_packets_gets_none(void **state)
{
	const struct super super = super_of(false, true, 3 * EACH);
	struct members *m = new_members(false);
	static struct packets p;
	uint8_t want[2048];

	(void)state;
	p.batch.count = 0;
	(void)add_super(&p, &super);
	(void)member_from_tun(&m->a, members_start, &p);
	packets_carry(&p, m);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 3);
	(void)super_make(&super, whole);
	for (size_t n = 0; n < 3; n++) {
		const size_t len = super_segment(&super, whole, n, true, want);

		assert_int_equal(p.batch.packets[n].verdict, FORWARD_DELIVER);
		assert_int_equal(p.batch.packets[n].offload.kind, OFFLOAD_NONE);
		assert_false(p.batch.packets[n].offload.partial_checksum);
		assert_int_equal(p.batch.packets[n].len, len);
		assert_memory_equal(p.batch.packets[n].data, want, len);
	}
	members_del(m);
}

/* A datagram that is lost on the way ends what it was a part of; the rest begins anew. */
static void what_is_lost_is_missing_and_no_more(void **state)
{
	const struct super super = super_of(true, true, 6 * EACH);
	struct members *m = new_members(true);
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)add_super(&p, &super);
	(void)member_from_tun(&m->a, members_start, &p);
	packets_carry(&p, m);
	p.batch.packets[3].verdict = FORWARD_DROP;
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 5);
	for (size_t n = 0; n < 6; n++)
		if (n != 3)
			assert_int_equal(p.batch.packets[n].verdict,
					 n == 0 || n == 4 ? FORWARD_DELIVER : FORWARD_JOIN);
	assert_int_equal(p.batch.packets[0].offload.kind, OFFLOAD_TCP6);
	assert_int_equal(p.batch.packets[4].offload.kind, OFFLOAD_TCP6);
	assert_int_equal(m->b.thread.counters.joined, 3);
	members_del(m);
}

/* A segment from a's own hand, with what it says of itself changed. */
static struct forward_packet *add_segment(struct packets *p, struct members *m,
					  const struct super *super, size_t n,
					  const struct frame_header *frame)
{
	uint8_t bytes[2048];
	const size_t len = super_segment(super, whole, n, false, bytes);

	return packets_add_frame(p, m, frame, span_of(bytes, len));
}

static struct frame_header frame_of(const struct super *super, size_t n)
{
	return (struct frame_header){
		.kind = FRAME_IP,
		.flags =
			(uint8_t)(FRAME_FLAG_PARTIAL_CHECKSUM | (n > 0 ? FRAME_FLAG_CONTINUES : 0)),
		.header_len = (uint8_t)super_header_len(super),
		.checksum_start = (uint8_t)super_transport_at(super),
		.checksum_offset = super->tcp ? 16 : 6,
	};
}

static void a_checksum_is_taken_in_its_place_alone(void **state)
{
	const struct super super = super_of(false, true, EACH);
	static struct packets p;

	(void)state;
	(void)super_make(&super, whole);
	for (unsigned i = 0; i < 5; i++) {
		struct members *m = new_members(i != 4); /* 4: nobody has said that we take it */
		struct frame_header frame = frame_of(&super, 0);

		frame.checksum_start = (uint8_t)(frame.checksum_start + (i == 1));
		frame.checksum_offset = i == 2 ? 6 : frame.checksum_offset;
		frame.flags = i == 3 ? 0 : frame.flags; /* then these places mean nothing */
		p.batch.count = 0;
		(void)add_segment(&p, m, &super, 0, &frame);
		assert_int_equal(member_from_wire(&m->b, members_start, &p), i == 0 || i == 3);
		assert_int_equal(m->b.thread.counters.drop_malformed, i != 0 && i != 3);
		assert_int_equal(p.batch.packets[0].offload.partial_checksum, i == 0);
		members_del(m);
	}
}

/* One of them may be for somebody else, or from somebody else: then it is not joined, and judged by
 * itself. */
static void no_segment_hides_behind_another(void **state)
{
	struct super super = super_of(true, true, 2 * EACH);
	struct members *m = new_members(true);
	struct frame_header frame = frame_of(&super, 0);
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)super_make(&super, whole);
	(void)add_segment(&p, m, &super, 0, &frame);
	super.source = members_c6;
	(void)super_make(&super, whole);
	frame = frame_of(&super, 1);
	(void)add_segment(&p, m, &super, 1, &frame);
	super.source = members_a6;
	super.destination = members_c6;
	(void)super_make(&super, whole);
	(void)add_segment(&p, m, &super, 1, &frame);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 1);
	assert_int_equal(m->b.thread.counters.drop_source, 1);
	assert_int_equal(m->b.thread.counters.drop_destination, 1);
	assert_int_equal(m->b.thread.counters.joined, 0);
	members_del(m);
}

/* Whoever lost the right to send is not heard in the middle of a super-packet either. */
static void a_mark_alone_joins_nothing(void **state)
{
	const struct super super = super_of(false, true, 3 * EACH);
	struct members *m = new_members(true);
	struct frame_header frame = frame_of(&super, 0);
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)super_make(&super, whole);
	frame.flags |= FRAME_FLAG_CONTINUES; /* there is nothing before it */
	(void)add_segment(&p, m, &super, 0, &frame);
	frame = frame_of(&super, 1);
	frame.flags = FRAME_FLAG_PARTIAL_CHECKSUM; /* not marked */
	(void)add_segment(&p, m, &super, 1, &frame);
	frame = frame_of(&super, 2);
	frame.header_len = 0; /* it does not say where its headers end */
	(void)add_segment(&p, m, &super, 2, &frame);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 3);
	assert_int_equal(m->b.thread.counters.joined, 0);
	for (size_t n = 0; n < 3; n++)
		assert_int_equal(p.batch.packets[n].verdict, FORWARD_DELIVER);
	members_del(m);
}

/* A packet of a program that sends one by one. */
static struct forward_packet *add_single(struct packets *p, const struct super *super, uint8_t port)
{
	struct forward_packet *packet = packets_add(p);

	packet->len = super_make(super, packet->data);
	packet->data[super_transport_at(super) + 1] = port;
	if (!super->v6)
		packet->data[6] = 0x40; /* do not fragment */
	super_set_len(super, packet->data, packet->len);
	packet->offload = offload_of(super);
	return packet;
}

/* What was sent one by one is written at once, if each could be the next of the one before. */
static void packets_of_a_flow_are_written_at_once(void **state)
{
	static const struct {
		bool tcp;
		size_t payload;
		uint8_t port;
		bool joined;
	} packets[] = {
		{ false, 40, 1, false }, { false, 40, 1, true },
		{ false, 40, 1, true },  { false, 40, 2, false }, /* of another flow */
		{ false, 40, 1, false }, { false, 20, 1, true },  /* a shorter one is the last */
		{ false, 20, 1, false }, { false, 20, 1, true },
		{ false, 21, 1, false },                         /* longer */
		{ true, 21, 1, false },  { true, 21, 1, false }, /* TCP does that itself */
	};
	const size_t count = sizeof(packets) / sizeof(packets[0]);

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct members *m = new_members(true);
		static struct packets p;

		p.batch.count = 0;
		for (size_t i = 0; i < count; i++) {
			struct super super = super_of(v6 != 0, packets[i].tcp, packets[i].payload);

			super.segment_bytes = 0;
			(void)add_single(&p, &super, packets[i].port);
		}
		assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
		packets_carry(&p, m);
		assert_int_equal(member_from_wire(&m->b, members_start, &p), count);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(p.batch.packets[i].verdict,
					 packets[i].joined ? FORWARD_JOIN : FORWARD_DELIVER);
		assert_int_equal(p.batch.packets[0].offload.kind, OFFLOAD_UDP);
		assert_int_equal(p.batch.packets[0].offload.segment_bytes, 40);
		assert_int_equal(p.batch.packets[3].offload.kind, OFFLOAD_NONE);
		members_del(m);
	}
}

static void what_is_too_big_is_told_by_its_segments(void **state)
{
	const struct super super = super_of(false, false, 3 * EACH);
	struct members *m = new_members(true);
	static struct packets p;
	struct cutter cutter;
	uint8_t got[2048];
	uint8_t want[2048];

	(void)state;
	for (unsigned too_big = 0; too_big < 2; too_big++) {
		m->a.entry.mtu = (uint16_t)(super_header_len(&super) + EACH - too_big);
		member_publish(&m->a);
		p.batch.count = 0;
		(void)add_super(&p, &super);
		assert_int_equal(member_from_tun(&m->a, members_start, &p), too_big);
		assert_int_equal(p.batch.packets[0].verdict,
				 too_big == 1 ? FORWARD_TOO_BIG : FORWARD_SENT);
	}
	/* The node gets what a wire would carry. */
	assert_int_equal(forward_cut(&p.batch.packets[0], &cutter), 0);
	for (size_t n = 0; n < 3; n++) {
		const size_t len = super_segment(&super, whole, n, true, want);

		assert_int_equal(cutter_next(&cutter, got), len);
		assert_memory_equal(got, want, len);
	}
	members_del(m);
}

/* The way carries less than a segment: TCP does not wait to be told, and what arrives is whole. */
static void segments_of_tcp_are_as_short_as_the_way_is_narrow(void **state)
{
	static uint8_t got[SUPER_BYTES_MAX];
	static struct packets p;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		const struct super super = super_of(v6 == 1, true, 10 * EACH);
		const size_t header = super_header_len(&super);
		struct members *m = new_members(true);
		size_t len = 0;

		m->a.entry.mtu = (uint16_t)(header + 1000);
		member_publish(&m->a);
		p.batch.count = 0;
		(void)add_super(&p, &super);
		assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
		assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
		assert_int_equal(m->a.thread.counters.sent, 12);
		assert_int_equal(m->a.thread.counters.too_big, 0);
		packets_carry(&p, m);
		assert_int_equal(member_from_wire(&m->b, members_start, &p), 12);
		assert_int_equal(m->b.thread.counters.joined, 11);
		for (size_t n = 0; n < 12; n++) {
			assert_in_range(p.batch.packets[n].len, 1, header + 1000);
			memcpy(got + len, p.batch.packets[n].data, p.batch.packets[n].len);
			len += p.batch.packets[n].len;
		}
		(void)super_make(&super, whole);
		assert_int_equal(len, header + super.payload);
		assert_memory_equal(got + header, whole + header, super.payload);
		members_del(m);
	}
}

/* Of a super-packet with more segments than slots the first ones leave, and all others count. */
static void a_full_egress_is_counted(void **state)
{
	struct super super = super_of(true, false, 0);
	struct members *m = new_members(true);
	static struct packets p;

	(void)state;
	super.segment_bytes = 10;
	super.payload = (MEMBERS_SLOTS + 5) * super.segment_bytes;
	p.batch.count = 0;
	(void)add_super(&p, &super);
	(void)member_from_tun(&m->a, members_start, &p);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
	assert_int_equal(m->a.thread.counters.sent, MEMBERS_SLOTS);
	assert_int_equal(m->a.thread.counters.drop_egress_full, 5);
	assert_int_equal(egress_room(m->a.egress), 0);
	members_del(m);
}

static void what_makes_no_sense_does_not_leave(void **state)
{
	const struct super super = super_of(false, true, 3 * EACH);
	struct members *m = new_members(true);
	struct forward_packet *packet;
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	packet = add_super(&p, &super);
	packet->offload.kind = OFFLOAD_UDP;
	(void)member_from_tun(&m->a, members_start, &p);
	p.batch.count = 0;
	packet = add_super(&p, &super);
	packet->offload.segment_bytes = FORWARD_PACKET_BYTES_MAX; /* nobody has room for that */
	(void)member_from_tun(&m->a, members_start, &p);
	assert_int_equal(m->a.thread.counters.drop_malformed, 2);
	assert_null(egress_next(m->a.egress, members_start.mono));
	members_del(m);
}

/* RFC 6040, figure 4: what is inside, what came outside, what is delivered (9: nothing). */
static void congestion_is_told_on(void **state)
{
	static const uint8_t table[4][4] = {
		/* outside: none, ECT(1), ECT(0), CE */
		[IP_ECN_NONE] = { 0, 0, 0, 9 },
		[IP_ECN_ECT1] = { 1, 1, 1, 3 },
		[IP_ECN_ECT0] = { 2, 1, 2, 3 },
		[IP_ECN_CE] = { 3, 3, 3, 3 },
	};
	static struct packets p;

	(void)state;
	for (uint8_t inside = 0; inside < 4; inside++) {
		for (uint8_t outside = 0; outside < 4; outside++) {
			struct members *m = new_members(true);
			struct forward_packet *packet;
			struct ip_packet ip;

			p.batch.count = 0;
			packet = packets_add_v4(&p, 100, members_a4, members_b4);
			packet->data[1] = inside;
			packet_u16(packet->data + 10, 0);
			packet_u16(packet->data + 10, 0xffffU - packet_sum(packet->data, 20, 0));
			(void)member_from_tun(&m->a, members_start, &p);
			packets_carry(&p, m);
			assert_int_equal(p.batch.packets[0].ecn, inside); /* as sent */
			p.batch.packets[0].ecn = outside;
			assert_int_equal(member_from_wire(&m->b, members_start, &p),
					 table[inside][outside] != 9);
			assert_int_equal(m->b.thread.counters.drop_ecn,
					 table[inside][outside] == 9);
			if (table[inside][outside] != 9) {
				packet = &p.batch.packets[0];
				assert_int_equal(ip_decode(span_of(packet->data, packet->len), &ip),
						 0);
				assert_int_equal(ip.ecn, table[inside][outside]);
				assert_int_equal(packet_sum(packet->data, 20, 0), 0xffff);
			}
			members_del(m);
		}
	}
}

/* What the path has marked in the middle is not hidden in the whole. */
static void a_mark_of_the_path_is_not_joined_away(void **state)
{
	struct super super = super_of(true, true, 4 * EACH);
	struct members *m = new_members(true);
	struct ip_packet ip;
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)add_super(&p, &super);
	whole[1] = IP_ECN_ECT0 << 4;
	(void)member_from_tun(&m->a, members_start, &p);
	packets_carry(&p, m);
	p.batch.packets[1].ecn = IP_ECN_CE;
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 4);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(p.batch.packets[n].verdict,
				 n == 3 ? FORWARD_JOIN : FORWARD_DELIVER);
	assert_int_equal(ip_decode(span_of(p.batch.packets[1].data, p.batch.packets[1].len), &ip),
			 0);
	assert_int_equal(ip.ecn, IP_ECN_CE);
	members_del(m);
}

/* A relay sees no packet to mark: what it got is on what it sends. */
static void a_relay_hands_the_mark_on(void **state)
{
	struct trio *t = trio_new(&(struct keyset_config){ 0 });
	const struct way to_r = trio_way_at_r(true);
	const struct way to_b = trio_way_to_r(false);
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v6(&p, 100, members_a6, members_b6);
	(void)member_from_tun(&t->members->a, members_start, &p);
	trio_carry(&p, t->members->a.egress, &to_r);
	p.batch.packets[0].ecn = IP_ECN_CE;
	(void)member_from_wire(&t->r, members_start, &p);
	trio_carry(&p, t->r.egress, &to_b);
	assert_int_equal(p.batch.packets[0].ecn, IP_ECN_CE);
	trio_del(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_super_packet_arrives_as_it_was),
		cmocka_unit_test(udp_is_delivered_apart_where_the_tun_wants_it_so),
		cmocka_unit_test(a_super_packet_passes_a_relay),
		cmocka_unit_test(who_takes_no_super_packets_gets_none),
		cmocka_unit_test(what_is_lost_is_missing_and_no_more),
		cmocka_unit_test(a_checksum_is_taken_in_its_place_alone),
		cmocka_unit_test(no_segment_hides_behind_another),
		cmocka_unit_test(a_mark_alone_joins_nothing),
		cmocka_unit_test(packets_of_a_flow_are_written_at_once),
		cmocka_unit_test(what_is_too_big_is_told_by_its_segments),
		cmocka_unit_test(segments_of_tcp_are_as_short_as_the_way_is_narrow),
		cmocka_unit_test(a_full_egress_is_counted),
		cmocka_unit_test(what_makes_no_sense_does_not_leave),
		cmocka_unit_test(congestion_is_told_on),
		cmocka_unit_test(a_mark_of_the_path_is_not_joined_away),
		cmocka_unit_test(a_relay_hands_the_mark_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
