/* notify.c - see notify.h. */
#include "io/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_manager(const char *path, const char *lines)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = 0; /* an abstract name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* If the manager is gone nobody waits for this. */
	(void)sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)close(fd); /* sent or not */
}

void notify_watchdog_poll(struct notify_watchdog *watchdog, struct mono now)
{
	if (watchdog->interval_us == 0 || !mono_reached(now, watchdog->next))
		return;
	notify_manager(watchdog->path, "WATCHDOG=1");
	watchdog->next = mono_add_ms(now, watchdog->interval_us / 2000);
}

struct mono notify_watchdog_deadline(const struct notify_watchdog *watchdog)
{
	return watchdog->interval_us == 0 ? MONO_NEVER : watchdog->next;
}
