/* mutant.c - chooses the security predicate that the mutation gate inverts in this run.
 *
 * IPOP_MUTANT is the number of a line of base/seccheck_list.h. Empty in an ordinary build. */
#include "base/seccheck.h"

#ifdef IPOP_MUTANTS
#include <stdlib.h>

int seccheck_mutant;

__attribute__((constructor)) static void choose_mutant(void)
{
	const char *number = getenv("IPOP_MUTANT");

	seccheck_mutant = number == NULL ? 0 : (int)strtol(number, NULL, 10);
}
#endif
