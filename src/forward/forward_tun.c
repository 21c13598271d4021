/* forward_tun.c - from the TUN to the egress: see forward.h.
 *
 * A super-packet is looked up once, cut into the slots of the egress, and sealed there under
 * counters that follow one another, so that the other end can put it together again. Of TCP's the
 * segments are made as short as the way wants them: the kernel has left the cutting to us, and TCP
 * does not see where it was cut. So it goes on at once where other packets wait for an answer.
 *
 * Small packets of UDP come one by one, since the kernel puts together only what a program wrote
 * together. Of a flow, one behind the other, they are marked as if they had been cut from one: who
 * gets them writes them at once. The mark is a hint (joiner.h), so two ports and a length are all
 * that is compared.
 */
#include "base/err.h"
#include "base/seccheck.h"
#include "forward/cutter.h"
#include "forward/forward_internal.h"
#include "forward/seal.h"

#include <assert.h>
#include <string.h>

static_assert(FORWARD_MTU <= SEAL_RELAYED_PAYLOAD_BYTES_MAX, "a way may change at any packet");

/* What the receiver needs to know of the next packet. */
static struct frame_header frame_of(const struct cutter *cutter, bool continues)
{
	struct frame_header frame = { .kind = FRAME_IP };

	if (!cutter->partial)
		return frame;
	frame.flags = FRAME_FLAG_PARTIAL_CHECKSUM;
	frame.header_len = (uint8_t)cutter->layout.header_len;
	frame.checksum_start = (uint8_t)cutter->layout.transport_at;
	frame.checksum_offset = (uint8_t)cutter->layout.checksum_offset;
	if (cutter->index > 0 || continues)
		frame.flags |= FRAME_FLAG_CONTINUES;
	return frame;
}

/* Where a packet for this entry goes: by which keys, out by whose link. */
static struct seal_keys keys_of(const struct pass *pass, const struct table_entry *entry,
				const struct table_entry **ret_link)
{
	struct seal_keys keys = { .keyset = entry->keyset };

	*ret_link = entry;
	if (entry->action == TABLE_WRAP) {
		*ret_link = table_entry_at(pass->table, entry->relay_entry);
		keys.relay = (*ret_link)->keyset;
		keys.relay_index = entry->relay_index;
	}
	return keys;
}

/* One packet of UDP, as it leaves. */
static struct departure departure_of(const struct table_entry *entry, const struct cutter *cutter)
{
	struct departure departure = { .len = cutter->packet.len,
				       .transport_at = cutter->layout.transport_at };

	if (!cutter->partial || cutter->layout.tcp || cutter->offload.kind != OFFLOAD_NONE)
		return departure;
	departure.entry = entry;
	memcpy(&departure.ports, cutter->packet.data + departure.transport_at,
	       sizeof(departure.ports));
	return departure;
}

/* Only the last of what is written together may be shorter. */
static bool goes_on(const struct departure *last, const struct departure *next)
{
	return next->entry != NULL && next->entry == last->entry && next->len <= last->len &&
	       next->transport_at == last->transport_at && next->ports == last->ports;
}

/* Seals one packet of the run into a slot; false: dropped, and counted. `continues`: the first one
 * goes on where the packet before ended. */
static bool send_next(const struct pass *pass, const struct table_entry *link,
		      struct cutter *cutter, bool continues, struct seal_run *run)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct frame_header frame = frame_of(cutter, continues);
	struct egress_datagram *datagram = forward_reserve(pass, link, cutter->ip.ecn);
	size_t len;
	int err;

	if (datagram == NULL)
		return false;
	len = cutter_next(cutter, datagram->data + seal_run_payload_at(run));
	err = seal_run_next(run, &frame, len, datagram->data);
	if (err != 0) {
		egress_cancel(pass->thread->egress, datagram);
		(void)forward_drop_failed(counters, err);
		return false;
	}
	egress_commit(pass->thread->egress, datagram, len + seal_run_overhead(run));
	counters->sent++;
	return true;
}

