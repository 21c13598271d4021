/* ip.h - IPv4 and IPv6 packets as far as a forwarder must understand them. Nothing is trusted.
 *
 * RFC 791, RFC 8200. Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d, so that one table serves both;
 * therefore an IPv6 packet that itself carries such an address is refused, or it could pass for the
 * IPv4 packet of somebody else. Header checksums, options that do not route and the sizes of
 * fragments are the receiving kernel's to judge.
 */
#ifndef WIRE_IP_H
#define WIRE_IP_H

#include "base/span.h"

#define IP_ADDRESS_BYTES 16
#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
#define IPV6_EXTENSIONS_MAX 8 /* followed to find the transport; a packet with more is refused */

enum ip_protocol { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58, IP_NO_NEXT = 59 };

/* RFC 3168, 5. */
enum ip_ecn { IP_ECN_NONE = 0, IP_ECN_ECT1 = 1, IP_ECN_ECT0 = 2, IP_ECN_CE = 3, IP_ECN_MASK = 3 };

struct ip_address {
	uint8_t bytes[IP_ADDRESS_BYTES];
};

struct ip_packet {
	bool v6;
	struct ip_address source, destination;
	uint16_t len;          /* of the packet by its own header; <= the bytes given */
	uint8_t protocol;      /* of the transport, behind IPv6 extension headers; of a later
				* fragment, what its fragment header names */
	uint16_t transport_at; /* where it starts; <= len, and nothing of it need be there */
	bool is_fragment;      /* any fragment, but not one that is a whole packet (RFC 6946) */
	bool is_first;         /* not a fragment, or its first: the transport header is here */
	bool dont_fragment;    /* IPv4 DF; always true for IPv6 */
	uint8_t ecn;           /* RFC 3168: IP_ECN_... */
	bool source_routed; /* asks its destination to send it on (RFC 791, 3.1; RFC 8200, 4.4) */
};

/* Reads the headers: 0, or ERR_MALFORMED: not a packet, a length that exceeds the bytes, a header
 * that does, more extension headers than IPV6_EXTENSIONS_MAX. Takes time in proportion to the
 * headers, at most. */
int ip_decode(struct span bytes, struct ip_packet *ret);

struct ip_address ip_v4(const uint8_t bytes[4]);
struct ip_address ip_v6(const uint8_t bytes[IP_ADDRESS_BYTES]);
bool ip_is_v4(const struct ip_address *address);
bool ip_equal(const struct ip_address *a, const struct ip_address *b);
bool ip_is_multicast(const struct ip_address *address); /* and the IPv4 limited broadcast */

/* Writes the field into a packet that ip_decode() has read, and makes the IPv4 header's checksum
 * right again (by RFC 1624, so one that was wrong stays wrong). */
void ip_set_ecn(uint8_t *packet, bool v6, uint8_t ecn);

/* The Internet checksum (RFC 1071) of the bytes, started with `sum`, complemented: ready to be
 * written. */
uint16_t ip_checksum(struct span bytes, uint32_t sum);

/* The pseudo-header's part of a transport checksum (RFC 9293, 3.1; RFC 8200, 8.1), not
 * complemented. */
uint32_t ip_pseudo_sum(const struct ip_packet *packet, uint8_t protocol, uint32_t transport_len);

#endif
