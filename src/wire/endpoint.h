/* endpoint.h - an IP address and a UDP or TCP port, of either family, as one value.
 *
 * IPv4 stands as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that equality is equality of bytes.
 */
#ifndef WIRE_ENDPOINT_H
#define WIRE_ENDPOINT_H

#include "base/reader.h"
#include "base/writer.h"

#define ENDPOINT_IP_BYTES 16
#define ENDPOINT_V6_SITE_BYTES 8 /* of an address: a /64 */
#define ENDPOINT_WIRE_BYTES 18   /* address, port */
#define ENDPOINT_TEXT_CHARS 47   /* "[" 39 "]:" 5 */

struct endpoint {
	uint8_t ip[ENDPOINT_IP_BYTES];
	uint16_t port; /* host order; 0: none */
};

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* True if the address alone is the same. */
bool endpoint_ip_equal(const struct endpoint *a, const struct endpoint *b);

/* True if it is the same IPv4 address or IPv6 /64: a host that has one address of these has all. */
bool endpoint_site_equal(const struct endpoint *a, const struct endpoint *b);

bool endpoint_is_v4(const struct endpoint *endpoint);

/* True for the unspecified address of either family. */
bool endpoint_ip_is_zero(const struct endpoint *endpoint);

struct endpoint endpoint_v4(const uint8_t ip[4], uint16_t port);
struct endpoint endpoint_v6(const uint8_t ip[16], uint16_t port);

/* The bits of an address of this family: 32 or 128. */
unsigned endpoint_ip_bits(const struct endpoint *endpoint);

/* The first address of the prefix of so many bits in which it lies, without a port. Requires len to
 * be at most endpoint_ip_bits(). */
struct endpoint endpoint_network(const struct endpoint *endpoint, unsigned len);

void endpoint_encode(const struct endpoint *endpoint, struct writer *w);
bool endpoint_decode(struct reader *r, struct endpoint *ret);

/* "192.0.2.1:1234" or "[2001:db8::1]:1234" (RFC 5952), and a final zero. */
void endpoint_to_text(const struct endpoint *endpoint, char ret[ENDPOINT_TEXT_CHARS + 1]);

/* The same forms, with a port of 1..65535: 0 or ERR_MALFORMED. */
int endpoint_from_text(const char *text, struct endpoint *ret);

/* The address alone: "192.0.2.1" or "2001:db8::1". */
void endpoint_ip_to_text(const struct endpoint *endpoint, char ret[ENDPOINT_TEXT_CHARS + 1]);
int endpoint_ip_from_text(const char *text, struct endpoint *ret);

#endif
