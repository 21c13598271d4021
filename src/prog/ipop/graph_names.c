/* graph_names.c - see graph_names.h. */
#include "prog/ipop/graph_names.h"

#include "base/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN 6.283185307179586
#define COLUMN_GAP 6.0 /* of a column, from the line through the middle */

/* -- apart on a line, or around ------------------------------------------------------------------
 */

/* Values that stand a pitch apart, evenly around the middle of where they were. */
struct heap {
	double middle;
	size_t first, count;
};

static double half(const struct heap *heap, double pitch)
{
	return pitch * (double)(heap->count - 1) / 2;
}

static bool touch(const struct heap *a, const struct heap *b, double pitch)
{
	return b->middle - half(b, pitch) - (a->middle + half(a, pitch)) < pitch;
}

/* Joins heaps until none touches the next; behind the last comes the first, `around` later, unless
 * that is 0. Returns how many are left. */
static size_t join(struct heap *heaps, size_t count, double pitch, double around)
{
	size_t i = 0;

	while (count > 1 && i < (around > 0 ? count : count - 1)) {
		const size_t next = (i + 1) % count;
		struct heap *a = &heaps[i];
		struct heap b = heaps[next];
		const double sum = (double)(a->count + b.count);

		b.middle += next == 0 ? around : 0;
		if (!touch(a, &b, pitch)) {
			i++;
			continue;
		}
		a->middle = (a->middle * (double)a->count + b.middle * (double)b.count) / sum;
		a->count += b.count;
		count--;
		memmove(&heaps[next], &heaps[next + 1], (count - next) * sizeof(*heaps));
		i = i > 0 && next != 0 ? i - 1 : 0; /* it may touch the one before now */
	}
	return count;
}

/* Moves values, which rise, at least a pitch apart. 0 or ERR_NOMEM. */
static int spread(double *values, size_t n, double pitch, double around)
{
	struct heap *heaps;
	size_t count;

	if (n == 0)
		return 0;
	heaps = calloc(n, sizeof(*heaps));
	if (heaps == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		heaps[i] = (struct heap){ .middle = values[i], .first = i, .count = 1 };
	count = join(heaps, n, pitch, around);
	for (size_t h = 0; h < count; h++)
		for (size_t k = 0; k < heaps[h].count; k++)
			values[(heaps[h].first + k) % n] =
				heaps[h].middle - half(&heaps[h], pitch) + pitch * (double)k;
	free(heaps);
	return 0;
}

/* -- rays -------------------------------------------------------------------------------------- */

static int place_rays(const struct graph *graph, double radius, struct graph_name *ret)
{
	const double wanted = GRAPH_NAME_PITCH / (radius * TURN);
	const double room = 1.0 / (double)graph->count;
	double *const turns = calloc(graph->count, sizeof(*turns));
	int err;

	if (turns == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < graph->count; i++)
		turns[i] = graph->members[graph->order[i]].turn;
	err = spread(turns, graph->count, wanted < room ? wanted : room, 1);
	for (size_t i = 0; i < graph->count; i++) {
		const double side = sin(turns[i] * TURN);
		const bool is_left = side < -1e-9;

		ret[i] = (struct graph_name){ .x = radius * side,
					      .y = -radius * cos(turns[i] * TURN),
					      .degrees = turns[i] * 360 + (is_left ? 90 : -90),
					      .anchor = is_left ? "end" : "start" };
	}
	free(turns);
	return err;
}

/* -- columns ----------------------------------------------------------------------------------- */

/* The heights of a column, from the top: below this host's name, and above the lowest place. */
static int space_column(double *heights, size_t n, double radius)
{
	double least = -radius + GRAPH_NAME_PITCH;
	double most = radius;
	const int err = spread(heights, n, GRAPH_NAME_PITCH, 0);

	for (size_t i = 0; i < n; i++) {
		heights[i] = heights[i] > least ? heights[i] : least;
		least = heights[i] + GRAPH_NAME_PITCH;
	}
	for (size_t i = n; i-- > 0;) {
		heights[i] = heights[i] < most ? heights[i] : most;
		most = heights[i] - GRAPH_NAME_PITCH;
	}
	return err;
}

/* Names on one side, from the top: those of the ranks from `top` on, clockwise or against. */
struct column {
	size_t top, count;
	int side; /* 1: right, clockwise; -1 */
};

static size_t rank_of(const struct column *column, size_t i)
{
	return column->side > 0 ? column->top + i : column->top - i;
}

static int place_column(const struct graph *graph, double radius, const struct column *column,
			struct graph_name *ret)
{
	double heights[GRAPH_NAMES_LEVEL_MAX];
	int err;

	for (size_t i = 0; i < column->count; i++) {
		const uint32_t index = graph->order[rank_of(column, i)];

		heights[i] = -radius * cos(graph->members[index].turn * TURN);
	}
	err = space_column(heights, column->count, radius);
	for (size_t i = 0; i < column->count; i++) {
		const double across = sqrt(fmax(0, radius * radius - heights[i] * heights[i]));

		ret[rank_of(column, i)] =
			(struct graph_name){ .x = column->side * fmax(across, COLUMN_GAP),
					     .y = heights[i],
					     .anchor = column->side > 0 ? "start" : "end" };
	}
	return err;
}

static int place_columns(const struct graph *graph, double radius, struct graph_name *ret)
{
	struct column right = { .top = 1, .side = 1 };
	struct column left = { .top = graph->count - 1, .side = -1 };
	int err;

	while (right.count < left.top &&
	       graph->members[graph->order[right.top + right.count]].turn <= 0.5)
		right.count++;
	left.count = left.top - right.count;
	ret[0] = (struct graph_name){ .y = -radius, .anchor = "middle" };
	err = place_column(graph, radius, &right, ret);
	return err != 0 ? err : place_column(graph, radius, &left, ret);
}

int graph_names_place(const struct graph *graph, double radius, struct graph_name *ret)
{
	return graph->count <= GRAPH_NAMES_LEVEL_MAX ? place_columns(graph, radius, ret)
						     : place_rays(graph, radius, ret);
}
