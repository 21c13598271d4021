/* notify.h - tells the service manager how we are: the protocol of sd_notify(3). */
#ifndef IO_NOTIFY_H
#define IO_NOTIFY_H

#include "base/mono.h"

/* Sends lines such as "READY=1" to the manager's socket, whose path (or abstract name, with @) the
 * environment gives as NOTIFY_SOCKET; does nothing without one (NULL). */
void notify_manager(const char *path, const char *lines);

/* A manager that wants to hear from us does twice in each of its intervals, as
 * sd_watchdog_enabled(3) advises. Fill in path (as above) and interval; nothing to free. */
struct notify_watchdog {
	const char *path;     /* borrowed */
	uint64_t interval_us; /* 0: it does not */
	struct mono next;     /* zero: at once */
};

void notify_watchdog_poll(struct notify_watchdog *watchdog, struct mono now);
struct mono notify_watchdog_deadline(const struct notify_watchdog *watchdog);

#endif
