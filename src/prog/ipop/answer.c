/* answer.c - see answer.h. */
#include "prog/ipop/answer.h"

#include "io/clock.h"
#include "prog/ipop/host.h"
#include "prog/ipop/report.h"

#include <inttypes.h>
#include <string.h>

enum exit_code answer_connect(const struct cli *cli, size_t argument, struct control *ret)
{
	struct complaint complaint;
	struct store store;
	enum exit_code code = host_choose(cli, cli_argument(cli, argument), &store, &complaint);

	if (code == EXIT_OK)
		code = control_open(&store, ret, &complaint);
	return code == EXIT_OK ? EXIT_OK : report_code(cli, code, &complaint);
}

enum exit_code answer_ask(const struct cli *cli, struct control *control, const char *verb,
			  json_t **ret)
{
	const struct control_request request = { .verb = verb };
	struct complaint complaint;
	const enum exit_code code = control_ask(control, &request, ret, &complaint);

	return code == EXIT_OK ? EXIT_OK : report_exit_with(cli, code, control->err, &complaint);
}

struct output_text answer_text(const json_t *object, const char *name)
{
	return output_foreign(json_string_value(json_object_get(object, name)));
}

uint64_t answer_number(const json_t *object, const char *name)
{
	const json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

struct output_text answer_member(const json_t *object)
{
	const struct output_text name = answer_text(object, "name");

	return strcmp(name.text, "-") == 0 ? answer_text(object, "id") : name;
}

struct output_text answer_member_short(const json_t *object)
{
	const struct output_text name = answer_text(object, "name");

	return strcmp(name.text, "-") == 0 ? output_text("%.6s..", answer_text(object, "id").text)
					   : name;
}

struct output_text answer_rtt(const json_t *object)
{
	const json_t *const rtt = json_object_get(object, "rtt_us");

	return json_is_integer(rtt) ? output_rtt(answer_number(object, "rtt_us"))
				    : output_foreign(NULL);
}

struct output_text answer_left(const json_t *object)
{
	const json_t *const end = json_object_get(object, "certificate_not_after");

	return json_is_null(end) ? output_foreign(NULL)
				 : output_left(json_string_value(end), clock_now().wall);
}

static struct output_text plain_way(const json_t *object)
{
	const struct output_text way = answer_text(object, "way");

	if (strcmp(way.text, "direct") == 0)
		return output_text("direct %s", answer_text(object, "remote").text);
	if (strcmp(way.text, "relay") == 0)
		return output_text("relay by %s", answer_text(object, "relay").text);
	return way;
}

struct output_text answer_way(const json_t *object)
{
	const struct output_text way = plain_way(object);

	if (!json_is_integer(json_object_get(object, "mtu")))
		return way;
	return output_text("%s, mtu %" PRIu64, way.text, answer_number(object, "mtu"));
}

struct output_text answer_key_tellers(const json_t *status)
{
	const json_t *const names = json_object_get(status, "key_is_twice_by");
	const char *const first = json_string_value(json_array_get(names, 0));
	const char *const second = json_string_value(json_array_get(names, 1));

	if (first == NULL)
		return output_text("say others"); /* a daemon of before */
	if (second == NULL)
		return output_text("says %s", output_foreign(first).text);
	return output_text("say %.60s and %.60s", output_foreign(first).text,
			   output_foreign(second).text);
}
