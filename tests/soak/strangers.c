/* strangers.c - see strangers.h. */
#include "strangers.h"

#include "base/err.h"
#include "wire/datagram.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KINDS 8 /* of datagrams, some of which do not exist */

static struct sockaddr_in name_of(const struct endpoint *endpoint, uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };

	memcpy(&name.sin_addr, endpoint->ip + ENDPOINT_IP_BYTES - sizeof(name.sin_addr),
	       sizeof(name.sin_addr));
	return name;
}

int strangers_init(struct strangers *strangers, const struct endpoint *from,
		   const struct endpoint *to, uint64_t seed)
{
	const struct sockaddr_in own = name_of(from, 0), host = name_of(to, to->port);

	*strangers =
		(struct strangers){ .fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
						 0) };
	rng_init_seed(&strangers->rng, seed);
	if (strangers->fd < 0 ||
	    bind(strangers->fd, (const struct sockaddr *)&own, sizeof(own)) < 0 ||
	    connect(strangers->fd, (const struct sockaddr *)&host, sizeof(host)) < 0) {
		strangers_free(strangers);
		return ERR_IO;
	}
	return 0;
}

void strangers_free(struct strangers *strangers)
{
	if (strangers->fd >= 0)
		(void)close(strangers->fd);
	strangers->fd = -1;
}

/* Bytes of some type and length. */
static size_t noise(struct strangers *strangers, uint8_t ret[DATAGRAM_BYTES_MAX])
{
	const size_t len = rng_between(&strangers->rng, 1, DATAGRAM_BYTES_MAX);

	rng_bytes(&strangers->rng, ret, len);
	ret[0] = (uint8_t)rng_between(&strangers->rng, 0, KINDS - 1);
	if (len >= DATAGRAM_RECEIVER_AT)
		memset(ret + 1, 0, DATAGRAM_RECEIVER_AT - 1);
	return len;
}

void strangers_speak(struct strangers *strangers, struct span m0)
{
	uint8_t bytes[DATAGRAM_BYTES_MAX];
	size_t len;

	if (m0.len == 0 || m0.len > sizeof(bytes) || rng_chance(&strangers->rng, 600)) {
		len = noise(strangers, bytes);
	} else { /* as it was, or with a bit of it turned round: mac1 is over all but the padding */
		len = m0.len;
		memcpy(bytes, m0.data, len);
		if (rng_chance(&strangers->rng, 500))
			bytes[rng_between(&strangers->rng, 1, len - 1)] ^= 1;
	}
	if (send(strangers->fd, bytes, len, 0) == (ssize_t)len)
		strangers->sent++;
	while (recv(strangers->fd, bytes, sizeof(bytes), 0) > 0)
		; /* answers are nobody's */
}
