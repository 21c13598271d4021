/* toy.h - the smallest machine that can exercise the simulator: it sends numbered datagrams to one
 * target, answers if told to, and keeps count of what it got.
 */
#ifndef SCENARIO_TOY_H
#define SCENARIO_TOY_H

#include "sim/world.h"

#define TOY_PORT 4242
#define TOY_NUMBERS_MAX 20000
#define TOY_BYTES_MIN 16 /* number, then its complement: what does not fit it was harmed */

struct toy {
	struct world *world; /* borrowed, as the toy is by the world */
	uint32_t host;
	struct endpoint local; /* unspecified: the host's first of the family */

	/* What it sends: `left` datagrams of `bytes` bytes, one each `period_us`, to `target`. */
	struct endpoint target;
	uint64_t left, period_us, number;
	size_t bytes;
	uint8_t ttl;
	struct mono next; /* on its own clock */
	bool answers;     /* sends back what it gets, once for each datagram */

	/* What it got. */
	uint64_t got, distinct, doubled, late, harmed;
	uint64_t highest;         /* number; what comes below it is late */
	struct endpoint from, at; /* of the last datagram */
	uint8_t got_ttl;
	struct mono got_first, got_last; /* on its own clock */
	uint8_t seen[TOY_NUMBERS_MAX];   /* how often each number came */
};

/* A toy that only listens, running on a new host at this address of the open Internet. */
void toy_start(struct toy *toy, struct world *world, const char *ip);

/* The same on a host that is there already. */
void toy_attach(struct toy *toy, struct world *world, uint32_t host);

/* Sends `count` datagrams to another toy, from now on. */
void toy_send(struct toy *toy, const struct toy *target, uint64_t count, uint64_t period_us);

/* The same to an address. */
void toy_send_to(struct toy *toy, const struct endpoint *target, uint64_t count,
		 uint64_t period_us);

/* Where another host reaches the toy, if no NAT stands between: its n-th address. */
struct endpoint toy_endpoint(const struct toy *toy, unsigned n);

#endif
