/* prefix.h - the IPv4 addresses that a network has to give. */
#ifndef GROUP_PREFIX_H
#define GROUP_PREFIX_H

#include "base/id.h"
#include "base/span.h"

#define IPV4_TEXT_CHARS 15   /* "255.255.255.255" */
#define PREFIX_TEXT_CHARS 18 /* and "/32" */
#define PREFIX_LEN_MIN 8
#define PREFIX_LEN_MAX 30  /* two members at least: the first and the last address are no hosts */
#define PREFIX_CHOICES 128 /* of prefix_choice() */

struct prefix {
	uint8_t ip[4]; /* bits behind `len` are zero */
	uint8_t len;
};

/* "192.0.2.1": 0 or ERR_MALFORMED. */
int ipv4_from_text(struct span text, uint8_t ret[4]);
void ipv4_to_text(const uint8_t ip[4], char ret[IPV4_TEXT_CHARS + 1]);

/* "10.151.0.0/16" with zeros behind its length, which is 0..32: 0 or ERR_MALFORMED. */
int prefix_from_text(struct span text, struct prefix *ret);
void prefix_to_text(const struct prefix *prefix, char ret[PREFIX_TEXT_CHARS + 1]);

/* Where it stands in the prefix as a number; false for what is outside. */
bool prefix_offset(const struct prefix *prefix, const uint8_t ip[4], uint32_t *ret);

/* The address at an offset; requires one below prefix_size(). */
void prefix_at(const struct prefix *prefix, uint32_t offset, uint8_t ret[4]);

/* How many addresses; requires a length of at least 1. */
uint32_t prefix_size(const struct prefix *prefix);

/* True for an address that a host may have: inside, neither the first nor the last. */
bool prefix_has_host(const struct prefix *prefix, const uint8_t ip[4]);

/* False if it touches what hosts cannot have: this host, loopback, link-local, multicast and above
 * (RFC 6890, 2.2.2). */
bool prefix_is_usable(const struct prefix *prefix);

/* True if all of it is for whoever likes and routed nowhere else: 10/8, 172.16/12, 192.168/16 (RFC
 * 1918, 3) or 100.64/10 (RFC 6598, 7). */
bool prefix_is_private(const struct prefix *prefix);

bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

/* The n-th proposal for a network: a /16 of 10.128.0.0/9 (DESIGN, Addresses). Proposal 0 comes from
 * the network's id, so that a host in two networks seldom meets one prefix twice; the next ones
 * follow it round the PREFIX_CHOICES there are. */
struct prefix prefix_choice(const struct id *network, unsigned n);

#endif
