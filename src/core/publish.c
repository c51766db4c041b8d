/* SPDX-License-Identifier: Apache-2.0
 *
 * publish.c - sealing and publishing.
 *
 * Everything that takes time, reading the bytes back and inspecting them, is done
 * at the seal, on the caller's thread, with the product as it is then. Publishing
 * asks all rules again, since names may have been taken and the product may have
 * been changed in between, and only writes. */
#include "upload.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/utf8.h"

/* ---- the form ---- */

static int
check_texts(const struct firmware_form *f, struct err *e)
{
	if (!utf8_is_text(f->native, false))
		return err_field(e, ERR_BAD, "native_version", "text",
		    "a native version is UTF-8 without control characters");
	if (strlen(f->notes) >= NOTES_MAX || !utf8_is_text(f->notes, true))
		return err_field(e, ERR_BAD, "notes", "text",
		    "notes are at most %d bytes of UTF-8 without control characters",
		    NOTES_MAX - 1);
	if (strlen(f->metadata) >= NOTES_MAX || !utf8_is_text(f->metadata, true))
		return err_field(e, ERR_BAD, "metadata", "text",
		    "metadata is at most %d bytes of UTF-8", NOTES_MAX - 1);
	return 0;
}

/* A step on the way: it is there, of the same product, and lower. */
static int
check_requires(struct tx *tx, const struct version *v, const char *name, struct err *e)
{
	struct firmware f = { 0 };
	struct version low;
	int r;

	if (name[0] == '\0')
		return 0;
	if (version_parse(&low, name, e)) {
		snprintf(e->field, sizeof(e->field), "requires");
		return -1;
	}
	if (low.ptype != v->ptype || version_value(&low) >= version_value(v))
		return err_field(e, ERR_INVALID, "requires", "lower",
		    "%s is not a lower version of the same product", name);
	r = store_firmware_find(tx->db, name, &f, e);
	firmware_clear(&f);
	if (r == 0)
		return err_field(e, ERR_INVALID, "requires", "exists", "there is no firmware %s",
		    name);
	return r < 0 ? -1 : 0;
}

struct judging {
	const struct upload		*u;
	const struct firmware_form	*form;
	struct version			version;
	struct product			product;
};

/* Everything that can be said without looking into the bytes. */
static int
judge(struct tx *tx, void *arg, struct err *e)
{
	struct judging *j = arg;
	const struct family *family;
	const char *names[SLOTS_MAX];
	int i;

	if (version_parse(&j->version, j->form->name, e) || check_texts(j->form, e) ||
	    firmware_check(tx, &j->version, e) ||
	    product_get(tx, j->version.ptype, &j->product, e) ||
	    check_requires(tx, &j->version, j->form->requires, e))
		return -1;
	family = core_family(tx->core, j->product.dialect);
	for (i = 0; i < j->u->nimages; i++)
		names[i] = j->u->images[i].image.slot;
	if (slots_check(&j->product, names, i, family != NULL && family->caps & FAMILY_FILES, e))
		return -1;
	for (i = 0; i < j->u->nimages; i++)
		if (j->u->images[i].image.size == 0)
			return err_field(e, ERR_INVALID, names[i], "empty", "image '%s' is empty",
			    names[i]);
	return 0;
}

/* ---- the seal ---- */

