/* test_vnet.c - no packet of ours is lost while its queue has room, none waits for ever, and who
 * cannot be reached is said so. */
#include "base/err.h"
#include "vnet/address.h"
#include "vnet/vnet.h"

#include "tests/lib/cmocka.h"

static const struct id network = { { 1, 2, 3, 4, 5 } };
static const struct id self = { { 10 } };
static const struct id other = { { 20, 21, 22 } };
static const uint8_t self_v4[4] = { 10, 200, 0, 1 };
static const uint8_t other_v4[4] = { 10, 200, 0, 2 };

static struct now at_ms(uint64_t ms)
{
	return (struct now){ .mono = { .us = ms * 1000 } };
}

static struct vnet *vnet_of_test(void)
{
	struct vnet_config config = { .self = self,
				      .network = network,
				      .has_ipv4 = true,
				      .ipv4 = { 10, 200, 0, 1 },
				      .ipv4_prefix = { { 10, 200, 0, 0 }, 16 } };
	struct vnet *vnet;

	assert_int_equal(vnet_new(&config, &vnet), 0);
	return vnet;
}

/* An IPv6 UDP packet of `len` bytes whose last byte is `mark`. */
static struct span v6_packet(uint8_t *buffer, size_t len, const struct ip_address *to, uint8_t mark)
{
	const struct ip_address from = address_ipv6(&network, &self);

	memset(buffer, 0, len);
	buffer[0] = 0x60;
	buffer[4] = (uint8_t)((len - IPV6_HEADER_BYTES) >> 8);
	buffer[5] = (uint8_t)(len - IPV6_HEADER_BYTES);
	buffer[6] = IP_UDP;
	buffer[7] = 64;
	memcpy(buffer + 8, from.bytes, IP_ADDRESS_BYTES);
	memcpy(buffer + 24, to->bytes, IP_ADDRESS_BYTES);
	buffer[len - 1] = mark;
	return span_of(buffer, len);
}

static struct span v4_packet(uint8_t *buffer, size_t len, const uint8_t to[4], uint8_t mark)
{
	memset(buffer, 0, len);
	buffer[0] = 0x45;
	buffer[2] = (uint8_t)(len >> 8);
	buffer[3] = (uint8_t)len;
	buffer[8] = 64;
	buffer[9] = IP_UDP;
	memcpy(buffer + 12, self_v4, 4);
	memcpy(buffer + 16, to, 4);
	buffer[len - 1] = mark;
	return span_of(buffer, len);
}

static void expect_connect(struct vnet *vnet, uint64_t ms, bool has_prefix)
{
	struct vnet_output out;

	assert_true(vnet_poll(vnet, at_ms(ms), &out));
	assert_int_equal(out.kind, VNET_CONNECT);
	assert_int_equal(out.has_prefix, has_prefix);
	if (has_prefix)
		assert_true(id_prefix_equal(&out.id, &other));
	assert_false(vnet_poll(vnet, at_ms(ms), &out)); /* asked once */
}

static void packets_wait_in_order_and_leave_for_the_peer(void **state)
{
	struct vnet *vnet = vnet_of_test();
	const struct ip_address to = address_ipv6(&network, &other);
	uint8_t buffer[VNET_PACKET_BYTES_MAX];
	struct vnet_output out;

	(void)state;
	for (uint8_t i = 0; i < VNET_QUEUE_PACKETS; i++)
		assert_int_equal(
			vnet_packet(vnet, at_ms(i), v6_packet(buffer, sizeof(buffer), &to, i)), 0);
	assert_int_equal(vnet_packet(vnet, at_ms(70), v6_packet(buffer, 100, &to, 99)), ERR_FULL);
	assert_int_equal(vnet_counters(vnet).queue_full, 1);
	expect_connect(vnet, 70, true);
	vnet_peer_up(vnet, &other, NULL);
	for (uint8_t i = 0; i < VNET_QUEUE_PACKETS; i++) {
		assert_true(vnet_poll(vnet, at_ms(80), &out));
		assert_int_equal(out.kind, VNET_PACKET);
		assert_true(id_equal(&out.id, &other));
		assert_int_equal(out.packet.len, sizeof(buffer));
		assert_int_equal(out.packet.data[out.packet.len - 1], i);
		vnet_sent(vnet, &out);
	}
	assert_int_equal(vnet_counters(vnet).released, VNET_QUEUE_PACKETS);
	assert_false(vnet_poll(vnet, at_ms(80), &out));
	assert_int_equal(vnet_counters(vnet).waiting, 0);
	assert_int_equal(vnet_deadline(vnet).us, MONO_NEVER.us);
	vnet_del(vnet);
}

