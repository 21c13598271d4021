/* test_ip.c - headers are read as far as they are there and no further, lengths cannot lie, and no
 * chain of extension headers is followed for ever. */
#include "base/err.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/packet.h"
#include "wire/ip.h"

#include <stdlib.h>

#define PACKET_BYTES_MAX 2048

static const uint8_t a4[4] = { 10, 128, 0, 1 };
static const uint8_t b4[4] = { 10, 128, 0, 2 };
static const uint8_t a6[16] = { 0xfd, 1, 2, 3, 4, 5, [15] = 1 };
static const uint8_t b6[16] = { 0xfd, 1, 2, 3, 4, 5, [15] = 2 };

/* Decodes a copy that ends where the allocation ends, so that a sanitizer sees a read behind it. */
static int decode(const uint8_t *bytes, size_t len, struct ip_packet *ret)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	err = ip_decode(span_of(copy, len), ret);
	free(copy);
	return err;
}

/* An IPv6 packet whose first header is `first`, behind whose 40 bytes `chain` stands. */
static size_t with_chain(uint8_t *ret, uint8_t first, const uint8_t *chain, size_t chain_len)
{
	(void)packet_v6(ret, 48, a6, b6);
	ret[6] = first;
	packet_u16(ret + 4, chain_len);
	memcpy(ret + 40, chain, chain_len);
	return 40 + chain_len;
}

static void an_ipv4_packet_is_read(void **state)
{
	uint8_t bytes[PACKET_BYTES_MAX];
	const struct ip_address source = ip_v4(a4);
	const struct ip_address destination = ip_v4(b4);
	struct ip_packet packet;

	(void)state;
	(void)packet_v4(bytes, 100, a4, b4);
	assert_int_equal(decode(bytes, 100, &packet), 0);
	assert_false(packet.v6);
	assert_true(ip_equal(&packet.source, &source));
	assert_true(ip_equal(&packet.destination, &destination));
	assert_true(ip_is_v4(&packet.source));
	assert_int_equal(packet.len, 100);
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.transport_at, 20);
	assert_false(packet.is_fragment);
	assert_true(packet.is_first);
	assert_true(packet.dont_fragment);
	assert_false(packet.source_routed);

	assert_int_equal(decode(bytes, 101, &packet), 0); /* a byte behind its end is not of it */
	assert_int_equal(packet.len, 100);
	bytes[6] = 0;
	assert_int_equal(decode(bytes, 100, &packet), 0);
	assert_false(packet.dont_fragment);
}

static void an_ipv6_packet_is_read(void **state)
{
	uint8_t bytes[PACKET_BYTES_MAX];
	const struct ip_address source = ip_v6(a6);
	const struct ip_address destination = ip_v6(b6);
	struct ip_packet packet;

	(void)state;
	(void)packet_v6(bytes, 100, a6, b6);
	assert_int_equal(decode(bytes, 100, &packet), 0);
	assert_true(packet.v6);
	assert_true(ip_equal(&packet.source, &source));
	assert_true(ip_equal(&packet.destination, &destination));
	assert_false(ip_is_v4(&packet.source));
	assert_int_equal(packet.len, 100);
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.transport_at, 40);
	assert_false(packet.is_fragment);
	assert_true(packet.is_first);
	assert_true(packet.dont_fragment);
	assert_false(packet.source_routed);
}

static void every_truncation_is_refused_and_changes_nothing(void **state)
{
	static const uint8_t chain[] = { 43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t bytes[3][PACKET_BYTES_MAX];
	const size_t lens[3] = { packet_v4(bytes[0], 60, a4, b4), packet_v6(bytes[1], 80, a6, b6),
				 with_chain(bytes[2], 0, chain, sizeof(chain)) };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ip_packet packet = { .len = 4711 };

		for (size_t len = 0; len < lens[i]; len++)
			assert_int_equal(decode(bytes[i], len, &packet), ERR_MALFORMED);
		assert_int_equal(packet.len, 4711);
		assert_int_equal(decode(bytes[i], lens[i], &packet), 0);
	}
}

