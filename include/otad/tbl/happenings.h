/* tbl/happenings.h - what can happen to an execution: HAPPENING(name, word in
 * the history). What each does in each state is the table in core/life.c. */
HAPPENING(OFFER,	"offered")		/* the planner gave it a place */
HAPPENING(LAPSE,	"offer_lapsed")		/* nobody answered the offer in its guard time */
HAPPENING(TAKE,		"taken")		/* first byte served, or the device says it began */
HAPPENING(RESUME,	"resumed")		/* goes on with a transfer that broke */
HAPPENING(UNSENT,	"not_sent")		/* the image was promised, but never left otad */
HAPPENING(PROGRESS,	"progress")		/* a sign of life while it works */
HAPPENING(DELIVER,	"delivered")		/* last byte acknowledged, or served in full */
HAPPENING(STORE,	"downloaded")		/* its word: stored, reboot pending */
HAPPENING(SUCCESS,	"success_reported")	/* its word, not a proof */
HAPPENING(PROOF,	"proven")		/* it runs the target */
HAPPENING(STEP,		"stepping_stone")	/* it runs what the target requires first */
HAPPENING(RETURN,	"returned")		/* it reconnected after its reboot */
HAPPENING(OLD,		"old_version_back")	/* it shows another version after delivery */
HAPPENING(BROKEN,	"transfer_broken")
HAPPENING(FAILURE,	"failure_reported")
HAPPENING(REJECT,	"rejected")		/* the device will not have it */
HAPPENING(DECLINE,	"declined")		/* a person's no */
HAPPENING(DELAY,	"delay_asked")
HAPPENING(THERE,	"already_there")	/* runs the target, never took it from this job */
HAPPENING(NEWER,	"newer_already")	/* runs something newer, downgrades not allowed */
HAPPENING(SILENCE,	"timed_out")		/* deadline past after taking */
HAPPENING(UNHEARD,	"unreached")		/* reach_s past without a word */
HAPPENING(HEARD,	"heard_again")		/* a word from one that had timed out */
HAPPENING(CANCEL,	"canceled")
HAPPENING(SUPERSEDE,	"superseded")
HAPPENING(APPROVE,	"approved")		/* a person's yes */
HAPPENING(RETRY,	"retried")		/* a person starts it anew */
HAPPENING(REVERT,	"reverted")		/* left a proven target later */
