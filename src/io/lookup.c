/* lookup.c - see lookup.h. */
#include "io/lookup.h"

#include "base/err.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool read_endpoint(const struct addrinfo *info, uint16_t port, struct endpoint *ret)
{
	if (info->ai_family == AF_INET && info->ai_addrlen == sizeof(struct sockaddr_in)) {
		struct sockaddr_in address;
		uint8_t ip[4];

		memcpy(&address, info->ai_addr, sizeof(address));
		memcpy(ip, &address.sin_addr, sizeof(ip));
		*ret = endpoint_v4(ip, port);
		return true;
	}
	if (info->ai_family == AF_INET6 && info->ai_addrlen == sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 address;

		memcpy(&address, info->ai_addr, sizeof(address));
		*ret = endpoint_v6(address.sin6_addr.s6_addr, port);
		return true;
	}
	return false;
}

static bool is_among(const struct endpoint *endpoint, const struct endpoint *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (endpoint_equal(endpoint, &list[i]))
			return true;
	}
	return false;
}

int lookup_host(const char *host, uint16_t port, struct endpoint *ret, size_t max,
		size_t *ret_count)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list;
	size_t count = 0;
	const int failed = getaddrinfo(host, NULL, &hints, &list);

	if (failed == EAI_AGAIN || failed == EAI_SYSTEM || failed == EAI_MEMORY)
		return ERR_AGAIN;
	if (failed != 0)
		return ERR_NOT_FOUND;
	for (const struct addrinfo *i = list; i != NULL && count < max; i = i->ai_next) {
		struct endpoint endpoint;

		if (read_endpoint(i, port, &endpoint) && !is_among(&endpoint, ret, count))
			ret[count++] = endpoint;
	}
	freeaddrinfo(list);
	if (count == 0)
		return ERR_NOT_FOUND;
	*ret_count = count;
	return 0;
}