/* The same inside a packet that is all there: its own length ends in the middle of a header. */
static void chains_that_pass_the_end_are_refused(void **state)
{
	static const uint8_t firsts[] = { 0, 43, 44, 51, 60, 135, 139, 140 };

	(void)state;
	for (size_t i = 0; i < sizeof(firsts); i++) {
		const uint8_t chain[] = { 17, 0, 0, 0, 0, 0, 0, 0 };
		uint8_t bytes[PACKET_BYTES_MAX] = { 0 };
		const size_t len = with_chain(bytes, firsts[i], chain, sizeof(chain));
		struct ip_packet packet;

		assert_int_equal(decode(bytes, len, &packet), 0);
		assert_int_equal(packet.transport_at, 48);
		for (unsigned payload = 0; payload < 8; payload++) {
			packet_u16(bytes + 4, payload);
			assert_int_equal(decode(bytes, len, &packet), ERR_MALFORMED);
		}
	}
}

static void headers_alone_are_packets(void **state)
{
	uint8_t bytes[PACKET_BYTES_MAX];
	struct ip_packet packet;

	(void)state;
	(void)packet_v4(bytes, 28, a4, b4);
	packet_u16(bytes + 2, 20);
	assert_int_equal(decode(bytes, 20, &packet), 0);
	assert_int_equal(decode(bytes, 19, &packet), ERR_MALFORMED);
	(void)packet_v6(bytes, 48, a6, b6);
	packet_u16(bytes + 4, 0);
	assert_int_equal(decode(bytes, 40, &packet), 0);
	assert_int_equal(decode(bytes, 39, &packet), ERR_MALFORMED);
	assert_int_equal(ip_decode(span_of(NULL, 0), &packet), ERR_MALFORMED);
}

static void ipv4_addresses_are_mapped(void **state)
{
	static const uint8_t want[16] = {
		[10] = 0xff, 0xff, 10, 128, 0, 1
	}; /* RFC 4291, 2.5.5.2 */
	const struct ip_address address = ip_v4(a4);

	(void)state;
	assert_memory_equal(address.bytes, want, sizeof(want));
}

static void other_versions_are_refused(void **state)
{
	uint8_t bytes[PACKET_BYTES_MAX];
	struct ip_packet packet;

	(void)state;
	(void)packet_v6(bytes, 100, a6, b6);
	for (unsigned version = 0; version < 16; version++) {
		bytes[0] = (uint8_t)(version << 4 | 5);
		packet_u16(bytes + 2, 100);
		assert_int_equal(decode(bytes, 100, &packet),
				 version == 4 || version == 6 ? 0 : ERR_MALFORMED);
	}
}

static void ipv4_lengths_cannot_lie(void **state)
{
	uint8_t bytes[PACKET_BYTES_MAX];
	struct ip_packet packet;

	(void)state;
	(void)packet_v4(bytes, 100, a4, b4);
	bytes[0] = 0x44; /* a header below its own minimum */
	assert_int_equal(decode(bytes, 100, &packet), ERR_MALFORMED);
	bytes[0] = 0x45;
	packet_u16(bytes + 2, 19);
	assert_int_equal(decode(bytes, 100, &packet), ERR_MALFORMED);
	packet_u16(bytes + 2, 20);
	assert_int_equal(decode(bytes, 100, &packet), 0);
	assert_int_equal(packet.transport_at, packet.len);
	packet_u16(bytes + 2, 101);
	assert_int_equal(decode(bytes, 100, &packet), ERR_MALFORMED);
	packet_u16(bytes + 2, 23);
	bytes[0] = 0x46; /* a header beyond the packet */
	assert_int_equal(decode(bytes, 100, &packet), ERR_MALFORMED);
	packet_u16(bytes + 2, 24);
	memset(bytes + 20, 0, 4);
	assert_int_equal(decode(bytes, 100, &packet), 0);
}

