/* forward.c - see forward.h.
 *
 * A pass is one batch through one table. Each packet goes down one chain of questions, and the
 * first "no" is its verdict; what is asked of packets, not of the batch, stands in the order of
 * cost, but nothing that a packet states is believed before it was opened.
 */
#include "forward/forward.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "forward/seal.h"

#include <assert.h>

static_assert(FORWARD_MTU <= SEAL_RELAYED_PAYLOAD_BYTES_MAX, "a way may change at any packet");

struct pass {
	struct forward_thread *thread;
	const struct forward_table *table; /* NULL: none */
	struct now now;
	bool is_same_run;      /* SNAPSHOT: the keys of the table may be used */
	bool node_has_work;    /* the node may have keys for us when it has seen what came so far */
	bool unknown_reported; /* FORWARD_REPORT_UNKNOWN was said */
	struct forward_report moved; /* the last FORWARD_REPORT_ADDRESS of this pass */
	bool moved_reported;
};

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

struct mono forward_deadline(const struct forward_thread *thread)
{
	return egress_deadline(thread->egress);
}

static void report(struct forward_thread *thread, const struct forward_report *what)
{
	if (queue_is_full(&thread->report_queue))
		thread->counters.reports_lost++;
	else
		thread->reports[queue_push(&thread->report_queue)] = *what;
}

static enum forward_verdict drop(uint64_t *counter)
{
	(*counter)++;
	return FORWARD_DROP;
}

