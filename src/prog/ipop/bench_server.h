/* bench_server.h - `ipop bench --listen`: lets members measure the way to this host.
 *
 * A connection says first what it is for (bench_wire.h). A run is a connection that lasts; there is
 * one at a time, and it alone may have streams and echoes, all of them from its host:
 *
 *   accepted --- hello ---> the run | a stream of it | answered, and let go
 *      |                        |
 *      +-- 5 s, junk            +-- its end: all its streams are dropped
 *
 * What a member can make it do is bounded: BENCH_CONNECTIONS_MAX connections, of which the oldest
 * of BENCH_GUESTS_MAX that have not said what they are for goes when one more comes; one buffer for
 * all; a stream ends by itself after its seconds, a run after BENCH_RUN_MS, or when nothing of it
 * was heard for BENCH_SILENCE_MS; an answer is never longer than what asked for it, but for one
 * sentence.
 */
#ifndef PROG_IPOP_BENCH_SERVER_H
#define PROG_IPOP_BENCH_SERVER_H

#include "base/mono.h"
#include "prog/ipop/bench_socket.h"
#include "prog/ipop/bench_wire.h"

#define BENCH_RUN_MS 150000U
#define BENCH_SILENCE_MS 10000U
#define BENCH_HELLO_MS 5000U
#define BENCH_GUESTS_MAX 12 /* more than the streams that come at once */
#define BENCH_CONNECTIONS_MAX (1 + 2 * BENCH_STREAMS_MAX + BENCH_GUESTS_MAX)
#define BENCH_FAMILIES 2

/* What a run moved in one direction, and from when to when; zero if nothing. */
struct bench_moved {
	uint64_t bytes;
	struct mono first, last;
};

/* A run that is over. */
struct bench_served {
	struct bench_place from;
	struct bench_moved received, sent;
	uint64_t echoes;
	uint64_t ms; /* how long it took */
};

enum bench_event {
	BENCH_NOTHING,
	BENCH_SERVED, /* a run is over */
	BENCH_JUNK,   /* somebody said what is no hello */
	BENCH_ALIEN,  /* or one of another version */
};

struct bench_happened {
	enum bench_event event;
	struct bench_place from;    /* of BENCH_JUNK and BENCH_ALIEN */
	uint8_t version;            /* of BENCH_ALIEN */
	struct bench_served served; /* of BENCH_SERVED */
};

struct bench_server;

/* One that listens nowhere yet; NULL without memory. `pattern` is what its streams carry. */
struct bench_server *bench_server_new(struct span pattern);
void bench_server_del(struct bench_server *server); /* accepts NULL */

/* Listens there, too: at most BENCH_FAMILIES times. 0 or as bench_socket_listen(). */
int bench_server_listen(struct bench_server *server, const struct bench_place *at);

/* Waits until something happened, but not longer, and does what is to be done; false once `wake` is
 * readable. */
bool bench_server_turn(struct bench_server *server, int wake, int timeout_ms,
		       struct bench_happened *ret);

#endif
