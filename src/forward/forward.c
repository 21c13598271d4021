/* forward.c - see forward.h.
 *
 * A pass is one batch through one table. Each packet goes down one chain of questions, and the
 * first "no" is its verdict; what is asked of packets, not of the batch, stands in the order of
 * cost, but nothing that a packet states is believed before it was opened.
 */
#include "forward/forward_internal.h"

#include "base/err.h"
#include "base/seccheck.h"

void forward_thread_init(struct forward_thread *thread, struct egress *egress)
{
	*thread = (struct forward_thread){ .egress = egress,
					   .report_queue = queue_of(FORWARD_REPORTS_MAX) };
}

bool forward_report(struct forward_thread *thread, struct forward_report *ret)
{
	if (queue_is_empty(&thread->report_queue))
		return false;
	*ret = thread->reports[queue_pop(&thread->report_queue)];
	return true;
}

void forward_tell(struct forward_thread *thread, const struct forward_report *what)
{
	/* All were read: the first slots again, those behind are not touched without need. */
	if (queue_is_empty(&thread->report_queue))
		thread->report_queue = queue_of(FORWARD_REPORTS_MAX);
	if (queue_is_full(&thread->report_queue))
		thread->counters.reports_lost++;
	else
		thread->reports[queue_push(&thread->report_queue)] = *what;
}

enum forward_verdict forward_drop(uint64_t *counter)
{
	(*counter)++;
	return FORWARD_DROP;
}

enum forward_verdict forward_drop_failed(struct forward_counters *counters, int err)
{
	switch (err) {
	case ERR_REPLAY:
		return forward_drop(&counters->drop_replay);
	case ERR_AUTH:
		return forward_drop(&counters->drop_forged);
	case ERR_EXPIRED:
	case ERR_EXHAUSTED:
		return forward_drop(&counters->drop_expired);
	case ERR_CRYPTO:
		return forward_drop(&counters->drop_crypto);
	default:
		return forward_drop(&counters->drop_malformed);
	}
}

/* Compared without a sign, since the difference of two calendars may not fit. */
static bool is_same_run(const struct forward_table *table, struct now now)
{
	const int64_t built = table_clock_offset_us(table);
	const int64_t is = now_offset_us(now);
	const uint64_t drift =
		is > built ? (uint64_t)is - (uint64_t)built : (uint64_t)built - (uint64_t)is;

	return drift <= FORWARD_DRIFT_US;
}

struct pass forward_pass(struct forward_thread *thread, const struct forward_table *table,
			 struct now now)
{
	return (struct pass){
		.thread = thread,
		.table = table,
		.now = now,
		.joiner.joins_udp = thread->joins_udp,
		.node_has_work = thread->node_is_behind,
		.is_same_run =
			table != NULL && SECCHECK(SEC_FORWARD_SNAPSHOT, is_same_run(table, now)),
	};
}

size_t forward_milestones(struct keyset *keyset, struct forward_report ret[FORWARD_MILESTONES])
{
	static const struct {
		enum keyset_milestone passed;
		enum forward_report_kind kind;
	} milestones[FORWARD_MILESTONES] = {
		{ KEYSET_OPENED, FORWARD_REPORT_OPENED },
		{ KEYSET_IP, FORWARD_REPORT_IP },
		{ KEYSET_ACTIVE, FORWARD_REPORT_ACTIVE },
		{ KEYSET_SENT, FORWARD_REPORT_SENT },
	};
	const unsigned passed = keyset_take_milestones(keyset);
	size_t count = 0;

	for (size_t i = 0; passed != 0 && i < FORWARD_MILESTONES; i++) {
		if ((passed & milestones[i].passed) == 0)
			continue;
		ret[count] = (struct forward_report){ .kind = milestones[i].kind,
						      .local_index = keyset_local_index(keyset) };
		if (milestones[i].kind == FORWARD_REPORT_SENT)
			ret[count].count = keyset_counters(keyset).packets_sent;
		count++;
	}
	return count;
}

void forward_tell_milestones(const struct pass *pass, const struct table_entry *entry,
			     struct keyset *keyset)
{
	struct forward_report passed[FORWARD_MILESTONES];
	const size_t count = forward_milestones(keyset, passed);

	for (size_t i = 0; i < count; i++) {
		passed[i].link = entry->link;
		forward_tell(pass->thread, &passed[i]);
	}
}

struct egress_datagram *forward_reserve(const struct pass *pass, const struct table_entry *link,
					uint8_t ecn)
{
	const struct egress_datagram like = { .link = link->link,
					      .class = EGRESS_DATA,
					      .local = link->way.local,
					      .remote = link->way.remote,
					      .ecn = ecn,
					      .since = pass->now.mono };
	struct egress_datagram *datagram = egress_reserve(pass->thread->egress, &like);

	if (datagram == NULL)
		(void)forward_drop(&pass->thread->counters.drop_egress_full);
	return datagram;
}
