/* plot.c - see plot.h. */
#include "prog/ipop-sim/plot.h"

#include <string.h>

#define LEFT 52
#define RIGHT 22
#define TOP 40
#define BOTTOM 40
#define TICKS 5
#define LEGEND_WIDTH 78
#define LEGEND_ROW 5
#define MARK_ROWS 4 /* below each other, where many stand side by side */
#define THOUSANDS_FROM 10000

const char *plot_colour(unsigned n)
{
	static const char *const colours[PLOT_COLOURS] = { "#4269d0", "#efb118", "#ff725c",
							   "#6cc5b0", "#3ca951", "#ff8ab7",
							   "#a463f2", "#97bbf5", "#9c6b4e",
							   "#9498a0" };

	return colours[n % PLOT_COLOURS];
}

static double at_x(const struct plot *plot, double x)
{
	return LEFT + x / plot->x_max * (PLOT_WIDTH - LEFT - RIGHT);
}

static double at_y(const struct plot *plot, double y)
{
	return PLOT_HEIGHT - BOTTOM - y / plot->y_max * (PLOT_HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, of which TICKS or fewer reach `max`. */
static double step_for(double max)
{
	static const double factors[] = { 1, 2, 5 };
	double power = 1;

	while (power * TICKS > max && power > 1e-6)
		power /= 10;
	for (;;) {
		for (size_t n = 0; n < sizeof(factors) / sizeof(factors[0]); n++)
			if (factors[n] * power * TICKS >= max)
				return factors[n] * power;
		power *= 10;
	}
}

/* How many steps reach `max`. */
static unsigned steps_to(double max, double step)
{
	unsigned count = 1;

	while (step * count < max)
		count++;
	return count;
}

static void print_number(const struct plot *plot, double value)
{
	if (value >= THOUSANDS_FROM)
		(void)fprintf(plot->out, "%gk", value / 1000);
	else
		(void)fprintf(plot->out, "%g", value);
}

static void draw_ticks(const struct plot *plot, double x_step, double y_step)
{
	for (unsigned n = 0; n <= steps_to(plot->x_max, x_step); n++) {
		(void)fprintf(plot->out,
			      "<text class=\"tick\" x=\"%.1f\" y=\"%d\" "
			      "text-anchor=\"middle\">",
			      at_x(plot, n * x_step), PLOT_HEIGHT - BOTTOM + 15);
		print_number(plot, n * x_step);
		(void)fputs("</text>\n", plot->out);
	}
	for (unsigned n = 0; n <= steps_to(plot->y_max, y_step); n++) {
		const double y = at_y(plot, n * y_step);

		(void)fprintf(plot->out,
			      "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
			      "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
			      LEFT, PLOT_WIDTH - RIGHT, y, y, LEFT - 6, y + 4);
		print_number(plot, n * y_step);
		(void)fputs("</text>\n", plot->out);
	}
}

void plot_begin(struct plot *plot)
{
	const double x_step = step_for(plot->x_max > 0 ? plot->x_max : 1);
	const double y_step = step_for(plot->y_max > 0 ? plot->y_max : 1);

	plot->x_max = x_step * steps_to(plot->x_max, x_step);
	plot->y_max = y_step * steps_to(plot->y_max, y_step);
	plot->legend = 0;
	plot->marks = 0;
	(void)fprintf(plot->out,
		      "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n"
		      "<text class=\"title\" x=\"%d\" y=\"14\">%s</text>\n",
		      PLOT_WIDTH, PLOT_HEIGHT, plot->title, LEFT, plot->title);
	draw_ticks(plot, x_step, y_step);
	(void)fprintf(plot->out,
		      "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n"
		      "<text class=\"label\" x=\"2\" y=\"30\">%s</text>\n",
		      PLOT_WIDTH - RIGHT, PLOT_HEIGHT - 8, plot->x_label, plot->y_label);
}

void plot_end(struct plot *plot)
{
	(void)fputs("</svg>", plot->out);
	if (plot->note != NULL)
		(void)fprintf(plot->out, "<figcaption>%s</figcaption>", plot->note);
	(void)fputs("</figure>\n", plot->out);
}

static void add_legend(struct plot *plot, const char *name)
{
	const unsigned column = plot->legend % LEGEND_ROW;
	const unsigned row = plot->legend / LEGEND_ROW;
	const unsigned x = LEFT + column * LEGEND_WIDTH;

	if (name == NULL)
		return;
	(void)fprintf(plot->out,
		      "<rect x=\"%u\" y=\"%u\" width=\"8\" height=\"8\" fill=\"%s\"/>"
		      "<text class=\"tick\" x=\"%u\" y=\"%u\">%s</text>\n",
		      x, 20 + row * 11, plot_colour(plot->legend), x + 12, 28 + row * 11, name);
	plot->legend++;
}

void plot_line(struct plot *plot, const struct plot_point *points, size_t count, const char *name)
{
	(void)fprintf(plot->out, "<polyline class=\"line\" stroke=\"%s\" points=\"",
		      plot_colour(plot->legend));
	for (size_t n = 0; n < count; n++)
		(void)fprintf(plot->out, "%.1f,%.1f ", at_x(plot, points[n].x),
			      at_y(plot, points[n].y));
	(void)fputs("\"/>\n", plot->out);
	add_legend(plot, name);
}

void plot_area(struct plot *plot, const struct plot_point *low, const struct plot_point *high,
	       size_t count, const char *name)
{
	(void)fprintf(plot->out, "<polygon fill=\"%s\" points=\"", plot_colour(plot->legend));
	for (size_t n = 0; n < count; n++)
		(void)fprintf(plot->out, "%.1f,%.1f ", at_x(plot, high[n].x),
			      at_y(plot, high[n].y));
	for (size_t n = count; n-- > 0;)
		(void)fprintf(plot->out, "%.1f,%.1f ", at_x(plot, high[n].x),
			      at_y(plot, low == NULL ? 0 : low[n].y));
	(void)fputs("\"/>\n", plot->out);
	add_legend(plot, name);
}

void plot_bar(struct plot *plot, double x, double y)
{
	const double from = at_x(plot, x - 0.45);
	const double to = at_x(plot, x + 0.45);

	if (y > 0)
		(void)fprintf(
			plot->out,
			"<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
			"<title>%g: %g</title></rect>\n",
			from, at_y(plot, y), to - from, at_y(plot, 0) - at_y(plot, y), x, y);
}

void plot_mark(struct plot *plot, double x, const char *word)
{
	const unsigned y = TOP + 6 + plot->marks++ % MARK_ROWS * 11;

	(void)fprintf(plot->out,
		      "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>"
		      "<text class=\"tick\" x=\"%.1f\" y=\"%u\">%.*s</text>\n",
		      at_x(plot, x), at_x(plot, x), TOP - 4, at_y(plot, 0), at_x(plot, x) + 4, y,
		      (int)strcspn(word, " "), word);
}
