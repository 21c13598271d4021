/* probes.c - see probes.h. */
#include "sim/probes.h"

#include "base/check.h"
#include "wire/ip.h"

#include <stdlib.h>
#include <string.h>

#define EXPERIMENT 253 /* protocol "for experimentation and testing" (RFC 3692, 2.1) */
#define TTL 64
#define PAYLOAD_BYTES 64U
#define PACKET_BYTES_MAX (IPV6_HEADER_BYTES + PAYLOAD_BYTES)

/* In every payload, and never on a wire. */
static const uint8_t secret[] = "what one program says to another";

#define SECRET_BYTES (sizeof(secret) - 1)

void probes_init(struct probes *probes, struct crowd *crowd)
{
	*probes = (struct probes){ .crowd = crowd };
	probes->probes = calloc(PROBES_OPEN_MAX, sizeof(probes->probes[0]));
	probes->goals = calloc(crowd->count, sizeof(probes->goals[0]));
	CHECK(probes->probes != NULL && probes->goals != NULL);
}

void probes_free(struct probes *probes)
{
	for (unsigned sum = 0; sum < PROBE_SUMS; sum++)
		tally_free(&probes->sums[sum].times_us);
	free(probes->goals);
	free(probes->probes);
	*probes = (struct probes){ 0 };
}

static bool address_of(struct crowd *crowd, uint32_t i, bool v4, struct ip_address *ret)
{
	if (!v4)
		return crowd_ipv6(crowd, i, ret);
	*ret = ip_v4(crowd->members[i].identity.certificate.ipv4);
	return true;
}

/* RFC 791, 3.1: nothing is told but what must be, and the checksum. */
static void put_ipv4(struct writer *w, const struct ip_address *source,
		     const struct ip_address *destination)
{
	const uint8_t *header = w->data + w->len;
	const size_t skip = IP_ADDRESS_BYTES - 4;

	writer_u16(w, 0x4500);
	writer_u16(w, IPV4_HEADER_BYTES + PAYLOAD_BYTES);
	writer_u16(w, 0);
	writer_u16(w, 0x4000); /* do not fragment */
	writer_u8(w, TTL);
	writer_u8(w, EXPERIMENT);
	writer_u16(w, 0);
	writer_bytes(w, source->bytes + skip, 4);
	writer_bytes(w, destination->bytes + skip, 4);
	const uint16_t sum = ip_checksum(span_of(header, IPV4_HEADER_BYTES), 0);

	w->data[w->len - 10] = (uint8_t)(sum >> 8);
	w->data[w->len - 9] = (uint8_t)sum;
}

/* RFC 8200, 3. */
static void put_ipv6(struct writer *w, const struct ip_address *source,
		     const struct ip_address *destination)
{
	writer_u32(w, 6U << 28);
	writer_u16(w, PAYLOAD_BYTES);
	writer_u8(w, EXPERIMENT);
	writer_u8(w, TTL);
	writer_bytes(w, source->bytes, sizeof(source->bytes));
	writer_bytes(w, destination->bytes, sizeof(destination->bytes));
}

static struct probe *slot_of(const struct probes *probes, uint32_t number)
{
	return &probes->probes[number % PROBES_OPEN_MAX];
}

/* One more packet: header, number, which try it is, the secret, zeros. False if it could not be
 * sent. */
static bool try_again(struct probes *probes, struct probe *probe)
{
	struct crowd *crowd = probes->crowd;
	const struct probe_ask *ask = &probe->ask;
	uint8_t packet[PACKET_BYTES_MAX] = { 0 };
	struct writer w = writer_of(packet, sizeof(packet));
	struct ip_address source;
	struct ip_address destination;

	if (crowd->members[ask->from].node == NULL ||
	    !address_of(crowd, ask->from, ask->v4, &source) ||
	    !address_of(crowd, ask->to, ask->v4, &destination))
		return false;
	if (ask->v4)
		put_ipv4(&w, &source, &destination);
	else
		put_ipv6(&w, &source, &destination);
	const size_t len = w.len + PAYLOAD_BYTES;

	writer_u32(&w, probe->number);
	writer_u8(&w, probe->tries);
	writer_bytes(&w, secret, SECRET_BYTES);
	CHECK(writer_ok(&w) && w.len <= len);
	if (!node_host_send(crowd->members[ask->from].node, span_of(packet, len)))
		return false;
	probe->tries++;
	probes->sums[ask->sum].packets++;
	probe->again = mono_add_ms(world_time(crowd->world), PROBES_AGAIN_MS);
	return true;
}

