/* verbs.h - what `ipop` can do: the table, and one function a verb. */
#ifndef PROG_IPOP_VERBS_H
#define PROG_IPOP_VERBS_H

#include "group/store.h"
#include "prog/ipop/cli.h"

/* Ends with a verb without a name. */
extern const struct cli_verb verbs[];

enum exit_code verb_create(const struct cli *cli);
enum exit_code verb_sign(const struct cli *cli);
enum exit_code verb_list(const struct cli *cli);
enum exit_code verb_revoke(const struct cli *cli);
enum exit_code verb_rotate(const struct cli *cli);
enum exit_code verb_bootstrap(const struct cli *cli);
enum exit_code verb_request(const struct cli *cli);
enum exit_code verb_join(const struct cli *cli);
enum exit_code verb_leave(const struct cli *cli);
enum exit_code verb_up(const struct cli *cli);
enum exit_code verb_down(const struct cli *cli);
enum exit_code verb_status(const struct cli *cli);
enum exit_code verb_peers(const struct cli *cli);
enum exit_code verb_ping(const struct cli *cli);
enum exit_code verb_why(const struct cli *cli);
enum exit_code verb_routes(const struct cli *cli);
enum exit_code verb_graph(const struct cli *cli);
enum exit_code verb_monitor(const struct cli *cli);
enum exit_code verb_top(const struct cli *cli);
enum exit_code verb_trace(const struct cli *cli);
enum exit_code verb_bench(const struct cli *cli);
enum exit_code verb_bugreport(const struct cli *cli);
enum exit_code verb_metrics(const struct cli *cli);
enum exit_code verb_check(const struct cli *cli);
enum exit_code verb_reload(const struct cli *cli);
enum exit_code verb_version(const struct cli *cli);

#endif
