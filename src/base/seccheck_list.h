/* seccheck_list.h - every predicate of seccheck.h: X(name, what is true when all is well).
 *
 * The mutation gate runs once for each line, and lint demands that each name is used in the code.
 */
#ifndef SECCHECK_LIST_H
#define SECCHECK_LIST_H

#define SECCHECK_LIST(X)

#endif
