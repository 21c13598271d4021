/* child.h - the node's process: takes what the steward hands it, and runs the world. */
#ifndef PROG_IPOPD_CHILD_H
#define PROG_IPOPD_CHILD_H

/* Finds the steward behind PROCESS_CHANNEL. The root ("": the whole system) is there for sentences;
 * what is to be read comes as descriptors. Returns the process's exit code; before a network was
 * ever usable the steward ends with the same. */
int child_run(const char *root);

#endif