/* Seals what the cutter makes into the egress, by a relay's link if the entry says so. */
static enum forward_verdict send_all(struct pass *pass, const struct table_entry *entry,
				     struct cutter *cutter)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct departure departure = departure_of(entry, cutter);
	const bool continues = goes_on(&pass->last, &departure);
	const size_t count = cutter_count(cutter);
	const struct table_entry *link;
	const struct seal_keys keys = keys_of(pass, entry, &link);
	struct seal_run run;
	size_t sent = 0;
	int err = seal_run_begin(&keys, pass->now.mono, (uint32_t)count, &run);

	if (err == ERR_EXPIRED || err == ERR_EXHAUSTED)
		return FORWARD_NO_ENTRY; /* it can wait at the node until there are new keys */
	while (sent < count && send_next(pass, link, cutter, continues, &run))
		sent++;
	seal_run_end(&run);
	pass->last = departure;
	if (sent + 1 < count) /* the first that had no slot was counted; the rest has none either */
		counters->drop_egress_full += count - sent - 1;
	counters->cut += cutter->offload.kind != OFFLOAD_NONE;
	forward_tell_milestones(pass, entry, entry->keyset);
	if (link != entry)
		forward_tell_milestones(pass, link, link->keyset);
	return sent > 0 ? FORWARD_SENT : FORWARD_DROP;
}

static enum forward_verdict packet_from_tun(struct pass *pass, struct forward_packet *packet)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct table_entry *entry;
	struct cutter cutter;
	struct ip_packet ip;

	if (ip_decode(span_of(packet->data, packet->len), &ip) < 0 ||
	    cutter_begin(&cutter, span_of(packet->data, ip.len), &ip, &packet->offload, true) < 0 ||
	    cutter_longest(&cutter) > FORWARD_PACKET_BYTES_MAX)
		return forward_drop(&counters->drop_malformed);
	if (pass->table == NULL)
		return FORWARD_NO_ENTRY;
	/* A source that is not ours would be refused by the peer, and would tell it of another
	 * network of this host. */
	if (!SECCHECK(SEC_TUN_SOURCE, table_is_own(pass->table, &ip.source)))
		return forward_drop(&counters->drop_source);
	entry = table_find_destination(pass->table, &ip.destination);
	if (entry == NULL || entry->action == TABLE_QUEUE || !pass->is_same_run)
		return FORWARD_NO_ENTRY;
	if (!SECCHECK(SEC_TUN_ADMITTED, entry->admits_ip))
		return forward_drop(&counters->drop_not_admitted);
	if (!cutter_shorten(&cutter, entry->mtu)) {
		packet->link = entry->link;
		packet->mtu = entry->mtu;
		counters->too_big++;
		return FORWARD_TOO_BIG;
	}
	if (!entry->takes_partial)
		cutter_complete(&cutter);
	return send_all(pass, entry, &cutter);
}

size_t forward_from_tun(struct forward_thread *thread, const struct forward_table *table,
			struct now now, struct forward_batch *batch)
{
	struct pass pass = forward_pass(thread, table, now);
	size_t handed_on = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct forward_packet *packet = &batch->packets[i];

		if (packet->verdict != FORWARD_PENDING)
			continue;
		packet->verdict = packet_from_tun(&pass, packet);
		handed_on += packet->verdict != FORWARD_SENT && packet->verdict != FORWARD_DROP;
	}
	batch->pending = 0;
	return handed_on;
}

int forward_cut(const struct forward_packet *packet, struct cutter *ret)
{
	const struct span bytes = span_of(packet->data, packet->len);
	struct ip_packet ip;

	if (ip_decode(bytes, &ip) < 0)
		return ERR_MALFORMED;
	return cutter_begin(ret, span_of(packet->data, ip.len), &ip, &packet->offload, false);
}
