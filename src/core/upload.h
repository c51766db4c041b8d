/* SPDX-License-Identifier: Apache-2.0
 *
 * upload.h - a firmware on its way in: upload.c takes the bytes, publish.c makes
 * a firmware of them. */
#ifndef OTAD_CORE_UPLOAD_H
#define OTAD_CORE_UPLOAD_H

#include <pthread.h>
#include "core_priv.h"
#include "otad/image.h"
#include "otad/store.h"
#include "repo_priv.h"

struct slice;			/* upload.c: bytes that are not durable yet */

/* One image. Only the network thread touches it, but for `blob`. */
struct uploaded {
	struct image	image;		/* digests, kind and findings once sealed */
	struct digests	*digests;	/* NULL once ended */
	int64_t		slices;		/* given to the writer so far */
	int64_t		blob;		/* staging number, 0 before the first slice is durable */
	/* what the inspector found besides */
	char		native[NATIVE_MAX];
	struct image_hash hashes[IMAGE_HASHES_MAX];
	size_t		nhashes;
};

struct upload {
	struct core	*core;
	struct store	*store;		/* outlives the core */
	void		(*wake)(void *);
	void		*wake_arg;
	struct uploaded	images[SLOTS_MAX];
	int		nimages;
	struct slice	*filling;	/* of the last image, not full yet */
	bool		sealed;
	char		name[VERSION_MAX];	/* that it was sealed as … */
	char		kind[16];		/* … and the product's image kind then */

	pthread_mutex_t	lock;		/* of all below, and of images[].blob */
	struct slice	*first, *last;	/* waiting; the first is with the writer when busy */
	size_t		backlog;	/* bytes in them */
	size_t		wake_at;	/* backlog that somebody waits for; SIZE_MAX: nobody */
	bool		busy;		/* the writer has a command of ours */
	bool		abandoned;	/* nobody but the writer knows it any more */
	struct err	failed;		/* ERR_NONE, or why nothing more is taken */
};

/* All given bytes are durable: 0. CORE_WRITE: wake() comes. -1: they never will. */
int	upload_flush(struct upload *, struct err *);

#endif
