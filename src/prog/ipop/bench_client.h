/* bench_client.h - `ipop bench PEER`: a run against a member that listens (bench_server.h).
 *
 * All of it goes inside the tunnel. Echoes leave at fixed times, alone and beside the streams;
 * bytes towards the peer count when its kernel has acknowledged them, bytes from it when they were
 * read.
 */
#ifndef PROG_IPOP_BENCH_CLIENT_H
#define PROG_IPOP_BENCH_CLIENT_H

#include "group/complaint.h"
#include "prog/ipop/bench_figures.h"
#include "prog/ipop/bench_socket.h"

#define BENCH_PLACES_MAX 2

struct bench_plan {
	const char *peer, *network; /* borrowed: what sentences call them */
	struct bench_place here[BENCH_PLACES_MAX], there[BENCH_PLACES_MAX];
	size_t places; /* in the order in which they are tried */
	uint16_t port;
	uint32_t seconds, streams;
	struct bench_token token;
	struct span pattern; /* borrowed: what streams carry */
};

struct bench_client;

/* NULL without memory. `plan` is borrowed. */
struct bench_client *bench_client_new(const struct bench_plan *plan);
void bench_client_del(struct bench_client *client); /* accepts NULL; ends the run */

/* Has the run let in. 0, and *ret_place is the one that answered; ERR_TIMEOUT, ERR_NOT_FOUND
 * (nobody listens), ERR_UNSUPPORTED (no way there), ERR_FULL (it is busy), ERR_VERSION, ERR_PEER
 * (another program listens there), ERR_PERMISSION, ERR_IO; with a complaint. */
int bench_client_begin(struct bench_client *client, size_t *ret_place, struct complaint *complaint);

/* One part of the run, with its progress on standard error. 0; ERR_TIMEOUT or ERR_IO, with a
 * complaint. */
int bench_client_measure(struct bench_client *client, enum bench_parts what, struct bench_part *ret,
			 struct complaint *complaint);

#endif
