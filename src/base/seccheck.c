/* seccheck.c - see seccheck.h. Empty but for the build of the mutation gate. */
#include "base/seccheck.h"

#ifdef IPOP_MUTANTS
int seccheck_mutant;
bool seccheck_reached[SECCHECKS];

bool seccheck_verdict(int id, bool accepted)
{
	if (id < SECCHECKS)
		seccheck_reached[id] = true;
	if (seccheck_mutant == id)
		return !accepted;
	return accepted || seccheck_mutant == -id;
}
#endif
