/* child.h - the node's process: takes what the steward hands it, and runs the world. */
#ifndef PROG_IPOPD_CHILD_H
#define PROG_IPOPD_CHILD_H

/* Finds the steward behind PROCESS_CHANNEL. Returns the process's exit code; before a network was
 * ever usable the steward ends with the same. */
int child_run(void);

#endif
