/* puppet.c - see puppet.h. */
#include "tests/lib/puppet.h"

#include "base/err.h"
#include "io/process.h"
#include "prog/exit_code.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/claims.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static const struct claims claims; /* of no network in particular */
static bool is_deaf;

int puppet_pipe(const char *root, const char *name, int flags)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return open(path, flags | O_CLOEXEC);
}

static void asks_for_reload(void)
{
	const struct channel_message reload = { .kind = CHANNEL_RELOAD };

	(void)channel_send(PROCESS_CHANNEL, &reload);
}

static void answers(void)
{
	const struct channel_message pong = { .kind = CHANNEL_PONG };

	(void)channel_send(PROCESS_CHANNEL, &pong);
}

static void tells(int reports, char order)
{
	const struct channel_message peer = {
		.kind = CHANNEL_PEER,
		.peer = { .id.bytes = { 2 }, .name = "two", .is_there = order == ORDER_COMES }
	};

	(void)channel_send(PROCESS_CHANNEL, &peer);
	if (order == ORDER_GOES)
		(void)!write(reports, &order, 1); /* who waits for it will tell */
}

static int hears(int reports)
{
	struct channel_message message;
	const int err = channel_receive(PROCESS_CHANNEL, true, &message);
	const char kind = (char)('0' + message.kind);
	const pid_t pid = getpid();

	if (err == ERR_AGAIN)
		return 0;
	if (err < 0 || write(reports, &kind, 1) != 1)
		return ERR_IO;
	if (message.kind == CHANNEL_PING && !is_deaf)
		answers();
	return message.kind != CHANNEL_START || write(reports, &pid, sizeof(pid)) > 0 ? 0 : ERR_IO;
}

static void configures(void)
{
	const struct channel_message message = {
		.kind = CHANNEL_CONFIGURE,
		.configure = { .ipv6 = claims_ipv6(&claims),
			       .ipv6_prefix_len = ADDRESS_IPV6_PREFIX_LEN,
			       .mtu = FORWARD_MTU },
	};

	(void)channel_send(PROCESS_CHANNEL, &message);
}

int puppet_run(const char *root)
{
	const int orders = puppet_pipe(root, "orders", O_RDWR);
	const int reports = puppet_pipe(root, "reports", O_RDWR);
	struct pollfd fds[] = { { .fd = PROCESS_CHANNEL, .events = POLLIN },
				{ .fd = orders, .events = POLLIN } };
	char order;

	while (poll(fds, 2, PATIENCE_MS) > 0) {
		if (fds[0].revents != 0 && hears(reports) < 0)
			break;
		if ((fds[1].revents & POLLIN) == 0 || read(orders, &order, 1) != 1)
			continue;
		if (order == ORDER_CONFIGURE)
			configures();
		else if (order == ORDER_PONG)
			answers();
		else if (order == ORDER_RELOAD)
			asks_for_reload();
		else if (order == ORDER_COMES || order == ORDER_GOES)
			tells(reports, order);
		else if (order == ORDER_SAY)
			(void)!write(reports, &order, 1); /* who waits for it will tell */
		else if (order == ORDER_DEAF)
			is_deaf = write(reports, &order, 1) == 1;
		else if (order == ORDER_SLEEP)
			fds[0].fd = write(reports, &order, 1) == 1 ? -1 : PROCESS_CHANNEL;
		else if (order == ORDER_WAKE)
			fds[0].fd = PROCESS_CHANNEL;
		else
			return order == ORDER_END ? EXIT_OK : EXIT_CERTIFICATE;
	}
	return EXIT_FAILED;
}
