/* test_icmp.c - answers byte by byte, and all that must not be answered. The expected packets were
 * made with another program; checksums are verified by another sum than the one that made them. */
#include "base/err.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"
#include "tests/lib/packet.h"
#include "vnet/icmp.h"

#define BYTES_MAX 2048

static const uint8_t host4[4] = { 10, 128, 0, 1 };
static const uint8_t nobody4[4] = { 10, 128, 0, 9 };
static const uint8_t host6[16] = { 0xfd, 1, 2, 3, 4, 5, [15] = 1 };
static const uint8_t nobody6[16] = { 0xfd, 1, 2, 3, 4, 5, [15] = 9 };

static struct icmp_error error_of(enum icmp_kind kind, bool v6)
{
	static const uint8_t gateway6[16] = { 0xfd, 1, 2, 3, 4, 5 };

	return (struct icmp_error){
		.kind = kind,
		.mtu = 1280,
		.source = v6 ? ip_v6(gateway6) : ip_v4((const uint8_t[]){ 10, 128, 255, 254 }),
		.v4_prefix_len = 16,
	};
}

/* What icmp_build() says of a packet: of its own family, or also of the other. */
static int answer(enum icmp_kind kind, const uint8_t *packet, size_t len)
{
	const struct icmp_error error = error_of(kind, packet[0] >> 4 == 6);
	uint8_t bytes[ICMP_V6_BYTES_MAX];
	size_t bytes_len;

	return icmp_build(&error, span_of(packet, len), bytes, &bytes_len);
}

static void answers_are_these_bytes(void **state)
{
	static const char udp4[] =
		"4500002300014000401125c00a8000010a80000911d70035000f00007061796c6f6164";
	static const char udp6[] = "60000000000f1140fd010203040500000000000000000001"
				   "fd01020304050000000000000000000911d70035000f1234"
				   "7061796c6f6164";
	static const struct {
		bool v6;
		enum icmp_kind kind;
		const char *head; /* the answer up to the quote of the packet */
	} cases[] = {
		{ false, ICMP_UNREACHABLE,
		  "45c0003f00004000400124ff0a80fffe0a80000103012db400000000" },
		{ false, ICMP_TOO_BIG, "45c0003f00004000400124ff0a80fffe0a800001030428b100000500" },
		{ true, ICMP_UNREACHABLE,
		  "60000000003f3a40fd010203040500000000000000000000"
		  "fd010203040500000000000000000001"
		  "01039f8200000000" },
		{ true, ICMP_TOO_BIG,
		  "60000000003f3a40fd010203040500000000000000000000"
		  "fd010203040500000000000000000001"
		  "0200998500000500" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct icmp_error error = error_of(cases[i].kind, cases[i].v6);
		uint8_t packet[BYTES_MAX];
		uint8_t head[BYTES_MAX];
		uint8_t got[ICMP_V6_BYTES_MAX];
		const struct span p = hex_bytes(cases[i].v6 ? udp6 : udp4, packet, sizeof(packet));
		const struct span h = hex_bytes(cases[i].head, head, sizeof(head));
		size_t len = 0;

		assert_int_equal(icmp_build(&error, p, got, &len), 0);
		assert_int_equal(len, h.len + p.len);
		assert_memory_equal(got, h.data, h.len);
		assert_memory_equal(got + h.len, p.data, p.len);
	}
}

/* Any length of packet: the answer keeps its bound, quotes from the start, and sums up right. */
static void quotes_are_bounded_and_checksums_right(void **state)
{
	(void)state;
	for (size_t len = 48; len <= 1360; len++) {
		const struct icmp_error error4 = error_of(ICMP_TOO_BIG, false);
		const struct icmp_error error6 = error_of(ICMP_TOO_BIG, true);
		uint8_t packet[BYTES_MAX];
		uint8_t got[ICMP_V6_BYTES_MAX];
		size_t got_len;

		(void)packet_v4(packet, len, host4, nobody4);
		assert_int_equal(icmp_build(&error4, span_of(packet, len), got, &got_len), 0);
		assert_int_equal(got_len, len + 28 < 576 ? len + 28 : 576);
		assert_int_equal(got_len, got[2] << 8 | got[3]);
		assert_int_equal(packet_sum(got, 20, 0), 0xffff);
		assert_int_equal(packet_sum(got + 20, got_len - 20, 0), 0xffff);
		assert_memory_equal(got + 28, packet, got_len - 28);

		(void)packet_v6(packet, len, host6, nobody6);
		assert_int_equal(icmp_build(&error6, span_of(packet, len), got, &got_len), 0);
		assert_int_equal(got_len, len + 48 < 1280 ? len + 48 : 1280);
		assert_int_equal(got_len - 40, got[4] << 8 | got[5]);
		/* The pseudo-header: addresses, length, 58. */
		assert_int_equal(packet_sum(got + 8, got_len - 8, (uint16_t)(got_len - 40 + 58)),
				 0xffff);
		assert_memory_equal(got + 48, packet, got_len - 48);
	}
}

static void bytes_behind_the_packet_are_not_quoted(void **state)
{
	const struct icmp_error error = error_of(ICMP_UNREACHABLE, false);
	uint8_t packet[BYTES_MAX] = { 0 };
	uint8_t got[ICMP_V6_BYTES_MAX];
	size_t len;

	(void)state;
	(void)packet_v4(packet, 60, host4, nobody4);
	assert_int_equal(icmp_build(&error, span_of(packet, 100), got, &len), 0);
	assert_int_equal(len, 88);
}

static void no_packet_and_the_wrong_family_are_refused(void **state)
{
	const struct icmp_error error = error_of(ICMP_UNREACHABLE, false);
	uint8_t packet[BYTES_MAX];
	uint8_t got[ICMP_V6_BYTES_MAX];
	size_t len = 4711;

	(void)state;
	(void)packet_v4(packet, 60, host4, nobody4);
	assert_int_equal(icmp_build(&error, span_of(packet, 59), got, &len), ERR_MALFORMED);
	(void)packet_v6(packet, 60, host6, nobody6);
	assert_int_equal(icmp_build(&error, span_of(packet, 60), got, &len), ERR_UNSUPPORTED);
	assert_int_equal(len, 4711);
}

/* RFC 1122, 3.2.2; for IPv6, RFC 4443, 2.4 (e). */
static void icmp_errors_are_not_answered(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		const bool query4 = type == 0 || type == 8 || (type >= 13 && type <= 18);
		const bool query6 = type >= 128 && type != 137;
		uint8_t packet[BYTES_MAX];

		(void)packet_v4(packet, 60, host4, nobody4);
		packet[9] = 1;
		packet[20] = (uint8_t)type;
		assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), query4 ? 0 : ERR_DENIED);
		(void)packet_v6(packet, 60, host6, nobody6);
		packet[6] = 58;
		packet[40] = (uint8_t)type;
		assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), query6 ? 0 : ERR_DENIED);
		assert_int_equal(answer(ICMP_TOO_BIG, packet, 60), query6 ? 0 : ERR_DENIED);
	}
}

