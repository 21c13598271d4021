/* joiner.c - see joiner.h. */
#include "forward/joiner.h"

#include "base/seccheck.h"

#include <string.h>

#define BYTES_MAX UINT16_MAX /* of an IPv4 packet; IPv6 could have 40 more */
#define IPV4_ID_AT 4
#define UDP_LEN_AT 4
#define TCP_SEQUENCE_AT 4
#define TCP_ACK_AT 8
#define TCP_FLAGS_AT 13
#define TCP_WINDOW_AT 14
#define TCP_URGENT_AT 18
#define TCP_FIN_PSH 0x09
#define TCP_CWR 0x80
#define TCP_JOINABLE 0xd9 /* CWR, ECE, ACK, PSH, FIN: whoever has another flag stays alone */

static bool same(const uint8_t *a, const uint8_t *b, size_t from, size_t to)
{
	return memcmp(a + from, b + from, to - from) == 0;
}

static uint32_t sequence_of(const uint8_t *tcp)
{
	const uint8_t *at = tcp + TCP_SEQUENCE_AT;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static unsigned load16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* Cutting counts it on; of what may not be fragmented it means nothing (RFC 6864, 4). */
static bool has_next_id(const struct joiner *j, const struct joiner_segment *s)
{
	return j->ip.dont_fragment ||
	       load16(s->packet + IPV4_ID_AT) ==
		       ((load16(j->head + IPV4_ID_AT) + j->count) & UINT16_MAX);
}

/* All but length and IPv4 checksum; and the length is the packet's. */
static bool has_ip_of(const struct joiner *j, const struct joiner_segment *s)
{
	const size_t end = j->layout.transport_at;

	if (j->ip.v6)
		return same(j->head, s->packet, 0, 4) && same(j->head, s->packet, 6, end) &&
		       load16(s->packet + 4) + IPV6_HEADER_BYTES == s->len;
	return same(j->head, s->packet, 0, 2) && same(j->head, s->packet, 6, 10) &&
	       same(j->head, s->packet, 12, end) && load16(s->packet + 2) == s->len &&
	       has_next_id(j, s);
}

static bool has_tcp_of(const struct joiner *j, const struct joiner_segment *s)
{
	const uint8_t *first = j->head + j->layout.transport_at;
	const uint8_t *tcp = s->packet + j->layout.transport_at;
	const size_t end = (size_t)j->layout.header_len - j->layout.transport_at;
	const uint8_t flags = first[TCP_FLAGS_AT] & (uint8_t) ~(TCP_CWR | TCP_FIN_PSH);

	return same(first, tcp, 0, TCP_SEQUENCE_AT) &&
	       sequence_of(tcp) ==
		       sequence_of(first) + (uint32_t)(j->total - j->layout.header_len) &&
	       same(first, tcp, TCP_ACK_AT, TCP_FLAGS_AT) &&
	       (tcp[TCP_FLAGS_AT] & (uint8_t)~TCP_FIN_PSH) == flags &&
	       same(first, tcp, TCP_WINDOW_AT, TCP_WINDOW_AT + 2) &&
	       same(first, tcp, TCP_URGENT_AT, end);
}

static bool has_udp_len(const struct joiner_segment *s, uint16_t transport_at)
{
	return load16(s->packet + transport_at + UDP_LEN_AT) == s->len - transport_at;
}

static bool has_udp_of(const struct joiner *j, const struct joiner_segment *s)
{
	const uint16_t at = j->layout.transport_at;

	return same(j->head + at, s->packet + at, 0, UDP_LEN_AT) && has_udp_len(s, at);
}

static bool has_headers_of(const struct joiner *j, const struct joiner_segment *s)
{
	return s->header_len == j->layout.header_len && s->header_len < s->len && has_ip_of(j, s) &&
	       (j->layout.tcp ? has_tcp_of(j, s) : has_udp_of(j, s));
}

static void add(struct joiner *j, size_t payload, uint8_t flags)
{
	j->count++;
	j->next_counter++;
	j->last_flags = flags;
	j->ended = payload < j->segment_bytes || (flags & TCP_FIN_PSH) != 0 ||
		   j->count == JOINER_SEGMENTS_MAX;
}

/* Of UDP: none. */
static uint8_t flags_of(const struct joiner *j, const uint8_t *packet)
{
	return j->layout.tcp ? packet[j->layout.transport_at + TCP_FLAGS_AT] : 0;
}

bool joiner_add(struct joiner *joiner, const struct joiner_segment *segment)
{
	size_t payload;

	if (joiner->head == NULL || joiner->ended || segment->sender != joiner->sender ||
	    segment->counter != joiner->next_counter)
		return false;
	if (!SECCHECK(SEC_JOIN_HEADERS, has_headers_of(joiner, segment)))
		return false;
	payload = segment->len - segment->header_len;
	if (payload > joiner->segment_bytes || joiner->total + payload > BYTES_MAX)
		return false;
	joiner->total += payload;
	add(joiner, payload, flags_of(joiner, segment->packet));
	return true;
}

void joiner_open(struct joiner *joiner, const struct joiner_segment *segment,
		 const struct ip_packet *ip, struct offload *offload)
{
	struct offload_layout layout;
	uint8_t flags;

	joiner_end(joiner);
	if (!offload_find(span_of(segment->packet, segment->len), ip, &layout) ||
	    segment->header_len != layout.header_len || segment->header_len >= segment->len ||
	    ip->len != segment->len)
		return;
	*joiner = (struct joiner){
		.joins_udp = joiner->joins_udp,
		.ip = *ip,
		.layout = layout,
		.sender = segment->sender,
		.next_counter = segment->counter,
		.total = segment->len,
		.segment_bytes = segment->len - segment->header_len,
		.offload = offload,
	};
	flags = flags_of(joiner, segment->packet);
	if ((flags & (uint8_t)~TCP_JOINABLE) != 0 ||
	    (!layout.tcp && !(joiner->joins_udp && has_udp_len(segment, layout.transport_at))))
		return;
	joiner->head = segment->packet;
	add(joiner, joiner->segment_bytes, flags);
}

void joiner_end(struct joiner *joiner)
{
	uint8_t *head = joiner->head;

	joiner->head = NULL;
	if (head == NULL || joiner->count < 2)
		return;
	joiner->offload->kind = !joiner->layout.tcp ? OFFLOAD_UDP
				: joiner->ip.v6     ? OFFLOAD_TCP6
						    : OFFLOAD_TCP4;
	joiner->offload->segment_bytes = (uint16_t)joiner->segment_bytes;
	joiner->offload->header_len = joiner->layout.header_len;
	joiner->offload->cwr = (flags_of(joiner, head) & TCP_CWR) != 0;
	offload_set_len(head, &joiner->ip, joiner->total);
	if (joiner->layout.tcp)
		head[joiner->layout.transport_at + TCP_FLAGS_AT] |=
			joiner->last_flags & TCP_FIN_PSH;
	else
		offload_put16(head + joiner->layout.transport_at + UDP_LEN_AT,
			      (unsigned)(joiner->total - joiner->layout.transport_at));
	offload_set_partial(head, &joiner->ip, &joiner->layout, joiner->total);
}
