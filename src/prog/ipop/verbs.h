/* verbs.h - what `ipop` can do: the table, and one function a verb. */
#ifndef PROG_IPOP_VERBS_H
#define PROG_IPOP_VERBS_H

#include "group/store.h"
#include "prog/ipop/cli.h"

/* Ends with a verb without a name. */
extern const struct cli_verb verbs[];

enum cli_exit verb_create(const struct cli *cli);
enum cli_exit verb_sign(const struct cli *cli);
enum cli_exit verb_list(const struct cli *cli);
enum cli_exit verb_request(const struct cli *cli);
enum cli_exit verb_join(const struct cli *cli);
enum cli_exit verb_leave(const struct cli *cli);
enum cli_exit verb_up(const struct cli *cli);
enum cli_exit verb_down(const struct cli *cli);
enum cli_exit verb_status(const struct cli *cli);
enum cli_exit verb_peers(const struct cli *cli);
enum cli_exit verb_ping(const struct cli *cli);
enum cli_exit verb_version(const struct cli *cli);

#endif
