# SPDX-License-Identifier: Apache-2.0
#
# Built by one make from the top, so that dependencies are whole and -j is safe.
# ./configure finds things and writes config.mk; make runs it when it has to.
#
#	make			the programs, into build/
#	make check		layers, unit tests, scenarios
#	make B=/tmp/x V=1	elsewhere, and showing each command
#	make WERROR=1 CC=clang	as the continuous integration does

.DEFAULT_GOAL := all
-include config.mk			# from ./configure: CC CFLAGS DEPS_LIBS prefix …
-include local.mk			# yours, ignored by git

B	= build
FUZZ_SECONDS = 20

# --- what is built from what ------------------------------------------------

LIBSRC	= $(wildcard src/base/*.c src/core/*.c src/image/*.c src/mgmt/*.c \
	    src/store/*.c src/store/*/*.c src/dialect/*.c src/dialect/*/*.c \
	    src/transport/*.c)
PROGS	= $(foreach p,otad otactl otafleet,$(if $(wildcard src/$p/*.c),$p))
UNIT	= $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*_test.c))
FUZZ	= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
SQL	= $(sort $(wildcard sql/schema/*.sql sql/query/*.sql))
OPENAPI	= $(wildcard docs/openapi.yaml)
GEN	= sql $(if $(OPENAPI),openapi)

obj	= $(patsubst %.c,$(B)/%.o,$(1))
progobj	= $(call obj,$(wildcard src/$(1)/*.c))
LIBOBJ	= $(call obj,$(LIBSRC)) $(GEN:%=$(B)/%.gen.o)

# --- how ----------------------------------------------------------------------

WARN	= -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	  -Wvla -Wpointer-arith -Wwrite-strings -Werror=implicit-function-declaration \
	  $(if $(WERROR),-Werror)
FORTIFY	= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
ALL_CPPFLAGS = -D_GNU_SOURCE -DOTAD_VERSION='"$(VERSION)"' -Iinclude -I$(B) \
	  -include otad/banned.h $(FORTIFY) $(DEPS_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARN) -pthread -fPIE -fstack-protector-strong $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,--as-needed -pthread $(CFLAGS) $(LDFLAGS)
LDLIBS	= $(DEPS_LIBS) $(LIBS) -lm

ifneq ($(V),1)
Q	= @printf '  %-6s %s\n' $(1) $@;
endif
LINK	= $(call Q,LD)mkdir -p $(@D) && \
	  $(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

.PHONY: all lib unit check scenario bench demo asan tidy fuzz fuzz-run install dist clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: $(PROGS:%=$(B)/%)
lib: $(B)/libotad.a
unit: $(UNIT)

$(foreach p,$(PROGS),$(eval $(B)/$p: $(call progobj,$p)))
$(PROGS:%=$(B)/%): $(B)/libotad.a $(B)/flags
	$(LINK)

$(B)/libotad.a: $(LIBOBJ) $(B)/sources
	$(call Q,AR)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $(LIBOBJ)

$(B)/%.o: %.c $(B)/flags | $(B)/sql.gen.h
	$(call Q,CC)mkdir -p $(@D) && \
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/%.gen.o: $(B)/%.gen.c $(B)/flags | $(B)/sql.gen.h
	$(call Q,CC)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# A test links the library, and the objects of the program it is named after;
# tests of the core's conduct share a fixture.
CORE_TESTS = life plan hot visit rollout jobs job_filter ticker chance
$(B)/tests/%.o: CPPFLAGS += -Itests/unit -Isrc
$(filter $(B)/unit/fleet_%,$(UNIT)): $(filter-out %/main.o,$(call progobj,otafleet))
$(filter $(B)/unit/ctl_%,$(UNIT)): $(filter-out %/main.o,$(call progobj,otactl))
$(filter $(B)/unit/daemon_%,$(UNIT)): $(filter-out %/main.o,$(call progobj,otad))
$(filter $(CORE_TESTS:%=$(B)/unit/%_test),$(UNIT)): $(B)/tests/unit/core_fixture.o
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libotad.a
	$(LINK)

# --- generated: SQL and the API's description, as C ---------------------------

$(B)/sql.gen.h $(B)/sql.gen.c: $(B)/sql.gen.%: $(SQL) src/tools/embed-sql.sh $(B)/sources
	$(call Q,SQL)mkdir -p $(@D) && src/tools/embed-sql.sh $* $(SQL) >$@
$(B)/openapi.gen.c: $(OPENAPI) src/tools/embed-openapi.py
	$(call Q,API)mkdir -p $(@D) && $(PYTHON) src/tools/embed-openapi.py $(OPENAPI) >$@

# Remembered between runs, and touched only when they differ: other flags compile
# again, a file that came or went (which leaves no newer file behind) too.
remember = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
	   printf '%s\n' '$(subst ','\'',$(1))' >$@
$(B)/flags: FORCE
	$(call remember,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LDLIBS))
$(B)/sources: FORCE
	$(call remember,$(LIBSRC) $(SQL) $(OPENAPI))

configure: configure.ac
	$(call Q,CONF)autoconf
config.mk: config.mk.in configure
	$(call Q,CONF)./configure -q

# --- tests ---------------------------------------------------------------------

check: all unit
	@B='$(abspath $(B))' tests/run.sh
scenario: all
	@B='$(abspath $(B))' tests/run.sh --scenarios
bench: all
	@B='$(abspath $(B))' tests/bench/run.sh
demo: all
	@B='$(abspath $(B))' KEEP='$(KEEP)' tests/demo.sh

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
asan:
	@$(MAKE) --no-print-directory B=$(B)-asan FORTIFY=-U_FORTIFY_SOURCE \
	    CFLAGS='-O1 -g $(SANITIZE)' check

# The library is built with coverage counters; each target brings main() with it.
fuzz:
	@$(MAKE) --no-print-directory B=$(B)-fuzz CC=clang FORTIFY=-U_FORTIFY_SOURCE \
	    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined $(filter-out \
	    -fsanitize=%,$(SANITIZE))' FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz-run
fuzz-run: $(FUZZ)
	@tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)
$(B)/fuzz/%: LDFLAGS += -fsanitize=fuzzer
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libotad.a
	$(LINK)

# A file at a time: clang-tidy 14 mixes up what it knows of several.
tidy: $(B)/sql.gen.h
	@printf '%s\n' $(LIBSRC) $(wildcard src/otad/*.c src/otactl/*.c src/otafleet/*.c) | \
	    xargs -P $$(nproc) -I FILE clang-tidy --quiet FILE -- \
	    $(filter -I%,$(ALL_CPPFLAGS)) -D_GNU_SOURCE -DOTAD_VERSION='"$(VERSION)"' \
	    -include otad/banned.h -std=c11 2>/dev/null

# --- the rest --------------------------------------------------------------------

I	= install -D
install: all
	$(I) $(B)/otad $(DESTDIR)$(sbindir)/otad
	for p in $(filter-out otad,$(PROGS)); do \
		$(I) $(B)/$$p $(DESTDIR)$(bindir)/$$p || exit 1; done
	test -e $(DESTDIR)$(confdir)/otad.conf || \
		$(I) -m 644 conf/otad.conf $(DESTDIR)$(confdir)/otad.conf
	install -d $(DESTDIR)$(unitdir)
	sed 's,@sbindir@,$(sbindir),g' conf/systemd/otad.service \
		>$(DESTDIR)$(unitdir)/otad.service
	for m in $(wildcard docs/*.[158]); do \
		$(I) -m 644 $$m $(DESTDIR)$(mandir)/man$${m##*.}/$${m##*/} || exit 1; done

# What is committed, with configure made, so that building it needs no autoconf.
DIST	= otad-$(VERSION)
dist: configure
	@mkdir -p $(B)
	git archive --prefix=$(DIST)/ --add-file=configure -o $(B)/$(DIST).tar.gz HEAD

clean:
	rm -rf $(B) $(B)-asan $(B)-fuzz

-include $(shell test -d $(B) && find $(B) -name '*.d')
