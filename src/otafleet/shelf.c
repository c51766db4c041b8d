/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashes are computed once for each image, when its last byte has come: hashing
 * for every device would cost the simulator more than the daemon it measures. */
#include <stdlib.h>
#include <string.h>
#include "image_make.h"
#include "otad/digest.h"
#include "shelf.h"

static bool
offer_same(const struct offer *a, const struct offer *b)
{
	/* Without a hash nothing says that two offers mean the same bytes. */
	return (a->md5[0] != '\0' || a->sha256[0] != '\0') && a->size == b->size &&
	    strcmp(a->md5, b->md5) == 0 && strcmp(a->sha256, b->sha256) == 0;
}

int
taking_begin(struct shelf *shelf, struct taking *t, const struct offer *offer,
    const char **why)
{
	struct image *i = t->image;

	if (offer->start != 0) {
		*why = "the rest of another image than the one begun";
		return i != NULL && offer_same(&i->offer, offer) && t->at == offer->start ?
		    0 : -1;
	}
	*why = "out of memory";
	for (i = shelf->first; i != NULL && !offer_same(&i->offer, offer); i = i->next)
		;
	if (i == NULL) {
		i = calloc(1, sizeof(*i));
		if (i == NULL)
			return -1;
		i->offer = *offer;
		i->next = shelf->first;
		shelf->first = i;
	}
	*t = (struct taking){ .image = i };
	return 0;
}

static void
image_finish(struct image *i)
{
	uint8_t m[MD5_LEN], s[SHA256_LEN];
	char hex[HEX_LEN(SHA256_LEN)];

	i->whole = i->sound = true;
	md5(m, i->bytes.p, i->bytes.len);
	sha256(s, i->bytes.p, i->bytes.len);
	/* Upper case is unsound: cores before 2.5.0 compare the text (protocols/
	 * arduino.md 1.3), and a fleet stands for the strictest of its kind. */
	if (i->offer.md5[0] != '\0' &&
	    strcmp(i->offer.md5, hex_encode(hex, m, sizeof(m))) != 0)
		i->sound = false;
	if (i->offer.sha256[0] != '\0' &&
	    strcmp(i->offer.sha256, hex_encode(hex, s, sizeof(s))) != 0)
		i->sound = false;
	if (image_read_version(i->bytes.p, i->bytes.len, i->version) != 0)
		i->version[0] = '\0';
}

int
taking_add(struct taking *t, const void *bytes, size_t n)
{
	struct image *i = t->image;
	const char *p = bytes;
	size_t at = (size_t)t->at, known = 0;

	t->at += (int64_t)n;
	if (at < i->bytes.len) {
		known = i->bytes.len - at < n ? i->bytes.len - at : n;
		if (memcmp(i->bytes.p + at, p, known) != 0)
			t->differs = true;
	}
	/* What differs has no right to stand for the rest. */
	if (known == n || t->differs)
		return 0;
	buf_add(&i->bytes, p + known, n - known);
	if (i->bytes.failed)
		return -1;
	if ((int64_t)i->bytes.len == i->offer.size)
		image_finish(i);
	return 0;
}

bool
taking_sound(const struct taking *t, const char **why)
{
	if (t->image == NULL || t->at != t->image->offer.size)
		*why = "not as long as announced";
	else if (t->differs)
		*why = "other bytes than another device got under the same hash";
	else if (!t->image->whole || !t->image->sound)
		*why = "hash differs from the announced one";
	else
		return true;
	return false;
}

void
shelf_free(struct shelf *shelf)
{
	struct image *i;

	while ((i = shelf->first) != NULL) {
		shelf->first = i->next;
		buf_free(&i->bytes);
		free(i);
	}
}
