/* probes.c - see probes.h. */
#include "sim/probes.h"

#include "base/check.h"

#include <stdlib.h>

#define IPV6_BYTES 40
#define NEXT_HEADER_AT 6
#define SOURCE_AT 8
#define EXPERIMENT 253 /* next header "for experimentation and testing" (RFC 3692, 2.1) */
#define ICMPV6 58
#define PAYLOAD_BYTES 64
#define PACKET_BYTES (IPV6_BYTES + PAYLOAD_BYTES)

void probes_init(struct probes *probes, struct crowd *crowd)
{
	*probes = (struct probes){ .crowd = crowd };
	probes->probes = calloc(PROBES_OPEN_MAX, sizeof(probes->probes[0]));
	CHECK(probes->probes != NULL);
}

void probes_free(struct probes *probes)
{
	tally_free(&probes->times_us);
	free(probes->probes);
	*probes = (struct probes){ 0 };
}

/* The packet (RFC 8200, 3); its payload is the number, which try it is, and zeros. */
static void encode(const struct probe *probe, const struct ip_address *source,
		   const struct ip_address *destination, uint8_t ret[PACKET_BYTES])
{
	struct writer w = writer_of(ret, PACKET_BYTES);

	memset(ret, 0, PACKET_BYTES);
	writer_u32(&w, 6U << 28);
	writer_u16(&w, PAYLOAD_BYTES);
	writer_u8(&w, EXPERIMENT);
	writer_u8(&w, 64);
	writer_bytes(&w, source->bytes, sizeof(source->bytes));
	writer_bytes(&w, destination->bytes, sizeof(destination->bytes));
	writer_u32(&w, probe->number);
	writer_u8(&w, probe->tries);
	CHECK(writer_ok(&w));
}

static struct probe *slot_of(const struct probes *probes, uint32_t number)
{
	return &probes->probes[number % PROBES_OPEN_MAX];
}

/* One more packet. False if it could not be sent. */
static bool try_again(struct probes *probes, struct probe *probe)
{
	struct crowd *crowd = probes->crowd;
	uint8_t packet[PACKET_BYTES];
	struct ip_address source;
	struct ip_address destination;

	if (!crowd_ipv6(crowd, probe->from, &source) ||
	    !crowd_ipv6(crowd, probe->to, &destination) || crowd->members[probe->from].node == NULL)
		return false;
	encode(probe, &source, &destination, packet);
	if (!node_host_send(crowd->members[probe->from].node, span_of(packet, sizeof(packet))))
		return false;
	probe->tries++;
	probe->again = mono_add_ms(world_time(crowd->world), PROBES_AGAIN_MS);
	return true;
}

bool probes_send(struct probes *probes, uint32_t from, uint32_t to, bool counts,
		 uint32_t *ret_number)
{
	const struct crowd *crowd = probes->crowd;
	struct probe probe = { .state = PROBE_OPEN,
			       .number = probes->sent,
			       .from = from,
			       .to = to,
			       .from_starts = crowd->members[from].starts,
			       .to_starts = crowd->members[to].starts,
			       .sent = world_time(crowd->world),
			       .counts = counts };

	if (!try_again(probes, &probe))
		return false;
	*slot_of(probes, probe.number) = probe;
	*ret_number = probes->sent++;
	return true;
}

bool probes_has_arrived(const struct probes *probes, uint32_t number)
{
	const struct probe *probe = slot_of(probes, number);

	return probe->number == number && probe->state == PROBE_ARRIVED;
}

/* Both ends live the lives in which it was sent, and can be heard by each other. */
static bool still_stands(const struct probes *probes, const struct probe *probe)
{
	const struct crowd *crowd = probes->crowd;
	const struct member *from = &crowd->members[probe->from];
	const struct member *to = &crowd->members[probe->to];

	return crowd_is_up(crowd, probe->from) && crowd_is_up(crowd, probe->to) &&
	       from->starts == probe->from_starts && to->starts == probe->to_starts &&
	       from->side == to->side;
}

/* Ends it if its time is over, or sends once more. */
static void look_after(struct probes *probes, struct probe *probe, struct mono now)
{
	if (mono_reached(now, mono_add_ms(probe->sent, PROBES_PATIENCE_MS))) {
		probe->state = PROBE_ENDED;
		if (probe->counts && still_stands(probes, probe))
			probes->failed++;
	} else if (mono_reached(now, probe->again) && still_stands(probes, probe)) {
		(void)try_again(probes, probe); /* or a tick later */
	}
}

void probes_tick(struct probes *probes)
{
	const struct mono now = world_time(probes->crowd->world);

	for (uint32_t number = probes->ended; number != probes->sent; number++) {
		struct probe *probe = slot_of(probes, number);

		if (probe->number == number && probe->state == PROBE_OPEN)
			look_after(probes, probe, now);
		if (number == probes->ended &&
		    (probe->number != number || probe->state != PROBE_OPEN))
			probes->ended++;
	}
}

static void arrive(struct probes *probes, struct probe *probe)
{
	const bool in_time = probe->state == PROBE_OPEN;

	probe->state = PROBE_ARRIVED;
	if (!probe->counts || !in_time)
		return;
	probes->arrived++;
	tally_add(&probes->times_us, world_time(probes->crowd->world).us - probe->sent.us);
}

/* What a member's programs got: NULL, or what is wrong with it. */
static const char *look_at(struct probes *probes, uint32_t i, struct span packet)
{
	struct crowd *crowd = probes->crowd;
	struct reader r = reader_of(packet);
	struct ip_address source;
	struct span header;
	struct probe *probe;
	uint32_t number;
	uint8_t which;

	if (packet.len > IPV6_BYTES && packet.data[NEXT_HEADER_AT] == ICMPV6)
		return NULL; /* its own node says that somebody is not there */
	if (packet.len != PACKET_BYTES || packet.data[NEXT_HEADER_AT] != EXPERIMENT ||
	    !reader_span(&r, IPV6_BYTES, &header) || !reader_u32(&r, &number) ||
	    !reader_u8(&r, &which) || number >= probes->sent)
		return "a packet arrived that nobody sent";
	probe = slot_of(probes, number);
	if (probe->number != number)
		return NULL; /* forgotten */
	if (probe->to != i)
		return "a packet arrived at another member than the one it was for";
	if (!crowd_ipv6(crowd, probe->from, &source) ||
	    memcmp(header.data + SOURCE_AT, source.bytes, sizeof(source.bytes)) != 0)
		return "a packet arrived under another member's address";
	if (which >= probe->tries)
		return "a packet arrived that nobody sent";
	if ((probe->tries_arrived >> which & 1) != 0)
		return "a packet arrived twice";
	probe->tries_arrived |= (uint8_t)(1U << which);
	if (probe->state != PROBE_ARRIVED)
		arrive(probes, probe);
	return NULL;
}

const char *probes_check(void *context, uint32_t host)
{
	struct probes *probes = context;
	struct crowd *crowd = probes->crowd;
	const uint32_t i = crowd->by_host[host];
	struct span packet;

	while (probes->violation == NULL && i != CROWD_NOBODY && crowd->members[i].node != NULL &&
	       node_host_receive(crowd->members[i].node, &packet))
		probes->violation = look_at(probes, i, packet);
	return probes->violation;
}
