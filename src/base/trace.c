/* trace.c - see trace.h. */
#include "base/trace.h"

void trace_init(struct trace *trace)
{
	*trace = (struct trace){ .queue = queue_of(TRACE_RECORDS_MAX) };
}

void trace_move(struct trace *trace, const struct trace_record *record)
{
	if (trace == NULL)
		return;
	if (queue_is_full(&trace->queue)) {
		trace->dropped++;
		return;
	}
	trace->records[queue_push(&trace->queue)] = *record;
}

bool trace_poll(struct trace *trace, struct trace_record *ret)
{
	if (queue_is_empty(&trace->queue))
		return false;
	*ret = trace->records[queue_pop(&trace->queue)];
	return true;
}
