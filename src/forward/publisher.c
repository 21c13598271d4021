/* publisher.c - see publisher.h.
 *
 * Order of memory: all of it is sequentially consistent, and the argument needs that. A reader
 * writes its note and then loads `newest`; the writer stores `newest` and then loads the notes. If
 * the writer does not see the note, its store came before the reader's load, so the reader has the
 * new table. If it sees an old number there, it deletes nothing that was replaced later than that.
 */
#include "forward/publisher.h"

#include "base/check.h"

void publisher_init(struct publisher *publisher, uint32_t reader_count)
{
	CHECK(reader_count <= PUBLISHER_READERS_MAX);
	publisher->reader_count = reader_count;
	publisher->replaced = NULL;
	atomic_init(&publisher->newest, NULL);
	atomic_init(&publisher->number, 0);
	for (uint32_t i = 0; i < PUBLISHER_READERS_MAX; i++)
		atomic_init(&publisher->readers[i].noted, UINT64_MAX);
}

void publisher_close(struct publisher *publisher)
{
	publisher_put(publisher, NULL);
	CHECK(publisher->replaced == NULL); /* no reader reads any more */
}

static uint64_t oldest_noted(struct publisher *publisher)
{
	uint64_t oldest = UINT64_MAX;

	for (uint32_t i = 0; i < publisher->reader_count; i++) {
		const uint64_t noted = atomic_load(&publisher->readers[i].noted);

		if (noted < oldest)
			oldest = noted;
	}
	return oldest;
}

size_t publisher_sweep(struct publisher *publisher)
{
	const uint64_t oldest = publisher->replaced == NULL ? 0 : oldest_noted(publisher);
	struct forward_table **place = &publisher->replaced;
	size_t left = 0;

	while (*place != NULL) {
		struct forward_table *table = *place;
		struct table_shelf *shelf = table_shelf(table);

		if (shelf->replaced_by <= oldest) {
			*place = shelf->next;
			table_del(table);
		} else {
			place = &shelf->next;
			left++;
		}
	}
	return left;
}

void publisher_put(struct publisher *publisher, struct forward_table *table)
{
	struct forward_table *before = atomic_exchange(&publisher->newest, table);
	const uint64_t number = atomic_fetch_add(&publisher->number, 1) + 1;

	if (before != NULL) {
		*table_shelf(before) =
			(struct table_shelf){ .next = publisher->replaced, .replaced_by = number };
		publisher->replaced = before;
	}
	(void)publisher_sweep(publisher);
}

const struct forward_table *publisher_newest(const struct publisher *publisher)
{
	return atomic_load(&publisher->newest);
}

const struct forward_table *publisher_read(struct publisher *publisher, uint32_t reader)
{
	atomic_store(&publisher->readers[reader].noted, atomic_load(&publisher->number));
	return atomic_load(&publisher->newest);
}

void publisher_rest(struct publisher *publisher, uint32_t reader)
{
	atomic_store(&publisher->readers[reader].noted, UINT64_MAX);
}
