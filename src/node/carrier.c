/* carrier.c - see carrier.h. */
#include "node/carrier.h"

#include "base/check.h"

#include <assert.h>

#define IPV6_SITE_BYTES 8 /* a /64 */

static_assert(ENDPOINT_WIRE_BYTES <= sizeof(((struct carrier *)0)->name) / 2, "both must fit");
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

struct endpoint carrier_any_local(const struct endpoint *remote)
{
	static const uint8_t any[ENDPOINT_IP_BYTES];

	return endpoint_is_v4(remote) ? endpoint_v4(any, 0) : endpoint_v6(any, 0);
}
