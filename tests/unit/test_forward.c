/* test_forward.c - packets through a table, between two members: what is sealed here is delivered
 * there, and whatever a peer, a stranger or this host itself should not be able to pass is counted
 * and gone. */
#include "base/err.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/members.h"
#include "tests/lib/packet.h"

static void packets_arrive_as_they_were(void **state)
{
	static const size_t lens[] = { 28, 64, 1000, FORWARD_MTU };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t want[PACKETS_BUFFER_BYTES];

	(void)state;
	p.batch.count = 0;
	for (size_t i = 0; i < 4; i++) {
		(void)packets_add_v4(&p, lens[i], members_a4, members_b4);
		(void)packets_add_v6(&p, lens[i] + (lens[i] < 48 ? 20 : 0), members_a6, members_b6);
	}
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(p.batch.packets[i].verdict, FORWARD_SENT);
	assert_int_equal(m->a.thread.counters.sent, 8);
	packets_carry(&p, m);
	assert_int_equal(p.batch.count, 8);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 8);
	for (size_t i = 0; i < 8; i++) {
		const struct forward_packet *packet = &p.batch.packets[i];
		const size_t len = i % 2 == 0 ? packet_v4(want, lens[i / 2], members_a4, members_b4)
					      : packet_v6(want, lens[i / 2] < 48 ? 48 : lens[i / 2],
							  members_a6, members_b6);

		assert_int_equal(packet->verdict, FORWARD_DELIVER);
		assert_int_equal(packet->len, len);
		assert_memory_equal(packet->data, want, len);
		assert_int_equal(packet->link, MEMBERS_A_LINK);
		assert_int_equal(packet->local_index, MEMBERS_B_INDEX);
	}
	assert_int_equal(m->b.thread.counters.delivered, 8);
	members_del(m);
}

static void datagrams_leave_by_the_entry(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	struct egress_datagram *sent;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&m->a, members_start, &p);
	sent = egress_next(m->a.egress, members_start.mono);
	assert_non_null(sent);
	assert_int_equal(sent->link, MEMBERS_B_LINK);
	assert_int_equal(sent->class, EGRESS_DATA);
	assert_true(endpoint_equal(&sent->local, &m->a.entry.way.local));
	assert_true(endpoint_equal(&sent->remote, &m->a.entry.way.remote));
	assert_int_equal(sent->len, 100 + KEYSET_OVERHEAD);
	members_del(m);
}

static void what_has_no_entry_goes_to_the_node(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_c4);
	(void)packets_add_v6(&p, 100, members_a6, members_c6);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 2);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_NO_ENTRY);
	assert_int_equal(p.batch.packets[1].verdict, FORWARD_NO_ENTRY);
	assert_int_equal(p.batch.packets[0].len, 100); /* untouched: it will wait */

	m->a.entry.action = TABLE_QUEUE;
	m->a.entry.keyset = NULL;
	member_publish(&m->a);
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_NO_ENTRY);

	p.batch.packets[0].verdict = FORWARD_PENDING;
	assert_int_equal(forward_from_tun(&m->a.thread, NULL, members_start, &p.batch), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_NO_ENTRY);
	members_del(m);
}

static void what_is_no_packet_is_dropped(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	packets_add_v4(&p, 100, members_a4, members_b4)->len = 99;
	packets_add_v4(&p, 100, members_a4, members_b4)->data[0] = 0x55;
	(void)packets_add(&p);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	assert_int_equal(m->a.thread.counters.drop_malformed, 3);
	members_del(m);
}

static void only_our_own_sources_leave(void **state)
{
	static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 1 };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_c4, members_b4);
	(void)packets_add_v4(&p, 100, members_b4, members_b4);
	(void)packets_add_v4(&p, 100, (const uint8_t[]){ 192, 168, 1, 1 }, members_b4);
	(void)packets_add_v6(&p, 100, link_local, members_b6);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	assert_int_equal(m->a.thread.counters.drop_source, 4);
	assert_null(egress_next(m->a.egress, members_start.mono));
	members_del(m);
}

