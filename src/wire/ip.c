/* ip.c - see ip.h. The fixed headers are read in place after one look at the length, since every
 * packet passes here; what has a length of its own is taken apart by a reader over no more than the
 * packet. The chain of extension headers is a loop of few turns, each of which takes at least eight
 * bytes, and lengths are computed in size_t: nothing can wrap or stand still. */
#include "wire/ip.h"

#include "base/err.h"
#include "base/reader.h"
#include "base/seccheck.h"

#include <string.h>

#define FRAGMENT_MORE 0x2000 /* IPv4: the field behind the identification */
#define FRAGMENT_DONT 0x4000
#define FRAGMENT_OFFSET 0x1fff

/* RFC 791, 3.1. */
enum ipv4_option {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_STRICT_ROUTE = 137,
};

/* Those behind which another header follows; the rest ends the chain (IANA, "IPv6 Extension Header
 * Types"). */
enum ipv6_extension {
	EXTENSION_HOP_BY_HOP = 0,
	EXTENSION_ROUTING = 43,
	EXTENSION_FRAGMENT = 44,
	EXTENSION_AUTHENTICATION = 51,
	EXTENSION_DESTINATION = 60,
	EXTENSION_MOBILITY = 135,
	EXTENSION_HIP = 139,
	EXTENSION_SHIM6 = 140,
};

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

struct ip_address ip_v4(const uint8_t bytes[4])
{
	struct ip_address address;

	memcpy(address.bytes, v4_prefix, sizeof(v4_prefix));
	memcpy(address.bytes + sizeof(v4_prefix), bytes, 4);
	return address;
}

struct ip_address ip_v6(const uint8_t bytes[IP_ADDRESS_BYTES])
{
	struct ip_address address;

	memcpy(address.bytes, bytes, sizeof(address.bytes));
	return address;
}

