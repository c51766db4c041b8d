/* SPDX-License-Identifier: Apache-2.0
 *
 * firmware.c - the repository: upload, list, state.
 *
 * An upload's fields may come before or after its files, so the files flow to
 * the store as they arrive and only the end of the body decides what they are:
 * texts are collected up to their limits, complaints too, and whatever refuses
 * the upload drops the bytes with it. The texts are judged before the images,
 * so that a misspelt name is not reported as an unsound image. */
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "otad/utf8.h"
#include "page.h"

enum text { VERSION, NOTES, METADATA, NATIVE, REQUIRES, TEXTS };
static const struct {
	const char	*name;
	size_t		max;
} texts[TEXTS] = {
	[VERSION]  = { "version",	 63 },
	[NOTES]    = { "notes",		 NOTES_MAX - 1 },
	[METADATA] = { "metadata",	 NOTES_MAX - 1 },
	[NATIVE]   = { "native_version", NATIVE_MAX - 1 },
	[REQUIRES] = { "requires",	 VERSION_MAX - 1 },
};

struct arrival {
	struct upload		*upload;
	struct buf		text[TEXTS];
	struct firmware_form	form;		/* made of them, once they are judged */
	bool			seen[TEXTS];
	bool			judged;		/* the texts were */
	struct complaints	complaints;
};

static void
arrival_free(void *p)
{
	struct arrival *in = p;

	if (in->upload != NULL)
		upload_free(in->upload);
	for (int i = 0; i < TEXTS; i++)
		buf_free(&in->text[i]);
	complaints_free(&in->complaints);
	free(in);
}

static void
wake(void *arg)
{
	struct exchange *x = arg;

	x->wake(x);
}

static struct arrival *
arrival_of(struct exchange *x, struct err *e)
{
	struct arrival *in = x->state;

	if (in != NULL || (in = state_new(x, sizeof *in, arrival_free, e)) == NULL)
		return in;
	in->upload = upload_new(x->core, wake, x);
	if (in->upload != NULL)
		return in;
	err_set(e, ERR_INTERNAL, "out of memory");
	return NULL;
}

static void
add_text(struct arrival *in, const char *name, const void *bytes, size_t n, uint64_t off)
{
	struct complaints *c = &in->complaints;
	int i = 0, cut = (int)utf8_fit(name, 60);

	while (i < TEXTS && strcmp(texts[i].name, name) != 0)
		i++;
	if (i == TEXTS) {
		if (off == 0)
			complain(c, ERR_BAD, name, "unknown",
			    "%.*s: there is no such field (a file is sent with its name)", cut,
			    name);
		return;
	}
	if (off == 0 && in->seen[i])
		complain(c, ERR_BAD, name, "duplicate", "%.*s stands twice", cut, name);
	in->seen[i] = true;
	if (off + n <= texts[i].max)
		buf_add(&in->text[i], bytes, n);
	else if (off <= texts[i].max)
		complain(c, ERR_BAD, name, "range", "%.*s must have at most %zu bytes", cut, name,
		    texts[i].max);
}

int
post_firmware_part(struct exchange *x, const char *name, const char *filename, const void *bytes,
    size_t n, uint64_t off, struct err *e)
{
	struct arrival *in = arrival_of(x, e);
	int rc;

	if (in == NULL)
		return -1;
	if (filename == NULL) {
		add_text(in, name, bytes, n, off);
		return 0;
	}
	if (off == 0 && upload_image(in->upload, name, e) != 0)
		return -1;
	rc = n > 0 ? upload_data(in->upload, bytes, n, e) : 0;
	return rc == CORE_WRITE ? CALL_WAIT : rc;
}

static void
judge_name(const struct buf *text, const char *field, struct complaints *c)
{
	struct err why = ERR_INIT;
	struct version v;

	if (strlen(buf_str(text)) != text->len)
		complain(c, ERR_BAD, field, "text", "%s must not contain a NUL", field);
	else if (version_parse(&v, buf_str(text), &why) != 0)
		complain(c, ERR_BAD, field, why.rule[0] != '\0' ? why.rule : "grammar", "%s",
		    why.text);
}

/* Metadata must be an object; the others UTF-8, notes with line ends. */
static void
judge(struct arrival *in)
{
	struct complaints *c = &in->complaints;
	struct err why = ERR_INIT;
	json_auto_t *metadata = NULL;

	if (in->judged)
		return;
	in->judged = true;
	if (!in->seen[VERSION])
		complain(c, ERR_BAD, "version", "missing", "version is missing");
	else
		judge_name(&in->text[VERSION], "version", c);
	if (in->text[REQUIRES].len > 0)
		judge_name(&in->text[REQUIRES], "requires", c);
	for (int i = NOTES; i < TEXTS; i++) {
		const char *text = buf_str(&in->text[i]);

		if (strlen(text) != in->text[i].len || !utf8_is_text(text, i != NATIVE))
			complain(c, ERR_BAD, texts[i].name, "text",
			    "%s must be UTF-8 without control characters", texts[i].name);
		if (in->text[i].failed)
			complain(c, ERR_INTERNAL, texts[i].name, "memory", "out of memory");
	}
	if (in->text[METADATA].len == 0)
		return;
	metadata = object_parse(buf_str(&in->text[METADATA]), in->text[METADATA].len,
	    "metadata", &why);
	if (metadata == NULL)
		complain(c, why.code, why.field, why.rule, "%s", why.text);
}

