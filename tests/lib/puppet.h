/* puppet.h - a node for a steward that is tested: it reports what it is told by a pipe, each
 * message as '0' + kind, with its pid behind the first, and does what it is ordered by another.
 */
#ifndef TESTS_LIB_PUPPET_H
#define TESTS_LIB_PUPPET_H

#define ORDER_END 'e'  /* with EXIT_OK */
#define ORDER_FAIL 'f' /* with EXIT_CERTIFICATE */
#define ORDER_CONFIGURE 'c'
#define ORDER_DEAF 'd'  /* from now on it does not answer */
#define ORDER_SLEEP 's' /* nor read, */
#define ORDER_WAKE 'w'  /* but from now on */
#define ORDER_PONG 'p'
#define ORDER_RELOAD 'r'
#define ORDER_COMES 'i' /* a member, as it says */
#define ORDER_GOES 'o'
#define ORDER_SAY 'k' /* that it has done all that it was ordered, and heard */

/* Opens a named pipe in that directory: "orders", "reports". */
int puppet_pipe(const char *root, const char *name, int flags);

/* What the program that is executed as a node does, until it is ordered to end: its exit code. */
int puppet_run(const char *root);

#endif
