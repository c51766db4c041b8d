/* commands.h - the verbs of otafleet. Each gets its own arguments, argv[0] being
 * the verb, and returns the exit status: 0 done, 1 not as it should be, 2 usage. */
#ifndef OTAFLEET_COMMANDS_H
#define OTAFLEET_COMMANDS_H

enum { EXIT_OK = 0, EXIT_NOT = 1, EXIT_USAGE = 2 };

int	command_run(int argc, char **argv);
int	command_image(int argc, char **argv);
int	command_play(int argc, char **argv);

#endif
