/* offload.c - see offload.h. */
#include "forward/offload.h"

#define UDP_HEADER_BYTES 8
#define UDP_CHECKSUM_AT 6
#define TCP_HEADER_BYTES 20
#define TCP_DATA_OFFSET_AT 12
#define TCP_CHECKSUM_AT 16

bool offload_find(struct span packet, const struct ip_packet *ip, struct offload_layout *ret)
{
	const size_t left = (size_t)ip->len - ip->transport_at;
	struct offload_layout layout = { .transport_at = ip->transport_at };
	size_t transport_len = UDP_HEADER_BYTES;

	if (ip->is_fragment)
		return false;
	if (ip->protocol == IP_UDP && left >= UDP_HEADER_BYTES) {
		layout.checksum_offset = UDP_CHECKSUM_AT;
	} else if (ip->protocol == IP_TCP && left >= TCP_HEADER_BYTES) {
		layout.tcp = true;
		layout.checksum_offset = TCP_CHECKSUM_AT;
		transport_len =
			(packet.data[ip->transport_at + TCP_DATA_OFFSET_AT] >> 4) * (size_t)4;
		if (transport_len < TCP_HEADER_BYTES)
			return false;
	} else {
		return false;
	}
	if (transport_len > left)
		return false;
	layout.header_len = (uint16_t)(ip->transport_at + transport_len);
	*ret = layout;
	return true;
}

void offload_set_len(uint8_t *packet, const struct ip_packet *ip, size_t len)
{
	if (ip->v6) {
		offload_put16(packet + 4, (unsigned)(len - IPV6_HEADER_BYTES));
		return;
	}
	offload_put16(packet + 2, (unsigned)len);
	offload_put16(packet + 10, 0);
	offload_put16(packet + 10, ip_checksum(span_of(packet, (packet[0] & 0x0f) * (size_t)4), 0));
}

void offload_set_partial(uint8_t *packet, const struct ip_packet *ip,
			 const struct offload_layout *layout, size_t len)
{
	const uint32_t sum =
		ip_pseudo_sum(ip, ip->protocol, (uint32_t)(len - layout->transport_at));

	offload_put16(packet + layout->transport_at + layout->checksum_offset, sum);
}
