/* mutant.c - chooses the security predicate that the mutation gate harms in this run.
 *
 * IPOP_MUTANT is its number in the enum of base/seccheck.h: inverted; negative: blind. At its end
 * the program writes the numbers of all that it evaluated to the file IPOP_REACHED, if that is set.
 * Empty in an ordinary build.
 */
#include "base/seccheck.h"

#ifdef IPOP_MUTANTS
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void choose_mutant(void)
{
	const char *number = getenv("IPOP_MUTANT");

	seccheck_mutant = number == NULL ? 0 : (int)strtol(number, NULL, 10);
}

__attribute__((destructor)) static void write_reached(void)
{
	const char *path = getenv("IPOP_REACHED");
	FILE *file = path == NULL ? NULL : fopen(path, "w");

	for (int id = 0; file != NULL && id < SECCHECKS; id++)
		if (seccheck_reached[id])
			(void)fprintf(file, "%d\n", id);
	if (file != NULL)
		(void)fclose(file);
}
#endif
