/* handover.c - see handover.h. Written numbers only grow; who writes one releases what stands
 * before it, and who reads it acquires that. */
#include "forward/handover.h"

#include "base/check.h"
#include "base/err.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct handover {
	atomic_size_t written; /* by the worker */
	size_t awaited; /* of the worker alone: so many are written up to what may bring keys */
	struct handover_item items[HANDOVER_ITEMS];
	atomic_size_t done; /* by the reader; far from what the worker writes */
	size_t handed_out;  /* of the reader alone */
};

int handover_new(struct handover **ret)
{
	struct handover *handover = calloc(1, sizeof(*handover));

	if (handover == NULL)
		return ERR_NOMEM;
	atomic_init(&handover->written, 0);
	atomic_init(&handover->done, 0);
	handover->handed_out = 0;
	*ret = handover;
	return 0;
}

void handover_del(struct handover *handover)
{
	free(handover);
}

/* A place for one more, leaving so many; NULL: there is no room. */
static struct handover_item *place(struct handover *handover, size_t kept)
{
	const size_t written = atomic_load_explicit(&handover->written, memory_order_relaxed);
	const size_t done = atomic_load_explicit(&handover->done, memory_order_acquire);

	if (written - done >= HANDOVER_ITEMS - kept)
		return NULL;
	return &handover->items[written % HANDOVER_ITEMS];
}

static void commit(struct handover *handover)
{
	const size_t written = atomic_load_explicit(&handover->written, memory_order_relaxed);

	atomic_store_explicit(&handover->written, written + 1, memory_order_release);
}

/* How many places a packet leaves to others. */
static size_t kept_by(enum forward_verdict verdict)
{
	if (verdict == FORWARD_FRAME)
		return HANDOVER_KEPT_REPORTS;
	return verdict == FORWARD_PENDING ? HANDOVER_KEPT_PENDING : HANDOVER_KEPT;
}

bool handover_packet(struct handover *handover, const struct forward_packet *packet)
{
	struct handover_item *item = place(handover, kept_by(packet->verdict));

	CHECK(packet->len <= sizeof(item->bytes));
	if (item == NULL)
		return false;
	item->is_report = false;
	item->packet = *packet;
	item->packet.data = item->bytes;
	memcpy(item->bytes, packet->data, packet->len);
	commit(handover);
	if (packet->verdict == FORWARD_FRAME || packet->verdict == FORWARD_HANDSHAKE)
		handover->awaited = atomic_load_explicit(&handover->written, memory_order_relaxed);
	return true;
}

bool handover_report(struct handover *handover, const struct forward_report *report)
{
	struct handover_item *item = place(handover, 0);

	if (item == NULL)
		return false;
	item->is_report = true;
	item->report = *report;
	commit(handover);
	return true;
}

bool handover_is_behind(const struct handover *handover)
{
	return atomic_load_explicit(&handover->done, memory_order_acquire) < handover->awaited;
}

struct handover_item *handover_next(struct handover *handover)
{
	const size_t written = atomic_load_explicit(&handover->written, memory_order_acquire);

	if (handover->handed_out == written)
		return NULL;
	return &handover->items[handover->handed_out++ % HANDOVER_ITEMS];
}

void handover_done(struct handover *handover)
{
	atomic_store_explicit(&handover->done, handover->handed_out, memory_order_release);
}
