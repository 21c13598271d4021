/* udp_blast.c - small datagrams at a given rate, and how many of them arrive; for `make
 * bench-peers`.
 *
 *     udp_blast receive ADDRESS PORT          prints "ready", then, after some silence, how many
 * came and the milliseconds from the first to the last udp_blast send ADDRESS PORT KPPS MS prints
 * how many it sent, and in how many milliseconds
 *
 * The sender sleeps between its bursts: on two processors a spinning one would measure itself.
 */
#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD_BYTES 64
#define BATCH 64
#define BURST_NS 200000      /* the sender wakes so often */
#define FIRST_MS 5000        /* the receiver waits so long for the first datagram, */
#define SILENCE_MS 150       /* and so long for one more */
#define BUFFER_BYTES 8388608 /* of the receiver's socket: what is lost is not lost there */
#define RATE_MAX_KPPS 10000
#define TIME_MAX_MS 60000

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static uint8_t bytes[BATCH][PAYLOAD_BYTES];
static struct iovec pieces[BATCH];
static struct mmsghdr messages[BATCH];

static uint64_t now_ns(void)
{
	struct timespec now;
	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int complain(const char *what)
{
	(void)fprintf(stderr, "udp_blast: %s: %s\n", what, strerrordesc_np(errno));
	return 1;
}

/* A number from 1 to max, or 0. */
static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);
	return *end == '\0' && value <= max ? value : 0;
}

/* Whether these say where; *ret_size is how long it is. */
static bool parse(const char *host, const char *port, union address *ret_where, socklen_t *ret_size)
{
	in_port_t number_of_port = htons((uint16_t)number(port, UINT16_MAX));
	*ret_where = (union address){ .v6.sin6_family = AF_UNSPEC };
	if (inet_pton(AF_INET, host, &ret_where->v4.sin_addr) == 1) {
		ret_where->v4.sin_family = AF_INET;
		ret_where->v4.sin_port = number_of_port;
		*ret_size = sizeof ret_where->v4;
	} else if (inet_pton(AF_INET6, host, &ret_where->v6.sin6_addr) == 1) {
		ret_where->v6.sin6_family = AF_INET6;
		ret_where->v6.sin6_port = number_of_port;
		*ret_size = sizeof ret_where->v6;
	}
	return ret_where->any.sa_family != AF_UNSPEC && number_of_port != 0;
}

static void lay_out(void)
{
	for (size_t i = 0; i < BATCH; i++) {
		pieces[i] = (struct iovec){ .iov_base = bytes[i], .iov_len = sizeof bytes[i] };
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

static int receive(int fd)
{
	static const int buffer_bytes = BUFFER_BYTES;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) < 0)
		return complain("SO_RCVBUFFORCE");
	(void)puts("ready");
	(void)fflush(stdout);

	uint64_t count = 0;
	uint64_t first_ns = 0;
	uint64_t last_ns = 0;
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	while (poll(&readable, 1, count == 0 ? FIRST_MS : SILENCE_MS) > 0) {
		int got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
		if (got <= 0)
			continue;
		last_ns = now_ns();
		if (count == 0)
			first_ns = last_ns;
		count += (uint64_t)got;
	}
	(void)printf("%" PRIu64 " %" PRIu64 "\n", count, (last_ns - first_ns) / 1000000);
	return 0;
}

/* A descriptor that can be read once a burst. */
static int open_bursts(void)
{
	static const struct itimerspec period = {
		.it_interval.tv_nsec = BURST_NS,
		.it_value.tv_nsec = BURST_NS,
	};
	int bursts = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return bursts >= 0 && timerfd_settime(bursts, 0, &period, NULL) == 0 ? bursts : -1;
}

static int send_at(int fd, uint64_t kpps, uint64_t ms)
{
	uint64_t begin_ns = now_ns();
	uint64_t elapsed_ns = 0;
	uint64_t count = 0;
	uint64_t passed;
	int bursts = open_bursts();
	if (bursts < 0)
		return complain("timerfd");
	while (elapsed_ns < ms * 1000000) {
		uint64_t due = elapsed_ns * kpps / 1000000;
		uint64_t want = due - count < BATCH ? due - count : BATCH;
		int sent = want > 0 ? sendmmsg(fd, messages, (unsigned)want, 0) : 0;
		if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
			return complain("sendmmsg");
		/* What a full queue refused was offered, and is lost. */
		count += sent < 0 ? 1 : (uint64_t)sent;
		if (count >= due && read(bursts, &passed, sizeof passed) < 0)
			return complain("timerfd");
		elapsed_ns = now_ns() - begin_ns;
	}
	(void)printf("%" PRIu64 " %" PRIu64 "\n", count, elapsed_ns / 1000000);
	return 0;
}

int main(int argc, char **argv)
{
	bool receives = argc == 4 && strcmp(argv[1], "receive") == 0;
	bool sends = argc == 6 && strcmp(argv[1], "send") == 0;
	uint64_t kpps = sends ? number(argv[4], RATE_MAX_KPPS) : 1;
	uint64_t ms = sends ? number(argv[5], TIME_MAX_MS) : 1;
	union address where;
	socklen_t size = 0;
	if (!(receives || sends) || kpps == 0 || ms == 0 ||
	    !parse(argv[2], argv[3], &where, &size)) {
		(void)fputs(
			"udp_blast receive ADDRESS PORT | udp_blast send ADDRESS PORT KPPS MS\n",
			stderr);
		return 2;
	}
	lay_out();
	int fd = socket(where.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return complain("socket");
	if (receives)
		return bind(fd, &where.any, size) < 0 ? complain("bind") : receive(fd);
	return connect(fd, &where.any, size) < 0 ? complain("connect") : send_at(fd, kpps, ms);
}
