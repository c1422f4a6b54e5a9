# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make run      set up this machine, build, reproduce the study in 10 minutes
#   make check    set up this machine, build, run all tests
#   make          build the program, the agent and the guests' images
#   make debian   build a disk image for guests: Debian with systemd (as root)
#   make lint     clang-format (check), clang-tidy, cppcheck, shellcheck
#   make bench    print what hvbench itself costs
#   make bench-work    how steadily work runs on this host, natively and in guests
#   make bench-steady  how much calibrations differ from boot to boot; BASE=DIR:
#                      those of another build directory beside them
#   make check-hosts  try it on whole hosts of other kinds, booted as VMs that
#                     have KVM (as root, half an hour each); HOST=NAME,... some
#   make crosscheck  measure and draw anew what cyclictest says beside hvbench
#   make install  PREFIX=/usr/local DESTDIR=; install-debian: that image, too
#   make clean
#
#   V=1           print whole commands
#   SANITIZE=1    with ASan and UBSan, in a build directory of its own
#   KERNEL=FILE MODULES=DIR  build the guests' image for another kernel

PREFIX ?= /usr/local
DESTDIR ?=
SANITIZE ?=
BUILD ?= build$(if $(SANITIZE),-sanitize)
CC ?= gcc
# safe.directory: the clone may belong to another user than who builds.
VERSION := $(shell git -c safe.directory='*' describe --always --dirty --tags 2>/dev/null || echo unknown)

PACKAGES = gio-unix-2.0 libvirt libvirt-glib-1.0 libvirt-gconfig-1.0 \
           json-glib-1.0 sqlite3 gsl
# Asked for only when something is compiled: on a fresh machine pkg-config
# arrives with `make setup`.
PACKAGE_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PACKAGE_LIBS = $(shell pkg-config --libs $(PACKAGES))

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wformat=2 $(if $(CI),-Werror)
SANITIZERS = $(if $(SANITIZE),-fsanitize=address -fsanitize=undefined \
             -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
CFLAGS ?= -O2 -g
HVB_CFLAGS = -std=gnu17 $(WARNINGS) $(SANITIZERS) -I. -I$(BUILD) -MMD -MP \
             -DG_LOG_DOMAIN='"hvbench"' $(CFLAGS)

HVB_SOURCES := $(filter-out hvbench/main.c,$(wildcard hvbench/*.c hvbench/*/*.c))
# What both ends of the wire share.
SHARED_SOURCES := loadgen/wire.c loadgen/schedule.c loadgen/random.c \
                  loadgen/work.c
AGENT_SOURCES := $(wildcard loadgen/*.c)
TEST_SOURCES := $(filter-out test/bench/bench.c test/bench/chains.c, \
                             $(wildcard test/*.c test/*/*.c))
# Pure pieces of the agent that the unit tests call.
TESTED_AGENT_SOURCES := $(filter-out loadgen/agent.c $(SHARED_SOURCES), \
                          $(AGENT_SOURCES))
RESOURCES := hvbench/hvbench.gresource.xml
RESOURCE_FILES := $(shell sed -n 's,.*>\(.*\)</file>.*,\1,p' $(RESOURCES))

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
HVB_OBJECTS := $(call objects,$(HVB_SOURCES) $(SHARED_SOURCES)) \
               $(BUILD)/obj/resources.o
TEST_OBJECTS := $(call objects,$(TEST_SOURCES) $(TESTED_AGENT_SOURCES))
AGENT_OBJECTS := $(patsubst %.c,$(BUILD)/agent/%.o,$(AGENT_SOURCES))

# What a rule does in a word, or with V=1 the whole command.
V ?=
QUIET = $(if $(V),,@printf '  %-8s%s\n' $(1) $@;)

.PHONY: all setup run check check-unit check-built check-hosts lint bench bench-work \
        bench-steady crosscheck install clean install-debian guests debian
.DELETE_ON_ERROR:

all: $(BUILD)/hvbench $(BUILD)/hvbench-agent guests

setup:
	scripts/setup

run: setup
	$(MAKE) all
	$(BUILD)/hvbench reproduce --budget 10min

LSAN_OPTIONS = suppressions=$(CURDIR)/test/lsan.supp:print_suppressions=0
RUN_TESTS = $(if $(SANITIZE),LSAN_OPTIONS=$(LSAN_OPTIONS)) \
            $(BUILD)/hvbench-tests

check: setup
	$(MAKE) check-built

# Only root can make the Debian image, and only root's tests boot guests. Where
# kernels are not Debian's, neither is this fetched.
check-built: all $(BUILD)/hvbench-tests \
             $(if $(KERNEL),,$(if $(filter 0,$(shell id -u)),debian))
	$(RUN_TESTS)

# The tests that need neither guests nor privileges.
check-unit: $(BUILD)/hvbench-tests $(BUILD)/hvbench-agent $(BUILD)/hvbench
	$(RUN_TESTS) --unit

comma = ,
check-hosts:
	test/host/run $(subst $(comma), ,$(HOST))

$(BUILD)/hvbench: $(BUILD)/obj/hvbench/main.o $(HVB_OBJECTS)
	$(call QUIET,LINK)$(CC) $(HVB_CFLAGS) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lm