bool ip_is_v4(const struct ip_address *address)
{
	return memcmp(address->bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool ip_equal(const struct ip_address *a, const struct ip_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool ip_is_multicast(const struct ip_address *address)
{
	static const uint8_t limited_broadcast[4] = { 255, 255, 255, 255 };
	const uint8_t *v4 = address->bytes + sizeof(v4_prefix);

	if (!ip_is_v4(address))
		return address->bytes[0] == 0xff;
	return (v4[0] & 0xf0) == 0xe0 || memcmp(v4, limited_broadcast, 4) == 0;
}

/* Looks for a source route; false if an option does not fit into the header. */
static bool read_ipv4_options(struct span options, struct ip_packet *packet)
{
	struct reader r = reader_of(options);
	struct span rest;
	uint8_t type;
	uint8_t len;

	while (reader_u8(&r, &type) && type != OPTION_END) {
		if (type == OPTION_NOP)
			continue;
		if (!reader_u8(&r, &len) || len < 2 || !reader_span(&r, len - 2U, &rest))
			return false;
		if (type == OPTION_LOOSE_ROUTE || type == OPTION_STRICT_ROUTE)
			packet->source_routed = true;
	}
	return true;
}

static uint16_t load_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static int decode_ipv4(struct span bytes, struct ip_packet *ret)
{
	const uint8_t *header = bytes.data;
	struct ip_packet packet = { .v6 = false };
	uint16_t fragment;

	if (bytes.len < IPV4_HEADER_BYTES)
		return ERR_MALFORMED;
	packet.len = load_u16(header + 2);
	packet.transport_at = (uint16_t)((header[0] & 0x0f) * 4);
	if (packet.transport_at < IPV4_HEADER_BYTES || packet.transport_at > packet.len ||
	    packet.len > bytes.len)
		return ERR_MALFORMED;

	fragment = load_u16(header + 6);
	packet.is_fragment = (fragment & (FRAGMENT_MORE | FRAGMENT_OFFSET)) != 0;
	packet.is_first = (fragment & FRAGMENT_OFFSET) == 0;
	packet.dont_fragment = (fragment & FRAGMENT_DONT) != 0;
	packet.protocol = header[9];
	packet.ecn = header[1] & IP_ECN_MASK;
	packet.source = ip_v4(header + 12);
	packet.destination = ip_v4(header + 16);
	if (!read_ipv4_options(span_of(header + IPV4_HEADER_BYTES,
				       packet.transport_at - (size_t)IPV4_HEADER_BYTES),
			       &packet))
		return ERR_MALFORMED;
	*ret = packet;
	return 0;
}

static bool is_extension(uint8_t header)
{
	switch (header) {
	case EXTENSION_HOP_BY_HOP:
	case EXTENSION_ROUTING:
	case EXTENSION_FRAGMENT:
	case EXTENSION_AUTHENTICATION:
	case EXTENSION_DESTINATION:
	case EXTENSION_MOBILITY:
	case EXTENSION_HIP:
	case EXTENSION_SHIM6:
		return true;
	default:
		return false;
	}
}

/* Takes the extension header that packet->protocol names, and notes what it says. */
static bool read_extension(struct reader *r, struct ip_packet *packet)
{
	const uint8_t header = packet->protocol;
	uint8_t len;
	uint8_t type;
	uint8_t segments_left;
	uint16_t fragment;
	struct span rest;

	if (!reader_u8(r, &packet->protocol) || !reader_u8(r, &len))
		return false;
	if (header == EXTENSION_FRAGMENT) { /* RFC 8200, 4.5; its second byte is reserved */
		if (packet->is_fragment || !reader_u16(r, &fragment) || !reader_span(r, 4, &rest))
			return false;
		packet->is_first = (fragment & 0xfff8) == 0;
		packet->is_fragment = !packet->is_first || (fragment & 1) != 0;
		return true;
	}
	if (header == EXTENSION_AUTHENTICATION) /* RFC 4302, 2.2: in units of four, less two */
		return reader_span(r, len * (size_t)4 + 6, &rest);
	if (!reader_u8(r, &type) || !reader_u8(r, &segments_left) ||
	    !reader_span(r, len * (size_t)8 + 4, &rest))
		return false;
	if (header == EXTENSION_ROUTING && segments_left > 0)
		packet->source_routed = true;
	return true;
}

static int decode_ipv6(struct span bytes, struct ip_packet *ret)
{
	const uint8_t *header = bytes.data;
	struct ip_packet packet = { .v6 = true, .is_first = true, .dont_fragment = true };
	struct reader r;
	size_t payload_len;

	if (bytes.len < IPV6_HEADER_BYTES)
		return ERR_MALFORMED;
	payload_len = load_u16(header + 4);
	if (payload_len > bytes.len - IPV6_HEADER_BYTES ||
	    payload_len > UINT16_MAX - IPV6_HEADER_BYTES)
		return ERR_MALFORMED;
	packet.len = (uint16_t)(IPV6_HEADER_BYTES + payload_len);
	packet.protocol = header[6];
	packet.ecn = (header[1] >> 4) & IP_ECN_MASK;
	packet.source = ip_v6(header + 8);
	packet.destination = ip_v6(header + 24);
	if (!SECCHECK(SEC_IP_NOT_MAPPED,
		      !ip_is_v4(&packet.source) && !ip_is_v4(&packet.destination)))
		return ERR_MALFORMED;

	r = reader_of(span_of(header + IPV6_HEADER_BYTES, payload_len));
	for (unsigned i = 0; packet.is_first && is_extension(packet.protocol); i++) {
		/* Hop-by-hop options stand directly behind the IPv6 header (RFC 8200, 4.1). */
		if (i == IPV6_EXTENSIONS_MAX ||
		    (i > 0 && packet.protocol == EXTENSION_HOP_BY_HOP) ||
		    !read_extension(&r, &packet))
			return ERR_MALFORMED;
	}
	packet.transport_at = (uint16_t)(packet.len - reader_left(&r));
	*ret = packet;
	return 0;
}

int ip_decode(struct span bytes, struct ip_packet *ret)
{
	if (bytes.len == 0)
		return ERR_MALFORMED;
	switch (bytes.data[0] >> 4) {
	case 4:
		return decode_ipv4(bytes, ret);
	case 6:
		return decode_ipv6(bytes, ret);
	default:
		return ERR_MALFORMED;
	}
}

/* The sum in ones' complement arithmetic: what is carried out comes back in. */
static uint16_t fold(uint64_t sum)
{
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

/* Adds the bytes as 16-bit numbers, an odd last one in the upper half (RFC 1071, 4.1). The sum of
 * four bytes at a time in the order of the machine is, folded, the same sum with its two bytes in
 * that order (RFC 1071, 2); 2^32 words would fit. */
static uint64_t sum_of(struct span bytes, uint64_t sum)
{
	const uint8_t *at = bytes.data;
	uint64_t words = 0;
	size_t left = bytes.len;
	uint32_t pair[2] = { 0, 0 };
	uint8_t folded[2];
	uint16_t half;

	for (; left >= sizeof(pair); at += sizeof(pair), left -= sizeof(pair)) {
		memcpy(pair, at, sizeof(pair));
		words += (uint64_t)pair[0] + pair[1];
	}
	if (left > 0) {
		memset(pair, 0, sizeof(pair));
		memcpy(pair, at, left);
		words += (uint64_t)pair[0] + pair[1];
	}
	half = fold(words);
	memcpy(folded, &half, sizeof(folded));
	return sum + load_u16(folded);
}

uint16_t ip_checksum(struct span bytes, uint32_t sum)
{
	return (uint16_t)~fold(sum_of(bytes, sum));
}

void ip_set_ecn(uint8_t *packet, bool v6, uint8_t ecn)
{
	uint16_t before;
	uint16_t checksum;

	if (v6) {
		packet[1] = (uint8_t)((packet[1] & ~(IP_ECN_MASK << 4)) | ecn << 4);
		return;
	}
	before = load_u16(packet);
	packet[1] = (uint8_t)((packet[1] & ~IP_ECN_MASK) | ecn);
	/* RFC 1624, 3: HC' = ~(~HC + ~m + m') */
	checksum = (uint16_t)~fold((uint64_t)(uint16_t)~load_u16(packet + 10) + (uint16_t)~before +
				   load_u16(packet));
	packet[10] = (uint8_t)(checksum >> 8);
	packet[11] = (uint8_t)checksum;
}

uint32_t ip_pseudo_sum(const struct ip_packet *packet, uint8_t protocol, uint32_t transport_len)
{
	const size_t skip = packet->v6 ? 0 : sizeof(v4_prefix);
	uint64_t sum = (uint64_t)protocol + transport_len;

	sum = sum_of(span_of(packet->source.bytes + skip, IP_ADDRESS_BYTES - skip), sum);
	sum = sum_of(span_of(packet->destination.bytes + skip, IP_ADDRESS_BYTES - skip), sum);
	return fold(sum);
}
