/* candidates.h - under which endpoints we may be reached, and what kind of NAT stands before us.
 * Sans-I/O.
 *
 * Peers are the STUN servers (RFC 8489 names the idea): each says under which endpoint it sees us.
 * One report makes a candidate, which others will only probe. A verdict takes two peers at
 * different public addresses (RFC 5780, 4.3, with two members in the place of its two servers):
 *
 *     NONE      two see us under the same endpoint, and it is one of the host's
 *     STABLE    two see us under the same endpoint, and it is not
 *     CHANGING  no two see us under the same endpoint
 *
 * A candidate is *agreed* on if two such peers see us under its address, whatever the port, or if
 * it is the host's; else one alone says so, and it may be the address of somebody whom we know
 * nothing of. So there are two things to tell: all, which whoever is told will probe, or what is
 * agreed on. And one alone can name another endpoint only each CANDIDATES_MOVE_MS.
 *
 * Reports age without an event: what was told to others stays as it was until something else
 * happens, and only then counts what is left. While peers answer probes, that is each few seconds.
 *
 * So no single member can talk us into the first two, or out of them. With only one honest member
 * beside it, it can feign the third: let nothing but words rest on that.
 */
#ifndef PATH_CANDIDATES_H
#define PATH_CANDIDATES_H

#include "base/id.h"
#include "base/mono.h"
#include "wire/overlay.h"

#define CANDIDATES_HOST_MAX 8
#define CANDIDATES_SEEN_KEPT 3    /* places of a message that the host's addresses leave free */
#define CANDIDATES_CHANGING_MAX 2 /* of what was seen at one address, by the verdict CHANGING */
#define CANDIDATES_REPORTS_MAX 16
#define CANDIDATES_REPORT_MS 600000 /* a report that is not repeated is forgotten */
#define CANDIDATES_MOVE_MS 30000    /* from one endpoint that one alone says to its next */
#define CANDIDATES_OWN_PREFIXES_MAX 2

/* A network whose addresses lie inside the tunnel. */
struct candidates_prefix {
	uint8_t ip[ENDPOINT_IP_BYTES]; /* IPv4 as ::ffff:a.b.c.d */
	uint8_t bits;                  /* of the 128 */
};

struct candidates_report {
	struct id reporter;   /* zero: unused */
	struct endpoint from; /* where the reporter was reached */
	struct endpoint seen;
	struct mono at, since; /* heard last, and first; candidates_saw() fills them in */
};

/* Embed it; nothing to free, nothing to read. */
struct candidates {
	struct candidates_prefix own[CANDIDATES_OWN_PREFIXES_MAX];
	uint32_t own_count;
	struct endpoint hosts[CANDIDATES_HOST_MAX];
	uint32_t host_count;
	struct candidates_report reports[CANDIDATES_REPORTS_MAX]; /* two of a reporter at most */
};

/* Requires own_count <= CANDIDATES_OWN_PREFIXES_MAX and bits <= 128. */
void candidates_init(struct candidates *c, const struct candidates_prefix *own, uint32_t own_count);

/* True if it makes sense to send a probe there: a unicast address outside our own tunnels, with a
 * port. Not so: IPv4 0/8, 127/8, multicast and all above; IPv6 multicast, link-local (without a
 * scope it names nobody) and 0::/8, where loopback, unspecified and the forms lie that hide an IPv4
 * address (RFC 4291, 2.5.5; RFC 6052). */
bool candidates_is_probeable(const struct candidates *c, const struct endpoint *endpoint);

/* True for an address that only its own site can reach: RFC 1918, 6598, 3927, and RFC 4193. */
bool candidates_is_private(const struct endpoint *endpoint);

/* True if it is in the /64 of one of the host's own IPv6 addresses: on a network segment of ours.
 */
bool candidates_is_beside(const struct candidates *c, const struct endpoint *endpoint);

/* True if both name the same endpoints, in whatever order, and the same kind of NAT: that one of
 * them was just seen again is no news. */
bool candidates_are_same(const struct candidates_message *a, const struct candidates_message *b);

/* The host's addresses with the port that we listen on; what is beyond CANDIDATES_HOST_MAX is left
 * away. True if the list of candidates or the verdict changed. */
bool candidates_set_host(struct candidates *c, struct mono now, const struct endpoint *endpoints,
			 uint32_t count);

/* The peer `reporter`, to whom we speak at `from`, sees us as `seen`. This replaces what it said of
 * the same family of addresses, else takes the place of the oldest report if there is no room; but
 * nothing that nobody else says replaces what was first heard within CANDIDATES_MOVE_MS. True if
 * either list of candidates or the verdict changed. */
bool candidates_saw(struct candidates *c, struct mono now, const struct candidates_report *report);

/* The host's addresses changed: what was seen before means nothing. */
void candidates_forget_seen(struct candidates *c);

/* Of IPv4 if two reports allow a verdict, else of IPv6. */
enum nat candidates_nat(const struct candidates *c, struct mono now);

/* Fills verdict and candidates of the message (not the relays): the host's first, then what was
 * seen, what is agreed on first and the newest of it, each endpoint once, only probeable ones; or
 * without what one alone says. By the verdict CHANGING only so many of an address, and no others
 * when more are seen: two, since one may be a lie. */
void candidates_tell(const struct candidates *c, struct mono now, struct candidates_message *ret);
void candidates_tell_agreed(const struct candidates *c, struct mono now,
			    struct candidates_message *ret);

#endif
