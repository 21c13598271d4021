/* clock_words.c - see clock_words.h. */
#include "prog/ipop/clock_words.h"

#include "base/calendar.h"
#include "prog/ipop/output.h"

#include <stdlib.h>

struct clock_words clock_words(const json_t *status, struct wall now, struct wall built)
{
	const json_int_t off_s = json_integer_value(json_object_get(status, "clock_offset_s"));
	struct clock_words words = { "" };
	char says[CALENDAR_TEXT_CHARS + 1];

	calendar_to_text(now, says);
	if (off_s > CLOCK_WORDS_OFF_S || off_s < -CLOCK_WORDS_OFF_S)
		(void)snprintf(words.text, sizeof(words.text),
			       "This host's clock is %s %s those of the other members: set it "
			       "(timedatectl).",
			       output_duration((uint64_t)llabs(off_s)).text,
			       off_s < 0 ? "behind" : "ahead of");
	else if (now.us < built.us)
		(void)snprintf(words.text, sizeof(words.text),
			       "This host's clock says %s, which is before this program was made: "
			       "set it (timedatectl).",
			       says);
	return words;
}

struct clock_words clock_words_ended(const json_t *status, struct wall now)
{
	const char *const text =
		json_string_value(json_object_get(status, "certificate_not_after"));
	struct clock_words words = { "" };
	char says[CALENDAR_TEXT_CHARS + 1];
	char until[CALENDAR_TEXT_CHARS + 1];
	struct wall end;

	if (text == NULL || calendar_from_text(span_text(text), &end) != 0 || end.us > now.us)
		return words;
	calendar_to_text(now, says);
	calendar_to_text(end, until);
	(void)snprintf(words.text, sizeof(words.text),
		       "this host's certificate has ended on %s; its clock says %s", until, says);
	return words;
}
