/* pump.h - one thread's share of the data plane: a queue of the TUN, a pair of sockets, an egress,
 * and forward/ between them. Whatever thread turns it: the control thread, or a worker (worker.h).
 *
 * Each call moves one batch and leaves in `batch` what came of it; who turns the pump gives what
 * has a verdict for the node to the node, and what is for the TUN to pump_write(). Nothing here
 * waits, and nothing is allocated after pump_open().
 */
#ifndef IO_PUMP_H
#define IO_PUMP_H

#include "base/rng.h"
#include "io/loop.h"
#include "io/tun.h"
#include "io/udp.h"

struct pump_config {
	struct tun tun; /* attached; the pump's from here on */
	struct udp udp; /* open; likewise */
	bool reads_tun; /* false: packets of the host are another thread's, this one writes only */
	bool takes_partial; /* see forward.h */
};

/* Where the events of a loop belong. */
struct pump_watch {
	struct loop *loop;          /* borrowed */
	uint8_t tun_kind, udp_kind; /* the handle of the latter has the family as its index */
};

/* Fields may be read; of `batch` verdicts may be written. */
struct pump {
	struct tun tun;
	struct udp udp;
	struct egress *egress;
	struct forward_thread thread;
	struct forward_batch batch;
	uint64_t looped; /* datagrams that came through the tunnel itself: a session would
			  * carry itself */
	struct pump_watch watch;
	bool may_read_tun;
	bool reads_tun;       /* the egress has room for what comes from there */
	bool blocked;         /* a socket is full: nothing is sent */
	enum udp_family full; /* which one, while blocked */
};

/* Rng keys the table of the egress. Takes over what the config has, also when it fails. 0,
 * ERR_NOMEM, ERR_IO. */
int pump_open(struct pump *pump, const struct pump_config *config, const struct pump_watch *watch,
	      struct rng *rng);
void pump_close(struct pump *pump);

/* From the TUN, through the table. 0, or ERR_IO: the interface is gone. */
int pump_read_tun(struct pump *pump, const struct forward_table *table, struct now now);

/* From a socket, through the table. True: there is more; then pump_read_udp() again, once nothing
 * of this batch is needed. */
bool pump_read_udp(struct pump *pump, enum udp_family family, const struct forward_table *table,
		   struct now now);

/* What of the batch is pending, once more, through a newer table. */
void pump_again(struct pump *pump, const struct forward_table *table, struct now now);

/* The batch's packet `at`, which is to be DELIVERed, and what JOINs it, to the TUN. */
void pump_write(struct pump *pump, size_t at);

/* The socket of this family is said to be writable. */
void pump_writable(struct pump *pump, enum udp_family family);

/* Sends what waits in the egress, as long as the sockets take it. */
void pump_send(struct pump *pump, struct mono now);

/* After each turn: reads the TUN from now on, or lets packets wait in the kernel, by the room that
 * there is. */
void pump_mind_tun(struct pump *pump);

/* True if nothing waits to be sent. */
bool pump_is_empty(const struct pump *pump);

/* For the loop: when there may be something to send though nothing happened. */
struct mono pump_deadline(const struct pump *pump);

/* All of what was counted; every field is a uint64_t. */
struct pump_counters {
	struct forward_counters forward;
	struct egress_counters egress;
	struct udp_counters udp;
	struct tun_counters tun;
	uint64_t looped;
};

struct pump_counters pump_counters(const struct pump *pump);
void pump_counters_add(struct pump_counters *sum, const struct pump_counters *more);

#endif