static void an_ipv4_address_waits_for_whoever_turns_out_to_have_it(void **state)
{
	static const uint8_t third_v4[4] = { 10, 200, 0, 3 };
	const struct id third = { { 30 } };
	struct vnet *vnet = vnet_of_test();
	uint8_t buffer[100];
	struct vnet_output out;

	(void)state;
	assert_int_equal(vnet_packet(vnet, at_ms(0), v4_packet(buffer, 100, other_v4, 1)), 0);
	expect_connect(vnet, 0, false);
	vnet_peer_up(vnet, &third, third_v4);
	assert_false(vnet_poll(vnet, at_ms(1), &out));
	vnet_peer_up(vnet, &other, other_v4);
	assert_true(vnet_poll(vnet, at_ms(1), &out));
	assert_int_equal(out.kind, VNET_PACKET);
	assert_true(id_equal(&out.id, &other));
	vnet_del(vnet);
}

/* What comes out is to the other, and this one. */
static void expect_packet(struct vnet *vnet, uint64_t ms, uint8_t mark, struct vnet_output *ret)
{
	assert_true(vnet_poll(vnet, at_ms(ms), ret));
	assert_int_equal(ret->kind, VNET_PACKET);
	assert_true(id_equal(&ret->id, &other));
	assert_int_equal(ret->packet.data[ret->packet.len - 1], mark);
}

/* Three packets wait for a peer that is up; the first has left. */
static struct vnet *vnet_with_two_left(struct vnet_output *ret)
{
	struct vnet *vnet = vnet_of_test();
	const struct ip_address to = address_ipv6(&network, &other);
	uint8_t buffer[100];

	for (uint8_t i = 0; i < 3; i++)
		assert_int_equal(vnet_packet(vnet, at_ms(i), v6_packet(buffer, 100, &to, i)), 0);
	expect_connect(vnet, 3, true);
	vnet_peer_up(vnet, &other, NULL);
	expect_packet(vnet, 3, 0, ret);
	vnet_sent(vnet, ret);
	expect_packet(vnet, 3, 1, ret);
	return vnet;
}

static void what_is_held_waits_in_order_for_the_peer(void **state)
{
	struct vnet_output out;
	struct vnet *vnet = vnet_with_two_left(&out);
	const struct ip_address to = address_ipv6(&network, &other);
	uint8_t buffer[100];

	(void)state;
	vnet_hold(vnet, &out);
	assert_false(vnet_poll(vnet, at_ms(4), &out));
	assert_int_equal(vnet_deadline(vnet).us, (VNET_QUEUE_MS + 1) * 1000);
	assert_int_equal(vnet_packet(vnet, at_ms(5), v6_packet(buffer, 100, &to, 3)), 0);
	assert_false(vnet_poll(vnet, at_ms(5), &out)); /* nobody overtakes */
	assert_int_equal(vnet_counters(vnet).held, 3);
	vnet_peer_up(vnet, &other, NULL);
	expect_packet(vnet, 6, 1, &out);
	vnet_hold(vnet, &out); /* once more */
	vnet_peer_up(vnet, &other, NULL);
	for (uint8_t i = 1; i < 4; i++) {
		expect_packet(vnet, 7, i, &out);
		expect_packet(vnet, 7, i, &out); /* until it is said what became of it */
		vnet_sent(vnet, &out);
	}
	assert_false(vnet_poll(vnet, at_ms(7), &out));
	assert_int_equal(vnet_counters(vnet).held, 3); /* each counts once */
	assert_int_equal(vnet_counters(vnet).released, 4);
	assert_int_equal(vnet_counters(vnet).waiting, 0);
	vnet_del(vnet);
}

