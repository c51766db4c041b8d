/* SPDX-License-Identifier: Apache-2.0
 *
 * Whoever writes firmware for this dialect reads our answers while debugging, so
 * a header that is wrong is refused by its name rather than guessed at: nothing
 * in the field depends on our patience, as it does with inherited dialects. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "native.h"

#define KEY_SHORTEST	32	/* a device may bring its own key when it enrols, so it */
#define KEY_LONGEST	128	/* has to be one that nobody guesses */

/* *ret NULL when absent or empty. */
static int
once(const struct request *rq, const char *name, const char **ret, struct err *e)
{
	*ret = request_header(rq, name);
	if (*ret != NULL && **ret == '\0')
		*ret = NULL;
	if (request_count(rq, name) > 1)
		return err_field(e, ERR_BAD, name, "once", "%s stands more than once", name);
	return 0;
}

/* Copy a header of printable ASCII into ret, "" when it is absent. */
static int
words(const struct request *rq, const char *name, char *ret, size_t size, struct err *e)
{
	const char *value;

	if (once(rq, name, &value, e))
		return -1;
	for (const char *p = value; p != NULL && *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			return err_field(e, ERR_BAD, name, "ascii",
			    "%s: byte %td is not printable ASCII", name, p - value);
	if (value != NULL && strlen(value) >= size)
		return err_field(e, ERR_BAD, name, "length", "%s: at most %zu characters",
		    name, size - 1);
	snprintf(ret, size, "%s", value != NULL ? value : "");
	return 0;
}

/* *ret -1 when it is absent. */
static int
number(const struct request *rq, const char *name, int64_t max, int64_t *ret, struct err *e)
{
	const char *value;
	int64_t n = 0;

	*ret = -1;
	if (once(rq, name, &value, e))
		return -1;
	if (value == NULL)
		return 0;
	for (const char *p = value; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || (n = n * 10 + *p - '0') > max)
			return err_field(e, ERR_BAD, name, "number",
			    "%s: a decimal number up to %lld is wanted", name, (long long)max);
	}
	*ret = n;
	return 0;
}

/* Authorization: token KEY, or Bearer KEY as most HTTP libraries can say it. */
static int
read_key(const struct request *rq, struct sighting *s, struct err *e)
{
	const char *value, *key;
	size_t n;

	if (once(rq, "Authorization", &value, e))
		return -1;
	if (value == NULL)
		return 0;
	n = strcspn(value, " ");
	if ((n != 5 || strncasecmp(value, "token", n) != 0) &&
	    (n != 6 || strncasecmp(value, "Bearer", n) != 0))
		return err_set(e, ERR_AUTH, "Authorization: 'token KEY' is wanted");
	key = value + n + strspn(value + n, " ");
	n = strlen(key);
	if (n < KEY_SHORTEST || n > KEY_LONGEST || strcspn(key, " \t") != n)
		return err_set(e, ERR_AUTH, "Authorization: a key of %d to %d characters is wanted",
		    KEY_SHORTEST, KEY_LONGEST);
	sha256(s->key_hash, key, n);
	s->identity = ID_KEY;
	return 0;
}

/* A verified certificate vouches for one id, and for no other. */
static int
read_certificate(const struct request *rq, struct sighting *s, struct err *e)
{
	if (rq->peer == NULL)
		return 0;
	if (s->id[0] == '\0')
		snprintf(s->id, sizeof(s->id), "%s", rq->peer);
	if (strcmp(s->id, rq->peer) != 0)
		return err_field(e, ERR_FORBIDDEN, "X-Device-Id", "certificate",
		    "the client certificate is of another device than X-Device-Id");
	s->identity = ID_ACCOUNT;
	return 0;
}

static int
read_identity(const struct request *rq, struct sighting *s, struct err *e)
{
	if (words(rq, "X-Device-Id", s->id, sizeof(s->id), e) ||
	    read_key(rq, s, e) || read_certificate(rq, s, e))
		return -1;
	if (s->id[0] == '\0')
		return err_field(e, ERR_BAD, "X-Device-Id", "missing", "X-Device-Id is missing");
	if (device_id_check(s->id, e)) {
		snprintf(e->field, sizeof(e->field), "X-Device-Id");
		return err_while(e, "X-Device-Id");
	}
	return 0;
}

static int
read_facts(const struct request *rq, struct sighting *s, struct err *e)
{
	int64_t room;
	AUTO(buf) struct buf facts = BUF_INIT;

	if (number(rq, "X-Device-Free", INT64_MAX / 16, &room, e))
		return -1;
	if (room < 0)
		return 0;
	facts_addi(&facts, "free", room);
	snprintf(s->facts, sizeof(s->facts), "%s", buf_str(&facts));
	return 0;
}

int
native_read(const struct request *rq, struct sighting *ret, struct err *e)
{
	struct sighting s = { .family = &dialect_native.family };
	const char *range;
	int64_t ptype;

	if (read_identity(rq, &s, e) ||
	    words(rq, "X-Device-Version", s.version, sizeof(s.version), e) ||
	    words(rq, "X-Device-Slot", s.slot, sizeof(s.slot), e) ||
	    number(rq, "X-Device-Product", PTYPE_MAX, &ptype, e) ||
	    read_facts(rq, &s, e) || once(rq, "Range", &range, e))
		return -1;
	s.ptype = ptype > 0 ? (uint32_t)ptype : 0;
	s.resumes = range != NULL && rq->method == M_GET;
	snprintf(s.address, sizeof(s.address), "%s", rq->address != NULL ? rq->address : "");
	*ret = s;
	return 0;
}
