/* remove.h - takes files and directories of ours away. */
#ifndef PROG_IPOP_REMOVE_H
#define PROG_IPOP_REMOVE_H

#include "group/complaint.h"

#include <stdbool.h>

/* Both: 0 (also if there is nothing), ERR_PERMISSION, ERR_IO, with a complaint that names it. */
int remove_file(const char *path, struct complaint *complaint);

/* A directory with the files in it. Links are removed, not followed; directories in it stay, and
 * the directory with them, which is an error unless it may. */
int remove_directory(const char *path, bool may_stay, struct complaint *complaint);

#endif
