# The verbs of the project; meson.build does the work. BUILD names the build folder (build), CC the
# compiler of a new one, JOBS how many compilations run at once (as many as there are processors),
# TEST_OPTIONS what `meson test` is told besides.

BUILD ?= build
FUZZ_SECONDS ?= 30
ninja = ninja -C $(BUILD) $(if $(JOBS),-j $(JOBS))
install = tools/install-dependencies

.PHONY: all run test test-slurm tidy asan fuzz docs bench-placement bench-churn bench-queue bench-spot bench-live bench-slurm format \
	clean
all: $(BUILD)/build.ninja
	@$(ninja)

# Whoever has only git and make may start here: what is missing is installed first.
run:
	@$(install) run
	@echo "Building WhaleFlux ..."
	@$(MAKE) --no-print-directory all
	@tools/run-live $(BUILD)
	@tools/run-placement $(BUILD)

test:
	@$(install) test
	@echo "Building and running the tests ..."
	@$(MAKE) -s --no-print-directory $(BUILD)/with-tests
	@meson test -C $(BUILD) --no-suite long --print-errorlogs $(TEST_OPTIONS)

test-slurm:
	@$(install) test slurm
	@$(MAKE) -s --no-print-directory $(BUILD)/with-tests
	@meson test -C $(BUILD) --print-errorlogs slurm_adapter slurm_bad_sites slurm_beyond slurm_churn slurm_cluster \
		slurm_cycle slurm_day slurm_engine slurm_facts slurm_history

tidy:
	@$(install) test tidy docs
	@$(MAKE) -s --no-print-directory $(BUILD)/with-tests
	@tools/tidy

asan:
	@$(install) test
	@echo "Building with the address and undefined-behaviour sanitizers ..."
	@[ -e $(BUILD)/asan/build.ninja ] || meson setup $(BUILD)/asan -Dtests=enabled \
		-Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fno-sanitize-recover=all
	@meson test -C $(BUILD)/asan --no-suite tools --no-suite determinism --no-suite long --print-errorlogs

fuzz:
	@$(install) fuzz
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz $(BUILD)/fuzz

docs:
	@$(install) docs
	@tools/make-docs $(BUILD)/docs

bench-placement: all
	@bench/placement $(BUILD)/whaleflux

bench-churn: all
	@bench/churn $(BUILD)/whaleflux

bench-live: all
	@bench/live $(BUILD)/whaleflux

bench-queue: all
	@bench/queue $(BUILD)/whaleflux

bench-slurm: all
	@bench/slurm-churn $(BUILD)/whaleflux

bench-spot: all
	@bench/spot $(BUILD)/whaleflux

# Twice, because clang-format may lay out anew what it has just broken.
format:
	@$(install) tidy
	@for pass in 1 2; do \
		find src slurm include tests bench -name '*.[ch]' 2>/dev/null | \
			xargs "$$(tools/find-clang-format)" -i; \
	done

clean:
	rm -rf $(BUILD)

$(BUILD)/build.ninja:
	@$(install) run
	@meson setup $(BUILD)

# A build folder that was made before cmocka was there has no unit tests yet.
$(BUILD)/with-tests:
	@meson setup $$([ ! -e $(BUILD)/build.ninja ] || echo --reconfigure) $(BUILD) -Dtests=enabled
	@touch $@
