/* options.h - the values of options that several verbs take, read and checked.
 *
 * All return 0, or ERR_MALFORMED with a complaint that says what would be right.
 */
#ifndef PROG_IPOP_OPTIONS_H
#define PROG_IPOP_OPTIONS_H

#include "group/bundle.h"
#include "prog/ipop/cli.h"

/* A number from min to max; `fallback` if the option is not there. */
struct options_range {
	uint32_t min, max, fallback;
};

int options_number(const struct cli *cli, const char *option, struct options_range range,
		   uint32_t *ret, struct complaint *complaint);

/* --name HOST, else the name of this host. `ret` holds CERTIFICATE_NAME_MAX and a zero. */
int options_host_name(const struct cli *cli, char *ret, struct complaint *complaint);

/* --bootstrap HOST[:PORT], at least one, which others can reach; the ids stay zero. */
int options_bootstrap(const struct cli *cli, struct bootstrap ret[BUNDLE_BOOTSTRAP_MAX],
		      uint32_t *ret_count, struct complaint *complaint);

/* --prefix CIDR, private unless --any-prefix is there; `ret` stays as it is if the option is not
 * there. */
int options_prefix(const struct cli *cli, struct prefix *ret, struct complaint *complaint);

#endif
