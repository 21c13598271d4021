/* ipopd.h - what all parts of the daemon share: whose it is, and how it is started.
 *
 * Three programs are in this one: the steward, which main() runs; the node, which the steward
 * executes anew as `ipopd --child NET ROOT`; and `ipopd --lookup HOST PORT`, which asks the
 * resolver and ends. The last two are for the steward alone.
 */
#ifndef PROG_IPOPD_IPOPD_H
#define PROG_IPOPD_IPOPD_H

#define IPOPD_USER "ipop"            /* the node's, if there is one of that name */
#define IPOPD_USER_FALLBACK "nobody" /* else */
#define IPOPD_GROUP "ipop"           /* may read the control socket */

#define IPOPD_OPTION_CHILD "--child"

/* Of a node. What malloc() keeps in hand of each size holds on to pages all over the heap when a
 * crowd has left (decision 0028). */
#define IPOPD_NODE_ENVIRONMENT "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"
#define IPOPD_OPTION_LOOKUP "--lookup"

#endif