static int
take_report(struct uploaded *to, const struct image_report *report, struct err *e)
{
	struct image *im = &to->image;

	if (report->findings.failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	snprintf(im->kind, sizeof(im->kind), "%s", report->kind);
	snprintf(im->findings, sizeof(im->findings), "%s", buf_str(&report->findings));
	snprintf(to->native, sizeof(to->native), "%s", report->native_version);
	memcpy(to->hashes, report->hashes, sizeof(to->hashes));
	to->nhashes = report->nhashes;
	return 0;
}

static int
inspect(const struct upload *u, struct uploaded *to, const char *rule, struct err *e)
{
	AUTO(image_report) struct image_report report = IMAGE_REPORT_INIT;
	struct spool spool = { 0 };
	int r;

	if (spool_open(u->core->store, u->core->settings.cache_dir, to->blob, &spool, e))
		return -1;
	r = image_inspect(rule, spool.bytes, spool.size, &report, e) ||
	    take_report(to, &report, e);
	spool_close(&spool);
	return r ? -1 : 0;
}

/* The product's rule is for its programs; a file system, and files that are none
 * of its slots, are data, and no device shows their hashes. */
static int
inspect_as(const struct upload *u, struct uploaded *to, const struct product *p, struct err *e)
{
	const char *slot = slot_of(p, to->image.slot);

	if (slot != NULL)
		memcpy(to->image.slot, slot, strlen(slot) + 1);
	if (slot == NULL || slot_same(slot, SLOT_FILESYSTEM)) {
		memcpy(to->image.kind, "raw", sizeof("raw"));
		return 0;
	}
	if (inspect(u, to, p->image_kind, e) == 0 && image_belongs(to->image.kind, to->image.size,
	    to->image.findings, slot, p->hardware, e) == 0)
		return 0;
	if (e->field[0] == '\0')
		snprintf(e->field, sizeof(e->field), "%s", slot);
	return err_while(e, "image '%s'", slot);
}

int
upload_seal(struct upload *u, const struct firmware_form *form, struct err *e)
{
	struct judging j = { .u = u, .form = form };
	int i, r;

	if (u->sealed)
		return 0;
	if (core_read(u->core, NULL, judge, &j, e))
		return -1;
	r = upload_flush(u, e);
	if (r != 0)
		return r;
	for (i = 0; i < u->nimages; i++) {
		struct uploaded *im = &u->images[i];

		if (im->digests != NULL)
			digests_end(im->digests, im->image.sha256, im->image.sha1,
			    im->image.md5);
		digests_free(TAKE(im->digests));
		if (inspect_as(u, im, &j.product, e))
			return -1;
	}
	version_format(&j.version, u->name);
	memcpy(u->kind, j.product.image_kind, sizeof(u->kind));
	u->sealed = true;
	return 0;
}

/* ---- publishing ---- */

static void
add_native(struct firmware *f, const char *text)
{
	int i;

	for (i = 0; i < f->nnatives; i++)
		if (strcmp(f->natives[i], text) == 0)
			return;
	if (text[0] != '\0' && f->nnatives < NATIVES_MAX)
		snprintf(f->natives[f->nnatives++], NATIVE_MAX, "%s", text);
}

static int
compose(struct tx *tx, const struct judging *j, struct firmware *f, struct err *e)
{
	const struct upload *u = j->u;
	int i;

	f->version = j->version;
	f->value = version_value(&j->version);
	f->state = FIRMWARE_READY;
	f->created_ms = tx->now;
	version_format(&j->version, f->name);
	snprintf(f->requires, sizeof(f->requires), "%s", j->form->requires);
	f->notes = strdup(j->form->notes);
	f->metadata = strdup(j->form->metadata);
	f->images = calloc((size_t)u->nimages, sizeof(*f->images));
	if (f->notes == NULL || f->metadata == NULL || f->images == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->nimages = u->nimages;
	add_native(f, j->form->native);
	for (i = 0; i < u->nimages; i++) {
		f->images[i] = u->images[i].image;
		add_native(f, u->images[i].native);
	}
	return 0;
}

static int
insert(struct tx *tx, const struct judging *j, struct firmware *f, struct err *e)
{
	struct err clash = ERR_INIT;

	if (store_firmware_insert(tx->db, f, &f->num, &clash) == 0)
		return 0;
	/* The schema saw what the check did not: say which name it was. */
	if (clash.code == ERR_CONFLICT && firmware_check(tx, &j->version, e))
		return -1;
	*e = clash;
	return -1;
}

static int
write_all(struct tx *tx, const struct judging *j, struct firmware *f, struct err *e)
{
	int i;
	size_t k;

	for (i = 0; i < j->u->nimages; i++) {
		const struct uploaded *im = &j->u->images[i];

		if (store_blob_publish(tx->db, im->blob, im->image.sha256, im->image.size, e))
			return err_while(e, "image '%s'", im->image.slot);
	}
	if (insert(tx, j, f, e))
		return -1;
	for (i = 0; i < j->u->nimages; i++)
		for (k = 0; k < j->u->images[i].nhashes; k++) {
			const struct image_hash *h = &j->u->images[i].hashes[k];

			if (store_hash_insert(tx->db, f->num, f->images[i].slot, h->name, h->bytes,
			    h->len, e))
				return -1;
		}
	return audit_note(tx, e, "firmware.upload", f->name, "%d image%s", f->nimages,
	    f->nimages == 1 ? "" : "s");
}

int
upload_publish(struct tx *tx, struct upload *u, const struct firmware_form *form,
    struct firmware *ret, struct err *e)
{
	struct judging j = { .u = u, .form = form };
	struct firmware f = { 0 };

	assert(tx->writes && u->sealed);
	if (judge(tx, &j, e))
		return -1;
	if (strcmp(version_format(&j.version, f.name), u->name) != 0 ||
	    strcmp(j.product.image_kind, u->kind) != 0)
		return err_field(e, ERR_CONFLICT, "version", "changed",
		    "product %u was changed during the upload; upload again", j.version.ptype);
	if (compose(tx, &j, &f, e) || write_all(tx, &j, &f, e)) {
		firmware_clear(&f);
		return -1;
	}
	tx_bump(tx);			/* what devices say they run may be known now */
	firmware_clear(ret);
	*ret = f;
	return 0;
}