static void ipv4_options_are_walked(void **state)
{
	static const struct {
		uint8_t options[8];
		int err;
		bool source_routed;
	} cases[] = {
		{ { 0 }, 0, false },
		{ { 1, 1, 1, 1, 1, 1, 1, 1 }, 0, false },
		{ { 7, 7, 4 }, 0, false },                  /* record route */
		{ { 131, 7, 4, 1, 2, 3, 4, 0 }, 0, true },  /* loose */
		{ { 137, 7, 4, 1, 2, 3, 4, 0 }, 0, true },  /* strict */
		{ { 1, 131, 7, 4, 1, 2, 3, 4 }, 0, true },  /* behind another one */
		{ { 0, 131, 7, 4, 1, 2, 3, 4 }, 0, false }, /* behind the end */
		{ { 131, 8, 4, 1, 2, 3, 4, 5 }, 0, true },  /* to the very end */
		{ { 131, 9 }, ERR_MALFORMED, false },       /* one byte further */
		{ { 131, 2, 7, 2, 1, 1, 1, 1 }, 0, true },
		{ { 131, 0 }, ERR_MALFORMED, false }, /* would stand still for ever */
		{ { 131, 1 }, ERR_MALFORMED, false }, /* ends before its own length */
		{ { 7, 255 }, ERR_MALFORMED, false },
		{ { 1, 1, 1, 1, 1, 1, 1, 7 }, ERR_MALFORMED, false }, /* no length */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[PACKET_BYTES_MAX];
		struct ip_packet packet;

		(void)packet_v4(bytes, 60, a4, b4);
		bytes[0] = 0x47;
		memcpy(bytes + 20, cases[i].options, 8);
		assert_int_equal(decode(bytes, 60, &packet), cases[i].err);
		if (cases[i].err == 0) {
			assert_int_equal(packet.source_routed, cases[i].source_routed);
			assert_int_equal(packet.transport_at, 28);
		}
	}
}

static void ipv4_fragments(void **state)
{
	static const struct {
		unsigned field;
		bool is_fragment, is_first;
	} cases[] = {
		{ 0x0000, false, true }, { 0x2000, true, true },  { 0x0001, true, false },
		{ 0x2001, true, false }, { 0x1fff, true, false }, { 0x4000, false, true },
		{ 0x8000, false, true }, /* reserved: the "evil bit" says nothing */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[PACKET_BYTES_MAX];
		struct ip_packet packet;

		(void)packet_v4(bytes, 60, a4, b4);
		packet_u16(bytes + 6, cases[i].field);
		assert_int_equal(decode(bytes, 60, &packet), 0);
		assert_int_equal(packet.is_fragment, cases[i].is_fragment);
		assert_int_equal(packet.is_first, cases[i].is_first);
		assert_int_equal(packet.dont_fragment, cases[i].field == 0x4000);
	}
}

static void ipv6_lengths_cannot_lie(void **state)
{
	static uint8_t bytes[70000];
	struct ip_packet packet;

	(void)state;
	(void)packet_v6(bytes, 48, a6, b6);
	packet_u16(bytes + 4, 0);
	assert_int_equal(decode(bytes, 48, &packet), 0);
	assert_int_equal(packet.len, 40);
	assert_int_equal(packet.transport_at, 40);
	packet_u16(bytes + 4, 9);
	assert_int_equal(decode(bytes, 48, &packet), ERR_MALFORMED);
	packet_u16(bytes + 4, 65495); /* 65535 in all */
	assert_int_equal(decode(bytes, sizeof(bytes), &packet), 0);
	assert_int_equal(packet.len, 65535);
	packet_u16(bytes + 4, 65496);
	assert_int_equal(decode(bytes, sizeof(bytes), &packet), ERR_MALFORMED);
}

/* One of each kind, then UDP: the transport is found behind them. */
static void extension_headers_are_followed(void **state)
{
	static const uint8_t chain[] = {
		60,  0, 1, 4,  0, 0, 0, 0,                         /* hop by hop */
		43,  1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* destination, 16 bytes */
		51,  0, 0, 0,  0, 0, 0, 0,                         /* routing, no segments left */
		135, 1, 0, 0,  0, 0, 0, 1, 0, 0, 0, 1,             /* authentication, 12 bytes */
		139, 0, 0, 0,  0, 0, 0, 0,                         /* mobility */
		140, 0, 0, 0,  0, 0, 0, 0,                         /* HIP */
		17,  0, 0, 0,  0, 0, 0, 0,                         /* shim6 */
		1,   2, 3, 4,  0, 8, 0, 0,
	};
	uint8_t bytes[PACKET_BYTES_MAX];
	const size_t len = with_chain(bytes, 0, chain, sizeof(chain));
	struct ip_packet packet;

	(void)state;
	assert_int_equal(decode(bytes, len, &packet), 0);
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.transport_at, len - 8);
	assert_false(packet.source_routed);
	assert_true(packet.is_first);
	bytes[40 + 8 + 16 + 3] = 1; /* a segment is left */
	assert_int_equal(decode(bytes, len, &packet), 0);
	assert_true(packet.source_routed);
}

