/* address.c - see address.h. */
#include "vnet/address.h"

#include "base/check.h"

#include <assert.h>

#define NETWORK_BYTES 5 /* 40 bits of the network's id, behind the fd */

static_assert(1 + NETWORK_BYTES + ID_PREFIX_BYTES == IP_ADDRESS_BYTES, "no byte is left over");
static_assert((1 + NETWORK_BYTES) * 8 == ADDRESS_IPV6_PREFIX_LEN, "the network's part");

struct ip_address address_ipv6(const struct id *network, const struct id *node)
{
	struct ip_address address;

	address.bytes[0] = 0xfd;
	memcpy(address.bytes + 1, network->bytes, NETWORK_BYTES);
	memcpy(address.bytes + 1 + NETWORK_BYTES, node->bytes, ID_PREFIX_BYTES);
	return address;
}

bool address_is_in(const struct ip_address *address, const struct id *network)
{
	return address->bytes[0] == 0xfd &&
	       memcmp(address->bytes + 1, network->bytes, NETWORK_BYTES) == 0;
}

struct id address_node_prefix(const struct ip_address *address)
{
	struct id id = { { 0 } };

	memcpy(id.bytes, address->bytes + 1 + NETWORK_BYTES, ID_PREFIX_BYTES);
	return id;
}

static uint32_t number_of(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

bool address_prefixes_overlap(const struct address_prefix_v4 *a, const struct address_prefix_v4 *b)
{
	const unsigned shorter = a->len < b->len ? a->len : b->len;

	CHECK(a->len <= 32 && b->len <= 32);
	if (shorter == 0) /* and a shift by 32 is not defined */
		return true;
	return (number_of(a->bytes) ^ number_of(b->bytes)) >> (32 - shorter) == 0;
}
