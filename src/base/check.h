/* check.h - assertions that stay on in release builds.
 *
 * A false CHECK is a bug of ours: the process stops and its parent restarts it. It states a fact
 * about our own code, never about bytes that came from the network, a file or a user.
 */
#ifndef CHECK_H
#define CHECK_H

#define CHECK(cond) ((cond) ? (void)0 : check_fail(#cond, __FILE__, __LINE__))

/* For the arm of a switch or the end of a search that our own code cannot reach. */
#define UNREACHABLE() check_fail("unreachable", __FILE__, __LINE__)

_Noreturn void check_fail(const char *cond, const char *file, int line);

#endif
