/* forward_wire.c - from the wire to the TUN, to the node, or on to another member: see forward.h.
 */
#include "base/err.h"
#include "base/seccheck.h"
#include "forward/forward_internal.h"
#include "forward/seal.h"

static enum forward_verdict unknown_index(struct pass *pass, const struct forward_packet *packet,
					  uint32_t index)
{
	const struct forward_report what = { .kind = FORWARD_REPORT_UNKNOWN,
					     .local_index = index,
					     .way = packet->way };

	if (pass->node_has_work)
		return FORWARD_PENDING;
	if (!pass->unknown_reported)
		forward_tell(pass->thread, &what);
	pass->unknown_reported = true;
	return forward_drop(&pass->thread->counters.drop_unknown_index);
}

/* A peer has moved, or another of its addresses is the one that works: the node judges that. */
static void report_address(struct pass *pass, const struct table_entry *entry,
			   const struct forward_packet *packet)
{
	const struct forward_report what = { .kind = FORWARD_REPORT_ADDRESS,
					     .link = entry->link,
					     .local_index = packet->local_index,
					     .way = packet->way };

	if (way_matches(&entry->way, &packet->way))
		return;
	if (pass->moved_reported && pass->moved.link == what.link &&
	    way_equal(&pass->moved.way, &what.way))
		return;
	pass->moved = what;
	pass->moved_reported = true;
	forward_tell(pass->thread, &what);
}

/* It goes on where the one before ended, under the same header: what was asked of that one is
 * answered for this one. */
static bool joins(struct pass *pass, const struct keyset_opened *opened,
		  struct forward_packet *packet)
{
	static const uint8_t wanted = FRAME_FLAG_PARTIAL_CHECKSUM | FRAME_FLAG_CONTINUES;
	const struct joiner_segment segment = { .packet = packet->data,
						.len = packet->len,
						.header_len = opened->frame.header_len,
						.counter = opened->counter,
						.sender = pass->keyset };

	/* What the path has marked is not what the sender cut. */
	if ((opened->frame.flags & wanted) != wanted || packet->ecn == IP_ECN_CE ||
	    packet->ecn == IP_ECN_ECT1 || !joiner_add(&pass->joiner, &segment))
		return false;
	packet->data += segment.header_len;
	packet->len -= segment.header_len;
	pass->thread->counters.delivered++;
	pass->thread->counters.joined++;
	return true;
}

/* Others may go on where this one ends, if its sender has said where its headers end. */
static void open_joiner(struct pass *pass, const struct keyset_opened *opened,
			const struct ip_packet *ip, struct forward_packet *packet)
{
	const struct joiner_segment segment = { .packet = packet->data,
						.len = packet->len,
						.header_len = opened->frame.header_len,
						.counter = opened->counter,
						.sender = pass->keyset };

	if (packet->offload.partial_checksum)
		joiner_open(&pass->joiner, &segment, ip, &packet->offload);
	else
		joiner_end(&pass->joiner);
}

/* A checksum may be left to us if we said that we take that, and where TCP and UDP have it. */
static bool read_checksum(const struct pass *pass, const struct frame_header *frame,
			  const struct ip_packet *ip, struct forward_packet *packet)
{
	const struct offload offload = { .partial_checksum = true,
					 .checksum_start = frame->checksum_start,
					 .checksum_offset = frame->checksum_offset };
	struct offload_layout layout;

	packet->offload = (struct offload){ .kind = OFFLOAD_NONE };
	if ((frame->flags & FRAME_FLAG_PARTIAL_CHECKSUM) == 0)
		return true;
	if (!SECCHECK(SEC_WIRE_CHECKSUM,
		      pass->thread->takes_partial &&
			      offload_find(span_of(packet->data, packet->len), ip, &layout) &&
			      offload_fits(&offload, &layout)))
		return false;
	packet->offload = offload;
	return true;
}

/* RFC 6040, 4.2: what the path has said of congestion reaches those whom it concerns. False: the
 * packet would have been dropped where it was marked, for it says that it does not know marks. */
static bool take_ecn(const struct ip_packet *ip, struct forward_packet *packet)
{
	if (ip->ecn == IP_ECN_NONE)
		return packet->ecn != IP_ECN_CE;
	if (packet->ecn == IP_ECN_CE || (packet->ecn == IP_ECN_ECT1 && ip->ecn == IP_ECN_ECT0))
		ip_set_ecn(packet->data, ip->v6, packet->ecn);
	return true;
}

/* An opened IP packet: only what its sender may say, and only to us. */
static enum forward_verdict deliver(struct pass *pass, const struct table_entry *entry,
				    const struct keyset_opened *opened,
				    struct forward_packet *packet)
{
	struct forward_counters *counters = &pass->thread->counters;
	struct ip_packet ip;