/* An error could hide behind extension headers, or its type could be missing. */
static void icmp_errors_in_disguise_are_not_answered(void **state)
{
	uint8_t packet[BYTES_MAX];

	(void)state;
	(void)packet_v6(packet, 60, host6, nobody6);
	packet[6] = 60;
	memset(packet + 40, 0, 8);
	packet[40] = 58;
	packet[48] = 1;
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), ERR_DENIED);
	packet[48] = 128;
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), 0);
	packet_u16(packet + 4, 8);
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), ERR_DENIED);
	(void)packet_v4(packet, 28, host4, nobody4);
	packet[9] = 1;
	packet_u16(packet + 2, 20);
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 28), ERR_DENIED);
	packet[9] = 58; /* of the other family: no error here */
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 28), 0);
}

static void only_first_fragments_are_answered(void **state)
{
	uint8_t packet[BYTES_MAX];

	(void)state;
	(void)packet_v4(packet, 60, host4, nobody4);
	packet_u16(packet + 6, 0x2000);
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), 0);
	packet_u16(packet + 6, 0x2001);
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), ERR_DENIED);
	packet_u16(packet + 6, 0x0001);
	assert_int_equal(answer(ICMP_TOO_BIG, packet, 60), ERR_DENIED);

	(void)packet_v6(packet, 60, host6, nobody6);
	packet[6] = 44;
	memset(packet + 40, 0, 8);
	packet[40] = 17;
	packet[43] = 1;
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), 0);
	packet[43] = 8;
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), ERR_DENIED);
}

