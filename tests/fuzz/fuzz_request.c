/* fuzz_request.c - lines of a control connection, from any local user in the group.
 *
 * Oracle: what is refused has a reason that can be shown; what is accepted has a known verb, and a
 * peer if and only if the verb is ping or who.
 */
#include "base/check.h"
#include "prog/ipopd/request.h"
#include "tests/fuzz/fuzz.h"
#include "wire/overlay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request = { .verb = REQUEST_VERBS };
	const char *why = NULL;
	const int err = request_parse(span_of(data, size), &request, &why);

	if (err < 0) {
		CHECK(why != NULL && why[0] != 0);
		CHECK(request.verb == REQUEST_VERBS);
		return 0;
	}
	CHECK(request.verb < REQUEST_VERBS);
	CHECK((request.peer[0] != 0) ==
	      (request.verb == REQUEST_PING || request.verb == REQUEST_WHO));
	CHECK((request.verb == REQUEST_WHO) ==
	      (request.route.hops >= 1 && request.route.hops <= ROUTED_HOPS_MAX));
	CHECK(memchr(request.peer, 0, sizeof(request.peer)) != NULL);
	return 0;
}
