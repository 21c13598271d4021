/* journal.h - all that happens in a world, in order: hashed always, printed when asked.
 *
 * The hash covers each event's time, place, addresses and bytes, the moves of the machines and the
 * notes of the scenario. One line is printed for each, to be read by people and compared by tests:
 *
 *     [    1.020000] 2: arrive #17 192.0.2.1:7 > 192.0.2.2:7 ttl 56, 48 bytes
 */
#ifndef SIM_JOURNAL_H
#define SIM_JOURNAL_H

#include "base/trace.h"
#include "sim/fate.h"
#include "sim/trace_hash.h"
#include "wire/endpoint.h"

#include <stdio.h>

struct journal {
	struct trace_hash hash;
	FILE *out; /* borrowed; NULL: print nothing */
};

struct journal_datagram {
	uint64_t serial; /* of the datagram, in the order of sending and copying */
	uint32_t device; /* where it happens */
	struct endpoint source, destination;
	uint8_t ttl;
	struct span bytes;
};

void journal_init(struct journal *journal, FILE *out);

void journal_datagram(struct journal *journal, struct mono at, enum fate fate,
		      const struct journal_datagram *datagram);

/* A move of a machine on a host; `at` is the world's time, not record->at. */
void journal_record(struct journal *journal, struct mono at, uint32_t host,
		    const struct trace_record *record);

/* A sentence of the scenario. */
void journal_note(struct journal *journal, struct mono at, const char *text);

#endif
