/* half_open.h - the responder's side of handshakes that wait for their M2: a bounded table.
 *
 * Whoever knows the network's secret can fill it, so it has 512 places, each for 10 s. When it is
 * full, a newcomer that proved its address takes the place of a random one that did not; only
 * among proven ones does a random one go. Who floods with false addresses is asked for cookies
 * (from 128 on) and gets no place at all; who floods from true ones meets the limits of his source.
 */
#ifndef SESSION_HALF_OPEN_H
#define SESSION_HALF_OPEN_H

#include "base/alarms.h"
#include "base/pool.h"
#include "base/rng.h"
#include "session/carrier.h"
#include "session/limits.h"
#include "session/network.h"
#include "session/run.h"

struct half_open {
	struct run run;
	const struct network_epoch *epoch; /* borrowed */
	struct target target;
	struct carrier carrier; /* the last M0 came by it, M1 goes to it */
	bool proven;            /* its address, or it came by a link */
	uint64_t began;         /* the machine's count of events */
	struct mono expiry;
	uint32_t local_index, remote_index;
	uint8_t m0_hash[HASH_BYTES];
	bool m1_pending;
	uint8_t repeats; /* of M1 */
	uint16_t m1_len;
	uint8_t m1[HANDSHAKE_M1_BYTES];
};

struct half_opens {
	struct pool pool;
	struct alarms alarms;
};

void half_opens_init(struct half_opens *table);

/* Wipes; accepts a zeroed or half-built table. */
void half_opens_free(struct half_opens *table);

/* A zeroed place, or NULL if all are taken. */
struct half_open *half_opens_add(struct half_opens *table, struct handle *ret);

/* Wipes and gives back. */
void half_opens_remove(struct half_opens *table, struct handle handle);

/* Notes when the entry is due next: now if M1 waits to be sent, else at its expiry. */
void half_opens_schedule(struct half_opens *table, struct handle handle);

/* How many came from the carrier's source. */
uint32_t half_opens_count(const struct half_opens *table, const struct carrier *carrier);

/* Whom a newcomer displaces: a random one that did not prove its address, else, if the newcomer
 * did, a random one of all; HANDLE_NONE if nobody. */
struct handle half_opens_victim(const struct half_opens *table, struct rng *rng, bool proven);

#endif
