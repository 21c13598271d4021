/* icmp.c - see icmp.h. */
#include "vnet/icmp.h"

#include "base/check.h"
#include "base/err.h"
#include "base/writer.h"

#define V4_TOS 0xc0 /* internetwork control: RFC 1812, 4.3.2.5 */
#define V4_DONT_FRAGMENT 0x4000
#define HOP_LIMIT 64
#define ICMP_HEADER_BYTES 8

/* RFC 792 and RFC 1191; RFC 4443. */
enum icmp_code {
	V4_DESTINATION_UNREACHABLE = 3,
	V4_HOST_UNREACHABLE = 1,
	V4_FRAGMENTATION_NEEDED = 4,
	V6_DESTINATION_UNREACHABLE = 1,
	V6_ADDRESS_UNREACHABLE = 3,
	V6_PACKET_TOO_BIG = 2,
};

/* The queries of RFC 792 and RFC 950, and of RFC 4443 whatever is not an error: the rest of ICMP is
 * errors, or unknown, which may be errors. */
static bool is_query(bool v6, uint8_t type)
{
	static const uint8_t v4_queries[] = { 0, 8, 13, 14, 15, 16, 17, 18 };

	if (v6)
		return type >= 128 && type != 137; /* redirects: 2.4 (e.2) */
	return memchr(v4_queries, type, sizeof(v4_queries)) != NULL;
}

/* True for an ICMP message that may be an error: then nothing is said about it. */
static bool may_be_icmp_error(const struct ip_packet *ip, struct span packet)
{
	if (ip->protocol != (ip->v6 ? IP_ICMPV6 : IP_ICMP))
		return false;
	return ip->transport_at >= ip->len || !is_query(ip->v6, packet.data[ip->transport_at]);
}

/* RFC 1122, 3.2.2: an address that names one host: not this network's own, not loopback, not of
 * class D or E (of which the broadcast is one). */
static bool v4_names_one_host(const struct ip_address *address)
{
	const uint8_t first = address->bytes[12];

	return first != 0 && first != 127 && first < 224;
}

/* RFC 4443, 2.4 (e.6): neither unspecified nor multicast; and nobody is loopback on a TUN. */
static bool v6_names_one_host(const struct ip_address *address)
{
	const struct span upper = span_of(address->bytes, IP_ADDRESS_BYTES - 1);

	return !ip_is_multicast(address) &&
	       !(span_is_zero(upper) && address->bytes[IP_ADDRESS_BYTES - 1] <= 1);
}

/* All bits behind the prefix are ones. */
static bool is_directed_broadcast(const struct ip_address *address, uint8_t prefix_len)
{
	const uint8_t *v4 = address->bytes + 12;
	const uint32_t number =
		(uint32_t)v4[0] << 24 | (uint32_t)v4[1] << 16 | (uint32_t)v4[2] << 8 | v4[3];
	uint32_t host_bits;

	if (prefix_len == 0 || prefix_len > 30) /* a /31 has none: RFC 3021, 2.1 */
		return false;
	host_bits = UINT32_MAX >> prefix_len;
	return (number & host_bits) == host_bits;
}

static bool may_be_answered(const struct icmp_error *error, const struct ip_packet *ip,
			    struct span packet)
{
	if (!ip->is_first || may_be_icmp_error(ip, packet))
		return false;
	if (!ip->v6)
		return v4_names_one_host(&ip->source) &&
		       !is_directed_broadcast(&ip->source, error->v4_prefix_len) &&
		       !ip_is_multicast(&ip->destination) &&
		       !is_directed_broadcast(&ip->destination, error->v4_prefix_len);
	/* Too big is the exception for multicast: RFC 4443, 2.4 (e.3). */
	return v6_names_one_host(&ip->source) &&
	       (!ip_is_multicast(&ip->destination) || error->kind == ICMP_TOO_BIG);
}

/* Writes into the 16 bits at `at`, which were zero when it was computed. */
static void put_checksum(uint8_t *at, uint16_t checksum)
{
	at[0] = (uint8_t)(checksum >> 8);
	at[1] = (uint8_t)checksum;
}

static size_t build_v4(const struct icmp_error *error, const struct ip_packet *ip,
		       struct span packet, uint8_t *ret)
{
	const size_t quote_max = ICMP_V4_BYTES_MAX - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES;
	const size_t quote = ip->len < quote_max ? ip->len : quote_max;
	const size_t len = IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + quote;
	const bool too_big = error->kind == ICMP_TOO_BIG;
	struct writer w = writer_of(ret, len);

