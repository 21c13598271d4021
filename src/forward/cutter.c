/* cutter.c - see cutter.h. */
#include "forward/cutter.h"

#include "base/err.h"

#include <string.h>

#define FRAME_PLACE_MAX UINT8_MAX /* a frame has one byte to say where something is */
#define IPV4_ID_AT 4
#define UDP_LEN_AT 4
#define TCP_SEQUENCE_AT 4
#define TCP_FLAGS_AT 13
#define TCP_FIN_PSH 0x09U
#define TCP_CWR 0x80U

static bool is_kind(enum offload_kind kind, const struct ip_packet *ip)
{
	switch (kind) {
	case OFFLOAD_NONE:
		return true;
	case OFFLOAD_TCP4:
		return ip->protocol == IP_TCP && !ip->v6;
	case OFFLOAD_TCP6:
		return ip->protocol == IP_TCP && ip->v6;
	case OFFLOAD_UDP:
		return ip->protocol == IP_UDP;
	}
	return false;
}

/* The field and what is summed up are inside the packet. */
static bool is_inside(const struct offload *offload, size_t len)
{
	return (size_t)offload->checksum_start + offload->checksum_offset + sizeof(uint16_t) <= len;
}

int cutter_begin(struct cutter *cutter, struct span packet, const struct ip_packet *ip,
		 const struct offload *offload, bool may_be_partial)
{
	const bool is_super = offload->kind != OFFLOAD_NONE;
	struct offload_layout layout = { 0 };
	bool fits = false;

	if (offload->partial_checksum) {
		if (!is_inside(offload, packet.len))
			return ERR_MALFORMED;
		fits = offload_find(packet, ip, &layout) && offload_fits(offload, &layout);
	}
	if (is_super && (!fits || !is_kind(offload->kind, ip) || offload->segment_bytes == 0 ||
			 layout.header_len >= packet.len))
		return ERR_MALFORMED;
	may_be_partial = may_be_partial && fits && layout.header_len <= FRAME_PLACE_MAX;
	*cutter = (struct cutter){
		.packet = packet,
		.ip = *ip,
		.offload = *offload,
		.layout = layout,
		.partial = may_be_partial,
		.complete = offload->partial_checksum && !may_be_partial,
	};
	if (is_super) {
		cutter->offload.header_len = layout.header_len;
		cutter->at = layout.header_len;
		cutter->pseudo = ip_pseudo_sum(ip, ip->protocol, 0);
	}
	return 0;
}

void cutter_complete(struct cutter *cutter)
{
	cutter->complete = cutter->offload.partial_checksum;
	cutter->partial = false;
}

bool cutter_shorten(struct cutter *cutter, size_t most)
{
	const size_t header = cutter->layout.header_len;

	if (cutter_longest(cutter) <= most)
		return true;
	if (cutter->offload.kind == OFFLOAD_NONE || !cutter->layout.tcp || most <= header)
		return false;
	cutter->offload.segment_bytes = (uint16_t)(most - header);
	return true;
}

size_t cutter_count(const struct cutter *cutter)
{
	const size_t payload = cutter->packet.len - cutter->layout.header_len;
	const size_t each = cutter->offload.segment_bytes;

	return cutter->offload.kind == OFFLOAD_NONE ? 1 : (payload + each - 1) / each;
}

size_t cutter_longest(const struct cutter *cutter)
{
	const size_t whole = (size_t)cutter->layout.header_len + cutter->offload.segment_bytes;

	return cutter->offload.kind == OFFLOAD_NONE || whole > cutter->packet.len
		       ? cutter->packet.len
		       : whole;
}

/* Adds up what is still missing. A UDP checksum of zero would say that there is none (RFC 768). */
static void complete(uint8_t *packet, size_t len, const struct offload *offload, uint8_t protocol)
{
	const size_t start = offload->checksum_start;
	uint16_t checksum = ip_checksum(span_of(packet + start, len - start), 0);

	if (checksum == 0 && protocol == IP_UDP)
		checksum = UINT16_MAX;
	offload_put16(packet + start + offload->checksum_offset, checksum);
}

static void patch_tcp(const struct cutter *cutter, bool is_last, uint8_t *tcp)
{
	const size_t before = cutter->at - cutter->layout.header_len;
	uint32_t sequence = (uint32_t)tcp[TCP_SEQUENCE_AT] << 24 |
			    (uint32_t)tcp[TCP_SEQUENCE_AT + 1] << 16 |
			    (uint32_t)tcp[TCP_SEQUENCE_AT + 2] << 8 | tcp[TCP_SEQUENCE_AT + 3];

	sequence += (uint32_t)before;
	offload_put16(tcp + TCP_SEQUENCE_AT, sequence >> 16);
	offload_put16(tcp + TCP_SEQUENCE_AT + 2, sequence);
	if (!is_last)
		tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_FIN_PSH;
	if (cutter->index > 0)
		tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR;
}

/* What each segment has of its own. */
static void patch(const struct cutter *cutter, bool is_last, uint8_t *packet, size_t len)
{
	uint8_t *transport = packet + cutter->layout.transport_at;
	const size_t transport_len = len - cutter->layout.transport_at;
	uint32_t sum = cutter->pseudo + (uint32_t)transport_len;

	if (!cutter->ip.v6)
		offload_put16(packet + IPV4_ID_AT,
			      ((unsigned)packet[IPV4_ID_AT] << 8 | packet[IPV4_ID_AT + 1]) +
				      cutter->index);
	offload_set_len(packet, &cutter->ip, len);
	if (cutter->layout.tcp)
		patch_tcp(cutter, is_last, transport);
	else
		offload_put16(transport + UDP_LEN_AT, (unsigned)transport_len);
	sum = (sum & UINT16_MAX) + (sum >> 16); /* at most one carry: both were 16 bits */
	offload_put16(transport + cutter->layout.checksum_offset, sum);
}

static size_t next_segment(struct cutter *cutter, uint8_t *ret)
{
	const size_t left = cutter->packet.len - cutter->at;
	const size_t payload =
		left < cutter->offload.segment_bytes ? left : cutter->offload.segment_bytes;
	const size_t header = cutter->layout.header_len;

	memcpy(ret, cutter->packet.data, header);
	memcpy(ret + header, cutter->packet.data + cutter->at, payload);
	patch(cutter, payload == left, ret, header + payload);
	cutter->at += payload;
	cutter->index++;
	return header + payload;
}

size_t cutter_next(struct cutter *cutter, uint8_t *ret)
{
	size_t len;

	if (cutter->at == cutter->packet.len)
		return 0;
	if (cutter->offload.kind != OFFLOAD_NONE) {
		len = next_segment(cutter, ret);
	} else {
		len = cutter->packet.len;
		memcpy(ret, cutter->packet.data, len);
		cutter->at = len;
	}
	if (cutter->complete)
		complete(ret, len, &cutter->offload, cutter->ip.protocol);
	return len;
}
