/* super.h - super-packets for tests, made by hand as a kernel makes them, and what a network card
 * would make of them: slow, simple, and not made by the code under test.
 */
#ifndef TESTS_SUPER_H
#define TESTS_SUPER_H

#include "tests/lib/packet.h"

#include <stdbool.h>

#define SUPER_FIN 0x01
#define SUPER_PSH 0x08
#define SUPER_ACK 0x10
#define SUPER_CWR 0x80
#define SUPER_TCP 6
#define SUPER_BYTES_MAX 65536

struct super {
	bool v6, tcp;
	uint8_t flags;        /* of TCP, besides ACK */
	size_t options;       /* bytes of TCP options, a multiple of four */
	size_t segment_bytes; /* 0: not to be cut */
	size_t payload;
	const uint8_t *source, *destination; /* of the version */
};

static inline size_t super_transport_at(const struct super *super)
{
	return super->v6 ? 40 : 20;
}

static inline size_t super_header_len(const struct super *super)
{
	return super_transport_at(super) + (super->tcp ? 20 + super->options : 8);
}

static inline size_t super_checksum_at(const struct super *super)
{
	return super_transport_at(super) + (super->tcp ? 16 : 6);
}

static inline uint16_t super_pseudo(const struct super *super, const uint8_t *packet, size_t len)
{
	const size_t address_bytes = super->v6 ? 16 : 4;
	uint8_t tail[4] = { 0, super->tcp ? SUPER_TCP : PACKET_UDP };
	uint16_t sum = packet_sum(packet + (super->v6 ? 8 : 12), 2 * address_bytes, 0);

	packet_u16(tail + 2, len - super_transport_at(super));
	return packet_sum(tail, sizeof(tail), sum);
}

/* The fields that depend on the length. */
static inline void super_set_len(const struct super *super, uint8_t *packet, size_t len)
{
	if (super->v6) {
		packet_u16(packet + 4, len - 40);
	} else {
		packet_u16(packet + 2, len);
		packet_u16(packet + 10, 0);
		packet_u16(packet + 10, 0xffffU - packet_sum(packet, 20, 0));
	}
	if (!super->tcp)
		packet_u16(packet + super_transport_at(super) + 4, len - super_transport_at(super));
	packet_u16(packet + super_checksum_at(super), super_pseudo(super, packet, len));
}

/* Makes it, with a partial checksum: its length. */
static inline size_t super_make(const struct super *super, uint8_t *ret)
{
	const size_t header = super_header_len(super);
	const size_t at = super_transport_at(super);
	uint8_t *tcp = ret + at;

	if (super->v6)
		(void)packet_v6(ret, 48, super->source, super->destination);
	else
		(void)packet_v4(ret, 28, super->source, super->destination);
	if (super->tcp) {
		memset(tcp, 0, header - at);
		ret[super->v6 ? 6 : 9] = SUPER_TCP;
		packet_u16(tcp, 4000);
		packet_u16(tcp + 2, 443);
		packet_u16(tcp + 4, 0xffff); /* the sequence number passes zero soon */
		packet_u16(tcp + 6, 0xf000);
		packet_u16(tcp + 8, 0x1234);
		tcp[12] = (uint8_t)((20 + super->options) / 4 << 4);
		tcp[13] = super->flags | SUPER_ACK;
		packet_u16(tcp + 14, 500);
		memset(tcp + 20, 1, super->options); /* no operation */
	}
	if (!super->v6)
		packet_u16(ret + 4, 0xfffe);
	for (size_t i = 0; i < super->payload; i++)
		ret[header + i] = (uint8_t)(i * 7 + (i >> 8));
	super_set_len(super, ret, header + super->payload);
	return header + super->payload;
}

/* The n-th segment of a super-packet as a card sends it; `complete`: with its whole checksum. Its
 * length. */
static inline size_t super_segment(const struct super *super, const uint8_t *packet, size_t n,
				   bool complete, uint8_t *ret)
{
	const size_t header = super_header_len(super);
	const size_t at = super_transport_at(super);
	const size_t from = n * super->segment_bytes;
	const bool is_last = from + super->segment_bytes >= super->payload;
	const size_t payload = is_last ? super->payload - from : super->segment_bytes;
	const size_t len = header + payload;

	memcpy(ret, packet, header);
	memcpy(ret + header, packet + header + from, payload);
	if (!super->v6)
		packet_u16(ret + 4, (size_t)(packet[4] << 8 | packet[5]) + n);
	if (super->tcp) {
		const uint32_t sequence =
			((uint32_t)packet[at + 4] << 24 | (uint32_t)packet[at + 5] << 16 |
			 (uint32_t)packet[at + 6] << 8 | packet[at + 7]) +
			(uint32_t)from;

		packet_u16(ret + at + 4, sequence >> 16);
		packet_u16(ret + at + 6, sequence & 0xffff);
		if (!is_last)
			ret[at + 13] &= (uint8_t) ~(SUPER_FIN | SUPER_PSH);
		if (n > 0)
			ret[at + 13] &= (uint8_t)~SUPER_CWR;
	}
	super_set_len(super, ret, len);
	if (complete) {
		const uint16_t sum = (uint16_t)(0xffffU - packet_sum(ret + at, len - at, 0));

		packet_u16(ret + super_checksum_at(super), sum == 0 && !super->tcp ? 0xffff : sum);
	}
	return len;
}

#endif