static void what_is_held_too_long_is_dropped_in_silence(void **state)
{
	struct vnet_output out;
	struct vnet *vnet = vnet_with_two_left(&out);

	(void)state;
	vnet_hold(vnet, &out);
	assert_false(vnet_poll(vnet, at_ms(VNET_QUEUE_MS), &out));
	assert_int_equal(vnet_counters(vnet).timed_out, 0);
	assert_false(vnet_poll(vnet, at_ms(VNET_QUEUE_MS + 1), &out));
	assert_int_equal(vnet_counters(vnet).timed_out, 1);
	assert_false(vnet_poll(vnet, at_ms(VNET_QUEUE_MS + 2), &out));
	assert_int_equal(vnet_counters(vnet).timed_out, 2);
	assert_int_equal(vnet_counters(vnet).unanswered, 0); /* nor was one tried */
	assert_int_equal(vnet_counters(vnet).waiting, 0);
	vnet_del(vnet);
}

/* Its session ended in the middle: what is left wants another one. */
static void what_has_not_left_when_the_peer_goes_wants_it_again(void **state)
{
	struct vnet_output out;

	(void)state;
	for (unsigned held = 0; held < 2; held++) {
		const struct id third = { { 30 } };
		struct vnet *vnet = vnet_with_two_left(&out);

		if (held)
			vnet_hold(vnet, &out);
		vnet_peer_down(vnet, &third);
		if (held)
			assert_false(vnet_poll(vnet, at_ms(4), &out));
		else
			expect_packet(vnet, 4, 1, &out);
		vnet_peer_down(vnet, &other);
		expect_connect(vnet, 4, true);
		vnet_peer_up(vnet, &other, NULL);
		expect_packet(vnet, 5, 1, &out);
		vnet_del(vnet);
	}
}

/* The answer names the packet and comes from the address that was tried. */
static void expect_icmp_v6(const struct vnet_output *out, uint8_t type,
			   const struct ip_address *from)
{
	struct ip_packet ip;

	assert_int_equal(out->kind, VNET_ANSWER);
	assert_int_equal(ip_decode(out->packet, &ip), 0);
	assert_int_equal(ip.protocol, IP_ICMPV6);
	assert_true(ip_equal(&ip.source, from));
	assert_int_equal(out->packet.data[IPV6_HEADER_BYTES], type);
}

static void what_waited_too_long_is_answered_at_its_deadline(void **state)
{
	struct vnet *vnet = vnet_of_test();
	const struct ip_address to = address_ipv6(&network, &other);
	uint8_t buffer[100];
	struct vnet_output out;

	(void)state;
	assert_int_equal(vnet_packet(vnet, at_ms(0), v6_packet(buffer, 100, &to, 1)), 0);
	expect_connect(vnet, 0, true);
	assert_int_equal(vnet_deadline(vnet).us, VNET_QUEUE_MS * 1000);
	assert_false(vnet_poll(vnet, at_ms(VNET_QUEUE_MS - 1), &out));
	assert_true(vnet_poll(vnet, at_ms(VNET_QUEUE_MS), &out));
	expect_icmp_v6(&out, 1, &to);
	assert_int_equal(vnet_counters(vnet).timed_out, 1);
	assert_false(vnet_poll(vnet, at_ms(VNET_QUEUE_MS), &out));
	vnet_del(vnet);
}

static void nobody_and_failed_are_answered_at_once(void **state)
{
	struct vnet *vnet = vnet_of_test();
	const struct ip_address to = address_ipv6(&network, &other);
	struct ip_address foreign = to;
	uint8_t buffer[100];
	struct vnet_output out;

	(void)state;
	foreign.bytes[1] ^= 1;
	assert_int_equal(vnet_packet(vnet, at_ms(0), v6_packet(buffer, 100, &foreign, 1)),
			 ERR_NOT_FOUND);
	assert_true(vnet_poll(vnet, at_ms(0), &out));
	expect_icmp_v6(&out, 1, &foreign);
	assert_int_equal(vnet_packet(vnet, at_ms(0), v6_packet(buffer, 100, &to, 1)), 0);
	expect_connect(vnet, 0, true);
	vnet_connect_failed(vnet, &to);
	assert_true(vnet_poll(vnet, at_ms(1), &out));
	expect_icmp_v6(&out, 1, &to);
	assert_int_equal(vnet_counters(vnet).unreachable, 1);
	assert_int_equal(vnet_counters(vnet).waiting, 0);
	vnet_del(vnet);
}

