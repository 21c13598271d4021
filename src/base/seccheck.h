/* seccheck.h - a name for every decision on which safety rests, so that each can be proven tested.
 *
 * SECCHECK(SEC_X, expr) is `expr`: true means acceptable. In the build of the mutation gate
 * (-Dmutants=true) the one predicate whose number is in seccheck_mutant is inverted, or, where the
 * number is negative, blind: all is acceptable. A test must fail both times (tools/mutants.txt);
 * an inverted memcmp once lived for years in another VPN's cookie check (CVE-2025-13086) because no
 * test looked. What is inverted refuses the good, which any test notices; only the blind one shows
 * that a test demands a refusal. The product build has neither the variable nor a branch.
 */
#ifndef SECCHECK_H
#define SECCHECK_H

#include "base/seccheck_list.h"

#include <stdbool.h>

#define SECCHECK_ENUM(name, what) name,
enum seccheck { SEC_NONE, SECCHECK_LIST(SECCHECK_ENUM) SECCHECKS };
#undef SECCHECK_ENUM

#ifdef IPOP_MUTANTS
extern int seccheck_mutant;              /* tests/lib/mutant.c sets it before main(); else none */
extern bool seccheck_reached[SECCHECKS]; /* what was evaluated in this process */
bool seccheck_verdict(int id, bool accepted);
#define SECCHECK(id, expr) seccheck_verdict((int)(id), (expr) ? true : false)
#else
#define SECCHECK(id, expr) ((expr) ? true : false)
#endif

#endif
