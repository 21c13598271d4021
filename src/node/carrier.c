/* carrier.c - see carrier.h. */
#include "node/carrier.h"

#include "base/check.h"

#include <assert.h>

#define IPV6_SITE_BYTES 8 /* a /64 */

static_assert(ENDPOINT_WIRE_BYTES <= sizeof(((struct carrier *)0)->name) / 2, "both must fit");
static_assert((size_t)2 * ID_BYTES == sizeof(((struct carrier *)0)->name), "an id and its via");
static_assert(ENDPOINT_IP_BYTES == sizeof(((struct carrier *)0)->source), "one address");

struct carrier carrier_of(const struct endpoint *local, const struct endpoint *remote)
{
	struct carrier carrier = { .carriage = HANDSHAKE_RAW,
				   .has_observed = true,
				   .observed = *remote };
	struct writer w = writer_of(carrier.name, sizeof(carrier.name));

	endpoint_encode(local, &w);
	endpoint_encode(remote, &w);
	CHECK(writer_ok(&w));
	memcpy(carrier.source, remote->ip,
	       endpoint_is_v4(remote) ? ENDPOINT_IP_BYTES : IPV6_SITE_BYTES);
	return carrier;
}

void carrier_endpoints(const struct carrier *carrier, struct endpoint *ret_local,
		       struct endpoint *ret_remote)
{
	struct reader r = reader_of(span_of(carrier->name, sizeof(carrier->name)));

	CHECK(endpoint_decode(&r, ret_local) && endpoint_decode(&r, ret_remote));
}

struct carrier carrier_to(const struct id *id, const struct id *via)
{
	struct carrier carrier = { .carriage = HANDSHAKE_CARRIED };

	memcpy(carrier.name, id->bytes, ID_BYTES);
	memcpy(carrier.name + ID_BYTES, via->bytes, ID_BYTES);
	return carrier;
}

struct carrier carrier_of_routed(const struct routed *routed, const struct id *link)
{
	struct carrier carrier = carrier_to(&routed->from, &routed->from_via);

	memcpy(carrier.source, link->bytes, sizeof(carrier.source));
	return carrier;
}

bool carrier_is_by(const struct carrier *carrier, const struct id *link)
{
	return memcmp(carrier->source, link->bytes, sizeof(carrier->source)) == 0;
}

void carrier_route(const struct carrier *carrier, struct routed *ret)
{
	ret->target.kind = TARGET_EXACT;
	memcpy(ret->target.id.bytes, carrier->name, ID_BYTES);
	memcpy(ret->to_via.bytes, carrier->name + ID_BYTES, ID_BYTES);
}

struct endpoint carrier_any_local(const struct endpoint *remote)
{
	static const uint8_t any[ENDPOINT_IP_BYTES];

	return endpoint_is_v4(remote) ? endpoint_v4(any, 0) : endpoint_v6(any, 0);
}
