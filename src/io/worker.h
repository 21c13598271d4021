/* worker.h - threads of the data plane: each turns a pump (pump.h) of its own, from the TUN to the
 * wire and back, run to completion, and shares nothing with the others but the tables and the
 * keys behind them.
 *
 * What a worker does not finish (handshakes, frames, packets without an entry, reports) it hands
 * over to the control thread, which is woken by a descriptor of its loop. What the node wants sent
 * leaves by the control thread's own pump. A worker goes on whatever the control thread does: it is
 * forward/ that refuses keys at their end.
 *
 * The only threads there are.
 */
#ifndef IO_WORKER_H
#define IO_WORKER_H

#include "forward/handover.h"
#include "forward/publisher.h"
#include "io/pump.h"

struct worker; /* opaque */

struct worker_config {
	struct pump_config pump;     /* reads_tun is taken for true */
	struct publisher *publisher; /* borrowed; outlives the worker */
	uint32_t number;             /* among the publisher's readers */
	struct rng *rng;             /* for the call */
};

/* Starts it. 0, ERR_NOMEM, ERR_IO; what the pump's config has is taken over also then. */
int worker_start(const struct worker_config *config, struct worker **ret);
/* Ends it, and frees it; accepts NULL. */
void worker_stop(struct worker *worker);

/* --- the control thread --- */

/* Becomes readable when something was handed over, or the interface is gone. */
int worker_bell(const struct worker *worker);
/* First, when it is readable: false, the interface is gone. */
bool worker_answer_bell(struct worker *worker);
/* Makes it readable: for who leaves something for the next turn. */
void worker_ring_bell(struct worker *worker);
/* What was handed over, in its order. */
struct handover *worker_handover(struct worker *worker);
/* At the end of its last turn. */
struct pump_counters worker_counters(const struct worker *worker);
/* What had no room in the handover. */
uint64_t worker_lost(const struct worker *worker);

#endif