static void the_mtu_is_that_of_the_entry(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	m->a.entry.mtu = 1000;
	member_publish(&m->a);
	p.batch.count = 0;
	(void)packets_add_v4(&p, 1000, members_a4, members_b4);
	(void)packets_add_v4(&p, 1001, members_a4, members_b4);
	packets_add_v4(&p, 1000, members_a4, members_b4)->len =
		1010; /* ten bytes behind it are not of it */
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
	assert_int_equal(p.batch.packets[1].verdict, FORWARD_TOO_BIG);
	assert_int_equal(p.batch.packets[1].mtu, 1000);
	assert_int_equal(p.batch.packets[1].link, MEMBERS_B_LINK);
	assert_int_equal(m->a.thread.counters.too_big, 1);
	assert_int_equal(p.batch.packets[2].verdict, FORWARD_SENT);
	packets_carry(&p, m);
	assert_int_equal(p.batch.packets[1].len, 1000 + KEYSET_OVERHEAD);
	members_del(m);
}

static void policy_stops_ip_both_ways_and_no_control(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	m->a.entry.admits_ip = false;
	m->b.entry.admits_ip = false;
	member_publish(&m->b);
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&m->a, members_start, &p); /* a's table is still the old one */
	packets_carry(&p, m);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);
	assert_int_equal(m->b.thread.counters.drop_not_admitted, 1);

	member_publish(&m->a);
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	assert_int_equal(m->a.thread.counters.drop_not_admitted, 1);

	p.batch.count = 0;
	(void)packets_add_frame(&p, m, &(struct frame_header){ .kind = FRAME_CLOSE },
				span_text("\1"));
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_FRAME);
	members_del(m);
}

/* Every address but its own, from a member whose own tables are no obstacle. */
static void no_peer_speaks_for_another(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t bytes[100];
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 1);
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t source[16];

		p.batch.count = 0;
		rng_bytes(&rng, source, sizeof(source));
		(void)packet_v4(bytes, sizeof(bytes), source, members_b4);
		(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
		(void)packet_v6(bytes, sizeof(bytes), source, members_b6);
		(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
		memcpy(source, members_a6, 16); /* one bit off its own */
		source[i % 16] ^= (uint8_t)(1U << i / 16 % 8);
		(void)packet_v6(bytes, sizeof(bytes), source, members_b6);
		(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
		(void)packet_v4(bytes, sizeof(bytes), members_b4,
				members_b4); /* ours, from outside */
		(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
		assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	}
	assert_int_equal(m->b.thread.counters.drop_source, 4000);
	assert_int_equal(m->b.thread.counters.delivered, 0);
	members_del(m);
}

/* An IPv6 packet that carries a's IPv4 address as ::ffff:a.b.c.d is not a's IPv4 packet. */
static void families_do_not_mix(void **state)
{
	const struct ip_address mapped_a = ip_v4(members_a4);
	const struct ip_address mapped_b = ip_v4(members_b4);
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t bytes[100];

	(void)state;
	p.batch.count = 0;
	(void)packet_v6(bytes, sizeof(bytes), mapped_a.bytes, mapped_b.bytes);
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(m->b.thread.counters.drop_malformed, 1);
	members_del(m);
}

static void what_is_not_for_us_is_not_delivered(void **state)
{
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t bytes[100];

	(void)state;
	p.batch.count = 0;
	(void)packet_v4(bytes, sizeof(bytes), members_a4, members_c4);
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	(void)packet_v4(bytes, sizeof(bytes), members_a4, members_a4);
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	(void)packet_v4(bytes, sizeof(bytes), members_a4, (const uint8_t[]){ 127, 0, 0, 1 });
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	(void)packet_v4(bytes, sizeof(bytes), members_a4, (const uint8_t[]){ 255, 255, 255, 255 });
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	(void)packet_v6(bytes, sizeof(bytes), members_a6, members_c6);
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	(void)packet_v6(bytes, sizeof(bytes), members_a6, all_nodes);
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(m->b.thread.counters.drop_destination, 6);
	members_del(m);
}

/* Addressed to us, but with a route from here on: to a third member, or into our LAN. */
static void nobody_makes_us_a_reflector(void **state)
{
	static const uint8_t loose_route[8] = { 131, 7, 4, 192, 168, 1, 1, 0 };
	static const uint8_t routing[24] = { 17, 2, 2, 1, [8] = 0xfd, [23] = 9 };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t bytes[100];

	(void)state;
	p.batch.count = 0;
	(void)packet_v4(bytes, sizeof(bytes), members_a4, members_b4);
	bytes[0] = 0x47;
	memcpy(bytes + 20, loose_route, sizeof(loose_route));
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	(void)packet_v6(bytes, sizeof(bytes), members_a6, members_b6);
	bytes[6] = 43;
	memcpy(bytes + 40, routing, sizeof(routing));
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(m->b.thread.counters.drop_destination, 2);
	members_del(m);
}

static void frames_with_nonsense_inside_are_dropped(void **state)
{
	static const struct frame_header partial = { .kind = FRAME_IP,
						     .flags = FRAME_FLAG_PARTIAL_CHECKSUM,
						     .checksum_start = 20,
						     .checksum_offset = 6 };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t bytes[100];

	(void)state;
	p.batch.count = 0;
	(void)packet_v4(bytes, sizeof(bytes), members_a4, members_b4);
	(void)packets_add_ip(&p, m, span_of(bytes, 99));
	(void)packets_add_ip(&p, m, span_of(NULL, 0));
	(void)packets_add_frame(&p, m, &partial, span_of(bytes, sizeof(bytes))); /* not announced */
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(m->b.thread.counters.drop_malformed, 3);
	members_del(m);
}

static void bytes_behind_the_inner_packet_are_cut(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t bytes[120] = { 0 };

	(void)state;
	p.batch.count = 0;
	(void)packet_v4(bytes, 100, members_a4, members_b4);
	(void)packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)));
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 1);
	assert_int_equal(p.batch.packets[0].len, 100);
	members_del(m);
}