static void what_cannot_be_wanted_now_is_wanted_later(void **state)
{
	struct vnet *vnet = vnet_of_test();
	const struct ip_address to = address_ipv6(&network, &other);
	const uint64_t last_ms = VNET_QUEUE_MS - 1;
	uint8_t buffer[100];
	struct vnet_output out;

	(void)state;
	assert_int_equal(vnet_packet(vnet, at_ms(0), v6_packet(buffer, 100, &to, 1)), 0);
	expect_connect(vnet, 0, true);
	vnet_connect_later(vnet, at_ms(0), &to);
	assert_int_equal(vnet_deadline(vnet).us, VNET_AGAIN_MS * 1000);
	assert_false(vnet_poll(vnet, at_ms(VNET_AGAIN_MS - 1), &out));
	expect_connect(vnet, VNET_AGAIN_MS, true);
	assert_false(vnet_poll(vnet, at_ms(last_ms), &out)); /* once */
	vnet_connect_later(vnet, at_ms(last_ms), &to);
	assert_int_equal(vnet_deadline(vnet).us, VNET_QUEUE_MS * 1000);
	assert_true(vnet_poll(vnet, at_ms(VNET_QUEUE_MS), &out)); /* it has waited long enough */
	expect_icmp_v6(&out, 1, &to);
	vnet_connect_later(vnet, at_ms(VNET_QUEUE_MS), &to); /* nothing waits */
	assert_false(vnet_poll(vnet, at_ms(VNET_QUEUE_MS + VNET_AGAIN_MS), &out));
	assert_int_equal(vnet_counters(vnet).waiting, 0);
	vnet_del(vnet);
}

static void too_big_is_answered_with_the_mtu(void **state)
{
	struct vnet *vnet = vnet_of_test();
	const struct ip_address to = address_ipv6(&network, &other);
	uint8_t buffer[1360];
	struct vnet_output out;

	(void)state;
	assert_int_equal(
		vnet_too_big(vnet, at_ms(0), v6_packet(buffer, sizeof(buffer), &to, 1), 1300), 0);
	assert_true(vnet_poll(vnet, at_ms(0), &out));
	expect_icmp_v6(&out, 2, &to);
	assert_int_equal(out.packet.data[IPV6_HEADER_BYTES + 6] * 256 +
				 out.packet.data[IPV6_HEADER_BYTES + 7],
			 1300);
	vnet_del(vnet);
}

/* A packet of that length that is too big for `mtu`: is it answered, and with which MTU (0: no),
 * and does it wait to leave all the same? */
static void expect_too_big(struct span packet, uint16_t mtu, unsigned answered, bool waits)
{
	const bool v6 = packet.data[0] >> 4 == 6;
	struct vnet *vnet = vnet_of_test();
	struct vnet_output out;
	unsigned said = 0;
	bool connects = false;

	assert_int_equal(vnet_too_big(vnet, at_ms(0), packet, mtu), 0);
	while (vnet_poll(vnet, at_ms(0), &out)) {
		const size_t at = v6 ? IPV6_HEADER_BYTES + 6 : IPV4_HEADER_BYTES + 6;

		if (out.kind == VNET_ANSWER)
			said = out.packet.data[at] * 256U + out.packet.data[at + 1];
		connects |= out.kind == VNET_CONNECT;
	}
	assert_int_equal(said, answered);
	assert_int_equal(connects, waits);
	assert_int_equal(vnet_counters(vnet).waiting, waits);
	assert_int_equal(vnet_counters(vnet).too_big, answered > 0);
	vnet_del(vnet);
}