bool probes_send(struct probes *probes, const struct probe_ask *ask, uint32_t *ret_number)
{
	const struct crowd *crowd = probes->crowd;
	struct probe probe = { .state = PROBE_OPEN,
			       .number = probes->sent,
			       .ask = *ask,
			       .from_starts = crowd->members[ask->from].starts,
			       .to_starts = crowd->members[ask->to].starts,
			       .sent = world_time(crowd->world) };

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
	const struct member *from = &crowd->members[probe->ask.from];
	const struct member *to = &crowd->members[probe->ask.to];

	return crowd_is_up(crowd, probe->ask.from) && crowd_is_up(crowd, probe->ask.to) &&
	       from->starts == probe->from_starts && to->starts == probe->to_starts &&
	       from->side == to->side;
}

static uint32_t goal_count(const struct probe_goal *goal)
{
	return goal->arrived + goal->failed;
}

const struct probe_goal *probes_worst(const struct probes *probes)
{
	const struct probe_goal *worst = NULL;

	for (uint32_t i = 0; i < probes->crowd->count; i++) {
		const struct probe_goal *goal = &probes->goals[i];

		if (goal_count(goal) >= PROBES_WORST &&
		    (worst == NULL || (uint64_t)goal->arrived * goal_count(worst) <
					      (uint64_t)worst->arrived * goal_count(goal)))
			worst = goal;
	}
	return worst;
}

static void fail(struct probes *probes, const struct probe_ask *ask)
{
	world_note(probes->crowd->world, "nothing from member %u has reached member %u by IPv%c",
		   ask->from, ask->to, ask->v4 ? '4' : '6');
	probes->sums[ask->sum].failed++;
	probes->goals[ask->to].failed += ask->sum == PROBE_SAMPLE;
}

/* Ends it if its time is over, or sends once more. */
static void look_after(struct probes *probes, struct probe *probe, struct mono now)
{
	if (mono_reached(now, mono_add_ms(probe->sent, PROBES_PATIENCE_MS))) {
		probe->state = PROBE_ENDED;
		if (still_stands(probes, probe))
			fail(probes, &probe->ask);
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
	struct probe_figures *sum = &probes->sums[probe->ask.sum];
	const bool in_time = probe->state == PROBE_OPEN;

	probe->state = PROBE_ARRIVED;
	if (!in_time)
		return;
	sum->arrived++;
	probes->goals[probe->ask.to].arrived += probe->ask.sum == PROBE_SAMPLE;
	tally_add(&sum->times_us, world_time(probes->crowd->world).us - probe->sent.us);
}

static bool is_from(struct crowd *crowd, const struct probe_ask *ask,
		    const struct ip_packet *header)
{
	struct ip_address source;

	return header->v6 == !ask->v4 && address_of(crowd, ask->from, ask->v4, &source) &&
	       ip_equal(&header->source, &source);
}

/* What a member's programs got: NULL, or what is wrong with it. */
static const char *look_at(struct probes *probes, uint32_t i, struct span packet)
{
	struct ip_packet header;
	struct probe *probe;
	struct reader r;
	uint32_t number;
	uint8_t which;

	if (ip_decode(packet, &header) != 0)
		return "what arrived is no packet";
	if (header.protocol == (header.v6 ? IP_ICMPV6 : IP_ICMP))
		return NULL; /* its own node says that somebody is not there */
	r = reader_of(span_of(packet.data + header.transport_at, packet.len - header.transport_at));
	if (header.protocol != EXPERIMENT || packet.len != header.transport_at + PAYLOAD_BYTES ||
	    !reader_u32(&r, &number) || !reader_u8(&r, &which) || number >= probes->sent)
		return "a packet arrived that nobody sent";
	probe = slot_of(probes, number);
	if (probe->number != number)
		return NULL; /* forgotten */
	if (probe->ask.to != i)
		return "a packet arrived at another member than the one it was for";
	if (!is_from(probes->crowd, &probe->ask, &header))
		return "a packet arrived under another member's address";
	if (which >= probe->tries)
		return "a packet arrived that nobody sent";
	if ((probe->tries_arrived >> which & 1) != 0)
		return "a packet arrived twice";
	probe->tries_arrived |= (uint8_t)(1U << which);
	probes->sums[probe->ask.sum].packets_arrived++;
	if (probe->state != PROBE_ARRIVED)
		arrive(probes, probe);
	return NULL;
}

static bool shows(struct span bytes)
{
	const uint8_t *at = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;

	while ((size_t)(end - at) >= SECRET_BYTES) {
		at = memchr(at, secret[0], (size_t)(end - at) - SECRET_BYTES + 1);
		if (at == NULL)
			return false;
		if (memcmp(at, secret, SECRET_BYTES) == 0)
			return true;
		at++;
	}
	return false;
}

const char *probes_check_wire(void *context, const struct net_datagram *datagram)
{
	const struct probes *probes = context;

	if (probes->crowd->null_crypto || !shows(datagram->bytes))
		return NULL;
	return "a wire shows what one program says to another";
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