static void control_frames_go_to_the_node(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint64_t spoken = 0;

	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		const struct frame_header frame = { .kind = (uint8_t)kind };
		const struct forward_packet *packet = &p.batch.packets[0];

		if (kind == FRAME_IP || kind == FRAME_RELAY)
			continue;
		p.batch.count = 0;
		(void)packets_add_frame(&p, m, &frame, span_text("text"));
		(void)member_from_wire(&m->b, members_start, &p);
		if (kind < FRAME_EMPTY || kind == FRAME_DATAGRAM || kind > FRAME_CLOCK) {
			assert_int_equal(packet->verdict, FORWARD_DROP);
			continue;
		}
		spoken++;
		assert_int_equal(packet->verdict, FORWARD_FRAME);
		assert_int_equal(packet->frame_kind, kind);
		assert_int_equal(packet->link, MEMBERS_A_LINK);
		assert_int_equal(packet->local_index, MEMBERS_B_INDEX);
		assert_int_equal(packet->len, 4);
		assert_memory_equal(packet->data, "text", 4);
	}
	assert_int_equal(m->b.thread.counters.frames, spoken);
	assert_int_equal(m->b.thread.counters.drop_kind, 254 - spoken);
	assert_false(keyset_counters(m->b.keyset).ip_seen);
	members_del(m);
}

static void handshakes_go_to_the_node_and_the_unknown_nowhere(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		const uint8_t bytes[40] = { (uint8_t)type };
		const bool is_handshake = type >= DATAGRAM_M0 && type <= DATAGRAM_VERSION;

		p.batch.count = 0;
		(void)packets_add_datagram(&p, span_of(bytes, sizeof(bytes)));
		assert_int_equal(member_from_wire(&m->b, members_start, &p), is_handshake);
		assert_int_equal(p.batch.packets[0].verdict,
				 is_handshake ? FORWARD_HANDSHAKE : FORWARD_DROP);
		assert_int_equal(p.batch.packets[0].len, sizeof(bytes));
	}
	assert_int_equal(m->b.thread.counters.handshakes, 5);
	assert_int_equal(m->b.thread.counters.drop_malformed, 250);
	assert_int_equal(m->b.thread.counters.drop_unknown_index, 1);
	p.batch.count = 0;
	(void)packets_add_datagram(&p, span_of(NULL, 0));
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	members_del(m);
}