/* RFC 8200, 5: all of 1280 bytes passes, and nobody is told of less. */
static void ipv6_up_to_1280_passes_a_narrower_way(void **state)
{
	const struct ip_address to = address_ipv6(&network, &other);
	uint8_t buffer[VNET_PACKET_BYTES_MAX];

	(void)state;
	expect_too_big(v6_packet(buffer, 1281, &to, 1), 1280, 1280, false);
	expect_too_big(v6_packet(buffer, 1281, &to, 1), 1212, 1280, false);
	expect_too_big(v6_packet(buffer, 1280, &to, 1), 1279, 0, true);
	expect_too_big(v6_packet(buffer, 1213, &to, 1), 1212, 0, true);
	expect_too_big(v6_packet(buffer, 1332, &to, 1), 1331, 1331, false);
}

/* RFC 791: what has DF is answered and gone, what has not passes. */
static void ipv4_without_df_passes_a_narrower_way(void **state)
{
	uint8_t buffer[VNET_PACKET_BYTES_MAX];

	(void)state;
	for (size_t len = 1213; len <= sizeof(buffer); len += 147) {
		struct span packet = v4_packet(buffer, len, other_v4, 1);

		expect_too_big(packet, 1212, 1212, true);
		buffer[6] = 0x40;
		expect_too_big(packet, 1212, 1212, false);
	}
}

/* The last segment of a super-packet may be small enough: it waits like any other. */
static void what_fits_after_all_waits(void **state)
{
	uint8_t buffer[VNET_PACKET_BYTES_MAX];
	struct vnet *vnet = vnet_of_test();

	(void)state;
	(void)v4_packet(buffer, 1212, other_v4, 1);
	buffer[6] = 0x40;
	expect_too_big(span_of(buffer, 1212), 1212, 0, true);
	buffer[0] = 0;
	assert_int_equal(vnet_too_big(vnet, at_ms(0), span_of(buffer, 1212), 1212), ERR_MALFORMED);
	vnet_del(vnet);
}

static void destinations_are_bounded_and_noise_is_not_answered(void **state)
{
	struct vnet *vnet = vnet_of_test();
	struct ip_address multicast = { { 0xff, 2, [15] = 1 } };
	uint8_t buffer[100];
	struct vnet_output out;
	struct id id = other;

	(void)state;
	for (uint8_t i = 0; i < VNET_WAITING_MAX; i++) {
		id.bytes[9] = i;
		const struct ip_address to = address_ipv6(&network, &id);

		assert_int_equal(vnet_packet(vnet, at_ms(0), v6_packet(buffer, 100, &to, i)), 0);
	}
	id.bytes[9] = VNET_WAITING_MAX;
	const struct ip_address one_more = address_ipv6(&network, &id);

	assert_int_equal(vnet_packet(vnet, at_ms(0), v6_packet(buffer, 100, &one_more, 1)),
			 ERR_FULL);
	for (uint8_t i = 0; i < VNET_WAITING_MAX; i++) {
		assert_true(vnet_poll(vnet, at_ms(0), &out));
		assert_int_equal(out.kind, VNET_CONNECT);
	}
	assert_int_equal(vnet_packet(vnet, at_ms(0), v6_packet(buffer, 100, &multicast, 1)),
			 ERR_NOT_FOUND);
	assert_int_equal(vnet_packet(vnet, at_ms(0), span_of(buffer, 10)), ERR_MALFORMED);
	assert_false(vnet_poll(vnet, at_ms(0), &out));
	vnet_del(vnet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_wait_in_order_and_leave_for_the_peer),
		cmocka_unit_test(what_is_held_waits_in_order_for_the_peer),
		cmocka_unit_test(what_is_held_too_long_is_dropped_in_silence),
		cmocka_unit_test(what_has_not_left_when_the_peer_goes_wants_it_again),
		cmocka_unit_test(an_ipv4_address_waits_for_whoever_turns_out_to_have_it),
		cmocka_unit_test(what_waited_too_long_is_answered_at_its_deadline),
		cmocka_unit_test(nobody_and_failed_are_answered_at_once),
		cmocka_unit_test(what_cannot_be_wanted_now_is_wanted_later),
		cmocka_unit_test(too_big_is_answered_with_the_mtu),
		cmocka_unit_test(ipv6_up_to_1280_passes_a_narrower_way),
		cmocka_unit_test(ipv4_without_df_passes_a_narrower_way),
		cmocka_unit_test(what_fits_after_all_waits),
		cmocka_unit_test(destinations_are_bounded_and_noise_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