static void
fill_in(struct firmware_form *form, const struct buf text[TEXTS])
{
	snprintf(form->name, sizeof form->name, "%s", buf_str(&text[VERSION]));
	snprintf(form->native, sizeof form->native, "%s", buf_str(&text[NATIVE]));
	snprintf(form->requires, sizeof form->requires, "%s", buf_str(&text[REQUIRES]));
	form->notes = buf_str(&text[NOTES]);
	form->metadata = buf_str(&text[METADATA]);
}

int
post_firmware_end(struct exchange *x, struct err *e)
{
	struct arrival *in = arrival_of(x, e);
	int rc;

	if (in == NULL)
		return -1;
	judge(in);
	if (in->complaints.count > 0)
		return 0;
	fill_in(&in->form, in->text);
	rc = upload_seal(in->upload, &in->form, e);
	return rc == CORE_WRITE ? CALL_WAIT : rc;
}

int
post_firmware_read(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct arrival *in = x->state;

	(void)tx;
	if (in == NULL)
		return err_field(e, ERR_MEDIA, "Content-Type", "media",
		    "a firmware is uploaded as multipart/form-data");
	return complaints_refuse(&in->complaints, &x->rep) ? 0 : CALL_WRITE;
}

static json_t *
created_document(const struct firmware *f)
{
	json_t *doc = json_firmware(f), *warnings = json_array();

	for (int i = 0; i < f->nimages; i++) {
		json_auto_t *some = json_warnings(f->images[i].findings);

		json_array_extend(warnings, some);
	}
	json_object_set_new(doc, "warnings", warnings);
	return doc;
}

int
post_firmware_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct arrival *in = x->state;
	struct firmware made = { .num = 0 };
	int rc;

	if (upload_publish(tx, in->upload, &in->form, &made, e) != 0)
		return -1;
	rc = reply_json(x, 201, created_document(&made), e);
	if (rc == 0)
		reply_location(x, "firmware", made.name);
	firmware_clear(&made);
	return rc;
}

static int
show(struct tx *tx, struct exchange *x, struct err *e)
{
	struct firmware f = { .num = 0 };
	int rc;

	if (firmware_get(tx, x->rq.params[0], &f, e) != 0)
		return -1;
	rc = reply_json(x, 200, json_firmware(&f), e);
	firmware_clear(&f);
	return rc;
}

int
get_firmware(struct tx *tx, struct exchange *x, struct err *e)
{
	return show(tx, x, e);
}

static int
list_one(void *arg, const struct firmware *f, struct err *e)
{
	struct page *page = arg;

	return page_room(page) ? page_add(page, f->num, json_firmware(f), e) : 0;
}

int
get_firmwares(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;
	int64_t ptype = 0;

	if (query_int(&x->rq, "ptype", 1, PTYPE_MAX, &ptype, e) != 0 ||
	    page_open(&page, tx, &x->rq, 'f', e) != 0 ||
	    firmware_list(tx, (uint32_t)ptype, page.from, page.limit + 1, list_one, &page, e) != 0)
		return -1;
	return page_reply(&page, x, e);
}

/* ---- state ---- */

struct reason {
	char	why[129];
};
static const struct field reason_fields[] = {
	{ "why", WANT_TEXT, FIELD_LINE | FIELD_NULL, .at = offsetof(struct reason, why),
	  .min = 0, .max = 128 },
	{ 0 }
};

int
firmware_state_read(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct reason *reason = state_new(x, sizeof *reason, NULL, e);
	json_auto_t *doc = reason != NULL ? body_object(&x->rq, true, e) : NULL;

	(void)tx;
	if (doc == NULL)
		return -1;
	form_read(doc, reason_fields, reason, "", &c);
	return complaints_refuse(&c, &x->rep) ? 0 : CALL_WRITE;
}

static int
set_state(struct tx *tx, struct exchange *x, enum firmware_state state, struct err *e)
{
	const struct reason *reason = x->state;

	if (firmware_set_state(tx, x->rq.params[0], state, reason->why, e) != 0)
		return -1;
	return show(tx, x, e);
}

int
yank_firmware(struct tx *tx, struct exchange *x, struct err *e)
{
	return set_state(tx, x, FIRMWARE_YANKED, e);
}

int
hold_firmware(struct tx *tx, struct exchange *x, struct err *e)
{
	return set_state(tx, x, FIRMWARE_HELD, e);
}

int
release_firmware(struct tx *tx, struct exchange *x, struct err *e)
{
	return set_state(tx, x, FIRMWARE_READY, e);
}
