/* SPDX-License-Identifier: Apache-2.0
 *
 * The ratios as a horizontal bar chart in SVG: one bar per figure, on a logarithmic
 * axis with 1.0, the floor, marked, and a tick at each target.
 */
#include <math.h>
#include <stdio.h>

#include "bench.h"

enum {
	WIDTH = 960,
	LABEL = 190, /* start of the axis */
	AXIS = 430,  /* its length */
	FIRST_BAR = 70,
	BAR = 16,
	STEP = 24,
};

static const double LEAST = 0.1, MOST = 10; /* ratios at the ends of the axis */

static double position(double ratio)
{
	double clamped = ratio < LEAST ? LEAST : ratio > MOST ? MOST : ratio;

	return LABEL + AXIS * log10(clamped / LEAST) / log10(MOST / LEAST);
}

static bool drawn(const struct bench_figure *figure)
{
	return !isnan(figure->ratio);
}

static int decimals(double value)
{
	return value >= 100 ? 0 : value >= 1 ? 2 : 3;
}

static const char *colour(const struct bench_figure *figure)
{
	int met = bench_met(figure);

	return met < 0 ? "#5b7a99" : met ? "#3a8f5c" : "#c2503d";
}

static void draw_axis(FILE *file, int bottom)
{
	static const double ticks[] = {0.1, 0.2, 0.5, 1, 2, 5, 10};

	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		double x = position(ticks[i]);

		fprintf(file,
			"<line x1=\"%.1f\" y1=\"58\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\"/>\n"
			"<text x=\"%.1f\" y=\"52\" text-anchor=\"middle\" "
			"fill=\"#555\">%g</text>\n",
			x, x, bottom, ticks[i] == 1 ? "#222" : "#ddd", x, ticks[i]);
	}
}

static void draw_figure(FILE *file, const struct bench_figure *figure, int y)
{
	double one = position(1), end = position(figure->ratio);
	double left = end < one ? end : one, width = fabs(end - one);

	fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LABEL - 8, y + 12,
		figure->name);
	fprintf(file, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
		left, y, width < 1 ? 1 : width, BAR, colour(figure));
	if (figure->goal == BENCH_RATIO_AT_MOST)
		fprintf(file,
			"<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#000\" "
			"stroke-width=\"2\"/>\n",
			position(figure->target), y - 3, position(figure->target), y + BAR + 3);
	fprintf(file, "<text x=\"%d\" y=\"%d\">%.*f x &#160; %.*f against %.*f %s (%s)</text>\n",
		LABEL + AXIS + 10, y + 12, figure->ratio < 0.1 ? 3 : 2, figure->ratio,
		decimals(figure->mote), figure->mote, decimals(figure->floor), figure->floor,
		figure->unit, figure->reference);
}

bool bench_write_svg(const struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "we");
	int y = FIRST_BAR, bottom = FIRST_BAR;

	if (!file) {
		perror(path);
		return false;
	}
	for (size_t i = 0; i < bench->count; i++)
		bottom += drawn(&bench->figures[i]) ? STEP : 0;
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"24\" font-size=\"16\">mote against the floor, %s</text>\n"
		"<text x=\"%d\" y=\"38\" fill=\"#555\">1 is the floor, further left is better, "
		"a black tick is a target</text>\n",
		WIDTH + 160, bottom + 12, WIDTH + 160, LABEL,
		bench->options.counted ? "in instructions" : "in time and memory", LABEL);
	draw_axis(file, bottom);
	for (size_t i = 0; i < bench->count; i++) {
		if (!drawn(&bench->figures[i]))
			continue;
		draw_figure(file, &bench->figures[i], y);
		y += STEP;
	}
	fputs("</svg>\n", file);
	return fclose(file) == 0;
}
