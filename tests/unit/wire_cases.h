/* SPDX-License-Identifier: Apache-2.0
 *
 * wire_cases.h - a test that is a folder: FOLDER/<case>/request is what came over
 * the wire, FOLDER/<case>/expect what is to be understood of it, in the words of
 * the test's own describe(); its first line, a comment, says why the case is there. */
#ifndef OTAD_WIRE_CASES_H
#define OTAD_WIRE_CASES_H

#include <dirent.h>
#include "otad/auto.h"
#include "otad/buf.h"
#include "fake_request.h"
#include "test.h"

AUTO_DEFINE(DIR, dir, closedir);

static inline int
wire_read(const char *folder, const char *name, const char *file, char *ret, size_t size)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", folder, name, file);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	n = fread(ret, 1, size - 1, f);
	ret[n] = '\0';
	fclose(f);
	return 0;
}

static inline void
wire_case(const char *folder, const char *name,
    void (*describe)(const struct request *, struct buf *))
{
	AUTO(buf) struct buf got = BUF_INIT;
	char request[8192], expect[8192];
	const char *wanted;
	struct fake f;

	if (wire_read(folder, name, "request", request, sizeof(request)) ||
	    wire_read(folder, name, "expect", expect, sizeof(expect))) {
		CHECK(false, "%s/%s: request or expect is missing", folder, name);
		return;
	}
	wanted = strchr(expect, '\n');
	CHECK(expect[0] == '#' && wanted != NULL, "%s: says no why", name);
	if (wanted == NULL)
		return;
	fake_head(&f, request);
	describe(&f.rq, &got);
	CHECK(strcmp(buf_str(&got), wanted + 1) == 0, "%s\n%.*s\nwanted:\n%s\ngot:\n%s", name,
	    (int)(wanted - expect), expect, wanted + 1, buf_str(&got));
}

/* At least `least` of them, so that a folder that got lost is no success. */
static inline void
wire_cases(const char *folder, int least,
    void (*describe)(const struct request *, struct buf *))
{
	AUTO(dir) DIR *dir = opendir(folder);
	struct dirent *d;
	int n = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		wire_case(folder, d->d_name, describe);
		n++;
	}
	CHECK(n >= least, "%s: %d cases, at least %d are wanted", folder, n, least);
}

/* "refused 400 x-ESP8266-STA-MAC" */
static inline void
describe_refusal(const struct err *e, struct buf *ret)
{
	buf_addf(ret, "refused %d%s%s\n", err_http(e), e->field[0] != '\0' ? " " : "", e->field);
	CHECK(e->text[0] != '\0', "a refusal without a word");
}

static inline void
describe_identity(const struct sighting *s, struct buf *ret)
{
	char hex[HEX_LEN(SHA256_LEN)];

	buf_addf(ret, "id %s\nidentity %s%s%s\n", s->id, s->identity == ID_KEY ? "key" :
	    s->identity == ID_ACCOUNT ? "account" : "claimed", s->identity == ID_KEY ? " " : "",
	    s->identity == ID_KEY ? hex_encode(hex, s->key_hash, SHA256_LEN) : "");
}

static inline void
describe_word(const char *name, const char *value, struct buf *ret)
{
	if (value[0] != '\0')
		buf_addf(ret, "%s %s\n", name, value);
}

#endif
