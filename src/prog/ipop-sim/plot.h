/* plot.h - plots as SVG inside a page: axes with round numbers, lines, steps, bars, areas.
 *
 * One is drawn from plot_begin() to plot_end(). Values are in the units of the axes; what lies
 * beyond them is cut off by whoever draws.
 */
#ifndef PROG_IPOP_SIM_PLOT_H
#define PROG_IPOP_SIM_PLOT_H

#include <stddef.h>
#include <stdio.h>

#define PLOT_WIDTH 460
#define PLOT_HEIGHT 250
#define PLOT_COLOURS 10

struct plot {
	FILE *out; /* borrowed */
	const char *title, *x_label, *y_label;
	const char *note;    /* what it shows, below it; HTML, or NULL */
	double x_max, y_max; /* both axes begin at 0; raised to a round number */
	unsigned legend;     /* entries so far */
	unsigned marks;      /* likewise */
};

struct plot_point {
	double x, y;
};

/* One of PLOT_COLOURS, told apart by most eyes; in CSS. */
const char *plot_colour(unsigned n);

void plot_begin(struct plot *plot);
void plot_end(struct plot *plot);

/* `name` enters the legend, unless NULL. */
void plot_line(struct plot *plot, const struct plot_point *points, size_t count, const char *name);

/* Between two curves over the same x: `low` may be NULL for the axis. */
void plot_area(struct plot *plot, const struct plot_point *low, const struct plot_point *high,
	       size_t count, const char *name);

/* A bar of width 1 around x. */
void plot_bar(struct plot *plot, double x, double y);

/* A vertical line with a word beside it, of which only the letters up to a space are drawn. */
void plot_mark(struct plot *plot, double x, const char *word);

#endif