	if (!SECCHECK(SEC_WIRE_ADMITTED, entry->admits_ip))
		return forward_drop(&counters->drop_not_admitted);
	if (joins(pass, opened, packet))
		return FORWARD_JOIN;
	if (ip_decode(span_of(packet->data, packet->len), &ip) < 0 ||
	    !read_checksum(pass, &opened->frame, &ip, packet))
		return forward_drop(&counters->drop_malformed);
	if (!SECCHECK(SEC_WIRE_SOURCE, table_entry_has(entry, &ip.source)))
		return forward_drop(&counters->drop_source);
	if (!SECCHECK(SEC_WIRE_DESTINATION, table_is_own(pass->table, &ip.destination)))
		return forward_drop(&counters->drop_destination);
	/* We would be a reflector into whatever networks this host reaches. */
	if (!SECCHECK(SEC_WIRE_LAST_HOP, !ip.source_routed))
		return forward_drop(&counters->drop_destination);
	if (!take_ecn(&ip, packet))
		return forward_drop(&counters->drop_ecn);
	packet->len = ip.len;
	open_joiner(pass, opened, &ip, packet);
	counters->delivered++;
	return FORWARD_DELIVER;
}

/* What was opened, by its kind. */
static enum forward_verdict take_frame(struct pass *pass, const struct table_entry *entry,
				       const struct keyset_opened *opened,
				       struct forward_packet *packet)
{
	switch (opened->frame.kind) {
	case FRAME_IP:
		return deliver(pass, entry, opened, packet);
	case FRAME_EMPTY:
	case FRAME_PROBE:
	case FRAME_PROBE_ACK:
	case FRAME_REKEY:
	case FRAME_REKEY_ACK:
	case FRAME_REKEY_WANTED:
	case FRAME_CLOSE:
	case FRAME_PART:
	case FRAME_ROUTED:
	case FRAME_BROADCAST:
	case FRAME_NEIGHBOURS:
	case FRAME_CANDIDATES:
	case FRAME_RELAY_ASK:
	case FRAME_RELAY_GRANT:
	case FRAME_RELAY_END:
	case FRAME_RELEASE:
	case FRAME_HOLD:
	case FRAME_CLOCK:
		packet->frame_kind = opened->frame.kind;
		pass->node_has_work = true;
		pass->thread->counters.frames++;
		return FORWARD_FRAME;
	default:
		return forward_drop(&pass->thread->counters.drop_kind);
	}
}

/* The relay frame just opened: what is to be done with what is in it, which the packet then is.
 * NULL: nothing, and it was counted. */
static const struct table_relay *unwrap(const struct pass *pass, struct forward_packet *packet)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct table_relay *relay;
	struct span datagram;
	uint32_t index;

	if (!SECCHECK(SEC_RELAY_DIRECT, packet->way.kind == WAY_DIRECT)) {
		counters->drop_relay_nested++;
		return NULL;
	}
	if (relay_header_decode(span_of(packet->data, packet->len), &index, &datagram) < 0) {
		counters->drop_malformed++;
		return NULL;
	}
	relay = table_find_relay(pass->table, index);
	if (relay == NULL || !SECCHECK(SEC_RELAY_LINK, relay->from_link == packet->link)) {
		counters->drop_relay_unknown++;
		return NULL;
	}
	packet->data += RELAY_HEADER_BYTES;
	packet->len = datagram.len;
	packet->way = way_relay(relay->from_link, index);
	return relay;
}

/* Who sends has its share, whatever others send; what nobody else uses is for whoever comes. */
static bool is_within_rate(const struct table_relay *relay, struct mono now, size_t bytes)
{
	if (relay->share == NULL || !meter_take(relay->share, now, bytes))
		return SECCHECK(SEC_RELAY_RATE, meter_take(relay->meter, now, bytes));
	meter_charge(relay->meter, now, bytes);
	return true;
}

/* The datagram goes on over the other link. */
static enum forward_verdict pass_on(const struct pass *pass, const struct table_relay *relay,
				    const struct forward_packet *packet)
{
	const struct span bytes = span_of(packet->data, packet->len);
	struct forward_counters *counters = &pass->thread->counters;
	const struct table_entry *to = table_entry_at(pass->table, relay->to_entry);
	struct egress_datagram *datagram;
	int err;

	if (!is_within_rate(relay, pass->now.mono, bytes.len))
		return forward_drop(&counters->drop_relay_rate);
	datagram = forward_reserve(pass, to, packet->ecn);
	if (datagram == NULL)
		return FORWARD_DROP;
	err = seal_relayed(to->keyset, pass->now.mono, relay->to_index, bytes, datagram->data);
	if (err == 0) {
		egress_commit(pass->thread->egress, datagram, bytes.len + SEAL_RELAY_OVERHEAD);
		forward_tell_milestones(pass, to, to->keyset);
		counters->relayed++;
		return FORWARD_SENT;
	}
	egress_cancel(pass->thread->egress, datagram);
	return forward_drop_failed(counters, err);
}