static void every_damaged_byte_is_noticed(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;
	uint8_t whole[100 + KEYSET_OVERHEAD];
	uint8_t bytes[100];

	(void)state;
	p.batch.count = 0;
	(void)packet_v4(bytes, sizeof(bytes), members_a4, members_b4);
	memcpy(whole, packets_add_ip(&p, m, span_of(bytes, sizeof(bytes)))->data, sizeof(whole));
	for (size_t i = 0; i < sizeof(whole); i++) {
		p.batch.count = 0;
		packets_add_datagram(&p, span_of(whole, sizeof(whole)))->data[i] ^= 0x55;
		(void)member_from_wire(&m->b, members_start, &p);
		assert_true(p.batch.packets[0].verdict == FORWARD_DROP);
	}
	for (size_t len = 0; len < sizeof(whole); len++) {
		p.batch.count = 0;
		(void)packets_add_datagram(&p, span_of(whole, len));
		assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	}
	p.batch.count = 0;
	(void)packets_add_datagram(&p, span_of(whole, sizeof(whole)));
	(void)packets_add_datagram(&p, span_of(whole, sizeof(whole)));
	assert_int_equal(member_from_wire(&m->b, members_start, &p),
			 1); /* the first; the second is a replay */
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DELIVER);
	assert_int_equal(m->b.thread.counters.drop_replay, 1);
	assert_int_equal(m->b.thread.counters.delivered, 1);
	members_del(m);
}

static void expired_keys_queue_here_and_drop_there(void **state)
{
	const struct mono stop = members_later_ms(5000).mono;
	struct members *m = members_new(&(struct keyset_config){ .stop = stop });
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)member_from_tun(&m->a, members_later_ms(4999), &p);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_SENT);
	packets_carry(&p, m);
	assert_int_equal(member_from_wire(&m->b, members_later_ms(5000), &p), 0);
	assert_int_equal(m->b.thread.counters.drop_expired, 1);

	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	assert_int_equal(member_from_tun(&m->a, members_later_ms(5000), &p), 1);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_NO_ENTRY);
	assert_int_equal(egress_room(m->a.egress), MEMBERS_SLOTS); /* the slot was given back */
	members_del(m);
}

static void what_has_a_verdict_is_left_alone(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	p.batch.pending = 4711;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	(void)packets_add_v4(&p, 100, members_a4, members_c4);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 1);
	assert_int_equal(p.batch.pending, 0);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	assert_int_equal(m->a.thread.counters.sent, 1);
	packets_carry(&p, m);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 1);
	assert_int_equal(member_from_wire(&m->b, members_start, &p), 0);
	assert_int_equal(m->b.thread.counters.delivered, 1);
	members_del(m);
}

static int no_key(struct aead *aead, const uint8_t key[AEAD_KEY_BYTES])
{
	(void)aead;
	(void)key;
	return 0;
}

static void no_free(struct aead *aead)
{
	(void)aead;
}

static int refuse(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
		  struct span bytes, uint8_t *ret)
{
	(void)aead;
	(void)nonce;
	(void)aad;
	(void)bytes;
	*ret = 0; /* half done */
	return ERR_CRYPTO;
}

static void a_cipher_that_fails_sends_nothing(void **state)
{
	static const struct aead_ops broken = {
		.name = "broken", .init = no_key, .free = no_free, .seal = refuse, .open = refuse
	};
	static const struct suite suite = { .id = SUITE_AES_256_GCM, .packets = &broken };
	struct members *m = members_new(&(struct keyset_config){ .suite = &suite });
	static struct packets p;

	(void)state;
	p.batch.count = 0;
	(void)packets_add_v4(&p, 100, members_a4, members_b4);
	assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);
	assert_int_equal(m->a.thread.counters.drop_crypto, 1);
	assert_int_equal(egress_room(m->a.egress), MEMBERS_SLOTS);
	members_del(m);
}