/* By why a key set did not seal or open it. */
static enum forward_verdict drop_failed(struct forward_counters *counters, int err)
{
	switch (err) {
	case ERR_REPLAY:
		return drop(&counters->drop_replay);
	case ERR_AUTH:
		return drop(&counters->drop_forged);
	case ERR_EXPIRED:
	case ERR_EXHAUSTED:
		return drop(&counters->drop_expired);
	case ERR_CRYPTO:
		return drop(&counters->drop_crypto);
	default:
		return drop(&counters->drop_malformed);
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

static struct pass pass_of(struct forward_thread *thread, const struct forward_table *table,
			   struct now now)
{
	return (struct pass){
		.thread = thread,
		.table = table,
		.now = now,
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

/* Tells the session what its keys have been through. */
static void report_milestones(const struct pass *pass, const struct table_entry *entry,
			      struct keyset *keyset)
{
	struct forward_report passed[FORWARD_MILESTONES];
	const size_t count = forward_milestones(keyset, passed);

	for (size_t i = 0; i < count; i++) {
		passed[i].link = entry->link;
		report(pass->thread, &passed[i]);
	}
}

/* A slot of the link's; NULL: dropped, and counted. */
static struct egress_datagram *reserve(const struct pass *pass, const struct table_entry *link)
{
	const struct egress_datagram like = { .link = link->link,
					      .class = EGRESS_DATA,
					      .local = link->way.local,
					      .remote = link->way.remote };
	struct egress_datagram *datagram = egress_reserve(pass->thread->egress, &like);

	if (datagram == NULL)
		(void)drop(&pass->thread->counters.drop_egress_full);
	return datagram;
}

/* Seals a packet into the egress, by a relay's link if the entry says so. */
static enum forward_verdict send_packet(const struct pass *pass, const struct table_entry *entry,
					struct span packet)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct frame_header frame = { .kind = FRAME_IP };
	struct seal_keys keys = { .keyset = entry->keyset };
	const struct table_entry *link = entry;
	struct egress_datagram *datagram;
	int err;

	if (entry->action == TABLE_WRAP) {
		link = table_entry_at(pass->table, entry->relay_entry);
		keys.relay = link->keyset;
		keys.relay_index = entry->relay_index;
	}
	datagram = reserve(pass, link);
	if (datagram == NULL)
		return FORWARD_DROP;
	err = seal_frame(&keys, pass->now.mono, &frame, packet, datagram->data);
	if (err == 0) {
		egress_commit(pass->thread->egress, datagram, packet.len + seal_overhead(&keys));
		report_milestones(pass, entry, entry->keyset);
		if (link != entry)
			report_milestones(pass, link, link->keyset);
		counters->sent++;
		return FORWARD_SENT;
	}
	egress_cancel(pass->thread->egress, datagram);
	if (err == ERR_EXPIRED || err == ERR_EXHAUSTED)
		return FORWARD_NO_ENTRY; /* it can wait at the node until there are new keys */
	return drop_failed(counters, err);
}

static enum forward_verdict packet_from_tun(const struct pass *pass, struct forward_packet *packet)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct table_entry *entry;
	struct ip_packet ip;

	if (ip_decode(span_of(packet->data, packet->len), &ip) < 0)
		return drop(&counters->drop_malformed);
	if (pass->table == NULL)
		return FORWARD_NO_ENTRY;
	/* A source that is not ours would be refused by the peer, and would tell it of another
	 * network of this host. */
	if (!SECCHECK(SEC_TUN_SOURCE, table_is_own(pass->table, &ip.source)))
		return drop(&counters->drop_source);
	entry = table_find_destination(pass->table, &ip.destination);
	if (entry == NULL || entry->action == TABLE_QUEUE || !pass->is_same_run)
		return FORWARD_NO_ENTRY;
	if (!SECCHECK(SEC_TUN_ADMITTED, entry->admits_ip))
		return drop(&counters->drop_not_admitted);
	if (ip.len > entry->mtu) {
		packet->link = entry->link;
		packet->mtu = entry->mtu;
		counters->too_big++;
		return FORWARD_TOO_BIG;
	}
	return send_packet(pass, entry, span_of(packet->data, ip.len));
}

size_t forward_from_tun(struct forward_thread *thread, const struct forward_table *table,
			struct now now, struct forward_batch *batch)
{
	const struct pass pass = pass_of(thread, table, now);
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

static enum forward_verdict unknown_index(struct pass *pass, const struct forward_packet *packet,
					  uint32_t index)
{
	const struct forward_report what = { .kind = FORWARD_REPORT_UNKNOWN,
					     .local_index = index,
					     .way = packet->way };

	if (pass->node_has_work)
		return FORWARD_PENDING;
	if (!pass->unknown_reported)
		report(pass->thread, &what);
	pass->unknown_reported = true;
	return drop(&pass->thread->counters.drop_unknown_index);
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
	report(pass->thread, &what);
}

/* An opened IP packet: only what its sender may say, and only to us. */
static enum forward_verdict deliver(const struct pass *pass, const struct table_entry *entry,
				    uint8_t frame_flags, struct forward_packet *packet)
{
	struct forward_counters *counters = &pass->thread->counters;
	struct ip_packet ip;

	if (!SECCHECK(SEC_WIRE_ADMITTED, entry->admits_ip))
		return drop(&counters->drop_not_admitted);
	/* We have announced to nobody that we complete checksums. */
	if ((frame_flags & FRAME_FLAG_PARTIAL_CHECKSUM) != 0 ||
	    ip_decode(span_of(packet->data, packet->len), &ip) < 0)
		return drop(&counters->drop_malformed);
	if (!SECCHECK(SEC_WIRE_SOURCE, table_entry_has(entry, &ip.source)))
		return drop(&counters->drop_source);
	if (!SECCHECK(SEC_WIRE_DESTINATION, table_is_own(pass->table, &ip.destination)))
		return drop(&counters->drop_destination);
	/* We would be a reflector into whatever networks this host reaches. */
	if (!SECCHECK(SEC_WIRE_LAST_HOP, !ip.source_routed))
		return drop(&counters->drop_destination);
	packet->len = ip.len;
	counters->delivered++;
	return FORWARD_DELIVER;
}

/* What was opened, by its kind. */
static enum forward_verdict take_frame(struct pass *pass, const struct table_entry *entry,
				       const struct frame_header *frame,
				       struct forward_packet *packet)
{
	switch (frame->kind) {
	case FRAME_IP:
		return deliver(pass, entry, frame->flags, packet);
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
		packet->frame_kind = frame->kind;
		pass->node_has_work = true;
		pass->thread->counters.frames++;
		return FORWARD_FRAME;
	default:
		return drop(&pass->thread->counters.drop_kind);
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
				    struct span bytes)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct table_entry *to = table_entry_at(pass->table, relay->to_entry);
	struct egress_datagram *datagram;
	int err;

	if (!is_within_rate(relay, pass->now.mono, bytes.len))
		return drop(&counters->drop_relay_rate);
	datagram = reserve(pass, to);
	if (datagram == NULL)
		return FORWARD_DROP;
	err = seal_relayed(to->keyset, pass->now.mono, relay->to_index, bytes, datagram->data);
	if (err == 0) {
		egress_commit(pass->thread->egress, datagram, bytes.len + SEAL_RELAY_OVERHEAD);
		report_milestones(pass, to, to->keyset);
		counters->relayed++;
		return FORWARD_SENT;
	}
	egress_cancel(pass->thread->egress, datagram);
	return drop_failed(counters, err);
}

/* Whose datagram it is; the packet then is the payload of the frame that was in it. NULL: it stays
 * closed, and packet->verdict says why. */
static const struct table_entry *open_packet(struct pass *pass, struct forward_packet *packet,
					     struct frame_header *ret_frame)
{
	struct forward_counters *counters = &pass->thread->counters;
	const struct table_entry *entry = NULL;
	struct keyset *keyset = NULL;
	struct datagram_header header;
	struct keyset_opened opened;
	int err;

	packet->verdict = FORWARD_DROP;
	if (datagram_header_decode(span_of(packet->data, packet->len), &header) < 0) {
		counters->drop_malformed++;
		return NULL;
	}
	if (pass->table != NULL)
		entry = table_find_receiver(pass->table, header.receiver, &keyset);
	if (entry == NULL) {
		packet->verdict = unknown_index(pass, packet, header.receiver);
		return NULL;
	}
	if (!pass->is_same_run) {
		counters->drop_snapshot++;
		return NULL;
	}
	err = keyset_open(keyset, pass->now.mono, packet->data, packet->len, &opened);
	if (err < 0) {
		packet->verdict = drop_failed(counters, err);
		return NULL;
	}
	packet->link = entry->link;
	packet->local_index = header.receiver;
	packet->data = opened.payload;
	packet->len = opened.frame.payload_len;
	report_milestones(pass, entry, keyset);
	if (opened.newest)
		report_address(pass, entry, packet);
	*ret_frame = opened.frame;
	return entry;
}

/* A second round opens what was relayed to us. There is no third: from what came through a relay
 * unwrap() takes nothing. */
static enum forward_verdict data_from_wire(struct pass *pass, struct forward_packet *packet)
{
	for (;;) {
		struct frame_header frame;
		const struct table_entry *entry = open_packet(pass, packet, &frame);
		const struct table_relay *relay;

		if (entry == NULL)
			return packet->verdict;
		if (frame.kind != FRAME_RELAY)
			return take_frame(pass, entry, &frame, packet);
		relay = unwrap(pass, packet);
		if (relay == NULL)
			return FORWARD_DROP;
		if (relay->to_entry != TABLE_NO_ENTRY)
			return pass_on(pass, relay, span_of(packet->data, packet->len));
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
			return drop(&counters->drop_malformed);
		pass->node_has_work = true;
		counters->handshakes++;
		return FORWARD_HANDSHAKE;
	default:
		return drop(&counters->drop_malformed);
	}
}

size_t forward_from_wire(struct forward_thread *thread, const struct forward_table *table,
			 struct now now, struct forward_batch *batch)
{
	struct pass pass = pass_of(thread, table, now);
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
	return handed_on;
}
