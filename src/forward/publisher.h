/* publisher.h - one table for all threads: the control thread puts up the newest, workers read it
 * without a lock, and each is deleted when nobody can be reading it any more.
 *
 * Quiescent states (McKenney and Slingwine, "Read-Copy Update", 1998): between two batches a worker
 * holds no table. At each such point it notes the number of the newest publication before it takes
 * the table up, and that it reads none before it sleeps. What was replaced by publication n can
 * be seen by nobody once every worker that is awake has noted n or more.
 *
 * Nothing waits: a worker never, and the control thread leaves what is still in use for the next
 * time. A worker's batch takes less than a millisecond, so few tables are ever left.
 */
#ifndef FORWARD_PUBLISHER_H
#define FORWARD_PUBLISHER_H

#include "forward/table.h"

#include <stdatomic.h>

#define PUBLISHER_READERS_MAX 8

/* Fields are private. */
struct publisher {
	_Atomic(struct forward_table *) newest; /* owned; NULL before the first */
	atomic_uint_fast64_t number;            /* of the newest publication */
	uint32_t reader_count;
	struct {
		atomic_uint_fast64_t noted; /* the number, or UINT64_MAX: it reads nothing */
		uint8_t rest[56];           /* of a cache line: each is another thread's to write */
	} readers[PUBLISHER_READERS_MAX];
	struct forward_table *replaced; /* control thread only: the last first */
};

void publisher_init(struct publisher *publisher, uint32_t reader_count);
/* Deletes all tables. No reader reads any more. */
void publisher_close(struct publisher *publisher);

/* --- the control thread --- */

/* Takes the table over, puts it up, and deletes what nobody can see any more. */
void publisher_put(struct publisher *publisher, struct forward_table *table);
/* Deletes what nobody can see any more: how many tables that were replaced are left. */
size_t publisher_sweep(struct publisher *publisher);
/* The newest, borrowed until the next publisher_put(). */
const struct forward_table *publisher_newest(const struct publisher *publisher);

/* --- a worker, by its number --- */

/* The newest, borrowed until this reader's next publisher_read() or publisher_rest(). */
const struct forward_table *publisher_read(struct publisher *publisher, uint32_t reader);
/* Reads nothing until its next publisher_read(): what goes before it sleeps. */
void publisher_rest(struct publisher *publisher, uint32_t reader);

#endif
