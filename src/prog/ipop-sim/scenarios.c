/* scenarios.c - see scenarios.h. */
#include "prog/ipop-sim/scenarios.h"

#include "base/err.h"
#include "io/file.h"
#include "sim/figures.h"

#include <stdlib.h>

#define FILE_BYTES_MAX 262144
#define MATRIX_BYTES_MAX (256UL << 20)
#define SITES_MAX 4096
#define MILLISECOND_US 1000

static const char *find(const char *name)
{
	for (const struct scenario_text *s = scenario_texts; s->name != NULL; s++)
		if (strcmp(s->name, name) == 0)
			return s->text;
	return NULL;
}

/* The last part of a path, without its ending. */
static void set_name(const char *path, char ret[64])
{
	const char *slash = strrchr(path, '/');
	size_t len;

	path = slash == NULL ? path : slash + 1;
	len = strcspn(path, ".");
	len = len < 63 ? len : 63;
	memcpy(ret, path, len);
	ret[len] = 0;
}

/* -- measured latencies -------------------------------------------------------------------- */

/* The next number of the text, in thousandths; false at its end, or if something else stands there.
 */
static bool take_thousandths(const char **at, uint32_t *ret)
{
	char *end;
	unsigned long whole;
	unsigned long place = 100;
	unsigned long part = 0;

	while (**at == ' ' || **at == '\t' || **at == '\n' || **at == '\r' || **at == ',')
		(*at)++;
	if (**at < '0' || **at > '9')
		return false;
	whole = strtoul(*at, &end, 10);
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, place /= 10)
			part += place * (unsigned long)(*end - '0');
	*at = end;
	*ret = whole > 60000 ? 60000 * MILLISECOND_US : (uint32_t)(whole * MILLISECOND_US + part);
	return true;
}

/* The number of sites, then so many rows of as many round trips in milliseconds. */
static int read_matrix(const char *text, struct loaded *ret, const char *path,
		       struct complaint *complaint)
{
	uint32_t sites;

	if (!take_thousandths(&text, &sites) || sites < MILLISECOND_US ||
	    sites / MILLISECOND_US > SITES_MAX)
		return complain(complaint, ERR_MALFORMED,
				"%s: begins with the number of sites, 1 to %d", path, SITES_MAX);
	ret->sites = sites / MILLISECOND_US;
	ret->matrix_us = calloc((size_t)ret->sites * ret->sites, sizeof(ret->matrix_us[0]));
	if (ret->matrix_us == NULL)
		return complain(complaint, ERR_NOMEM, "no memory for %u sites", ret->sites);
	for (size_t n = 0; n < (size_t)ret->sites * ret->sites; n++) {
		uint32_t round_trip_us;

		if (!take_thousandths(&text, &round_trip_us))
			return complain(complaint, ERR_MALFORMED,
					"%s: row %zu, number %zu: expected a round trip in "
					"milliseconds",
					path, n / ret->sites + 1, n % ret->sites + 1);
		ret->matrix_us[n] = round_trip_us / 2;
	}
	return 0;
}

static int load_matrix(const char *path, struct loaded *ret, struct complaint *complaint)
{
	struct file_bytes bytes;
	int err = file_read(path, MATRIX_BYTES_MAX, &bytes);

	if (err != 0)
		return complain(complaint, err, "%s: %s", path, err_text(err));
	err = read_matrix((const char *)bytes.data, ret, path, complaint); /* it ends with a zero */
	file_free(&bytes);
	return err;
}

/* -- scenarios ----------------------------------------------------------------------------- */

static int read_script(struct span text, const char *path, struct loaded *ret,
		       struct complaint *complaint)
{
	struct script_error error;
	const struct script_statement *matrix;
	int err = script_read(text, &ret->script, &error);

	if (err == 0)
		err = figures_check(&ret->script, &error);
	if (err != 0)
		return complain(complaint, err, "%s:%u: %s", path, error.line, error.text);
	matrix = script_find(&ret->script, SCRIPT_MATRIX);
	return matrix == NULL ? 0 : load_matrix(matrix->text, ret, complaint);
}

int scenario_load(const char *name, struct loaded *ret, struct complaint *complaint)
{
	const char *text = find(name);
	struct file_bytes bytes;
	int err;

	*ret = (struct loaded){ 0 };
	set_name(name, ret->name);
	if (text != NULL)
		return read_script(span_text(text), name, ret, complaint);
	if (strpbrk(name, "./") == NULL)
		return complain(complaint, ERR_NOT_FOUND,
				"there is no scenario \"%s\"; --list shows those there are", name);
	err = file_read(name, FILE_BYTES_MAX, &bytes);
	if (err != 0)
		return complain(complaint, err, "%s: %s", name, err_text(err));
	err = read_script(span_of(bytes.data, bytes.len), name, ret, complaint);
	file_free(&bytes);
	return err;
}

void scenario_unload(struct loaded *loaded)
{
	free(loaded->matrix_us);
	*loaded = (struct loaded){ 0 };
}

void scenario_print_list(FILE *out)
{
	const char *line;

	for (const struct scenario_text *s = scenario_texts; s->name != NULL; s++) {
		struct script_error error;
		struct script script;

		if (script_read(span_text(s->text), &script, &error) == 0)
			(void)fprintf(out, "%-12s %s\n", s->name, script.about);
	}
	(void)fputs("\nA scenario is a file of such lines (doc/simulator.md):\n\n", out);
	for (unsigned n = 0; (line = script_grammar(n)) != NULL; n++)
		(void)fprintf(out, "  %s\n", line);
	(void)fputs("\nFigures that may be expected:\n\n", out);
	for (unsigned f = 0; f < FIGURES; f++)
		(void)fprintf(out, "  %-18s %s\n", figure_name((enum figure)f),
			      figure_help((enum figure)f));
}
