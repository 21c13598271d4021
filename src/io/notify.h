/* notify.h - tells the service manager how we are: the protocol of sd_notify(3). */
#ifndef IO_NOTIFY_H
#define IO_NOTIFY_H

/* Sends lines such as "READY=1" to the manager's socket, whose path (or abstract name, with @) the
 * environment gives as NOTIFY_SOCKET; does nothing without one (NULL). */
void notify_manager(const char *path, const char *lines);

#endif
