/* signals.h - signals as something to read, so that nothing runs between two lines of ours. */
#ifndef IO_SIGNALS_H
#define IO_SIGNALS_H

#include <stddef.h>

/* Blocks these signals for the process and gives a descriptor that tells of them. 0 or ERR_IO. */
int signals_open(const int *signals, size_t count, int *ret_fd);

/* The next signal, or 0 if none came. */
int signals_read(int fd);

#endif