/* The entry of a receiver index, and in pass->keyset its keys; NULL: nobody's. */
static const struct table_entry *find_receiver(struct pass *pass, uint32_t receiver)
{
	if (pass->table == NULL)
		return NULL;
	if (pass->entry == NULL || pass->receiver != receiver) {
		pass->entry = table_find_receiver(pass->table, receiver, &pass->keyset);
		pass->receiver = receiver;
	}
	return pass->entry;
}

/* Whose datagram it is; the packet then is the payload of the frame that was in it. NULL: it stays
 * closed, and packet->verdict says why. */
static const struct table_entry *open_packet(struct pass *pass, struct forward_packet *packet,
					     struct keyset_opened *opened)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct table_entry *entry;
	struct datagram_header header;
	int err;

	packet->verdict = FORWARD_DROP;
	if (datagram_header_decode(span_of(packet->data, packet->len), &header) < 0) {
		counters->drop_malformed++;
		return NULL;
	}
	entry = find_receiver(pass, header.receiver);
	if (entry == NULL) {
		packet->verdict = unknown_index(pass, packet, header.receiver);
		return NULL;
	}
	if (!pass->is_same_run) {
		counters->drop_snapshot++;
		return NULL;
	}
	err = keyset_open(pass->keyset, pass->now.mono, packet->data, packet->len, opened);
	if (err < 0) {
		packet->verdict = forward_drop_failed(counters, err);
		return NULL;
	}
	packet->link = entry->link;
	packet->local_index = header.receiver;
	packet->data = opened->payload;
	packet->len = opened->frame.payload_len;
	forward_tell_milestones(pass, entry, pass->keyset);
	if (opened->newest)
		report_address(pass, entry, packet);
	return entry;
}

/* A second round opens what was relayed to us. There is no third: from what came through a relay
 * unwrap() takes nothing. */
static enum forward_verdict data_from_wire(struct pass *pass, struct forward_packet *packet)
{
	for (;;) {
		struct keyset_opened opened;
		const struct table_entry *entry = open_packet(pass, packet, &opened);
		const struct table_relay *relay;

		if (entry == NULL)
			return packet->verdict;
		if (opened.frame.kind != FRAME_RELAY)
			return take_frame(pass, entry, &opened, packet);
		relay = unwrap(pass, packet);
		if (relay == NULL)
			return FORWARD_DROP;
		if (relay->to_entry != TABLE_NO_ENTRY)
			return pass_on(pass, relay, packet);
	}
}

static enum forward_verdict packet_from_wire(struct pass *pass, struct forward_packet *packet)
{
	struct forward_counters *counters = &pass->thread->counters;

	switch (datagram_type(span_of(packet->data, packet->len))) {
	case DATAGRAM_DATA:
		return data_from_wire(pass, packet);
	case DATAGRAM_M0:
	case DATAGRAM_M1:
	case DATAGRAM_M2:
	case DATAGRAM_COOKIE:
	case DATAGRAM_VERSION:
		/* A carried handshake has another form, and no endpoint to answer. */
		if (!SECCHECK(SEC_HANDSHAKE_DIRECT, packet->way.kind == WAY_DIRECT))
			return forward_drop(&counters->drop_malformed);
		pass->node_has_work = true;
		counters->handshakes++;
		return FORWARD_HANDSHAKE;
	default:
		return forward_drop(&counters->drop_malformed);
	}
}

size_t forward_from_wire(struct forward_thread *thread, const struct forward_table *table,
			 struct now now, struct forward_batch *batch)
{
	struct pass pass = forward_pass(thread, table, now);
	size_t handed_on = 0;

	batch->pending = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct forward_packet *packet = &batch->packets[i];

		if (packet->verdict != FORWARD_PENDING)
			continue;
		packet->verdict = packet_from_wire(&pass, packet);
		if (packet->verdict == FORWARD_PENDING)
			batch->pending++;
		else
			handed_on +=
				packet->verdict != FORWARD_SENT && packet->verdict != FORWARD_DROP;
	}
	joiner_end(&pass.joiner);
	return handed_on;
}
