/* arduino.h - what the files of this dialect share. */
#ifndef OTAD_DIALECT_ARDUINO_H
#define OTAD_DIALECT_ARDUINO_H

#include "otad/auto.h"
#include "otad/checkin.h"
#include "otad/dialect.h"
#include "otad/request.h"

enum board { BOARD_ESP8266, BOARD_ESP32, BOARD_NONE };	/* none: curl, a browser … */
enum wants { WANTS_SKETCH, WANTS_FILES, WANTS_VERSION };

struct poll {			/* one request of an updater, understood */
	enum board	board;
	enum wants	wants;
	struct sighting	who;
};

/* headers.c: pure functions over the request's headers. */

/* By User-Agent, else by the prefix of the x- headers. */
enum board arduino_board(const struct request *);
/* A mode that nobody sends is ERR_ABSENT: "not found" is what such a client shows. */
int	arduino_wants(const struct request *, enum wants *ret, struct err *);
/* All headers are optional but the address that the device is known by; what is
 * there must be sound. ptype 0: not said. */
int	arduino_read(const struct request *, uint32_t ptype, struct poll *ret, struct err *);
/* Would the founding document's script take these headers? NULL, or the line that
 * it refuses with. */
const char *arduino_script_refuses(const struct request *);

/* reply.c: word what the core decided. */
refuse_fn arduino_refuse;
/* Refuse by a reply: an error would undo what the core has noted of the device. */
void	arduino_say_no(struct exchange *, enum err_code, const char *text);
int	arduino_answer(struct tx *, struct exchange *, const struct poll *,
	    const struct answer *, struct err *);
/* A file without an execution behind it. */
void	arduino_say_file(struct exchange *, enum wants, const struct image *,
	    const char *firmware, const char *native);

/* arduino.c: ask the core and answer by `word`, now or on the writer. */
typedef int word_fn(struct tx *, struct exchange *, const struct poll *,
	    const struct answer *, struct err *);
int	arduino_ask(struct tx *, struct exchange *, const struct poll *, word_fn *,
	    struct err *);
handler_fn arduino_write;		/* … where it goes on then */
extern const struct route arduino_routes[];

/* paths.c: addresses that settings give, "[arduino] paths". */
struct paths;
int	arduino_paths_parse(const char *setting, struct paths **ret, struct err *);
void	arduino_paths_free(struct paths *);
const struct route *arduino_paths_find(const struct paths *, const struct request *);

#endif
