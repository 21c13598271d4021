/* addresses.c - see addresses.h. */
#include "prog/ipopd/addresses.h"

#include "path/candidates.h"

#include <string.h>

static struct endpoint endpoint_of(const struct ip_address *address)
{
	struct endpoint endpoint = { 0 };

	memcpy(endpoint.ip, address->bytes, sizeof(endpoint.ip));
	return endpoint;
}

static bool is_private(const struct ip_address *address)
{
	const struct endpoint endpoint = endpoint_of(address);

	return candidates_is_private(&endpoint);
}

void addresses_add(struct addresses *addresses, const struct host_address *address)
{
	struct host_address *const list = addresses->list;
	uint32_t at = addresses->count;

	for (uint32_t i = 0; i < addresses->count; i++)
		if (ip_equal(&list[i].ip, &address->ip))
			return;
	while (!is_private(&address->ip) && at > 0 && is_private(&list[at - 1].ip))
		at--;
	if (at == NODE_HOST_ENDPOINTS_MAX)
		return;
	if (addresses->count < NODE_HOST_ENDPOINTS_MAX)
		addresses->count++;
	memmove(&list[at + 1], &list[at], (addresses->count - at - 1) * sizeof(list[0]));
	list[at] = *address;
}

bool addresses_equal(const struct addresses *a, const struct addresses *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!ip_equal(&a->list[i].ip, &b->list[i].ip) ||
		    a->list[i].interface != b->list[i].interface)
			return false;
	return true;
}

void addresses_to_text(const struct addresses *addresses, char ret[ADDRESSES_TEXT_CHARS + 1])
{
	char *end = ret;

	*end = '\0';
	for (uint32_t i = 0; i < addresses->count; i++) {
		const struct endpoint endpoint = endpoint_of(&addresses->list[i].ip);

		if (i > 0) {
			*end++ = ',';
			*end++ = ' ';
		}
		endpoint_ip_to_text(&endpoint, end);
		end += strlen(end);
	}
}
