/* bootstrap.h - where a network can be entered: `host:port#id`.
 *
 * The host is a DNS name, an IPv4 address, or an IPv6 address in brackets. The id says who must
 * answer there: without it the first handshake message could not be addressed (and a stranger's
 * answer not be told from a member's).
 */
#ifndef GROUP_BOOTSTRAP_H
#define GROUP_BOOTSTRAP_H

#include "base/id.h"
#include "base/span.h"

#define BOOTSTRAP_HOST_MAX 253                          /* RFC 1035, 2.3.4, as text */
#define BOOTSTRAP_TEXT_CHARS (2 + 253 + 1 + 5 + 1 + 32) /* brackets, host, port, id */

struct bootstrap {
	/* An IPv6 address without brackets, a name without a dot at its end; in small letters. */
	char host[BOOTSTRAP_HOST_MAX + 1];
	uint16_t port; /* 1..65535 */
	struct id id;
};

/* "host:port#id": 0 or ERR_MALFORMED. */
int bootstrap_from_text(struct span text, struct bootstrap *ret);

/* "host:port" alone; the id becomes zero. 0 or ERR_MALFORMED. */
int bootstrap_address_from_text(struct span text, struct bootstrap *ret);

void bootstrap_to_text(const struct bootstrap *bootstrap, char ret[BOOTSTRAP_TEXT_CHARS + 1]);

/* False for what leads no other host anywhere: "localhost", and the addresses of this host,
 * loopback, link-local and multicast (RFC 6890, 2.2.2 and 2.2.3). */
bool bootstrap_can_be_reached(const struct bootstrap *bootstrap);

#endif
