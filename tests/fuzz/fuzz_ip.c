/* fuzz_ip.c - the input as a packet that the TUN hands over (F8).
 *
 * Oracles: ip_decode() says of it what a second parser says, which knows the formats by absolute
 * offsets only; and a packet that a member's forward_from_tun() sends comes out of its peer's
 * forward_from_wire() byte for byte, or is one of those that the peer must refuse.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/members.h"

#include <string.h>

/* What the second parser found; positions are of the input. */
struct found {
	bool v6, is_fragment, is_first, dont_fragment, source_routed;
	size_t len, transport_at;
	unsigned protocol;
	const uint8_t *source, *destination;
	size_t address_len;
};

static unsigned u16_at(const uint8_t *data, size_t at)
{
	return data[at] * 256U + data[at + 1];
}

static bool find_v4_options(const uint8_t *data, size_t end, struct found *found)
{
	size_t at = 20;

	while (at < end && data[at] != 0) {
		size_t len = 1;

		if (data[at] != 1) {
			if (at + 1 == end || data[at + 1] < 2 || at + data[at + 1] > end)
				return false;
			len = data[at + 1];
		}
		if (data[at] == 131 || data[at] == 137)
			found->source_routed = true;
		at += len;
	}
	return true;
}

static bool find_v4(const uint8_t *data, size_t size, struct found *found)
{
	if (size < 20)
		return false;
	found->transport_at = (size_t)4 * (data[0] % 16);
	found->len = u16_at(data, 2);
	if (found->transport_at < 20 || found->len < found->transport_at || size < found->len)
		return false;
	found->is_first = u16_at(data, 6) % 8192 == 0;
	found->is_fragment = !found->is_first || u16_at(data, 6) / 8192 % 2 == 1;
	found->dont_fragment = u16_at(data, 6) / 16384 % 2 == 1;
	found->protocol = data[9];
	found->source = data + 12;
	found->destination = data + 16;
	found->address_len = 4;
	return find_v4_options(data, found->transport_at, found);
}

/* The length of an extension header at `at`; 0: it is not all there. */
static size_t extension_len(const uint8_t *data, size_t at, size_t end, unsigned kind)
{
	size_t len = 8;

	if (end - at < 2)
		return 0;
	if (kind == 51)
		len = 4U * data[at + 1] + 8;
	else if (kind != 44)
		len = 8U * data[at + 1] + 8;
	return len <= end - at ? len : 0;
}

static bool find_v6(const uint8_t *data, size_t size, struct found *found)
{
	static const uint8_t mapped[12] = { [10] = 255, [11] = 255 };
	static const char extensions[] = { 0, 43, 44, 51, 60, (char)135, (char)139, (char)140 };
	size_t at = 40;
	unsigned kind;

	if (size < 40 || size - 40 < u16_at(data, 4) || u16_at(data, 4) > 65495 ||
	    memcmp(data + 8, mapped, 12) == 0 || memcmp(data + 24, mapped, 12) == 0)
		return false;
	found->len = 40 + u16_at(data, 4);
	found->is_first = true;
	found->dont_fragment = true;
	found->source = data + 8;
	found->destination = data + 24;
	found->address_len = 16;
	kind = data[6];
	for (unsigned turn = 1; memchr(extensions, (char)kind, sizeof(extensions)) != NULL;
	     turn++) {
		const size_t len = extension_len(data, at, found->len, kind);

		if (len == 0 || turn > IPV6_EXTENSIONS_MAX || (kind == 0 && turn > 1))
			return false;
		if (kind == 43 && data[at + 3] > 0)
			found->source_routed = true;
		if (kind == 44) {
			if (found->is_fragment)
				return false;
			found->is_first = u16_at(data, at + 2) < 8;
			found->is_fragment = u16_at(data, at + 2) >= 8 || data[at + 3] % 2 == 1;
		}
		kind = data[at];
		at += len;
		if (!found->is_first)
			break;
	}
	found->protocol = kind;
	found->transport_at = at;
	return true;
}

static bool find(const uint8_t *data, size_t size, struct found *found)
{
	*found = (struct found){ .v6 = size > 0 && data[0] / 16 == 6 };
	if (size == 0 || (data[0] / 16 != 4 && data[0] / 16 != 6))
		return false;
	return found->v6 ? find_v6(data, size, found) : find_v4(data, size, found);
}

static bool is_address(const struct ip_address *address, const struct found *found,
		       const uint8_t *bytes)
{
	return ip_is_v4(address) == !found->v6 &&
	       memcmp(address->bytes + IP_ADDRESS_BYTES - found->address_len, bytes,
		      found->address_len) == 0;
}

static void compare(const uint8_t *data, size_t size, const struct found *found, bool is_packet)
{
	struct ip_packet ip;

	CHECK((ip_decode(span_of(data, size), &ip) == 0) == is_packet);
	if (!is_packet)
		return;
	CHECK(ip.v6 == found->v6);
	CHECK(ip.len == found->len && ip.len <= size);
	CHECK(ip.transport_at == found->transport_at && ip.transport_at <= ip.len);
	CHECK(ip.protocol == found->protocol);
	CHECK(ip.is_fragment == found->is_fragment && ip.is_first == found->is_first);
	CHECK(ip.dont_fragment == found->dont_fragment);
	CHECK(ip.source_routed == found->source_routed);
	CHECK(is_address(&ip.source, found, found->source));
	CHECK(is_address(&ip.destination, found, found->destination));
}

/* Through both members, if the first sends it. */
static void forward(const uint8_t *data, size_t size, const struct found *found, bool is_packet)
{
	struct members *m = members_again();
	static struct packets p;
	const struct forward_packet *packet = &p.batch.packets[0];
	bool ours = false;
	bool theirs = false;

	if (is_packet) {
		ours = memcmp(found->source, found->v6 ? members_a6 : members_a4,
			      found->address_len) == 0;
		theirs = memcmp(found->destination, found->v6 ? members_b6 : members_b4,
				found->address_len) == 0;
	}
	p.batch.count = 0;
	(void)packets_add_datagram(&p, span_of(data, size));
	(void)member_from_tun(&m->a, members_start, &p);
	CHECK((packet->verdict == FORWARD_DROP) == !ours);
	CHECK((packet->verdict == FORWARD_NO_ENTRY) == (ours && !theirs));
	CHECK((packet->verdict == FORWARD_TOO_BIG) == (ours && theirs && found->len > FORWARD_MTU));
	if (packet->verdict == FORWARD_SENT) {
		packets_carry(&p, m);
		(void)member_from_wire(&m->b, members_start, &p);
		CHECK(packet->verdict == (found->source_routed ? FORWARD_DROP : FORWARD_DELIVER));
		CHECK(found->source_routed ||
		      (packet->len == found->len && memcmp(packet->data, data, packet->len) == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found found;
	const bool is_packet = find(data, size, &found);

	compare(data, size, &found, is_packet);
	if (size <= PACKETS_BUFFER_BYTES)
		forward(data, size, &found, is_packet);
	return 0;
}
