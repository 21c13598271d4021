/* icmp.h - the answers of a router: this packet leads nowhere, or it is too big for its way.
 *
 * For packets that came from our own TUN, so whoever is told is this host's kernel or somebody
 * behind it. What must not be answered is not (RFC 1122, 3.2.2; RFC 4443, 2.4): ICMP errors, later
 * fragments, multicast and broadcast, sources that name no single host; and answers are limited in
 * rate.
 *
 * Why nothing here touches the MSS of TCP. Both ends of a connection inside the network have a TUN
 * of the same MTU, and a kernel announces an MSS of its interface's MTU less its headers, so both
 * state what the tunnel carries. A host that reaches the TUN through another one announces its own,
 * larger MSS; its first full segment is answered with "too big" and it learns (RFC 1191, RFC 8201).
 * Rewriting the options of other hosts' SYNs would hide from them what they can find out.
 */
#ifndef VNET_ICMP_H
#define VNET_ICMP_H

#include "base/mono.h"
#include "wire/ip.h"

#define ICMP_V4_BYTES_MAX 576  /* of an answer, all headers and quote: RFC 1812, 4.3.2.3 */
#define ICMP_V6_BYTES_MAX 1280 /* RFC 4443, 2.4 (c) */
#define ICMP_BURST 50
#define ICMP_PERIOD_MS 10 /* one answer each, after the burst */

enum icmp_kind {
	ICMP_UNREACHABLE, /* host unreachable; address unreachable */
	ICMP_TOO_BIG,     /* fragmentation needed; packet too big */
};

struct icmp_error {
	enum icmp_kind kind;
	uint16_t mtu; /* TOO_BIG: what would fit */
	/* Who says so, of the packet's family. Linux drops what claims to come from an address of
	 * its own, so it is not one of the host's: the packet's destination will do, which then
	 * seems to speak for itself. */
	struct ip_address source;
	uint8_t v4_prefix_len; /* of the network: its directed broadcast is not answered; 0: none */
};

/* Builds the answer to a packet into `ret` and its length into *ret_len. 0; ERR_MALFORMED: no
 * packet; ERR_DENIED: a packet that must not be answered; ERR_UNSUPPORTED: the source is of the
 * other family. "Too big" answers IPv4 packets without DF too: Linux then fragments by itself. */
int icmp_build(const struct icmp_error *error, struct span packet, uint8_t ret[ICMP_V6_BYTES_MAX],
	       size_t *ret_len);

/* At most ICMP_BURST answers at once, and one each ICMP_PERIOD_MS in the long run (RFC 4443, 2.4
 * (f)). Embed it; {0} is full. */
struct icmp_limit {
	struct mono owed_until; /* until then what was answered is not paid for */
};

/* True, and counted, if one more may go out now. Ask when the answer is built: only what is sent
 * counts. */
bool icmp_limit_allows(struct icmp_limit *limit, struct mono now);

#endif
