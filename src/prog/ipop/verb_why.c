/* verb_why.c - `ipop why`: why a member is not up, not reached directly, or slow; and the one fix.
 *
 * The member is pinged first: that makes this host look for it, and shows the way in use.
 */
#include "base/err.h"
#include "io/clock.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"
#include "prog/ipop/why.h"
#include "prog/version.h"

/* What is no verdict on the member: the daemon has no time, or does not know such requests. */
static bool is_verdict(const struct control *control, enum exit_code code)
{
	return code == EXIT_OK || control->err == ERR_TIMEOUT || control->err == ERR_NOT_FOUND;
}

static enum exit_code tell(const struct cli *cli, const struct why_facts *facts)
{
	struct why why;

	why_judge(facts, &why);
	if (cli->json)
		output_json(why_json(facts, &why));
	else
		(void)printf("%s\n%s\n", why.reason,
			     why.fix[0] == '\0' ? "There is nothing to do." : why.fix);
	return why.exit;
}

/* Pings it, and looks up its row: by what the answer says, or as it was asked for. */
static enum exit_code judge(const struct cli *cli, struct control *control, struct why_facts facts)
{
	const struct control_request request = { .verb = "ping", .peer = facts.asked };
	struct complaint complaint = { "" };
	json_t *pong = NULL;
	json_t *peers;
	enum exit_code code = control_ask(control, &request, &pong, &complaint);

	if (!is_verdict(control, code))
		return report_exit_with(cli, code, control->err, &complaint);
	code = answer_ask(cli, control, "peers", &peers);
	if (code == EXIT_OK) {
		const char *const id = json_string_value(json_object_get(pong, "id"));

		facts.pong = pong;
		facts.refusal = pong == NULL ? complaint.text : NULL;
		facts.peer = why_find(peers, answer_text(facts.status, "network").text,
				      id != NULL ? id : facts.asked);
		code = tell(cli, &facts);
		json_decref(peers);
	}
	json_decref(pong);
	return code;
}

enum exit_code verb_why(const struct cli *cli)
{
	struct why_facts facts = { .asked = cli_argument(cli, 0),
				   .now = clock_now().wall,
				   .built = version_built() };
	struct control control;
	json_t *status = NULL;
	enum exit_code code = answer_connect(cli, 1, &control);

	if (code != EXIT_OK)
		return code;
	code = answer_ask(cli, &control, "status", &status);
	if (code == EXIT_OK) {
		facts.status = status;
		code = why_is_self(status, facts.asked) ? tell(cli, &facts)
							: judge(cli, &control, facts);
		json_decref(status);
	}
	control_close(&control);
	return code;
}
