/* SPDX-License-Identifier: Apache-2.0
 *
 * Each rule here has broken a real server (protocols/arduino.md 1.3 to 1.5): one
 * x-MD5 in lower case, a length, no range, no redirect, and the connection closed.
 * A device says nothing after its request, so what it must not do is decided now,
 * with a status that its library has a word for. */
#include <stdio.h>
#include <string.h>
#include "arduino.h"

void
arduino_refuse(const struct err *e, const struct request *rq, struct reply *rep)
{
	char line[sizeof(e->text) + 2];

	(void)rq;
	snprintf(line, sizeof(line), "%s\n", e->text[0] != '\0' ? e->text : err_title(e->code));
	reply_text(rep, err_http(e), line);
	rep->close = true;
	if (e->code == ERR_AUTH)
		reply_header(rep, "WWW-Authenticate", "Basic realm=\"ota\"");
}

void
arduino_say_no(struct exchange *x, enum err_code code, const char *text)
{
	struct err e = ERR_INIT;

	err_set(&e, code, "%s", text);
	arduino_refuse(&e, &x->rq, &x->rep);
}

/* What the device will say that it runs. */
static const char *
spoken(const char *firmware, const char *native)
{
	return *native != '\0' ? native : firmware;
}

static void
say_digests(struct reply *rep, const struct image *i)
{
	char hex[HEX_LEN(SHA256_LEN)];

	reply_header(rep, "x-MD5", hex_encode(hex, i->md5, MD5_LEN));
	reply_header(rep, "x-SHA256", hex_encode(hex, i->sha256, SHA256_LEN));
}

/* Quoted where it has to be: a canonical name has parentheses. */
static void
say_filename(struct reply *rep, const char *version, bool files)
{
	char name[RUNNING_MAX];
	const char *quote;

	snprintf(name, sizeof(name), "%s", version);
	quote = strpbrk(name, " (),:;<=>?@[]{}") != NULL ? "\"" : "";
	for (char *p = name; (p = strpbrk(p, "\"\\/")) != NULL; p++)
		*p = '_';
	reply_headerf(rep, "Content-Disposition", "attachment; filename=%s%s%s.bin%s", quote,
	    name, files ? "-filesystem" : "", quote);
}

/* Mode "version" only wants to know: always 200, never a body. */
static void
say_version(struct reply *rep, const char *version, const struct image *i)
{
	rep->status = 200;
	rep->close = true;
	reply_header(rep, "x-version", version);
	if (i != NULL)
		say_digests(rep, i);
}

void
arduino_say_file(struct exchange *x, enum wants wants, const struct image *i,
    const char *firmware, const char *native)
{
	struct reply *rep = &x->rep;
	const char *version = spoken(firmware, native);

	if (wants == WANTS_VERSION) {
		say_version(rep, version, i);
		return;
	}
	rep->status = 200;
	rep->type = "application/octet-stream";
	rep->close = true;
	say_filename(rep, version, wants == WANTS_FILES);
	say_digests(rep, i);
	reply_header(rep, "x-version", version);
	reply_header(rep, "Cache-Control", "no-store");
	if (x->rq.method == M_HEAD) {
		rep->length_as = i->size;
		return;
	}
	rep->has_image = true;
	memcpy(rep->image, i->sha256, SHA256_LEN);
	rep->from = 0;
	rep->to = i->size;
}

static int
say_offer(struct exchange *x, enum wants wants, const struct answer *a, struct err *e)
{
	struct transfer *t = NULL;

	if (wants != WANTS_VERSION && x->rq.method != M_HEAD) {
		t = transfer_new(x->core, a, 0, a->image.size);
		if (t == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
	}
	arduino_say_file(x, wants, &a->image, a->firmware, a->native);
	x->rep.transfer = t;
	return 0;
}

/* Nothing is newer than what it runs, as far as it is told: then that is the
 * version to name. The library wants one, whatever we know. */
static int
say_same_version(struct tx *tx, struct exchange *x, const struct poll *p, struct err *e)
{
	const struct running_hash *md5 = &p->who.hashes[0];
	struct device d = { 0 };
	char hex[HEX_LEN(MD5_LEN)];

	if (p->who.version[0] == '\0' && device_get(tx, p->who.id, &d, e))
		return -1;
	say_version(&x->rep, p->who.version[0] != '\0' ? p->who.version :
	    d.version[0] != '\0' ? d.version :
	    d.firmware_name[0] != '\0' ? d.firmware_name : "none", NULL);
	if (md5->len != 0)
		reply_header(&x->rep, "x-MD5", hex_encode(hex, md5->bytes, MD5_LEN));
	return 0;
}

static int
say_nothing(struct tx *tx, struct exchange *x, const struct poll *p, struct err *e)
{
	if (p->wants == WANTS_VERSION)
		return say_same_version(tx, x, p, e);
	x->rep.status = 304;
	x->rep.close = true;
	return 0;
}

int
arduino_answer(struct tx *tx, struct exchange *x, const struct poll *p,
    const struct answer *a, struct err *e)
{
	static const struct { enum err_code code; const char *text; } no[] = {
		[VERDICT_PENDING]	= { ERR_FORBIDDEN, "this device waits to be accepted" },
		[VERDICT_BLOCKED]	= { ERR_FORBIDDEN, "this device is blocked" },
		[VERDICT_CLOSED]	= { ERR_ABSENT, "unknown device" },
		[VERDICT_NO_KEY]	= { ERR_AUTH, "not the key of this device" },
		[VERDICT_NO_PRODUCT]	= { ERR_ABSENT, "no such product" },
		[VERDICT_FOREIGN]	= { ERR_FORBIDDEN,
			"this address belongs to a device of another family" },
	};

	if (a->verdict == VERDICT_NOTHING)
		return say_nothing(tx, x, p, e);
	if (a->verdict == VERDICT_OFFER)
		return say_offer(x, p->wants, a, e);
	if ((size_t)a->verdict >= NELEM(no) || no[a->verdict].text == NULL)
		return err_set(e, ERR_INTERNAL, "verdict %d", (int)a->verdict);
	arduino_say_no(x, no[a->verdict].code, no[a->verdict].text);
	return 0;
}