	writer_u8(&w, 0x45);
	writer_u8(&w, V4_TOS);
	writer_u16(&w, (uint16_t)len);
	writer_u16(&w, 0); /* identification: never fragmented (RFC 6864, 4.1) */
	writer_u16(&w, V4_DONT_FRAGMENT);
	writer_u8(&w, HOP_LIMIT);
	writer_u8(&w, IP_ICMP);
	writer_zero(&w, 2);
	writer_bytes(&w, error->source.bytes + 12, 4);
	writer_bytes(&w, ip->source.bytes + 12, 4);

	writer_u8(&w, V4_DESTINATION_UNREACHABLE);
	writer_u8(&w, too_big ? V4_FRAGMENTATION_NEEDED : V4_HOST_UNREACHABLE);
	writer_zero(&w, 4);
	writer_u16(&w, too_big ? error->mtu : 0);
	writer_bytes(&w, packet.data, quote);
	CHECK(writer_ok(&w) && w.len == len);
	put_checksum(ret + 10, ip_checksum(span_of(ret, IPV4_HEADER_BYTES), 0));
	put_checksum(ret + IPV4_HEADER_BYTES + 2,
		     ip_checksum(span_of(ret + IPV4_HEADER_BYTES, len - IPV4_HEADER_BYTES), 0));
	return len;
}

static size_t build_v6(const struct icmp_error *error, const struct ip_packet *ip,
		       struct span packet, uint8_t *ret)
{
	const size_t quote_max = ICMP_V6_BYTES_MAX - IPV6_HEADER_BYTES - ICMP_HEADER_BYTES;
	const size_t quote = ip->len < quote_max ? ip->len : quote_max;
	const size_t icmp_len = ICMP_HEADER_BYTES + quote;
	const bool too_big = error->kind == ICMP_TOO_BIG;
	const struct ip_packet answer = { .v6 = true,
					  .source = error->source,
					  .destination = ip->source };
	struct writer w = writer_of(ret, IPV6_HEADER_BYTES + icmp_len);

	writer_u32(&w, UINT32_C(6) << 28);
	writer_u16(&w, (uint16_t)icmp_len);
	writer_u8(&w, IP_ICMPV6);
	writer_u8(&w, HOP_LIMIT);
	writer_bytes(&w, answer.source.bytes, IP_ADDRESS_BYTES);
	writer_bytes(&w, answer.destination.bytes, IP_ADDRESS_BYTES);

	writer_u8(&w, too_big ? V6_PACKET_TOO_BIG : V6_DESTINATION_UNREACHABLE);
	writer_u8(&w, too_big ? 0 : V6_ADDRESS_UNREACHABLE);
	writer_zero(&w, 2);
	writer_u32(&w, too_big ? error->mtu : 0);
	writer_bytes(&w, packet.data, quote);
	CHECK(writer_ok(&w) && w.len == IPV6_HEADER_BYTES + icmp_len);
	put_checksum(ret + IPV6_HEADER_BYTES + 2,
		     ip_checksum(span_of(ret + IPV6_HEADER_BYTES, icmp_len),
				 ip_pseudo_sum(&answer, IP_ICMPV6, (uint32_t)icmp_len)));
	return w.len;
}

int icmp_build(const struct icmp_error *error, struct span packet, uint8_t ret[ICMP_V6_BYTES_MAX],
	       size_t *ret_len)
{
	struct ip_packet ip;

	if (ip_decode(packet, &ip) < 0)
		return ERR_MALFORMED;
	if (ip_is_v4(&error->source) == ip.v6)
		return ERR_UNSUPPORTED;
	if (!may_be_answered(error, &ip, packet))
		return ERR_DENIED;
	*ret_len = ip.v6 ? build_v6(error, &ip, packet, ret) : build_v4(error, &ip, packet, ret);
	return 0;
}

bool icmp_limit_allows(struct icmp_limit *limit, struct mono now)
{
	const struct mono from = mono_reached(limit->owed_until, now) ? limit->owed_until : now;
	const struct mono until = mono_add_ms(from, ICMP_PERIOD_MS);

	if (!mono_reached(mono_add_ms(now, (uint64_t)ICMP_BURST * ICMP_PERIOD_MS), until))
		return false;
	limit->owed_until = until;
	return true;
}
