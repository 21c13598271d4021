/* trace.h - what the machines did, as records for whoever wants to read them.
 *
 * Machines do not log. The one function of each machine that changes its state writes one record
 * a move; tests compare them, the simulator hashes them, the daemon turns them into log lines.
 * When nobody drains the trace the newest records are dropped and counted.
 */
#ifndef TRACE_H
#define TRACE_H

#include "base/mono.h"
#include "base/queue.h"

#include <stddef.h>

#define TRACE_RECORDS_MAX 64 /* power of two */

/* Texts are literals of the machines: they live for ever and hold nothing that a peer sent. */
struct trace_record {
	struct mono at;
	const char *machine; /* "session", "link", ... */
	uint32_t index;      /* which one */
	const char *from, *to;
	const char *why;
};

struct trace {
	struct trace_record records[TRACE_RECORDS_MAX];
	struct queue queue;
	uint64_t dropped;
};

void trace_init(struct trace *trace);

/* Notes a move; a NULL trace is allowed and notes nothing. */
void trace_move(struct trace *trace, const struct trace_record *record);

/* Hands out the oldest record; false if there is none. */
bool trace_poll(struct trace *trace, struct trace_record *ret);

#endif
