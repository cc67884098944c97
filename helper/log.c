#define _GNU_SOURCE
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINE 2048

struct line {
	char text[MAX_LINE];
	size_t length;
};

static void put(struct line *line, char c)
{
	/* Room stays for the end of the line, whatever a value was. */
	if (line->length < sizeof(line->text) - 8)
		line->text[line->length++] = c;
}

static void put_string(struct line *line, const char *text)
{
	put(line, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			put(line, '\\');
		put(line, c < 0x20 || c > 0x7e ? '?' : (char)c);
	}
	/* Cut or not, the string is closed. */
	line->text[line->length++] = '"';
}

void log_fact(const char *what, ...)
{
	struct line line = { .length = 0 };
	struct timespec now;
	struct tm utc;
	const char *key;
	char at[64];
	va_list facts;
	ssize_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	snprintf(at, sizeof(at), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
		 utc.tm_sec, now.tv_nsec / 1000000);
	put(&line, '{');
	put_string(&line, "at");
	put(&line, ':');
	put_string(&line, at);
	put(&line, ',');
	put_string(&line, "what");
	put(&line, ':');
	put_string(&line, what);
	va_start(facts, what);
	/* A pair that may not fit whole is left away: half a pair is no JSON. */
	while ((key = va_arg(facts, const char *)) != NULL && line.length < sizeof(line.text) - 1024) {
		put(&line, ',');
		put_string(&line, key);
		put(&line, ':');
		put_string(&line, va_arg(facts, const char *));
	}
	va_end(facts);
	line.text[line.length++] = '}';
	line.text[line.length++] = '\n';
	n = write(STDOUT_FILENO, line.text, line.length);
	(void)n; /* Where the log has gone, there is nobody to tell. */
}
