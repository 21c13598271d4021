/* seccheck_list.h - one predicate. */
#ifndef SECCHECK_LIST_H
#define SECCHECK_LIST_H

#define SECCHECK_LIST(X) X(SEC_DOOR_KEY, "the key fits")

#endif
