/* strangers.h - what a port of the Internet hears from who is no member: noise, handshakes with a
 * wrong mac1, and copies of what members said.
 */
#ifndef TESTS_SOAK_STRANGERS_H
#define TESTS_SOAK_STRANGERS_H

#include "base/rng.h"
#include "base/span.h"
#include "wire/endpoint.h"

struct strangers {
	int fd; /* owned; -1: none */
	struct rng rng;
	uint64_t sent;
};

/* They speak from `from`, any port, and only to `to`. 0 or ERR_IO. */
int strangers_init(struct strangers *strangers, const struct endpoint *from,
		   const struct endpoint *to, uint64_t seed);
void strangers_free(struct strangers *strangers);

/* One datagram of some kind; `m0` is a member's (may be empty: then it is noise). */
void strangers_speak(struct strangers *strangers, struct span m0);

#endif