$(BUILD)/hvbench-tests: $(TEST_OBJECTS) $(HVB_OBJECTS)
	$(call QUIET,LINK)$(CC) $(HVB_CFLAGS) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lcunit -lm

$(BUILD)/hvbench-bench: $(call objects,test/bench/bench.c test/bench/weigh.c) \
                        $(HVB_OBJECTS)
	$(call QUIET,LINK)$(CC) $(HVB_CFLAGS) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lm

$(BUILD)/chains: test/bench/chains.c loadgen/clock.h
	$(call QUIET,LINK)$(CC) -std=gnu17 $(WARNINGS) -O2 -I. -static -o $@ $<

# Static, and never sanitized: it is /init of a guest without libraries.
$(BUILD)/hvbench-agent: $(AGENT_OBJECTS)
	$(call QUIET,LINK)$(CC) $(LDFLAGS) -static -o $@ $^ -lm

$(BUILD)/agent/%.o: %.c | $(BUILD)/version.h
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) -std=gnu17 $(WARNINGS) -O2 -g -I. -I$(BUILD) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.o: %.c | $(BUILD)/version.h
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(HVB_CFLAGS) $(PACKAGE_CFLAGS) -c -o $@ $<

$(BUILD)/obj/resources.o: $(BUILD)/resources.c
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) -O1 $(PACKAGE_CFLAGS) -c -o $@ $<

$(BUILD)/resources.c: $(RESOURCES) $(RESOURCE_FILES)
	@mkdir -p $(@D)
	$(call QUIET,GEN)glib-compile-resources --sourcedir=. --generate-source --target=$@ \
	    --c-name hvbench $<

# Rewritten only when what it says has changed.
.PHONY: FORCE
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define HVB_VERSION "%s"\n#define HVB_DATA_DIR "%s"\n' \
	    '$(VERSION)' '$(PREFIX)/share/hvbench' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# Nothing in them is ever sanitized, hence both builds share them.
ifdef SANITIZE
guests debian:
	$(MAKE) SANITIZE= BUILD=build $@
	@mkdir -p $(BUILD)
	@ln -sfnT $(abspath build/guests) $(BUILD)/guests
else
MAKE_GUESTS = $(MAKE) -f guests/Makefile BUILD=$(BUILD) \
              AGENT=$(BUILD)/hvbench-agent
guests: $(BUILD)/hvbench-agent
	+$(MAKE_GUESTS)
# After the flavours, one of whose kernels it shares.
debian: guests
	+$(MAKE_GUESTS) debian
endif

# scripts/setup --lint installs these. clang-tidy gets one file at a time: with
# several, its va_list check forgets what it has seen. cppcheck does not know
# that anonymous memory is mapped from file -1.
SHELL_SCRIPTS = $(shell git grep -lE '^\#!.*\bbash')

lint: $(BUILD)/version.h
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
	shellcheck $(SHELL_SCRIPTS)
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	    --enable=warning,performance \
	    --library=gtk --library=posix '-DG_DEFINE_QUARK(a,b)=' \
	    --suppress=missingIncludeSystem \
	    --suppress=invalidFunctionArg:loadgen/probe.c \
	    -I. hvbench loadgen guests test
	git ls-files '*.c' | xargs -P $$(nproc) -I FILE \
	    clang-tidy --quiet FILE -- -std=gnu17 -I. -I$(BUILD) \
	    $(PACKAGE_CFLAGS) 2>$(BUILD)/clang-tidy.log || \
	    { cat $(BUILD)/clang-tidy.log; false; }

bench: all $(BUILD)/hvbench-bench
	test/bench/run $(BUILD)

bench-work: all $(BUILD)/chains
	test/bench/run-chains $(BUILD)

bench-steady: all
	test/bench/steady $(BUILD) $(BASE)

# As root. The measured delays are kept beside the picture made of them.
CROSSCHECK = test/crosscheck/crosscheck

crosscheck: $(BUILD)/hvbench-tests debian
	@mkdir -p $(dir $(CROSSCHECK))
	HVBENCH_CROSSCHECK=$(CROSSCHECK).dat $(BUILD)/hvbench-tests crosscheck
	LC_ALL=C.UTF-8 gnuplot -d -e "file='$(CROSSCHECK)'" $(CROSSCHECK).dat \
	    scripts/crosscheck.gp

install: all
	install -D -m 755 $(BUILD)/hvbench $(DESTDIR)$(PREFIX)/bin/hvbench
	install -D -m 755 $(BUILD)/hvbench-agent \
	    $(DESTDIR)$(PREFIX)/share/hvbench/hvbench-agent
	install -m 644 loadgen/hvbench-agent.service \
	    $(DESTDIR)$(PREFIX)/share/hvbench
	install -d $(DESTDIR)$(PREFIX)/share/hvbench/profiles
	install -m 644 profiles/*.profile \
	    $(DESTDIR)$(PREFIX)/share/hvbench/profiles
	$(MAKE) -f guests/Makefile BUILD=$(BUILD) install \
	    DATADIR=$(DESTDIR)$(PREFIX)/share/hvbench

install-debian: install debian
	$(MAKE) -f guests/Makefile BUILD=$(BUILD) install-debian \
	    AGENT=$(BUILD)/hvbench-agent \
	    DATADIR=$(DESTDIR)$(PREFIX)/share/hvbench

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
