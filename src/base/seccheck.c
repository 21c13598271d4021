/* seccheck.c - see seccheck.h. Empty but for the build of the mutation gate. */
#include "base/seccheck.h"

#ifdef IPOP_MUTANTS
int seccheck_mutant;
bool seccheck_reached[SECCHECKS];

bool seccheck_inverts(int id)
{
	if (id < SECCHECKS)
		seccheck_reached[id] = true;
	return id == seccheck_mutant;
}
#endif
