/* product.h - a device type, known by its ptype. */
#ifndef OTAD_PRODUCT_H
#define OTAD_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/version.h"

struct tx;

#define SLOTS_MAX	10		/* Espressif's ROM deploy takes up to ten files */
#define SLOT_MAX	33		/* bytes of a slot's name, NUL included */
#define SLOT_FILESYSTEM	"filesystem"	/* data beside the program: not looked into */

struct product {
	uint32_t	ptype;			/* 1..99999; 0 at creation: allocate */
	char		serial[65];		/* unique; "" at creation: made */
	char		name[65];		/* unique */
	char		description[1025];
	bool		is_private;
	int		status;			/* 1 developing, 2 released */
	char		dialect[16];		/* a family's name */
	char		slots[SLOTS_MAX][SLOT_MAX];	/* what a firmware must bring */
	int		nslots;
	char		image_kind[16];		/* image.h: auto, raw, or a kind */
	char		hardware[1025];		/* facts: flash=, chip=, model=, type=, project_name= */
	char		link_base[257];		/* overrides the download address, or "" */
	uint32_t	part_of;		/* the product it is a component of, or 0 */
	int64_t		created_ms, updated_ms;
	/* Set as Current; read only here, see job_set_current(). "" when unset. */
	char		current_v[VERSION_MAX], current_b[VERSION_MAX];
};

/* All fields checked; ptype and serial are filled in when they were empty.
 * Errors name the field: a taken ptype, serial or name is ERR_CONFLICT. */
int	product_create(struct tx *, struct product *, struct err *);
int	product_get(struct tx *, uint32_t ptype, struct product *ret, struct err *);
/* Everything but ptype, dialect when it has devices, and currents. */
int	product_update(struct tx *, const struct product *, struct err *);
/* ERR_CONFLICT while firmware, devices or components refer to it. */
int	product_delete(struct tx *, uint32_t ptype, struct err *);

/* In order of ptype, after `after`, at most limit. fn's -1 ends the walk. */
typedef int product_fn(void *arg, const struct product *, struct err *);
int	product_list(struct tx *, uint32_t after, int limit, product_fn *, void *arg,
	    struct err *);

/* The product of this family whose `hardware` fits best what a device says of
 * itself (facts): all of model, type and project_name that it names, at least one,
 * and the chip where both say one. 0: none does, or two equally well. Components
 * are never matched. */
int	product_match(struct tx *, const char *family, const char *facts, uint32_t *ret,
	    struct err *);

/* Slot names match with or without a file ending: user1 = user1.bin. */
bool	slot_same(const char *a, const char *b);

#endif
