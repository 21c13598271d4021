/* impairment.c - see impairment.h. */
#include "tests/lab/impairment.h"

#include "base/check.h"

#include <string.h>

#define ETHER_BYTES 14
#define ETHER_IPV4 0x0800U
#define ETHER_IPV6 0x86ddU
#define IPV4_BYTES_MIN 20
#define IPV6_BYTES 40
#define UDP_BYTES 8
#define PROTOCOL_UDP 17
#define PROTOCOL_ICMPV6 58
#define ICMPV6_ROUTER_SOLICITATION 133 /* the first of neighbour discovery (RFC 4861, 4) */
#define ICMPV6_REDIRECT 137            /* and the last */

static unsigned get16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

static void put16(uint8_t *bytes, unsigned value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

/* True for what does not leave the link: it is no packet of a path that could be bad. */
static bool is_of_the_cable(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETHER_BYTES;

	if (len >= ETHER_BYTES + IPV4_BYTES_MIN && get16(frame + 12) == ETHER_IPV4) {
		static const uint8_t local_multicast[] = { 224, 0, 0 }; /* RFC 5771, 4 */
		return memcmp(ip + 16, local_multicast, sizeof(local_multicast)) == 0;
	}
	if (len > ETHER_BYTES + IPV6_BYTES && get16(frame + 12) == ETHER_IPV6) {
		uint8_t type = ip[IPV6_BYTES];
		bool is_discovery = ip[6] == PROTOCOL_ICMPV6 &&
				    type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT;
		return is_discovery || (ip[24] == 0xff && ip[25] == 0x02);
	}
	return true;
}

/* Where the UDP header of the frame begins, or 0 if there is none before at least one byte of
 * payload. The later fragments of a packet have no header; IPv6 extension headers are not sought.
 */
static size_t udp_offset(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETHER_BYTES;
	size_t at = ETHER_BYTES + IPV6_BYTES;
	uint8_t protocol = ip[6];

	if (get16(frame + 12) == ETHER_IPV4) {
		if ((get16(ip + 6) & 0x1fff) != 0)
			return 0;
		at = ETHER_BYTES + 4 * (size_t)(ip[0] & 0xf);
		protocol = ip[9];
	}
	return protocol == PROTOCOL_UDP && len > at + UDP_BYTES ? at : 0;
}

/* Changes one byte of UDP payload and the checksum along with it (RFC 1624, equation 3), so a
 * checksum that was right stays right. An IPv4 packet without checksum (zero) stays without. */
static bool corrupt(struct rng *rng, uint8_t *frame, size_t len)
{
	size_t udp = udp_offset(frame, len);

	if (udp == 0)
		return false;
	size_t at = (size_t)rng_between(rng, udp + UDP_BYTES, len - 1);
	uint8_t before = frame[at];
	frame[at] ^= (uint8_t)rng_between(rng, 1, UINT8_MAX);

	unsigned checksum = get16(frame + udp + 6);
	if (checksum == 0)
		return true;
	unsigned shift = (at - udp) % 2 == 0 ? 8 : 0; /* its place in its 16-bit word */
	unsigned sum = (~checksum & 0xffff) + (~((unsigned)before << shift) & 0xffff) +
		       ((unsigned)frame[at] << shift);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	checksum = ~sum & 0xffff;
	put16(frame + udp + 6, checksum == 0 ? 0xffff : checksum); /* zero would mean "none" */
	return true;
}

/* Without bursts each frame is lost for itself. With them a chain of two states (Gilbert 1960): a
 * run ends before each further frame with 1/burst, and begins with p so that the share of losses is
 * loss = p / (p + 1/burst). */
static bool is_lost(struct impairment *im)
{
	const struct impair_options *o = &im->options;
	bool was_losing = im->losing;

	if (o->loss == 0 || o->loss == IMPAIR_CERTAIN || o->burst == 0)
		im->losing = rng_chance(&im->rng, o->loss);
	else if (im->losing)
		im->losing = rng_between(&im->rng, 1, o->burst) != 1;
	else
		im->losing =
			rng_between(&im->rng, 1, (uint64_t)o->burst * (IMPAIR_CERTAIN - o->loss)) <=
			o->loss;
	im->stats.lost += im->losing;
	im->stats.bursts += im->losing && !was_losing;
	return im->losing;
}

/* When the bottleneck has sent the frame; false if its queue is too long for one more. */
static bool pass_bottleneck(struct impairment *im, struct mono now, size_t len, struct mono *ret_at)
{
	uint64_t now_ns = now.us * 1000;
	uint64_t start_ns = im->idle_at_ns > now_ns ? im->idle_at_ns : now_ns;

	if (im->options.rate_kbit == 0) {
		*ret_at = now;
		return true;
	}
	if (start_ns - now_ns > (uint64_t)im->options.queue_ms * 1000000)
		return false;
	im->idle_at_ns = start_ns + len * 8 * 1000000 / im->options.rate_kbit;
	ret_at->us = im->idle_at_ns / 1000;
	return true;
}

/* Jitter alone never changes the order, as in a queue of changing length; only what is held back
 * is overtaken. So each option has one effect, and a test can tell which it sees. */
static struct mono delayed(struct impairment *im, struct mono at)
{
	const struct impair_options *o = &im->options;
	uint64_t delay_us = (uint64_t)o->delay_ms * 1000;
	uint64_t jitter_us = (uint64_t)o->jitter_ms * 1000;

	if (jitter_us > 0) {
		uint64_t least_us = delay_us > jitter_us ? delay_us - jitter_us : 0;
		delay_us = rng_between(&im->rng, least_us, delay_us + jitter_us);
	}
	at = mono_add_us(at, delay_us);
	if (!mono_reached(at, im->last))
		at = im->last;
	if (rng_chance(&im->rng, o->reorder)) {
		im->stats.reordered++;
		return mono_add_ms(at, o->reorder_by_ms);
	}
	im->last = at;
	return at;
}

const char *impairment_objection(const struct impair_options *o)
{
	if (o->loss > IMPAIR_CERTAIN || o->duplicate > IMPAIR_CERTAIN ||
	    o->reorder > IMPAIR_CERTAIN || o->corrupt > IMPAIR_CERTAIN)
		return "a chance above 100 %";
	if (o->burst > IMPAIR_BURST_MAX)
		return "bursts longer than 1000 frames";
	if (o->burst > 0 && o->loss < IMPAIR_CERTAIN &&
	    o->loss > o->burst * (IMPAIR_CERTAIN - o->loss))
		return "bursts too short for that much loss: the gaps would be shorter than a "
		       "frame";
	if (o->delay_ms > IMPAIR_DELAY_MS_MAX || o->jitter_ms > IMPAIR_DELAY_MS_MAX ||
	    o->reorder_by_ms > IMPAIR_DELAY_MS_MAX || o->queue_ms > IMPAIR_DELAY_MS_MAX)
		return "a time above 60000 ms";
	if (o->rate_kbit > IMPAIR_RATE_KBIT_MAX)
		return "a rate above 10000000 kbit/s";
	return NULL;
}

void impairment_init(struct impairment *im, const struct impair_options *options, uint64_t seed)
{
	*im = (struct impairment){ 0 };
	rng_init_seed(&im->rng, seed);
	impairment_set(im, options);
}

void impairment_set(struct impairment *im, const struct impair_options *options)
{
	CHECK(impairment_objection(options) == NULL);
	im->options = *options;
}

struct impair_verdict impairment_decide(struct impairment *im, struct mono now, uint8_t *frame,
					size_t len)
{
	const struct impair_options *o = &im->options;
	struct impair_verdict verdict = { .copies = 0, .at = now };

	im->stats.frames++;
	im->stats.bytes += len;
	if (is_of_the_cable(frame, len)) {
		im->stats.cable++;
		verdict.copies = 1;
		return verdict;
	}
	if (o->blackhole_bytes > 0 && len - ETHER_BYTES > o->blackhole_bytes) {
		im->stats.blackholed++;
		return verdict;
	}
	if (is_lost(im))
		return verdict;
	if (rng_chance(&im->rng, o->corrupt)) {
		bool done = corrupt(&im->rng, frame, len);
		im->stats.corrupted += done;
		im->stats.not_udp += !done;
	}
	if (!pass_bottleneck(im, now, len, &verdict.at)) {
		im->stats.queue_full++;
		return verdict;
	}
	verdict.at = delayed(im, verdict.at);
	verdict.copies = 1 + (unsigned)rng_chance(&im->rng, o->duplicate);
	im->stats.duplicated += verdict.copies == 2;
	return verdict;
}