static void chains_of_extension_headers_end(void **state)
{
	uint8_t bytes[PACKET_BYTES_MAX];
	uint8_t chain[8 * (IPV6_EXTENSIONS_MAX + 1)] = { 0 };
	struct ip_packet packet;

	(void)state;
	for (size_t i = 0; i <= IPV6_EXTENSIONS_MAX; i++)
		chain[8 * i] = 60;
	chain[sizeof(chain) - 16] = 17; /* the last that is allowed leads to UDP */
	assert_int_equal(decode(bytes, with_chain(bytes, 60, chain, sizeof(chain)), &packet), 0);
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.transport_at, 40 + 8 * IPV6_EXTENSIONS_MAX);
	chain[sizeof(chain) - 16] = 60; /* one more */
	chain[sizeof(chain) - 8] = 17;
	assert_int_equal(decode(bytes, with_chain(bytes, 60, chain, sizeof(chain)), &packet),
			 ERR_MALFORMED);
}

/* A header of length 255 is 2,048 bytes long: in eight bits that is nothing, and a parser that
 * counts so finds the same header again and again. It happened to another VPN's firewall. */
static void long_extension_headers_do_not_wrap(void **state)
{
	static uint8_t bytes[40 + 2048 + 8];
	struct ip_packet packet;

	(void)state;
	(void)packet_v6(bytes, sizeof(bytes), a6, b6);
	memset(bytes + 40, 0, sizeof(bytes) - 40);
	bytes[6] = 60;
	bytes[40] = 60;
	bytes[41] = 255;
	bytes[40 + 2048] = 17;
	assert_int_equal(decode(bytes, sizeof(bytes), &packet), 0);
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.transport_at, sizeof(bytes));
	assert_int_equal(decode(bytes, sizeof(bytes) - 1, &packet), ERR_MALFORMED);
	packet_u16(bytes + 4, 2047); /* within the bytes, but beyond the packet */
	assert_int_equal(decode(bytes, sizeof(bytes), &packet), ERR_MALFORMED);

	(void)packet_v6(bytes, sizeof(bytes), a6, b6);
	bytes[6] = 51; /* authentication: 255 is 1,028 bytes */
	bytes[40] = 17;
	bytes[41] = 255;
	assert_int_equal(decode(bytes, sizeof(bytes), &packet), 0);
	assert_int_equal(packet.transport_at, 40 + 1028);
}