static void a_full_egress_is_counted(void **state)
{
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	for (unsigned i = 0; i < MEMBERS_SLOTS + 1; i++) {
		p.batch.count = 0;
		(void)packets_add_v4(&p, 100, members_a4, members_b4);
		assert_int_equal(member_from_tun(&m->a, members_start, &p), 0);
	}
	assert_int_equal(p.batch.packets[0].verdict, FORWARD_DROP);
	assert_int_equal(m->a.thread.counters.drop_egress_full, 1);
	assert_int_equal(m->a.thread.counters.sent, MEMBERS_SLOTS);
	members_del(m);
}

/* Both ways, both sides of the limit. */
static void a_resumed_copy_seals_and_opens_nothing(void **state)
{
	static const int64_t drifts[] = { FORWARD_DRIFT_US,     -FORWARD_DRIFT_US,
					  FORWARD_DRIFT_US + 1, -FORWARD_DRIFT_US - 1,
					  INT64_MAX / 2,        -INT64_MAX / 2 };
	struct members *m = members_new(&(struct keyset_config){ 0 });
	static struct packets p;

	(void)state;
	for (size_t i = 0; i < sizeof(drifts) / sizeof(drifts[0]); i++) {
		const bool is_same = i < 2;
		const uint64_t sent = keyset_counters(m->a.keyset).packets_sent;
		struct now now = members_start;

		now.wall.us += drifts[i];
		p.batch.count = 0;
		(void)packets_add_v4(&p, 100, members_a4, members_b4);
		assert_int_equal(member_from_tun(&m->a, now, &p), !is_same);
		assert_int_equal(p.batch.packets[0].verdict,
				 is_same ? FORWARD_SENT : FORWARD_NO_ENTRY);
		assert_int_equal(keyset_counters(m->a.keyset).packets_sent, sent + is_same);

		p.batch.packets[0].verdict = FORWARD_PENDING;
		(void)member_from_tun(&m->a, members_start, &p);
		packets_carry(&p, m);
		assert_int_equal(member_from_wire(&m->b, now, &p), is_same ? p.batch.count : 0);
	}
	assert_int_equal(m->b.thread.counters.drop_snapshot, 4);
	members_del(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_arrive_as_they_were),
		cmocka_unit_test(datagrams_leave_by_the_entry),
		cmocka_unit_test(what_has_no_entry_goes_to_the_node),
		cmocka_unit_test(what_is_no_packet_is_dropped),
		cmocka_unit_test(only_our_own_sources_leave),
		cmocka_unit_test(the_mtu_is_that_of_the_entry),
		cmocka_unit_test(policy_stops_ip_both_ways_and_no_control),
		cmocka_unit_test(no_peer_speaks_for_another),
		cmocka_unit_test(families_do_not_mix),
		cmocka_unit_test(what_is_not_for_us_is_not_delivered),
		cmocka_unit_test(nobody_makes_us_a_reflector),
		cmocka_unit_test(frames_with_nonsense_inside_are_dropped),
		cmocka_unit_test(bytes_behind_the_inner_packet_are_cut),
		cmocka_unit_test(control_frames_go_to_the_node),
		cmocka_unit_test(handshakes_go_to_the_node_and_the_unknown_nowhere),
		cmocka_unit_test(every_damaged_byte_is_noticed),
		cmocka_unit_test(expired_keys_queue_here_and_drop_there),
		cmocka_unit_test(what_has_a_verdict_is_left_alone),
		cmocka_unit_test(a_cipher_that_fails_sends_nothing),
		cmocka_unit_test(a_full_egress_is_counted),
		cmocka_unit_test(a_resumed_copy_seals_and_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
