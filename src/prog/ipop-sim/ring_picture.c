/* ring_picture.c - see ring_picture.h. */
#include "prog/ipop-sim/ring_picture.h"

#include <math.h>

#define SIZE 520
#define RADIUS 218.0
#define BEND 0.35 /* chords bend towards the middle: far ones do not cover the near ones */
#define LINKS_MAX 1024
#define CHORDS_MAX 6000 /* beyond, only some of the far links are drawn */
#define TURN 6.283185307179586

struct place {
	double x, y;
};

static struct place place_of(const struct id *id, double radius)
{
	const double turn = (id->bytes[0] + (id->bytes[1] + id->bytes[2] / 256.0) / 256.0) / 256.0;

	return (struct place){ SIZE / 2.0 + radius * sin(turn * TURN),
			       SIZE / 2.0 - radius * cos(turn * TURN) };
}

static bool is_near(const struct node_link *near, size_t count, const struct id *id)
{
	for (size_t n = 0; n < count; n++)
		if (id_equal(&near[n].id, id))
			return true;
	return false;
}

static void draw_link(const struct member *m, const struct node_link *link, bool near, FILE *out)
{
	const struct place a = place_of(&m->identity.certificate.id, RADIUS);
	const struct place b = place_of(&link->id, RADIUS);
	const double middle_x = (a.x + b.x) / 2;
	const double middle_y = (a.y + b.y) / 2;
	const double bend = near ? 0 : BEND;

	(void)fprintf(out, "<path class=\"%s%s\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"/>\n",
		      near ? "near" : "far", link->way == WAY_RELAY ? " relay" : "", a.x, a.y,
		      middle_x + (SIZE / 2.0 - middle_x) * bend,
		      middle_y + (SIZE / 2.0 - middle_y) * bend, b.x, b.y);
}

static void draw_links_of(const struct play *play, uint32_t i, unsigned every, FILE *out)
{
	static struct node_link links[LINKS_MAX];
	const struct member *m = &play->crowd.members[i];
	const struct node *node = node_host_node(m->node);
	struct node_link near[NODE_NEAR_MAX];
	const size_t near_count = node_near(node, near);
	size_t count = node_links(node, links, LINKS_MAX);

	count = count < LINKS_MAX ? count : LINKS_MAX;
	for (size_t n = 0; n < count; n++) {
		const bool beside = is_near(near, near_count, &links[n].id);

		if (id_compare(&m->identity.certificate.id, &links[n].id) < 0 &&
		    (beside || (i + n) % every == 0))
			draw_link(m, &links[n], beside, out);
	}
}

static const char *class_of(const struct play *play, uint32_t i)
{
	const struct member *m = &play->crowd.members[i];

	if (!crowd_is_up(&play->crowd, i))
		return "down";
	if (m->hostile)
		return "hostile";
	if (i < play->crowd.bootstrap)
		return "bootstrap";
	return m->nat == 0 ? "public" : "nat";
}

void ring_picture(const struct play *play, FILE *out)
{
	static const char *const keys[][2] = { { "bootstrap", "bootstrap" },
					       { "public", "public" },
					       { "nat", "behind a NAT" },
					       { "hostile", "hostile" },
					       { "down", "down" } };
	const double dot = play->crowd.count > 600 ? 1.4 : play->crowd.count > 150 ? 2.4 : 4;
	const uint64_t chords = play->degrees.sum / 2;
	const unsigned every = (unsigned)(chords / CHORDS_MAX) + 1;

	(void)fprintf(out,
		      "<figure class=\"tall\"><style>.near{stroke:#4269d0;stroke-width:1;fill:none}"
		      ".far{stroke:#4269d0;stroke-opacity:.22;stroke-width:.8;fill:none}"
		      ".relay{stroke:#efb118;stroke-opacity:.7}.bootstrap{fill:#a463f2}.public{"
		      "fill:#4269d0}"
		      ".nat{fill:#3ca951}.hostile{fill:#ff725c}.down{fill:#9498a0}</style>"
		      "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"The ring\">\n"
		      "<text class=\"title\" x=\"10\" y=\"16\">The ring at the end, and all its "
		      "links</text>\n",
		      SIZE, SIZE);
	(void)fprintf(out, "<circle class=\"edge\" cx=\"%d\" cy=\"%d\" r=\"%.0f\"/>\n", SIZE / 2,
		      SIZE / 2, RADIUS);
	for (uint32_t i = 0; i < play->crowd.count; i++)
		if (crowd_is_up(&play->crowd, i))
			draw_links_of(play, i, every, out);
	for (uint32_t i = 0; i < play->crowd.count; i++) {
		const struct member *m = &play->crowd.members[i];
		const struct place at = place_of(&m->identity.certificate.id, RADIUS);

		(void)fprintf(out,
			      "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\">"
			      "<title>%s</title></circle>\n",
			      class_of(play, i), at.x, at.y, dot, m->identity.certificate.name);
	}
	for (unsigned n = 0; n < sizeof(keys) / sizeof(keys[0]); n++)
		(void)fprintf(out,
			      "<circle class=\"%s\" cx=\"%u\" cy=\"%d\" r=\"4\"/>"
			      "<text class=\"tick\" x=\"%u\" y=\"%d\">%s</text>\n",
			      keys[n][0], 14 + n * 84, SIZE - 12, 21 + n * 84, SIZE - 8,
			      keys[n][1]);
	(void)fprintf(out,
		      "<path class=\"near relay\" d=\"M434 %dh16\"/>"
		      "<text class=\"tick\" x=\"454\" y=\"%d\">by relay</text></svg>"
		      "<figcaption>Each dot is a member, at the place of its id; its name shows "
		      "under the "
		      "pointer. Near links, to three members on each side, run along the edge; far "
		      "ones, the shortcuts and those in use, across.%s</figcaption></figure>\n",
		      SIZE - 12, SIZE - 8,
		      every > 1 ? " Only some of the far ones are drawn." : "");
}