static void sources_that_name_no_host_are_not_answered(void **state)
{
	static const struct {
		uint8_t source[4];
		int err;
	} v4[] = {
		{ { 0, 0, 0, 0 }, ERR_DENIED },
		{ { 0, 255, 255, 255 }, ERR_DENIED },
		{ { 1, 0, 0, 0 }, 0 },
		{ { 127, 0, 0, 1 }, ERR_DENIED },
		{ { 128, 0, 0, 1 }, 0 },
		{ { 223, 255, 0, 1 }, 0 },
		{ { 224, 0, 0, 1 }, ERR_DENIED },
		{ { 240, 0, 0, 1 }, ERR_DENIED },
		{ { 255, 255, 255, 255 }, ERR_DENIED },
		{ { 10, 128, 255, 255 }, ERR_DENIED },
		{ { 10, 128, 255, 254 }, 0 },
	};
	static const struct {
		uint8_t source[16];
		int err;
	} v6[] = {
		{ { 0 }, ERR_DENIED },
		{ { [15] = 1 }, ERR_DENIED },
		{ { [15] = 2 }, 0 },
		{ { [14] = 1 }, 0 },
		{ { 0xff, 2, [15] = 1 }, ERR_DENIED },
		{ { 0xfe, 0x80, [15] = 1 }, 0 },
	};
	uint8_t packet[BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
		(void)packet_v4(packet, 60, v4[i].source, nobody4);
		assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), v4[i].err);
	}
	for (size_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
		(void)packet_v6(packet, 60, v6[i].source, nobody6);
		assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), v6[i].err);
		assert_int_equal(answer(ICMP_TOO_BIG, packet, 60), v6[i].err);
	}
}

static void multicast_and_broadcast_are_not_answered(void **state)
{
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
	static const uint8_t destinations[][4] = { { 224, 0, 0, 251 },
						   { 255, 255, 255, 255 },
						   { 10, 128, 255, 255 } };
	struct icmp_error error = error_of(ICMP_UNREACHABLE, false);
	uint8_t got[ICMP_V6_BYTES_MAX];
	uint8_t packet[BYTES_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		(void)packet_v4(packet, 60, host4, destinations[i]);
		assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), ERR_DENIED);
		assert_int_equal(answer(ICMP_TOO_BIG, packet, 60), ERR_DENIED);
	}
	for (unsigned prefix_len = 0; prefix_len <= 32; prefix_len++) {
		error.v4_prefix_len = (uint8_t)prefix_len; /* of /16 to /30, 10.128.255.255 is */
		assert_int_equal(icmp_build(&error, span_of(packet, 60), got, &len),
				 prefix_len >= 16 && prefix_len <= 30 ? ERR_DENIED : 0);
	}
	error.v4_prefix_len = 8;
	for (unsigned bit = 0; bit < 32; bit++) { /* of 10.255.255.255, any bit of the host off */
		uint8_t destination[4] = { 10, 255, 255, 255 };

		destination[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		(void)packet_v4(packet, 60, host4, destination);
		assert_int_equal(icmp_build(&error, span_of(packet, 60), got, &len),
				 bit < 8 ? ERR_DENIED : 0);
	}
	(void)packet_v6(packet, 60, host6, all_nodes);
	assert_int_equal(answer(ICMP_UNREACHABLE, packet, 60), ERR_DENIED);
	assert_int_equal(answer(ICMP_TOO_BIG, packet, 60), 0); /* the exception: (e.3) */
}

static void answers_are_limited_in_rate(void **state)
{
	struct icmp_limit limit = { { 0 } };
	struct mono now = { .us = 5000000 };
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		count += icmp_limit_allows(&limit, now);
	assert_int_equal(count, ICMP_BURST);
	assert_false(icmp_limit_allows(&limit, (struct mono){ now.us + 9999 }));
	assert_true(icmp_limit_allows(&limit, (struct mono){ now.us + 10000 }));
	assert_false(icmp_limit_allows(&limit, (struct mono){ now.us + 10000 }));

	for (count = 0; now.us < 15000000; now.us += 1000) /* ten seconds */
		count += icmp_limit_allows(&limit, now);
	assert_in_range(count, 990, 1000);

	now = mono_add_ms(now, 100000); /* silence fills it, and not beyond */
	for (count = 0; icmp_limit_allows(&limit, now);)
		count++;
	assert_int_equal(count, ICMP_BURST);
	limit = (struct icmp_limit){ { 0 } };
	for (count = 0; icmp_limit_allows(&limit, (struct mono){ 0 });)
		count++;
	assert_int_equal(count, ICMP_BURST); /* from the first moment of all */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_these_bytes),
		cmocka_unit_test(quotes_are_bounded_and_checksums_right),
		cmocka_unit_test(bytes_behind_the_packet_are_not_quoted),
		cmocka_unit_test(no_packet_and_the_wrong_family_are_refused),
		cmocka_unit_test(icmp_errors_are_not_answered),
		cmocka_unit_test(icmp_errors_in_disguise_are_not_answered),
		cmocka_unit_test(only_first_fragments_are_answered),
		cmocka_unit_test(sources_that_name_no_host_are_not_answered),
		cmocka_unit_test(multicast_and_broadcast_are_not_answered),
		cmocka_unit_test(answers_are_limited_in_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
