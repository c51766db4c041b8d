/* tally.h - what happened to a fleet, counted, and said to a person or a program. */
#ifndef OTAFLEET_TALLY_H
#define OTAFLEET_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define COMPLAINTS_MAX	8		/* different ones that are kept */

struct plan;

struct tally {
	uint64_t	polls;		/* answered */
	uint64_t	unchanged;	/* … with nothing new */
	uint64_t	refused;	/* … with a refusal */
	uint64_t	broken;		/* conversations that got no whole answer */
	uint64_t	nonsense;	/* answers that a client gives up on */
	uint64_t	mismatched;	/* images that were not what was announced */
	uint64_t	repeated;	/* images of what the device was running */
	uint64_t	bytes;		/* of images */
	uint32_t	devices, awaited, arrived, loading;
	uint32_t	updated, failed, silent;
	int64_t		ms;
	struct complaint {
		char		text[128];
		uint64_t	times;
	} complaints[COMPLAINTS_MAX];	/* the first different ones */
};

/* Remember what a device complains of. */
void	tally_complain(struct tally *, const char *text);
/* Nothing went wrong that no behaviour explains. */
bool	tally_clean(const struct tally *);
/* One line while it runs. On a terminal it replaces the one before. */
void	tally_progress(const struct tally *, const struct plan *, bool terminal, FILE *);
void	tally_summary(const struct tally *, const struct plan *, FILE *);
void	tally_json(const struct tally *, FILE *);

#endif