static void hop_by_hop_comes_first_or_not_at_all(void **state)
{
	static const uint8_t chain[] = { 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t bytes[PACKET_BYTES_MAX];
	struct ip_packet packet;

	(void)state;
	assert_int_equal(decode(bytes, with_chain(bytes, 60, chain, sizeof(chain)), &packet),
			 ERR_MALFORMED);
	assert_int_equal(decode(bytes, with_chain(bytes, 0, chain, sizeof(chain)), &packet),
			 ERR_MALFORMED);
	assert_int_equal(decode(bytes, with_chain(bytes, 0, chain + 8, 8), &packet), 0);
}

static void ipv6_fragments(void **state)
{
	static const struct {
		unsigned field;
		bool is_fragment, is_first;
	} cases[] = {
		{ 0x0000, false, true }, /* atomic: a whole packet (RFC 6946) */
		{ 0x0001, true, true },  { 0x0008, true, false }, { 0x0009, true, false },
		{ 0xfff8, true, false }, { 0x0006, false, true }, /* reserved bits */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Behind a later fragment's header there are bytes, not headers. */
		uint8_t chain[24] = { 60, 0, 0, 0, 1, 2, 3, 4, 17, 0, 0, 0, 0, 0, 0, 0 };
		uint8_t bytes[PACKET_BYTES_MAX];
		struct ip_packet packet;

		packet_u16(chain + 2, cases[i].field);
		assert_int_equal(
			decode(bytes, with_chain(bytes, 44, chain, sizeof(chain)), &packet), 0);
		assert_int_equal(packet.is_fragment, cases[i].is_fragment);
		assert_int_equal(packet.is_first, cases[i].is_first);
		assert_int_equal(packet.protocol, cases[i].is_first ? 17 : 60);
		assert_int_equal(packet.transport_at, cases[i].is_first ? 56 : 48);
		assert_true(packet.dont_fragment);
	}
}

static void a_fragment_of_a_fragment_is_refused(void **state)
{
	static const uint8_t chain[] = { 44, 0, 0, 1, 0, 0, 0, 1, 17, 0, 0, 8, 0, 0, 0, 2 };
	uint8_t bytes[PACKET_BYTES_MAX];
	struct ip_packet packet;

	(void)state;
	assert_int_equal(decode(bytes, with_chain(bytes, 44, chain, sizeof(chain)), &packet),
			 ERR_MALFORMED);
}

static void an_ipv6_packet_cannot_pass_for_ipv4(void **state)
{
	const struct ip_address mapped = ip_v4(a4);
	uint8_t bytes[PACKET_BYTES_MAX];
	struct ip_packet packet;

	(void)state;
	(void)packet_v6(bytes, 60, mapped.bytes, b6);
	assert_int_equal(decode(bytes, 60, &packet), ERR_MALFORMED);
	(void)packet_v6(bytes, 60, a6, mapped.bytes);
	assert_int_equal(decode(bytes, 60, &packet), ERR_MALFORMED);
	bytes[24 + 10] = 0xfe; /* one bit off */
	assert_int_equal(decode(bytes, 60, &packet), 0);
}

static void multicast_and_broadcast(void **state)
{
	static const struct {
		uint8_t v4[4];
		bool multicast;
	} cases[] = {
		{ { 223, 255, 255, 255 }, false }, { { 224, 0, 0, 0 }, true },
		{ { 239, 255, 255, 255 }, true },  { { 240, 0, 0, 0 }, false },
		{ { 255, 255, 255, 254 }, false }, { { 255, 255, 255, 255 }, true },
	};
	const struct ip_address ff = { .bytes = { 0xff, 2, [15] = 1 } };
	const struct ip_address fe = { .bytes = { 0xfe, 0xff, [15] = 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ip_address address = ip_v4(cases[i].v4);

		assert_int_equal(ip_is_multicast(&address), cases[i].multicast);
	}
	assert_true(ip_is_multicast(&ff));
	assert_false(ip_is_multicast(&fe));
}

/* The example of RFC 1071, 3: the sum of 00 01 f2 03 f4 f5 f6 f7 is ddf2. */
static void checksums(void **state)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	static const uint8_t odd[] = { 0x12, 0x34, 0x56 };
	uint8_t bytes[PACKET_BYTES_MAX];
	uint8_t ones[256];

	(void)state;
	assert_int_equal(ip_checksum(span_of(example, sizeof(example)), 0), 0xffff - 0xddf2);
	assert_int_equal(ip_checksum(span_of(odd, sizeof(odd)), 0), 0xffff - 0x6834);
	assert_int_equal(ip_checksum(span_of(NULL, 0), 0), 0xffff);
	assert_int_equal(ip_checksum(span_of(NULL, 0), UINT32_MAX), 0);
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(ip_checksum(span_of(ones, sizeof(ones)), 0), 0);
	for (size_t len = 28; len < 1360; len += 7) { /* a right checksum leaves zero */
		(void)packet_v4(bytes, len, a4, b4);
		assert_int_equal(ip_checksum(span_of(bytes, 20), 0), 0);
		assert_int_equal(ip_checksum(span_of(bytes, len), 7),
				 0xffff - packet_sum(bytes, len, 7));
	}
}

/* Pseudo-headers as RFC 9293, 3.1 and RFC 8200, 8.1 draw them. */
static void pseudo_headers(void **state)
{
	uint8_t bytes[PACKET_BYTES_MAX];
	uint8_t pseudo4[12] = { 10, 128, 0, 1, 10, 128, 0, 2, 0, 17, 0x05, 0x00 };
	uint8_t pseudo6[40] = { 0 };
	struct ip_packet packet;

	(void)state;
	(void)packet_v4(bytes, 100, a4, b4);
	assert_int_equal(decode(bytes, 100, &packet), 0);
	assert_int_equal(ip_checksum(span_of(NULL, 0), ip_pseudo_sum(&packet, IP_UDP, 0x500)),
			 0xffff - packet_sum(pseudo4, sizeof(pseudo4), 0));

	(void)packet_v6(bytes, 100, a6, b6);
	assert_int_equal(decode(bytes, 100, &packet), 0);
	memcpy(pseudo6, a6, 16);
	memcpy(pseudo6 + 16, b6, 16);
	packet_u16(pseudo6 + 34, 0x500);
	pseudo6[39] = IP_ICMPV6;
	assert_int_equal(ip_checksum(span_of(NULL, 0), ip_pseudo_sum(&packet, IP_ICMPV6, 0x500)),
			 0xffff - packet_sum(pseudo6, sizeof(pseudo6), 0));
}

/* The field is written, nothing else, and the header's checksum is as right as it was. */
static void congestion_marks(void **state)
{
	uint8_t before[48];
	uint8_t bytes[48];
	struct ip_packet packet;

	(void)state;
	for (unsigned from = 0; from < 256; from++) {
		for (uint8_t ecn = 0; ecn < 4; ecn++) {
			(void)packet_v4(bytes, 28, (const uint8_t[]){ 10, 0, 0, 1 },
					(const uint8_t[]){ 10, 0, 0, 2 });
			bytes[1] = (uint8_t)from;
			packet_u16(bytes + 10, 0);
			packet_u16(bytes + 10, 0xffffU - packet_sum(bytes, 20, 0));
			assert_int_equal(ip_decode(span_of(bytes, 28), &packet), 0);
			assert_int_equal(packet.ecn, from % 4);
			ip_set_ecn(bytes, false, ecn);
			assert_int_equal(bytes[1], (from & 0xfc) | ecn);
			assert_int_equal(packet_sum(bytes, 20, 0), 0xffff);
			bytes[11] ^= 1; /* a wrong one stays wrong */
			ip_set_ecn(bytes, false, from % 4);
			assert_int_not_equal(packet_sum(bytes, 20, 0), 0xffff);

			(void)packet_v6(bytes, 48, (const uint8_t[16]){ 0xfd },
					(const uint8_t[16]){ 0xfd, 1 });
			bytes[0] = (uint8_t)(0x60 | from >> 4);
			bytes[1] = (uint8_t)(from << 4 | 5);
			memcpy(before, bytes, sizeof(bytes));
			assert_int_equal(ip_decode(span_of(bytes, 48), &packet), 0);
			assert_int_equal(packet.ecn, from % 4);
			ip_set_ecn(bytes, true, ecn);
			before[1] = (uint8_t)((before[1] & 0xcf) | ecn << 4);
			assert_memory_equal(bytes, before, sizeof(bytes));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_packet_is_read),
		cmocka_unit_test(an_ipv6_packet_is_read),
		cmocka_unit_test(every_truncation_is_refused_and_changes_nothing),
		cmocka_unit_test(chains_that_pass_the_end_are_refused),
		cmocka_unit_test(headers_alone_are_packets),
		cmocka_unit_test(ipv4_addresses_are_mapped),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(ipv4_lengths_cannot_lie),
		cmocka_unit_test(ipv4_options_are_walked),
		cmocka_unit_test(ipv4_fragments),
		cmocka_unit_test(ipv6_lengths_cannot_lie),
		cmocka_unit_test(extension_headers_are_followed),
		cmocka_unit_test(chains_of_extension_headers_end),
		cmocka_unit_test(long_extension_headers_do_not_wrap),
		cmocka_unit_test(hop_by_hop_comes_first_or_not_at_all),
		cmocka_unit_test(ipv6_fragments),
		cmocka_unit_test(a_fragment_of_a_fragment_is_refused),
		cmocka_unit_test(an_ipv6_packet_cannot_pass_for_ipv4),
		cmocka_unit_test(multicast_and_broadcast),
		cmocka_unit_test(checksums),
		cmocka_unit_test(pseudo_headers),
		cmocka_unit_test(congestion_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
