/* answers.h - the lines that go out on a control connection (doc/control.md).
 *
 * They are appended to a text that grows up to a limit, piece by piece, since the node tells of its
 * peers one by one. Strings that come from peers pass through the JSON library, which escapes them.
 */
#ifndef PROG_IPOPD_ANSWERS_H
#define PROG_IPOPD_ANSWERS_H

#include "forward/egress.h"
#include "forward/forward.h"
#include "group/config.h"
#include "io/tun.h"
#include "io/udp.h"
#include "node/node.h"
#include "prog/ipopd/lookout.h"

#define ANSWERS_BYTES_MAX (1 << 20)

/* Text that waits to be written. */
struct answers {
	char *data; /* owned */
	size_t len, room;
	uint32_t peers; /* in the list that is being made */
	int failed;     /* 0; ERR_TOO_LONG or ERR_NOMEM: not to be sent */
};

/* Of the world around the node. */
struct world_counters {
	uint64_t looped;        /* datagrams that came through the tunnel itself */
	uint64_t handover_lost; /* what workers had no room to hand over to the node */
	uint64_t heap_bytes;    /* at present: that malloc() has given out */
};

/* Of the control connections. */
struct control_counters {
	uint64_t refused; /* lines that were no request, or not for who said them */
	uint64_t starved; /* times that memory was missing to read, take apart or answer one */
};

/* What a status tells besides what the node knows; borrowed for the call. */
struct answers_world {
	bool ready;
	const char *trouble; /* what keeps programs from using the network; or empty */
	uint16_t port;
	const char *cipher;
	uint32_t workers;
	const struct forward_counters *forward;
	const struct egress_counters *egress;
	const struct udp_counters *udp;
	const struct tun_counters *tun;
	const struct world_counters *world;
	const struct control_counters *control;
};

/* Accepts a zeroed one; leaves one. */
void answers_free(struct answers *answer);

void answers_version(struct answers *answer);
/* Who is there, so many hops on the way to a peer: `ipop.who/1` (doc/control.md). */
void answers_who(struct answers *answer, const struct node_who *who);
void answers_status(struct answers *answer, struct now now, const struct node_status *status,
		    const struct answers_world *world);
/* `ipop.monitor/1`: from here on events come; and each of them, `ipop.event/1`. */
void answers_monitor(struct answers *answer);
void answers_event(struct answers *answer, struct now now, const struct happening *happening);
void answers_pong(struct answers *answer, const struct node_peer *peer, uint64_t rtt_us);
/* `ipop.config/1`: what counts in the node. */
void answers_config(struct answers *answer, const struct config *running);
/* `ipop.reload/1`: which options of the file count only after a new start. */
void answers_reload(struct answers *answer, const struct config *running,
		    const struct config *file);
void answers_down(struct answers *answer);
void answers_error(struct answers *answer, int err, const char *text);

/* peers: begin, any number of peers, end. */
void answers_peers_begin(struct answers *answer);
void answers_peer(struct answers *answer, struct now now, const struct node_peer *peer);
void answers_peers_end(struct answers *answer);

#endif
